"""Checks of the pipeline: whether there is one, and what it proves."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.delivery.gates import (
    CODE_ACTIONS,
    CODE_SCAN,
    DEPENDENCY_ACTIONS,
    DEPENDENCY_SCAN,
    JAVASCRIPT_TESTS,
    LINT,
    LINT_ACTIONS,
    SECRET_ACTIONS,
    SECRET_SCAN,
    TESTS,
    TYPES,
    does_something,
    gates,
    is_gate,
    is_read_later,
    runs_test_image,
    uses_any,
)
from buttress.analysis.delivery.workflows import Pipeline, pipelines
from buttress.analysis.javascript import packages_of, test_file
from buttress.analysis.proofs.suites import written_tests
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
from buttress.project.documents import line_of, text_of
from buttress.project.model import Place

_RECIPE = "ci"
_NO_TESTS = "No pipeline runs the tests."


@check(
    "CICD-NONE",
    "There is no pipeline",
    pillar=Pillar.CICD,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    recipe=_RECIPE,
    standards=("OWASP A03:2025",),
    peers=(
        "scorecard:CI-Tests",
        "repo-review:GH100",
    ),
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
    if not any(does_something(pipeline) for pipeline in readable(subject)):
        yield Finding(subject.anchor, "No pipeline runs when the code changes.")


@check(
    "CICD-NO-TESTS",
    "The pipeline does not run the tests",
    pillar=Pillar.CICD,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    recipe=_RECIPE,
    peers=("scorecard:CI-Tests",),
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
    project, service = subject.project, subject.service
    tested = [package for package in packages_of(project, service) if test_file(project, package)]
    has_tests = bool(written_tests(project, service))
    if not has_tests and not tested:
        raise NotApplicable("there are no tests to run")
    working = _at_work(subject)
    commands = gates(working)
    runs = any(TESTS.match(command.text) for command in commands)
    if has_tests and not runs and not runs_test_image(project, commands, TESTS):
        started = [c for p in working if p.starts_on_change for c in p.commands]
        soft = any(command.is_soft and TESTS.match(command.text) for command in started)
        message = "The tests run, and their failure stops nothing." if soft else _NO_TESTS
        yield Finding(pipeline_place(subject), message)
    runs = any(JAVASCRIPT_TESTS.match(command.text) for command in commands)
    if tested and not runs and not runs_test_image(project, commands, JAVASCRIPT_TESTS):
        paths = ", ".join(package.manifest for package in tested)
        message = f"No pipeline runs the JavaScript tests of {paths}."
        yield Finding(Place(tested[0].manifest), message, "", "javascript")


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
    tools = (LINT, TYPES)
    working = _at_work(subject)
    found = any(tool.match(command.text) for command in gates(working) for tool in tools)
    if not found and not uses_any(working, LINT_ACTIONS):
        yield Finding(
            pipeline_place(subject), "No pipeline lints the Python code or checks its types."
        )


@check(
    "CICD-NO-SECURITY-SCAN",
    "The pipeline does not look for known weaknesses",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.RATIO,
    recipe=_RECIPE,
    standards=("OWASP A03:2025",),
    peers=("scorecard:SAST",),
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
        ("code", CODE_SCAN, CODE_ACTIONS),
        ("dependencies", DEPENDENCY_SCAN, DEPENDENCY_ACTIONS),
        ("secrets", SECRET_SCAN, SECRET_ACTIONS),
    )
    working = _at_work(subject)
    commands = gates(working)
    for what, pattern, actions in parts:
        if what == "dependencies" and subject.service.manifest is None:
            continue
        runs = any(pattern.match(command.text.lstrip("(")) for command in commands)
        if not runs and not uses_any(working, actions):
            message = f"No pipeline looks for {_LOOKS_FOR[what]}."
            yield Finding(pipeline_place(subject), message, "", what)


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

    Everyone sees a green tick and believes it. What prepares, uploads or reports may fail, a tool that
    also runs with its failures on, and one whose report a later command reads.

    Bad::

        - run: mypy . || true

    Good::

        - run: mypy .
    """
    found = readable(subject)
    if not found:
        raise NotApplicable("there is no pipeline")
    for pipeline in found:
        seen = set()
        # what also runs as a gate only reports here: flake8's template does it twice
        hard = {c.text.split()[0] for c in pipeline.commands if not c.is_soft and is_gate(c)}
        for command in pipeline.commands:
            is_report = command.text.split()[0] in hard or is_read_later(command, pipeline)
            if command.is_soft and command.place not in seen and is_gate(command) and not is_report:
                seen.add(command.place)
                message = f"`{command.text.split()[0]}` runs here, and its failure is ignored."
                yield Finding(command.place, message, "", command.text)


def _at_work(subject: Subject) -> list[Pipeline]:
    """Return the pipelines, where there are any: else CICD-NONE says all that there is to say."""
    found = readable(subject)
    if not any(does_something(pipeline) for pipeline in found):
        raise NotApplicable("there is no pipeline, as CICD-NONE says")
    return found


def readable(subject: Subject) -> list[Pipeline]:
    """Return the pipelines that can be read.

    Raises:
        Unknown: If there are some, and none can be read.
    """
    found = pipelines(subject.project)
    read = [pipeline for pipeline in found if not pipeline.problem]
    if found and not read:
        raise Unknown(f"{found[0].path}: {found[0].problem}")
    return read


def pipeline_place(subject: Subject) -> Place:
    """A pipeline that lacks something is the place to add it; without one it is the manifest."""
    read = [pipeline for pipeline in readable(subject) if pipeline.starts_on_change]
    if not read:
        return subject.anchor
    path = read[0].path
    return Place(path, line_of(text_of(subject.project.tree, path), "jobs:"))
