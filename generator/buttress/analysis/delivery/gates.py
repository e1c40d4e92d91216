"""What commands and actions of a pipeline are for: tests, linters, scanners.

A command is matched from its first word on: what is only printed, installed or named proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from buttress.analysis.delivery.workflows import Command, Pipeline
from buttress.project.documents import text_of
from buttress.project.model import Project
from buttress.source.patterns import lazy_pattern

NOISE = lazy_pattern(
    r"(?:echo|printf|true|:|cd|ls|pwd|exit|date|sleep|env|export|set|test|\[)(?:\s|\Z)"
)
TESTS = lazy_pattern(
    r"(?:pytest|py\.test|tox|nox|unittest|nose2|nosetests|behave|robot|schemathesis)(?:\s|\Z|:)"
    r"|(?:coverage\s+run\s+(?:-\S+\s+)*|python[\d.]*\s+(?:-\S+\s+)*)?(?:\S*/)?(?:manage(?:\.py)?\s+test\b|\S*run_?tests?\.(?:py|sh))"
    r"|hatch\s+test|flask\s+test\b"
)
JAVASCRIPT_TESTS = lazy_pattern(
    r"(?:npm|pnpm|yarn|bun)\s+(?:-\S+\s+(?:[\w./@-]+\s+)?)*?(?:(?:run|run-script)\s+)?(?:t|test)(?:[:\w-]*)(?:\s|\Z)"
    r"|(?:(?:npx|pnpx|bunx|pnpm\s+exec|pnpm\s+dlx|yarn)\s+(?:-\S+\s+)*)?(?:vitest|jest|mocha|ava|karma|cypress\s+run"
    r"|playwright\s+test|node\s+--test|react-scripts\s+test|ng\s+test|turbo\s+(?:run\s+)?test|nx\s+(?:\S+\s+)*test)(?:\s|\Z)"
)
LINT = lazy_pattern(
    r"(?:ruff(?:-check|-format)?|flake8|pylint|black|isort)(?:\s|\Z)|tox\s+.*lint|nox\s+.*lint"
)
TYPES = lazy_pattern(
    r"(?:mypy|pyright|basedpyright|pyre|ty|pyrefly|pytype)(?:\s|\Z)|tox\s+.*(?:types|mypy)"
)
CODE_SCAN = lazy_pattern(r"(?:bandit|semgrep|snyk\s+code|opengrep|ruff\s+.*--select[ =]\S*\bS\b)")
DEPENDENCY_SCAN = lazy_pattern(
    r"(?:pip-audit|pip_audit|safety|osv-scanner|uv\s+audit|trivy|grype|snyk\s+test|uv-secure)(?:\s|\Z)"
)
SECRET_SCAN = lazy_pattern(
    r"(?:gitleaks|detect-secrets|detect-secrets-hook|trufflehog|ggshield|trivy)(?:\s|\Z|@)"
)
CODE_ACTIONS = (
    "github/codeql-action",
    "returntocorp/semgrep-action",
    "semgrep/",
    "sonarsource/",
    "pycqa/bandit-action",
    "tj-actions/bandit",
    "mdegis/bandit-action",
)
DEPENDENCY_ACTIONS = (
    "pypa/gh-action-pip-audit",
    "actions/dependency-review-action",
    "google/osv-scanner-action",
    "aquasecurity/trivy-action",
    "snyk/actions",
    "anchore/scan-action",
    "pyupio/safety",
)
SECRET_ACTIONS = (
    "gitleaks/gitleaks-action",
    "trufflesecurity/trufflehog",
    "gitguardian/ggshield",
    "aquasecurity/trivy-action",
)
LINT_ACTIONS = (
    "astral-sh/ruff-action",
    "chartboost/ruff-action",
    "psf/black",
    "pre-commit/action",
    "github/super-linter",
    "super-linter/super-linter",
    "py-actions/flake8",
)

_REPORT = lazy_pattern(
    r"(?:\s-o\s+|\s--output(?:-file)?[ =]|>\s*)([\w./-]+\.(?:json|sarif|xml|txt))\b"
)
_RUNS_TEST_IMAGE = lazy_pattern(r"docker\s+run\s.*\S*test\S*\Z")
_START = lazy_pattern(r"^(?:CMD|ENTRYPOINT)[ \t]+(.+)$", re.MULTILINE)


def gates(pipelines: Iterable[Pipeline]) -> list[Command]:
    """Return the commands that a change, or a clock, starts and whose failure is a failure, at once or later."""
    return [
        command
        for pipeline in pipelines
        if pipeline.starts_on_change or pipeline.is_scheduled
        for command in pipeline.commands
        if not command.is_soft or is_read_later(command, pipeline)
    ]


def runs_test_image(project: Project, commands: Iterable[Command], runner: re.Pattern[str]) -> bool:
    """Whether a container is run whose image does nothing but test, as the command of a stage says."""
    if not any(_RUNS_TEST_IMAGE.match(command.text) for command in commands):
        return False
    for path in project.dockerfiles:
        for match in _START.finditer(text_of(project.tree, path)):
            words = re.sub(r"[\[\]\",]+", " ", match[1]).strip()
            if runner.match(words):
                return True
    return False


def is_gate(command: Command) -> bool:
    """Whether a command tests, lints or scans."""
    patterns = (TESTS, LINT, TYPES, CODE_SCAN, DEPENDENCY_SCAN, SECRET_SCAN)
    return any(pattern.match(command.text) for pattern in patterns)


def is_read_later(command: Command, pipeline: Pipeline) -> bool:
    """Whether a later command reads the report that this one writes, and so hears of what it found.

    Reports that share a folder of their own are read together: what opens a file of it reads them all.
    """
    written = _REPORT.search(command.text)
    if written is None:
        return False
    others = [
        other.text
        for other in pipeline.commands
        if other != command
        and not NOISE.match(other.text)
        and written[1] not in _REPORT.findall(other.text)  # writes it as well
    ]
    if any(re.search(rf"(?<![\w./-]){re.escape(written[1])}(?!\w)", text) for text in others):
        return True
    folder = written[1].rpartition("/")[0]
    opened = rf"\bopen\(\s*f?['\"]{re.escape(folder)}/"
    return bool(folder) and any(re.search(opened, text) for text in others)


def uses_any(pipelines: Iterable[Pipeline], actions: tuple[str, ...]) -> bool:
    """Whether a change, or a clock, starts one of these actions, so that its failure counts."""
    return any(
        use.name.lower().startswith(actions)
        for pipeline in pipelines
        if pipeline.starts_on_change or pipeline.is_scheduled
        for use in pipeline.uses
        if not use.is_soft
    )


def does_something(pipeline: Pipeline) -> bool:
    """Whether a change starts it, and it does more than print or fetch the code."""
    acts = any(not NOISE.match(command.text) for command in pipeline.commands)
    # what only fetches the code or sets tools up builds nothing
    uses = any(
        not use.name.startswith(("actions/checkout", "actions/setup-")) for use in pipeline.uses
    )
    return pipeline.starts_on_change and pipeline.jobs > 0 and (acts or uses)
