"""Run rewrites over a service: one walk for all, composed edits, proof, and a count that adds up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from buttress.project.model import Project, Role, Service
from buttress.rewrites.leftovers import drop_leftovers
from buttress.rewrites.outcomes import Abstained, Changed, Good, Outcome, Safety
from buttress.rewrites.proof import disproof, new_complaints
from buttress.rewrites.registry import Context, Rewrite, rewrites
from buttress.source import (
    Draft,
    Edit,
    Module,
    OverlappingEditsError,
    Text,
    apply_edits,
    compose,
)
from buttress.source.edit import new_spans
from buttress.source.formatting import format_lines, style_for, touched_lines
from buttress.source.imports import Import, add_imports, own_names, unused_after
from buttress.source.tree import is_python

MAX_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was made, with the rewrite that made it."""

    path: str
    line: int
    rewrite: str
    safety: Safety
    reason: str


@dataclass
class Outcomes:
    """What became of every candidate place."""

    changed: list[Applied] = field(default_factory=list)
    abstained: list[Abstained] = field(default_factory=list)
    good: int = 0


def run(
    names: Iterable[str | Rewrite],
    draft: Draft,
    inspect: Callable[[Draft], tuple[Project, Service]],
    *,
    answers: dict[str, object] | None = None,
    owned: frozenset[str] = frozenset(),
    review: bool = False,
) -> Outcomes:
    """Apply rewrites to the app modules of a service until a round changes nothing.

    Args:
        names: The rewrites, by name, or themselves.
        draft: The files; changed in place.
        inspect: Reads the facts of a draft and names the service in them; called once a round.
        answers: The answers of the recipe that asks for the rewrites.
        owned: Paths that recipes own and no rewrite touches.
        review: Whether changes of behaviour (``Safety.REVIEW``) are made, too.

    Returns:
        What was changed and what was left alone. An overlap is planned again in the next round.
    """
    wanted = [item if isinstance(item, Rewrite) else rewrites()[item] for item in names]
    outcomes = Outcomes()
    disproved: dict[tuple[str, str, str], Abstained] = {}
    for round_ in range(MAX_ROUNDS):
        project, service = inspect(draft)
        context = Context(project, service, draft, answers or {}, owned)
        outcomes.abstained = []
        by_file: dict[str, list[tuple[str, Changed]]] = defaultdict(list)
        for name, outcome in _collect(wanted, context, review=review):
            if isinstance(outcome, Good):
                # what an earlier round changed is good now, and counted as changed
                outcomes.good += round_ == 0
            elif isinstance(outcome, Abstained):
                outcomes.abstained.append(replace(outcome, rewrite=name))
            elif (key := _key(draft, outcome.path, outcome.line, name)) in disproved:
                outcomes.abstained.append(replace(disproved[key], line=outcome.line))
            else:
                by_file[outcome.path].append((name, outcome))
        if not by_file:
            break
        for path in sorted(by_file):
            before = draft.text(path)
            made, failed = _edit_file(draft, path, by_file[path])
            outcomes.changed += made
            outcomes.abstained += failed
            for item in failed:
                disproved[_key_in(before, path, item.line, item.rewrite)] = item
    outcomes.abstained.sort(key=lambda item: (item.path, item.line, item.rewrite))
    return outcomes


def _key(draft: Draft, path: str, line: int, rewrite: str) -> tuple[str, str, str]:
    return _key_in(draft.text(path), path, line, rewrite)


def _key_in(text: Text | None, path: str, line: int, rewrite: str) -> tuple[str, str, str]:
    """Return what a place is known by from one round to the next: its text, for lines move."""
    lines = text.content.split("\n") if text is not None else []
    return path, rewrite, lines[line - 1].strip() if 0 < line <= len(lines) else ""


def settle(found: Iterable[tuple[str, Outcome]], draft: Draft, *, review: bool = False) -> Outcomes:
    """Make the changes of outcomes that were found outside of a rewrite, with the same proof.

    Args:
        found: Who found it, and the outcome.
        draft: The files; changed in place.
        review: Whether changes of behaviour (``Safety.REVIEW``) are made, too.
    """
    outcomes = Outcomes()
    by_file: dict[str, list[tuple[str, Changed]]] = defaultdict(list)
    for name, outcome in (_gated(name, outcome, review=review) for name, outcome in found):
        if isinstance(outcome, Good):
            outcomes.good += 1
        elif isinstance(outcome, Abstained):
            outcomes.abstained.append(replace(outcome, rewrite=name))
        else:
            by_file[outcome.path].append((name, outcome))
    for path in sorted(by_file):
        made, failed = _edit_file(draft, path, by_file[path])
        outcomes.changed += made
        outcomes.abstained += failed
    return outcomes


def _collect(
    wanted: Sequence[Rewrite], context: Context, *, review: bool
) -> list[tuple[str, Outcome]]:
    found: list[tuple[str, Outcome]] = []
    for item in wanted:
        if not item.nodes:
            found += [(item.name, outcome) for outcome in item.function(context)]
    by_node = [item for item in wanted if item.nodes]
    for path in context.service.files(Role.APP) if by_node else ():
        if path in context.owned:
            continue
        text = context.draft.text(path)
        hinted = [
            item
            for item in by_node
            if text and (not item.hint or any(word in text.content for word in item.hint))
        ]
        if not hinted:
            continue
        module = context.draft.module(path)
        if module.problem is None:
            found += _collect_nodes(hinted, module, context)
    return [_gated(name, outcome, review=review) for name, outcome in found]


def _collect_nodes(
    wanted: Sequence[Rewrite], module: Module, context: Context
) -> list[tuple[str, Outcome]]:
    return [
        (item.name, outcome)
        for item in wanted
        for node in module.nodes(*item.nodes)
        for outcome in item.function(node, module, context)
    ]


def _gated(name: str, outcome: Outcome, *, review: bool) -> tuple[str, Outcome]:
    if isinstance(outcome, Changed) and outcome.safety is Safety.REVIEW and not review:
        return name, Abstained(
            outcome.path,
            outcome.line,
            "needs-review",
            outcome.reason,
            "Run again with --review to get this change, too.",
        )
    return name, outcome


@dataclass(frozen=True, slots=True)
class _Trial:
    """A file with changes that hold up, before its new lines are formatted.

    Attributes:
        content: The text.
        module: The same as a module; ``None`` for a file that is no Python.
        spans: Where the new text stands in it.
    """

    content: str
    module: Module | None = None
    spans: tuple[tuple[int, int], ...] = ()


def _edit_file(
    draft: Draft, path: str, changes: list[tuple[str, Changed]]
) -> tuple[list[Applied], list[Abstained]]:
    """Make the changes of one file that hold up, all together where possible."""
    if is_python(path) and draft.module(path).is_newer:
        return [], [_newer(name, change) for name, change in changes]
    failed: list[Abstained] = []
    accepted: list[tuple[str, Changed]] = []
    trial = _accept(draft, path, _without_overlaps(changes), accepted, failed)
    text = draft.text(path)
    if trial is None or text is None:
        return [], failed
    content = (
        trial.content if trial.module is None else _formatted(trial.module, trial.spans, draft)
    )
    draft.write(path, text.with_content(content).encode())
    made = [Applied(c.path, c.line, name, c.safety, c.reason) for name, c in accepted]
    return made, failed


def _accept(
    draft: Draft,
    path: str,
    changes: list[tuple[str, Changed]],
    accepted: list[tuple[str, Changed]],
    failed: list[Abstained],
) -> _Trial | None:
    """Sort changes into those that hold up together and those that do not, by halves.

    Returns the trial of all that are accepted by then; ``None`` if none of these changes are.
    """
    if not changes:
        return None
    trial = _try(draft, path, [change for _, change in (*accepted, *changes)])
    if isinstance(trial, _Trial):
        accepted += changes
        return trial
    if len(changes) == 1:
        failed.append(_disproved(*changes[0], trial))
        return None
    half = len(changes) // 2
    first = _accept(draft, path, changes[:half], accepted, failed)
    return _accept(draft, path, changes[half:], accepted, failed) or first


def _newer(name: str, change: Changed) -> Abstained:
    return Abstained(
        change.path,
        change.line,
        "newer-python",
        "the file is written for Python 3.12 or newer, and what changes in it cannot be proved here.",
        "Run Buttress with that Python.",
        name,
    )


def _disproved(name: str, change: Changed, reason: str) -> Abstained:
    return Abstained(
        change.path, change.line, "disproved", f"the change was dropped: {reason}", "", name
    )


def _without_overlaps(changes: list[tuple[str, Changed]]) -> list[tuple[str, Changed]]:
    """Return the changes that compose; the others are planned again on the next round's text."""
    kept: list[tuple[str, Changed]] = []
    edits: list[Edit] = []
    for name, change in changes:
        try:
            edits = compose([*edits, *change.edits])
        except OverlappingEditsError:
            continue
        kept.append((name, change))
    return kept


def _try(draft: Draft, path: str, changes: Sequence[Changed]) -> _Trial | str:
    """Return the edited file, or what is wrong with it."""
    text = draft.text(path)
    if text is None:
        return "the file is no text"
    edits = [edit for change in changes for edit in change.edits]
    trial: _Trial | str
    if is_python(path):
        wanted = {item for change in changes for item in change.imports}
        trial = _prove(draft.module(path), edits, wanted, draft)
    else:
        trial = _Trial(apply_edits(text.content, edits))
    if isinstance(trial, str):
        return trial
    try:
        text.with_content(trial.content).encode()
    except UnicodeEncodeError:
        return f"the file's own encoding ({text.encoding}) has no place for the new text"
    return trial


def _prove(
    module: Module, edits: Sequence[Edit], wanted: Iterable[Import], draft: Draft
) -> _Trial | str:
    """Edit one module: apply, prove, add and drop imports, prove again.

    Args:
        module: The module as it is.
        edits: What is replaced, with offsets into the module.
        wanted: What the new text needs to import.
        draft: Where the module stands, for its neighbours.
    """
    current = _edited(module, edits)
    problem = disproof(module, current, edits)
    if problem is not None:
        return problem
    spans = new_spans(edits)
    own = own_names(draft, module.path)
    steps: tuple[Callable[[Module], list[Edit]], ...] = (
        lambda now: add_imports(now, wanted, own),
        lambda now: unused_after(module, now),
        lambda now: drop_leftovers(module, now),
    )
    for step in steps:
        more = step(current)
        spans = _shifted(spans, more) + new_spans(more)
        current = _edited(current, more)
        if current.problem is not None:
            return f"an import would not parse (line {current.problem.line})"
    complaints = new_complaints(module, current)
    return complaints[0] if complaints else _Trial(current.text, current, tuple(spans))


def _formatted(module: Module, spans: Sequence[tuple[int, int]], draft: Draft) -> str:
    """Return the text of a module with its new lines formatted."""
    style = style_for(draft, module.path)
    before = draft.text(module.path)
    text = format_lines(
        module.text,
        touched_lines(module, list(spans)),
        style,
        before.content if before is not None else None,
    )
    final = Module(module.path, module.source_text.with_content(text))
    return text if final.problem is None else module.text


def _edited(module: Module, edits: Sequence[Edit]) -> Module:
    if not edits:
        return module
    text = module.source_text.with_content(apply_edits(module.text, edits))
    return Module(module.path, text)


def _shifted(spans: list[tuple[int, int]], edits: Sequence[Edit]) -> list[tuple[int, int]]:
    def moved(offset: int) -> int:
        return offset + sum(len(e.text) - (e.end - e.start) for e in edits if e.end <= offset)

    return [(moved(start), moved(end)) for start, end in spans]
