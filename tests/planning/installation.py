"""A small installation: a questionnaire and a few recipes, written to a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent

QUESTIONNAIRE = """\
_min_copier_version: "9.19.0"
_subdirectory: "{{ unit }}/files"
_answers_file: ".copier-answers{{ '' if unit.startswith('templates/') else '.' ~ unit.split('/')[1] }}.yml"
_envops:
  undefined: jinja2.StrictUndefined
_exclude:
  - "{{ keep | join('\\n') }}"
unit: {type: str, ask: false, default: templates/service}
keep: {type: yaml, ask: false, default: []}
project_name: {type: str, ask: false, default: my-service}
framework: {type: str, ask: false, default: fastapi, choices: [fastapi, flask, django]}
service_root: {type: str, ask: false, default: .}
import_root: {type: str, ask: false, default: .}
package: {type: str, ask: false, default: ""}
package_dir: {type: str, ask: false, default: .}
app_target: {type: str, ask: false, default: "main:app"}
app_is_factory: {type: bool, ask: false, default: false}
python_version: {type: str, ask: false, default: "3.11"}
manager: {type: str, ask: false, default: pip}
manifest: {type: str, ask: false, default: ""}
lock_file: {type: str, ask: false, default: ""}
database: {type: str, ask: false, default: ""}
has_tests: {type: bool, ask: false, default: false}
port:
  type: int
  ask: false
  default: 8000
  validator: "{% if not 1 <= port <= 65535 %}A port is a number from 1 to 65535.{% endif %}"
---
!include recipes/*/questions.yml
"""

ANSWERS = "# Kept by Copier.\n{{ _copier_answers | to_nice_yaml | trim }}\n"

LOGS = {
    "recipe.yml": """\
        id: logs
        title: Log what happens
        pillar: Observability
        summary: One log line per event, with its fields.
        fixes: []
        applies: {framework: [fastapi, flask]}
        order: 20
        modules: {logs_module: [logs, app_logs]}
        dependencies:
          runtime:
            - name: structlog
              specifier: ">=25.4,<27"
              pin: "25.5.0"
        wire:
          order: 10
          reason: Every request is logged from here on.
          fastapi: {module: "{{ logs_module }}", function: install_logs}
          flask: {module: "{{ logs_module }}", function: install_logs}
        notes:
          - text: Read docs/logs.md.
            when: "{{ logs_level == 'debug' }}"
          - text: "{{ changed }} changed, {{ left }} left."
            when: "{{ left > 0 or changed > 1 }}"
        """,
    "questions.yml": """\
        logs_module:
          type: str
          ask: false
          when: "{{ unit in ['recipes/logs', 'recipes/errors'] }}"
          default: logs
        logs_level:
          type: str
          when: "{{ unit == 'recipes/logs' }}"
          help: How much is logged
          default: info
          choices: [debug, info, warning]
        """,
    "files/{{ package_dir }}/{{ logs_module }}.py.jinja": """\
        import structlog


        def install_logs(app: object) -> None:
            structlog.get_logger().info("{{ logs_level }}")
        """,
}

ERRORS = {
    "recipe.yml": """\
        id: errors
        title: Answer every error in one form
        pillar: Architecture
        summary: One handler for everything unexpected.
        applies: {framework: [fastapi, flask]}
        requires: [logs]
        order: 30
        modules: {errors_module: [errors]}
        wire:
          order: 20
          safety: hardening
          reason: What is unexpected is logged, and not sent to clients.
          fastapi: {module: "{{ errors_module }}", function: install_errors}
          flask: {module: "{{ errors_module }}", function: install_errors}
        """,
    "questions.yml": """\
        errors_module:
          type: str
          ask: false
          when: "{{ unit == 'recipes/errors' }}"
          default: errors
        """,
    "files/{{ package_dir }}/{{ errors_module }}.py.jinja": """\
        def install_errors(app: object) -> None:
            "Uses {{ logs_module }}."
        """,
}

IMAGE = {
    "recipe.yml": """\
        id: image
        title: Build an image
        pillar: Infrastructure
        summary: An image that starts the app.
        applies: {framework: [fastapi, flask, django]}
        scope: repository
        order: 50
        keep:
          - path: Dockerfile
            instead: [Containerfile, "docker/*.dockerfile"]
            note: Your own image definition stays.
        merge:
          - {kind: lines, file: .gitignore, heading: Local files, lines: [.env, "*.local"]}
          - kind: names
            file: .env.example
            names: [{name: PORT, comment: What the server listens on, example: "{{ port }}"}]
          - {kind: toml, file: pyproject.toml, table: tool.image, values: {port: 1}}
        notes:
          - text: Build it for {{ app_target }}.
        """,
    "questions.yml": """\
        image_user:
          type: str
          when: "{{ unit == 'recipes/image' }}"
          help: Who runs the app
          default: app
          validator: "{% if image_user == 'root' %}Not as root.{% endif %}"
        """,
    "files/Dockerfile.jinja": """\
        FROM python:{{ python_version }}
        USER {{ image_user }}
        """,
    "files/.dockerignore": """\
        .git
        """,
}


def install(root: Path, **recipes: dict[str, str]) -> Path:
    """Write an installation with these recipes (all three by default) and return its root."""
    chosen = recipes or {"logs": LOGS, "errors": ERRORS, "image": IMAGE}
    root.mkdir(parents=True, exist_ok=True)
    (root / "copier.yml").write_text(QUESTIONNAIRE)
    units = {f"recipes/{name}": files for name, files in chosen.items()}
    for unit, files in {**units, "templates/service": {}}.items():
        answers = {"files/{{ _copier_conf.answers_file }}.jinja": ANSWERS}
        for path, text in {**files, **answers}.items():
            file = root / unit / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text))
    return root


def commit(root: Path, *tags: str) -> str:
    """Commit everything in a folder, set tags, and return the commit."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()

    if not (root / ".git").exists():
        git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "templates")
    for tag in tags:
        git("tag", tag)
    return git("rev-parse", "HEAD")
