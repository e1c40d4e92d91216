"""Pipelines of CI services: what starts them, their jobs, and the commands that really run.

Names, comments and what is only printed say nothing: a command is read where a shell would run it,
and followed into the ``Makefile``, script or hook list that it names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress.analysis.delivery.shell import Simple, expand, simple_commands
from buttress.project.documents import text_of
from buttress.project.model import Place, Project
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

if TYPE_CHECKING:
    from buttress.analysis.delivery.workflow_yaml import Document, View

LARGEST = 128 * 1024
"""Larger definitions are not read: nobody wrote them by hand, and reading YAML is slow."""

_MOST_NODES = 20_000
_DEEPEST_CALL = 3
_STARTS = frozenset({"push", "pull_request", "merge_group", "pull_request_target"})
_SCRIPT_KEYS = frozenset(
    [
        "script",
        "before_script",
        "after_script",
        "run",
        "command",
        "commands",
        "bash",
        "install",
        "sh",
    ]
)
_JENKINS = lazy_pattern(r"\b(?:sh|bat)\s*\(?\s*(?:script:\s*)?(\"\"\"|'''|\"|')(.*?)\1", re.DOTALL)

_JENKINS_INPUT = lazy_pattern(r"^\s*input\b\s*[\s({'\"]", re.MULTILINE)
_APPROVALS = frozenset({("type", "approval"), ("when", "manual"), ("trigger", "manual")})


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a pipeline.

    Attributes:
        text: As the shell sees it, without what only wraps it.
        place: Where it, or what leads to it, stands.
        is_soft: Whether its failure changes nothing.
        job: The job it runs in, as far as that is told apart.
    """

    text: str
    place: Place
    is_soft: bool = False
    job: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """An action that a step or a job uses."""

    name: str
    version: str
    place: Place
    is_soft: bool = False
    inputs: dict[str, str] = field(default_factory=dict)
    job: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A text that a shell, or an action, runs as code, as written."""

    text: str
    place: Place


@dataclass
class Pipeline:
    """One definition.

    Attributes:
        path: The file.
        kind: ``github``, ``gitlab`` or ``other``.
        problem: Why it cannot be read, if it cannot.
        starts_on_change: Whether a push or a pull request starts it.
        is_scheduled: Whether a clock starts it.
        has_permissions: Whether it, or each of its jobs, says what its token may do.
        jobs: How many jobs it has.
        commands: What runs.
        uses: The actions.
        scripts: Texts that are run as code.
        untimed: Jobs without a limit of time.
        triggers: The events that start it, where they have names.
        environments: Where jobs deploy to, by job; without jobs that are told apart by a number.
        has_approval: Whether somebody has to say yes before it goes on.
        parameters: What somebody who starts it by hand may choose.
        own_machines: The jobs that run on machines of the project's own.
    """

    path: str
    kind: str
    problem: str = ""
    starts_on_change: bool = False
    is_scheduled: bool = False
    has_permissions: bool = False
    jobs: int = 0
    commands: list[Command] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    untimed: list[Place] = field(default_factory=list)
    triggers: frozenset[str] = frozenset()
    environments: dict[str, str] = field(default_factory=dict)
    has_approval: bool = False
    parameters: tuple[str, ...] = ()
    own_machines: set[str] = field(default_factory=set)


def pipelines(project: Project) -> list[Pipeline]:
    """Return the pipelines of a project, each read once."""
    found: list[Pipeline] | None = project.tree.kept.get(pipelines)
    if found is None:
        found = project.tree.kept[pipelines] = [_read(project.tree, p) for p in project.workflows]
        _start_called(found)
    return found


def _start_called(found: Sequence[Pipeline]) -> None:
    """Let workflows start with those that call them."""
    by_path = {pipeline.path: pipeline for pipeline in found}
    for _ in range(_DEEPEST_CALL):
        for pipeline in found:
            for use in pipeline.uses:
                called = by_path.get(use.name.removeprefix("./"))
                if called is not None and use.name.startswith("./"):
                    called.starts_on_change |= pipeline.starts_on_change
                    called.is_scheduled |= pipeline.is_scheduled
                    called.triggers |= pipeline.triggers


def _read(tree: Tree, path: str) -> Pipeline:
    github = ".github/workflows/" in path
    kind = "github" if github else "gitlab" if "gitlab" in path else "other"
    pipeline = Pipeline(path, kind)
    found = tree.text(path)
    text = found.content if found is not None else ""
    if found is None:
        pipeline.problem = "it is no text"
    elif len(text) > LARGEST:
        pipeline.problem = "it is too large to be read"
    elif not text.strip():
        return pipeline
    elif path.rpartition("/")[2] == "Jenkinsfile":
        _read_jenkins(tree, pipeline, text)
    else:
        from buttress.analysis.delivery.workflow_yaml import Document

        try:
            document = Document(path, text)
        except ValueError as problem:
            pipeline.problem = str(problem)
            return pipeline
        if github:
            _read_github(tree, pipeline, document)
        elif "cloudbuild" in path:
            _read_cloud_build(tree, pipeline, document)
        else:
            _read_other(tree, pipeline, document)
    return pipeline


def _read_jenkins(tree: Tree, pipeline: Pipeline, text: str) -> None:
    pipeline.starts_on_change = True
    pipeline.has_approval = _JENKINS_INPUT.search(text) is not None
    for match in _JENKINS.finditer(text):
        place = Place(pipeline.path, text.count("\n", 0, match.start()) + 1)
        pipeline.jobs = 1
        _add(tree, pipeline, match[2], place, is_soft=False)


def _read_github(tree: Tree, pipeline: Pipeline, document: Document) -> None:
    top = document.root
    triggers = set(top.names("on"))
    pipeline.starts_on_change = bool(triggers & _STARTS)
    pipeline.is_scheduled = "schedule" in triggers
    pipeline.triggers = frozenset(triggers)
    pipeline.parameters = tuple(
        name
        for trigger, settings, _ in top.entries("on")
        if trigger == "workflow_dispatch"
        for name in settings.names("inputs")
    )
    named = [(name, job, place) for name, job, place in top.entries("jobs")]
    jobs = [(job, place) for _, job, place in named]
    granted = top.has("permissions")
    pipeline.has_permissions = granted or (
        bool(jobs) and all(job.has("permissions") for job, _ in jobs)
    )
    for name, job, place in named:
        if job.text("if").strip() in {"false", "${{ false }}"}:
            continue
        pipeline.jobs += 1
        soft_job = job.text("continue-on-error") == "true"
        environment = _environment(job)
        if environment:
            pipeline.environments[name] = environment
        if job.has("uses"):
            at = job.place("uses")
            pipeline.uses.append(_use(job.text("uses"), at, is_soft=soft_job, job=name))
            continue
        if not job.has("timeout-minutes"):
            pipeline.untimed.append(place)
        if "self-hosted" in job.names("runs-on"):
            pipeline.own_machines.add(name)
        _read_steps(tree, pipeline, job, name, is_soft=soft_job)


def _read_steps(
    tree: Tree, pipeline: Pipeline, holder: View, job: str, *, is_soft: bool, depth: int = 0
) -> None:
    for step in holder.items("steps"):
        if step.text("if").strip() in {"false", "${{ false }}"}:
            continue
        # a later step may fail for this one
        name = step.text("id")
        is_asked = bool(name) and f"steps.{name}.outcome" in text_of(tree, pipeline.path)
        soft = is_soft or (step.text("continue-on-error") == "true" and not is_asked)
        if step.has("uses"):
            inputs = {key: value for key, value, _ in step.scalars("with")}
            at = step.place("uses")
            pipeline.uses.append(_use(step.text("uses"), at, is_soft=soft, job=job, inputs=inputs))
            for key, value, where in step.scalars("with"):
                if key in {"script", "run"}:
                    pipeline.scripts.append(Script(value, where))
            own = _own_action(tree, step.text("uses")) if depth < _DEEPEST_CALL else None
            if own is not None:
                _read_steps(tree, pipeline, own, job, is_soft=soft, depth=depth + 1)
        if step.has("run"):
            at = step.place("run")
            pipeline.scripts.append(Script(step.text("run"), at))
            _add(tree, pipeline, step.text("run"), at, is_soft=soft, job=job)


def _own_action(tree: Tree, written: str) -> View | None:
    """Return the steps of an action that stands in the repository itself."""
    if not written.startswith("./"):
        return None
    from buttress.analysis.delivery.workflow_yaml import Document

    for name in ("action.yml", "action.yaml"):
        path = f"{written.removeprefix('./').rstrip('/')}/{name}"
        text = tree.text(path) if path in tree else None
        if text is not None and len(text.content) <= LARGEST:
            try:
                root = Document(path, text.content).root
            except ValueError:
                return None
            return next((view for key, view, _ in root.children() if key == "runs"), None)
    return None


def _environment(job: View) -> str:
    """Return the environment that a job deploys to: a name, or a mapping with one."""
    name = job.text("environment")
    if name:
        return name
    return next((value for key, value, _ in job.scalars("environment") if key == "name"), "")


def _read_cloud_build(tree: Tree, pipeline: Pipeline, document: Document) -> None:
    """Read the steps of Google Cloud Build: an image, its entry point, and arguments."""
    pipeline.starts_on_change = True
    for step in document.root.items("steps"):
        pipeline.jobs = 1
        program = (step.text("entrypoint") or step.text("name")).rpartition("/")[2]
        words = step.names("args") if step.has("args") else []
        if program in {"bash", "sh"} and words[:1] in (["-c"], ["-ec"]):
            words, program = words[1:], ""
        place = step.place("args") if step.has("args") else step.place("name")
        text = step.text("script") or " ".join([program.partition(":")[0], *words]).strip()
        _add(tree, pipeline, text, place, is_soft=step.text("allowFailure") == "true")


def _read_other(tree: Tree, pipeline: Pipeline, document: Document) -> None:
    pipeline.starts_on_change = True
    for name, job, _ in document.root.children():
        environment = _environment(job)
        if environment:
            pipeline.environments[name] = environment
    for key, text, place, is_soft in document.deep_scalars(_MOST_NODES):
        if key in {"environment", "deployment"}:
            pipeline.environments[str(len(pipeline.environments))] = text
        if (key, text) in _APPROVALS:
            pipeline.has_approval = True
        if key in _SCRIPT_KEYS:
            pipeline.jobs = 1
            pipeline.scripts.append(Script(text, place))
            _add(tree, pipeline, text, place, is_soft=is_soft)


def _use(
    written: str,
    place: Place,
    *,
    is_soft: bool,
    job: str,
    inputs: dict[str, str] | None = None,
) -> Use:
    name, _, version = written.partition("@")
    return Use(name, version, place, is_soft, inputs or {}, job)


def _add(
    tree: Tree, pipeline: Pipeline, text: str, place: Place, *, is_soft: bool, job: str = ""
) -> None:
    for simple in simple_commands(text):
        for inner in expand(tree, simple):
            soft = is_soft or simple.is_soft or inner.is_soft
            pipeline.commands.append(Command(inner.text, _at(place, simple), soft, job))


def _at(place: Place, simple: Simple) -> Place:
    # a block scalar starts on the line after its key; a plain one on its own
    return Place(place.path, place.line + simple.line, place.column if simple.line == 0 else 1)
