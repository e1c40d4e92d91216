"""Checks of the pipeline: whether there is one, what it proves, and who could misuse it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.analysis.suites import written_tests
from buttress.analysis.workflows import Command, Pipeline, pipelines
from buttress.checks.model import (
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    Unknown,
    check,
)
from buttress.project.documents import line_of, read_json, read_yaml, text_of
from buttress.project.model import Place

_RECIPE = "ci"
_NOISE = re.compile(
    r"(?:echo|printf|true|:|cd|ls|pwd|exit|date|sleep|env|export|set|test|\[)(?:\s|\Z)"
)
_TESTS = re.compile(
    r"(?:pytest|py\.test|tox|nox|unittest|nose2|behave|robot|schemathesis)(?:\s|\Z|:)"
    r"|(?:\S*/)?manage\.py\s+test|hatch\s+test|\S*run_?tests?\.(?:py|sh)|flask\s+test\b"
)
_LINT = re.compile(
    r"(?:ruff|flake8|pylint|black|isort|ruff-format)(?:\s|\Z)|tox\s+.*lint|nox\s+.*lint"
)
_TYPES = re.compile(
    r"(?:mypy|pyright|basedpyright|pyre|ty|pyrefly|pytype)(?:\s|\Z)|tox\s+.*(?:types|mypy)"
)
_CODE_SCAN = re.compile(r"(?:bandit|semgrep|snyk\s+code|opengrep|ruff\s+.*--select[ =]\S*\bS\b)")
_DEPENDENCY_SCAN = re.compile(
    r"(?:pip-audit|pip_audit|safety|osv-scanner|uv\s+audit|trivy|grype|snyk\s+test|uv-secure)(?:\s|\Z)"
)
_SECRET_SCAN = re.compile(
    r"(?:gitleaks|detect-secrets|detect-secrets-hook|trufflehog|ggshield|trivy)(?:\s|\Z|@)"
)
_CODE_ACTIONS = (
    "github/codeql-action",
    "returntocorp/semgrep-action",
    "semgrep/",
    "sonarsource/",
    "pycqa/bandit-action",
    "tj-actions/bandit",
    "mdegis/bandit-action",
)
_DEPENDENCY_ACTIONS = (
    "pypa/gh-action-pip-audit",
    "actions/dependency-review-action",
    "google/osv-scanner-action",
    "aquasecurity/trivy-action",
    "snyk/actions",
    "anchore/scan-action",
    "pyupio/safety",
)
_SECRET_ACTIONS = (
    "gitleaks/gitleaks-action",
    "trufflesecurity/trufflehog",
    "gitguardian/ggshield",
    "aquasecurity/trivy-action",
)
_LINT_ACTIONS = (
    "astral-sh/ruff-action",
    "chartboost/ruff-action",
    "psf/black",
    "pre-commit/action",
    "github/super-linter",
    "super-linter/super-linter",
    "py-actions/flake8",
)
_UNTRUSTED = re.compile(
    r"\$\{\{[^}]*\b(?:github\.event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.ref|head\.label"
    r"|head\.repo\.default_branch)|comment\.body|review\.body|review_comment\.body|pages\[?\S*\.page_name"
    r"|head_commit\.(?:message|author\.(?:email|name))|commits\[?\S*\.(?:message|author\.(?:email|name))"
    r"|discussion\.(?:title|body)|workflow_run\.(?:head_branch|display_title|head_commit\.message))|github\.head_ref)\b"
)  # fmt: skip
_SHA = re.compile(r"[0-9a-f]{40}\Z")
_PYTHON_ECOSYSTEMS = frozenset({"pip", "uv", "poetry", "pipenv"})
_RENOVATE = ("renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json")


@check(
    "CICD-NONE",
    "There is no pipeline",
    pillar=Pillar.CICD,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    recipe=_RECIPE,
)
def no_pipeline(subject: Subject) -> Iterator[Finding]:
    """No push or pull request starts anything that builds, tests or deploys the code.

    Whether a change works is known once it is in production. A file whose jobs only print something
    does not count.

    Bad::

        on: workflow_dispatch

    Good::

        on: [push, pull_request]
        jobs:
          test:
            steps:
              - run: python -m pytest
    """
    if not any(_does_something(pipeline) for pipeline in _readable(subject)):
        yield Finding(subject.anchor, "No pipeline runs when the code changes.")


@check(
    "CICD-NO-TESTS",
    "The pipeline does not run the tests",
    pillar=Pillar.CICD,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    recipe=_RECIPE,
)
def no_tests(subject: Subject) -> Iterator[Finding]:
    """No step of a pipeline that a change starts runs the tests, so that it fails where they fail.

    Tests that run on one person's machine stop nobody else from breaking what they prove. Where there
    are no tests, TEST-NONE says so.

    Bad::

        - run: pytest || true

    Good::

        - run: pytest
    """
    if not written_tests(subject.project, subject.service):
        raise NotApplicable("there are no tests to run")
    if not any(_TESTS.match(command.text) for command in _gates(subject)):
        yield Finding(_place(subject), "No pipeline runs the tests.")


@check(
    "CICD-NO-LINT-TYPES",
    "The pipeline neither lints nor checks types",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    recipe=_RECIPE,
)
def no_lint(subject: Subject) -> Iterator[Finding]:
    """No step runs a linter or a type checker on the Python code.

    Undefined names and wrong arguments then wait for the first request that reaches them.

    Bad::

        - run: npm run lint

    Good::

        - run: ruff check .
        - run: mypy .
    """
    tools = (_LINT, _TYPES)
    found = any(tool.match(command.text) for command in _gates(subject) for tool in tools)
    if not found and not _uses(subject, _LINT_ACTIONS):
        yield Finding(_place(subject), "No pipeline lints the Python code or checks its types.")


@check(
    "CICD-NO-SECURITY-SCAN",
    "The pipeline does not look for known weaknesses",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.RATIO,
    recipe=_RECIPE,
)
def no_security_scan(subject: Subject) -> Iterator[Finding]:
    """Code, dependencies or secrets are not scanned when the code changes, or on a schedule.

    A dependency with a known hole, or a key in a commit, is found by whoever looks first (OWASP
    A03:2025). Each of the three that is missing is one finding.

    Bad::

        - run: pytest

    Good::

        - run: bandit --recursive app
        - run: pip-audit
        - run: detect-secrets-hook --baseline .secrets.baseline
    """
    parts = (
        ("code", _CODE_SCAN, _CODE_ACTIONS),
        ("dependencies", _DEPENDENCY_SCAN, _DEPENDENCY_ACTIONS),
        ("secrets", _SECRET_SCAN, _SECRET_ACTIONS),
    )
    commands = _gates(subject)
    for what, pattern, actions in parts:
        if what == "dependencies" and subject.service.manifest is None:
            continue
        runs = any(pattern.match(command.text.lstrip("(")) for command in commands)
        if not runs and not _uses(subject, actions):
            message = f"No pipeline looks for {_LOOKS_FOR[what]}."
            yield Finding(_place(subject), message, "", what)


_LOOKS_FOR = {
    "code": "weaknesses in the code",
    "dependencies": "known holes in the dependencies",
    "secrets": "secrets in the commits",
}


@check(
    "CICD-SOFT-FAIL",
    "A gate cannot fail",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    recipe=_RECIPE,
)
def soft_fail(subject: Subject) -> Iterator[Finding]:
    """A step tests, lints or scans, and its failure is switched off.

    Everyone sees a green tick and believes it. What prepares, uploads or reports may fail.

    Bad::

        - run: mypy . || true

    Good::

        - run: mypy .
    """
    found = _of_github_and_others(subject)
    for pipeline in found:
        seen = set()
        for command in pipeline.commands:
            if command.is_soft and command.place not in seen and _is_gate(command):
                seen.add(command.place)
                message = f"`{command.text.split()[0]}` runs here, and its failure is ignored."
                yield Finding(command.place, message, "", command.text)


@check(
    "CICD-WORKFLOW-HARDENING",
    "A workflow has more rights than it needs",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    recipe=_RECIPE,
)
def workflow_hardening(subject: Subject) -> Iterator[Finding]:
    """A workflow does not limit its token, or runs what somebody else can replace behind a tag.

    An action whose tag was moved runs with the rights of the job and reads its secrets (OWASP
    A03:2025). Actions of GitHub itself (``actions/``, ``github/``) may stand on a tag.

    Bad::

        - uses: someone/action@v3

    Good::

        permissions: {contents: read}
        # ...
        - uses: someone/action@0f4a... # v3.1.2
    """
    for pipeline in _github(subject):
        if not pipeline.has_permissions:
            message = "The workflow's token has every right that the repository grants."
            yield Finding(Place(pipeline.path), message, "", "permissions")
        for use in pipeline.uses:
            own = use.name.startswith(("actions/", "github/", "./", "docker://"))
            if not own and not _SHA.match(use.version):
                message = f"{use.name}@{use.version} can be replaced behind its tag."
                yield Finding(use.place, message, "", f"{use.name}@{use.version}")


@check(
    "CICD-TEMPLATE-INJECTION",
    "A workflow runs text that strangers write",
    pillar=Pillar.CICD,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    recipe=_RECIPE,
)
def template_injection(subject: Subject) -> Iterator[Finding]:
    """The title, body or branch of an issue or pull request is pasted into a script.

    Whoever opens a pull request then runs commands with the workflow's rights and secrets (CWE-94).
    Through ``env`` the same text is only a value.

    Bad::

        - run: echo "${{ github.event.pull_request.title }}"

    Good::

        - run: echo "$TITLE"
          env: {TITLE: "${{ github.event.pull_request.title }}"}
    """
    for pipeline in _github(subject):
        for script in pipeline.scripts:
            for match in _UNTRUSTED.finditer(script.text):
                line = script.place.line + script.text.count("\n", 0, match.start())
                message = "Text that strangers write becomes part of a script."
                yield Finding(Place(pipeline.path, line), message, "", match.group())


@check(
    "CICD-NO-DEP-UPDATES",
    "Nothing updates the dependencies",
    pillar=Pillar.CICD,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
    recipe=_RECIPE,
)
def no_updates(subject: Subject) -> Iterator[Finding]:
    """Neither Dependabot nor Renovate proposes new versions of the Python packages.

    A security fix arrives the day somebody thinks of it.

    Bad::

        updates: []

    Good::

        updates:
          - package-ecosystem: pip
            directory: /
            schedule: {interval: weekly}
    """
    tree = subject.project.tree
    for path in (".github/dependabot.yml", ".github/dependabot.yaml"):
        updates = read_yaml(tree, path).get("updates") if path in tree else None
        for update in updates if isinstance(updates, list) else ():
            ecosystem = update.get("package-ecosystem") if isinstance(update, dict) else None
            if ecosystem in _PYTHON_ECOSYSTEMS or subject.service.manifest is None:
                return
    for name in _RENOVATE:
        for path in (name, f".github/{name}"):
            if path in tree and re.search(
                r"extends|packageRules|enabledManagers", text_of(tree, path)
            ):
                return
    if "renovate" in read_json(tree, "package.json"):
        return
    yield Finding(subject.anchor, "Neither Dependabot nor Renovate updates the Python packages.")


def _readable(subject: Subject) -> list[Pipeline]:
    found = pipelines(subject.project)
    read = [pipeline for pipeline in found if not pipeline.problem]
    if found and not read:
        raise Unknown(f"{found[0].path}: {found[0].problem}")
    return read


def _of_github_and_others(subject: Subject) -> list[Pipeline]:
    found = _readable(subject)
    if not found:
        raise NotApplicable("there is no pipeline")
    return found


def _github(subject: Subject) -> list[Pipeline]:
    found = [p for p in _readable(subject) if p.kind == "github" and p.jobs]
    if not found:
        raise NotApplicable("there is no GitHub workflow")
    return found


def _does_something(pipeline: Pipeline) -> bool:
    acts = any(not _NOISE.match(command.text) for command in pipeline.commands)
    # what only fetches the code or sets tools up builds nothing
    uses = any(
        not use.name.startswith(("actions/checkout", "actions/setup-")) for use in pipeline.uses
    )
    return pipeline.starts_on_change and pipeline.jobs > 0 and (acts or uses)


def _gates(subject: Subject) -> list[Command]:
    return [
        command
        for pipeline in _readable(subject)
        if pipeline.starts_on_change or pipeline.is_scheduled
        for command in pipeline.commands
        if not command.is_soft
    ]


def _is_gate(command: Command) -> bool:
    patterns = (_TESTS, _LINT, _TYPES, _CODE_SCAN, _DEPENDENCY_SCAN, _SECRET_SCAN)
    return any(pattern.match(command.text) for pattern in patterns)


def _uses(subject: Subject, actions: tuple[str, ...]) -> bool:
    return any(
        use.name.lower().startswith(actions)
        for pipeline in _readable(subject)
        if pipeline.starts_on_change or pipeline.is_scheduled
        for use in pipeline.uses
        if not use.is_soft
    )


def _place(subject: Subject) -> Place:
    """A pipeline that lacks something is the place to add it; without one it is the manifest."""
    read = [pipeline for pipeline in _readable(subject) if pipeline.starts_on_change]
    if not read:
        return subject.anchor
    path = read[0].path
    return Place(path, line_of(text_of(subject.project.tree, path), "jobs:"))
