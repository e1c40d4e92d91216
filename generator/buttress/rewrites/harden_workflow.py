"""A GitHub workflow has the rights it needs, ends some time, and runs the code it names.

Before::

    jobs:
      test:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v7.0.1
          - run: echo "${{ github.event.pull_request.title }}" && pytest

After::

    permissions:
      contents: read

    jobs:
      test:
        runs-on: ubuntu-latest
        timeout-minutes: 120
        steps:
          - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
            with:
              persist-credentials: false
          - run: echo "${PULL_REQUEST_TITLE}" && pytest
            env:
              PULL_REQUEST_TITLE: ${{ github.event.pull_request.title }}

An action at a moving tag (``@v4``) keeps it: the commit of another version would be an upgrade that
nobody asked for. See GitHub's security hardening guide; zizmor artipacked, excessive-permissions,
template-injection, unpinned-uses; CWE-94.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.rewrites.action_pins import pins
from buttress.rewrites.outcomes import Abstained, Changed, Good, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.rewrites.workflow_expressions import Injection, injections
from buttress.rewrites.workflow_steps import (
    Job,
    Path,
    Step,
    beyond_reading,
    changes_the_world,
    jobs,
    needs_credentials,
    triggers,
)
from buttress.source import Edit
from buttress.source.patterns import lazy_pattern
from buttress.source.refusal import RefusedError
from buttress.source.yaml_editor import YamlText

MINUTES = 120
_SHA = lazy_pattern(r"[0-9a-f]{40}\Z")
_GATE = lazy_pattern(
    r"\b(pytest|unittest|tox|nox|ruff|flake8|pylint|black|mypy|pyright|eslint|tsc|lint|test|tests"
    r"|bandit|semgrep|pip-audit|safety|trivy|gitleaks|npm audit|type-?check)\b"
)
_READ = ("permissions", "\n  contents: read")
_CANCEL = (
    "\n  group: ${{ github.workflow }}-${{ github.event.pull_request.number || github.run_id }}"
    "\n  cancel-in-progress: true"
)


@service_rewrite("harden-workflow")
def harden_workflows(context: Context) -> Iterator[Outcome]:
    """Harden the project's own GitHub workflows."""
    for path in context.project.workflows:
        if not path.startswith(".github/workflows/") or path in context.owned:
            continue
        text = context.draft.text(path) if path in context.draft else None
        if text is not None:
            yield from harden(path, text.content)


def harden(path: str, text: str) -> Iterator[Outcome]:
    """Yield an outcome for every place of a workflow that hardening is about.

    Args:
        path: For the outcomes.
        text: The workflow.
    """
    document = YamlText(text)
    try:
        found = list(jobs(document))
    except RefusedError as problem:
        yield Abstained(path, 1, "not-a-workflow", str(problem))
        return
    if not found:
        yield Abstained(path, 1, "not-a-workflow", "it has no jobs")
        return
    workflow = _Workflow(path, document)
    yield from _permissions(workflow, found)
    yield from _concurrency(workflow, found)
    for job in found:
        yield from _timeout(workflow, job)
        for index, step in enumerate(job.steps):
            yield from _pin(workflow, step)
            yield from _credentials(workflow, job, index)
            yield from _scripts(workflow, job, step)
            yield from _soft_fail(workflow, step)


class _Workflow:
    """A workflow, and outcomes at its places."""

    def __init__(self, path: str, document: YamlText) -> None:
        self.path, self.document = path, document

    def good(self, at: Path) -> Good:
        return Good(self.path, self.document.line(at))

    def changed(
        self, at: Path, reason: str, *edits: Edit, safety: Safety = Safety.HARDENING
    ) -> Changed:
        return Changed(self.path, self.document.line(at), edits, safety, reason)

    def abstained(self, at: Path, code: str, reason: str, unlock: str = "") -> Abstained:
        return Abstained(self.path, self.document.line(at), code, reason, unlock)

    def with_key(
        self, at: Path, mapping: Path, pair: tuple[str, str], reason: str, after: str | None = None
    ) -> Outcome:
        """Return the change that adds a key, or the abstention where its form does not allow that."""
        try:
            edit = self.document.key_insertion(mapping, *pair, after=after)
        except RefusedError as problem:
            return self.abstained(at, "form", f"{pair[0]} cannot be added: {problem}")
        return self.changed(at, reason, edit)


def _permissions(workflow: _Workflow, found: list[Job]) -> Iterator[Outcome]:
    document = workflow.document
    if document.node(("permissions",)) is not None:
        yield workflow.good(("permissions",))
        return
    open_jobs = [job for job in found if document.node((*job.path, "permissions")) is None]
    after = "on"
    if not open_jobs:
        reason = "Every job names its rights; one that is added later starts without any."
        yield workflow.with_key(("jobs",), (), ("permissions", "{}"), reason, after)
        return
    needs = {job.path: beyond_reading(document, job) for job in open_jobs}
    reason = "The token may do whatever the repository's settings allow; reading is enough here."
    if not any(needs.values()):
        yield workflow.with_key(("jobs",), (), _READ, reason, after)
        return
    for job in open_jobs:
        need = needs[job.path]
        if need:
            yield workflow.abstained(
                job.path,
                "permissions",
                f"the rights of job {job.name} stay as the repository's settings have them: {need}",
                "Name what it needs under permissions.",
            )
        else:
            yield workflow.with_key(job.path, job.path, _READ, reason, "runs-on")


def _concurrency(workflow: _Workflow, found: list[Job]) -> Iterator[Outcome]:
    document = workflow.document
    outside = [job for job in found if changes_the_world(document, job)]
    if document.node(("concurrency",)) is not None:
        yield workflow.good(("concurrency",))
    elif "pull_request" not in triggers(document):
        return
    elif outside:
        yield workflow.abstained(
            outside[0].path,
            "concurrency",
            f"job {outside[0].name} works on systems outside, and half of its work would stay behind"
            " where a newer run ends it",
            "Name a concurrency group without cancel-in-progress.",
        )
    else:
        reason = (
            "A newer push to a pull request ends the run of the one before; others are not touched."
        )
        after = "permissions" if document.node(("permissions",)) is not None else "on"
        yield workflow.with_key(("jobs",), (), ("concurrency", _CANCEL), reason, after)


def _timeout(workflow: _Workflow, job: Job) -> Iterator[Outcome]:
    document = workflow.document
    if job.calls_workflow or document.node((*job.path, "runs-on")) is None:
        return
    if document.node((*job.path, "timeout-minutes")) is not None:
        yield workflow.good(job.path)
        return
    reason = "A job that hangs would run for six hours."
    pair = ("timeout-minutes", str(MINUTES))
    yield workflow.with_key(job.path, job.path, pair, reason, after="runs-on")


def _pin(workflow: _Workflow, step: Step) -> Iterator[Outcome]:
    name, at, ref = step.uses.partition("@")
    if not at or name.startswith(("./", "docker://")):
        return
    here: Path = (*step.path, "uses")
    if _SHA.match(ref):
        yield workflow.good(here)
        return
    pin = pins().get("/".join(name.lower().split("/")[:2]))
    if pin is None or pin.tag != ref or not pin.is_verified:
        yield workflow.abstained(
            here,
            "unpinned-action",
            f"{step.uses} is whatever its owner puts there; the commit of exactly this version is "
            "not known here",
            "Pin the commit of the release you use, or let Dependabot do it.",
        )
        return
    try:
        replaced = workflow.document.scalar_edit(here, f"{name}@{pin.sha}")
    except RefusedError as problem:
        yield workflow.abstained(here, "form", f"it cannot be pinned: {problem}")
        return
    text = workflow.document.text
    line_end = len(text) if (end := text.find("\n", replaced.end)) == -1 else end
    rest = text[replaced.end : line_end].rstrip("\r")
    if rest.strip() and not rest.lstrip().startswith("#"):
        yield workflow.abstained(here, "form", "it cannot be pinned: more stands on its line")
        return
    comment = Edit(replaced.end, replaced.end, f" # {pin.tag}")
    reason = f"{pin.tag} can be moved to other code; its commit of {pin.date} cannot."
    yield workflow.changed(here, reason, replaced, comment)


def _credentials(workflow: _Workflow, job: Job, index: int) -> Iterator[Outcome]:
    step = job.steps[index]
    if step.action != "actions/checkout":
        return
    document = workflow.document
    setting = document.scalar((*step.path, "with", "persist-credentials"))
    if setting is not None:
        yield workflow.good(step.path)
        return
    need = needs_credentials(job.steps[index + 1 :])
    if need:
        yield workflow.abstained(
            step.path,
            "persist-credentials",
            f"the token stays in .git/config for all that runs after: {need}",
            "Set persist-credentials: false, and hand the token to the step that needs it.",
        )
        return
    reason = "The token would stay in .git/config, for every script and artifact that follows."
    if document.node((*step.path, "with")) is not None:
        pair = ("persist-credentials", "false")
        yield workflow.with_key(step.path, (*step.path, "with"), pair, reason)
    else:
        pair = ("with", "\n  persist-credentials: false")
        yield workflow.with_key(step.path, step.path, pair, reason, after="uses")


def _scripts(workflow: _Workflow, job: Job, step: Step) -> Iterator[Outcome]:
    document = workflow.document
    script = document.scalar((*step.path, "with", "script"))
    if script is not None and injections(script):
        yield workflow.abstained(
            (*step.path, "with", "script"),
            "template-injection",
            "a text that a stranger writes becomes part of a script (CWE-94)",
            "Read it from context.payload instead.",
        )
    here: Path = (*step.path, "run")
    if document.node(here) is None:
        return
    start, end = document.span(here)
    found = injections(document.text[start:end])
    if not found:
        return
    problem = _obstacle(document, job, step, found)
    if problem:
        yield workflow.abstained(
            here,
            "template-injection",
            f"a text that a stranger writes becomes part of a script (CWE-94); {problem}",
            "Put it into a variable under env and use that in double quotes.",
        )
        return
    edits = [Edit(start + i.start, start + i.end, i.reads_as or "") for i in found]
    values = {i.name: i.expression for i in found}
    lines = [f"{name}: ${{{{ {expression} }}}}" for name, expression in values.items()]
    try:
        if document.node((*step.path, "env")) is None:
            block = "".join(f"\n  {line}" for line in lines)
            edits.append(document.key_insertion(step.path, "env", block))
        else:
            for name, expression in values.items():
                value = f"${{{{ {expression} }}}}"
                edits.append(document.key_insertion((*step.path, "env"), name, value))
    except RefusedError as refusal:
        yield workflow.abstained(here, "template-injection", f"env cannot be added: {refusal}")
        return
    reason = "A text that a stranger writes would be run as part of the script (CWE-94)."
    yield workflow.changed(here, reason, *edits)


def _obstacle(document: YamlText, job: Job, step: Step, found: list[Injection]) -> str:
    """Return why the expressions of a script cannot become variables; empty if they can."""
    shells = [
        document.scalar((*step.path, "shell")),
        document.scalar((*job.path, "defaults", "run", "shell")),
        document.scalar(("defaults", "run", "shell")),
    ]
    shell = next((item for item in shells if item), "bash")
    runner = document.scalar((*job.path, "runs-on")) or "unknown"
    if shell.split()[0] not in ("bash", "sh"):
        return f"its shell is {shell}"
    if not any(shells) and not re.match(r"ubuntu|macos", runner):
        return "its shell is not known"
    if any(item.reads_as is None for item in found):
        return "where it stands it cannot be a variable"
    names = {item.name: item.expression for item in found}
    if len({item.expression for item in found}) != len(names):
        return "two texts would share a variable"
    taken = document.keys((*step.path, "env"))
    if any(name in taken or re.search(rf"\b{name}\b", step.run) for name in names):
        return "its variable is taken"
    return ""


def _soft_fail(workflow: _Workflow, step: Step) -> Iterator[Outcome]:
    document = workflow.document
    gate = _GATE.search(step.run or f"{step.uses} {document.scalar((*step.path, 'name')) or ''}")
    if gate is None:
        return
    ignored = document.scalar((*step.path, "continue-on-error")) == "true"
    swallowed = any(
        _GATE.search(line) and re.search(r"\|\|\s*(true|:|exit 0)\s*$|--exit-zero\b", line)
        for line in step.run.splitlines()
    )
    if ignored or swallowed:
        yield workflow.abstained(
            step.path,
            "soft-fail",
            f"`{gate.group(1)}` cannot fail the run, so nobody has to read it",
            "Repair what it finds, then let it fail.",
        )
