"""Runs statements in their order; where ways part, each is gone on a state of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from buttress.analysis.taint import reaching
from buttress.analysis.taint.expressions import bind, evaluate
from buttress.analysis.taint.frame import Frame
from buttress.analysis.taint.guards import clear, narrow, truth
from buttress.analysis.taint.lookups import looks_up
from buttress.analysis.taint.operators import combine
from buttress.analysis.taint.parts import element_of, item
from buttress.analysis.taint.sinks import ALL, Kind, bits
from buttress.analysis.taint.sources import PARAMETER
from buttress.analysis.taint.state import State
from buttress.analysis.taint.values import NOTHING, UNKNOWN, Value, same_constant, taints_of
from buttress.source.patterns import lazy_pattern

_SESSIONS = frozenset(["flask.session", "quart.session", "<request>.session"])
_IDENTITY = lazy_pattern(
    r"\A(?:current_|logged_in_|is_)?(?:user|user_?name|user_?id|uid|roles?|(?:is_?)?admin|account|account_?id|e?mail|logged_?in"
    r"|auth\w*|permissions?|identity|is_staff|is_superuser)\Z",
    re.IGNORECASE,
)
_ENDING = frozenset(
    ["flask.abort", "quart.abort", "werkzeug.exceptions.abort", "sys.exit", "os._exit"]
)
"""Functions that do not come back."""


def run(frame: Frame, body: list[ast.stmt]) -> bool:
    """Run statements; return whether their end is reached."""
    end = _end(frame, body)
    for statement in body if end == len(body) else body[:end]:
        handler = _HANDLERS.get(statement.__class__)
        if handler is not None and not handler(frame, statement):
            return False
        if frame.raising is not None:
            frame.raising.append(frame.state.copy())
    return end == len(body)


def _end(frame: Frame, body: list[ast.stmt]) -> int:
    """Return how many statements are worth running, where those behind lead only out of a function."""
    end = len(body)
    if frame.ways is None or frame.raising is not None or not body:
        return end
    if isinstance(body[-1], ast.Return | ast.Raise) or body is getattr(
        frame.function, "body", None
    ):
        while end and body[end - 1] not in frame.ways:
            end -= 1
    return end


def _expression(frame: Frame, node: ast.Expr) -> bool:
    evaluate(frame, node.value)
    call = node.value
    return not (isinstance(call, ast.Call) and frame.module.resolve(call.func) in _ENDING)


def _assign(frame: Frame, node: ast.Assign) -> bool:
    value = evaluate(frame, node.value)
    for target in node.targets:
        store(frame, target, value, node.value)
    return True


def _annotated(frame: Frame, node: ast.AnnAssign) -> bool:
    if node.value is not None:
        store(frame, node.target, evaluate(frame, node.value), node.value)
    return True


def _augmented(frame: Frame, node: ast.AugAssign) -> bool:
    old = evaluate(frame, node.target)
    new = evaluate(frame, node.value)
    if isinstance(node.op, ast.Add) and frame.state.container(old) is not None:
        other = frame.state.container(new)
        for value in other.everything() if other is not None else [new]:
            frame.state.put(old, UNKNOWN, value)
        return True
    store(frame, node.target, combine(frame, node, node.op, old, new), node.value)
    return True


def store(frame: Frame, target: ast.expr, value: Value, source: ast.expr) -> None:
    """Give a value to a name, an item or an attribute."""
    frame.engine.stored(frame, target, value, source)
    if isinstance(target, ast.Name):
        frame.state.names[target.id] = value
    elif isinstance(target, ast.Subscript):
        _store_item(frame, target, value, source)
    elif isinstance(target, ast.Attribute):
        owner = evaluate(frame, target.value)
        if frame.state.container(owner) is not None:
            frame.state.put(owner, target.attr, value)
        elif not isinstance(target.value, ast.Name) or not value.taint:
            return
    elif isinstance(target, ast.Tuple | ast.List):
        container = frame.state.container(value)
        for index, element in enumerate(target.elts):
            inner = element.value if isinstance(element, ast.Starred) else element
            part = item(frame, inner, value, Value(const=index))
            if container is None and value.const is UNKNOWN and not value.taint:
                part = NOTHING
            store(frame, inner, part, source)


def _store_item(frame: Frame, target: ast.Subscript, value: Value, source: ast.expr) -> None:
    owner = evaluate(frame, target.value)
    if isinstance(target.slice, ast.Slice):
        frame.state.put(owner, UNKNOWN, Value(taint=frame.state.held(value), node=source))
        return
    key = evaluate(frame, target.slice)
    if owner.what in _SESSIONS:
        _into_session(frame, target, key, value, source)
    frame.state.put(owner, key.const, value)


def _into_session(
    frame: Frame, target: ast.Subscript, key: Value, value: Value, source: ast.expr
) -> None:
    found = reaching.harm(frame, Kind.SESSION, key)
    is_identity = isinstance(key.const, str) and bool(_IDENTITY.search(key.const))
    if found is None and is_identity and not _looks_up(frame):
        found = reaching.harm(frame, Kind.SESSION, value)
    if found is not None:
        frame.engine.record(frame, Kind.SESSION, target, source, found)


def _looks_up(frame: Frame) -> bool:
    """Whether somebody was asked about what the client says, here or in a caller."""
    return frame.function is None or frame.depth > 0 or looks_up(frame.function)


def _delete(frame: Frame, node: ast.Delete) -> bool:
    for target in node.targets:
        if isinstance(target, ast.Name):
            frame.state.names.pop(target.id, None)
        elif isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
            owner = evaluate(frame, target.value)
            container = frame.state.container(owner)
            key = evaluate(frame, target.slice).const
            if container is not None and container.kind == "dict" and key in container.items:
                kept = {k: v for k, v in container.items.items() if k != key}
                frame.state.replace(owner, kept, container.rest)
            elif container is not None and container.kind == "list":
                frame.state.replace(owner, {}, frame.state.join_all(container.everything()))
    return True


def _return(frame: Frame, node: ast.Return) -> bool:
    value = evaluate(frame, node.value) if node.value is not None else Value(const=None)
    if frame.is_view and node.value is not None:
        reaching.returned(frame, node, value)
    frame.engine.stored(frame, node, value, node.value)
    frame.returned.append(value)
    frame.ends.append(frame.state)
    return False


def _raise(frame: Frame, node: ast.Raise) -> bool:
    if node.exc is not None:
        evaluate(frame, node.exc)
    return False


def _if(frame: Frame, node: ast.If) -> bool:
    known = truth(evaluate(frame, node.test))
    if known is not None:
        narrow(frame, node.test, evaluate, holds=known)
        return run(frame, node.body if known else node.orelse)
    before = frame.state
    ends: list[State] = []
    for branch, holds in ((node.body, True), (node.orelse, False)):
        if branch and not _end(frame, branch):
            continue  # it leads out, and nothing happens on the way
        frame.state = before.copy() if holds else before
        narrow(frame, node.test, evaluate, holds=holds)
        if run(frame, branch):
            ends.append(frame.state)
    return _meet(frame, ends)


def _meet(frame: Frame, ends: list[State]) -> bool:
    if not ends:
        return False
    frame.state = ends[0]
    for other in ends[1:]:
        frame.state.merge(other)
    return True


def _for(frame: Frame, node: ast.For | ast.AsyncFor) -> bool:
    values = evaluate(frame, node.iter)

    def start() -> None:
        bind(frame, node.target, element_of(frame, values, node.iter))

    return _loop(frame, start, node.body, node.orelse, ends=True)


def _while(frame: Frame, node: ast.While) -> bool:
    known = truth(evaluate(frame, node.test))
    if known is False:
        return run(frame, node.orelse)

    def start() -> None:
        evaluate(frame, node.test)
        narrow(frame, node.test, evaluate, holds=True)

    is_endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
    return _loop(frame, start, node.body, node.orelse, ends=not is_endless)


def _loop(
    frame: Frame,
    start: Callable[[], None],
    body: list[ast.stmt],
    orelse: list[ast.stmt],
    *,
    ends: bool,
) -> bool:
    """Run a loop twice, so that what one round leaves reaches the next."""
    around = frame.breaks, frame.continues
    entry = frame.state
    breaks: list[State] = []
    for _ in range(2):
        frame.breaks, frame.continues = [], []
        frame.state = entry.copy()
        start()
        rounds = [frame.state] if run(frame, body) else []
        rounds = [frame.state] * bool(rounds) + frame.continues
        breaks += frame.breaks
        for state in rounds:
            entry.merge(state)
    frame.breaks, frame.continues = around
    frame.state = entry
    exits = [frame.state] if ends and run(frame, orelse) else []
    if exits:
        exits = [frame.state]
    return _meet(frame, exits + breaks)


def _break(frame: Frame, node: ast.Break) -> bool:  # noqa: ARG001 - see _HANDLERS
    frame.breaks.append(frame.state)
    return False


def _continue(frame: Frame, node: ast.Continue) -> bool:  # noqa: ARG001 - see _HANDLERS
    frame.continues.append(frame.state)
    return False


def _try(frame: Frame, node: ast.Try) -> bool:
    outer = frame.raising
    frame.raising = [frame.state.copy()]
    is_through = run(frame, node.body)
    raised = frame.raising
    frame.raising = outer
    ends = []
    if is_through and run(frame, node.orelse):
        ends.append(frame.state)
    if node.handlers:
        _meet(frame, raised)
        caught = frame.state
        for handler in node.handlers:
            frame.state = caught.copy()
            if handler.name:
                frame.state.names[handler.name] = _error(frame, handler)
            if run(frame, handler.body):
                ends.append(frame.state)
    if not ends and node.finalbody:
        _meet(frame, raised)
        run(frame, node.finalbody)
        return False
    return _meet(frame, ends) and run(frame, node.finalbody)


def _error(frame: Frame, handler: ast.ExceptHandler) -> Value:
    """Return an error: its text repeats what went wrong, and would run as a template."""
    safe = ALL & ~bits(Kind.TEMPLATE)
    known = taints_of(frame.state.names.values())
    taint = frozenset(t._replace(safe=t.safe | safe) for t in known if t.label != PARAMETER)
    return Value(taint=taint, node=handler)


def _with(frame: Frame, node: ast.With | ast.AsyncWith) -> bool:
    for entry in node.items:
        value = evaluate(frame, entry.context_expr)
        if entry.optional_vars is not None:
            store(frame, entry.optional_vars, value, entry.context_expr)
    return run(frame, node.body)


def _match(frame: Frame, node: ast.Match) -> bool:
    subject = evaluate(frame, node.subject)
    before = frame.state
    ends: list[State] = []
    for case in node.cases:
        fits = _fits(frame, case.pattern, subject)
        if fits is False:
            continue
        frame.state = before.copy()
        _capture(frame, case.pattern, subject)
        is_sure = fits is True
        if case.guard is not None:
            known = truth(evaluate(frame, case.guard))
            if known is False:
                continue
            is_sure = is_sure and known is True
            narrow(frame, case.guard, evaluate, holds=True)
        if isinstance(case.pattern, ast.MatchValue | ast.MatchOr) and fits is None:
            clear(frame, node.subject)
        if run(frame, case.body):
            ends.append(frame.state)
        if is_sure:
            return _meet(frame, ends)
    return _meet(frame, [*ends, before])


def _fits(frame: Frame, pattern: ast.pattern, subject: Value) -> bool | None:
    if isinstance(pattern, ast.MatchAs):
        return True if pattern.pattern is None else _fits(frame, pattern.pattern, subject)
    if isinstance(pattern, ast.MatchOr):
        found = [_fits(frame, option, subject) for option in pattern.patterns]
        return True if True in found else None if None in found else False
    if not subject.is_known:
        return None
    if isinstance(pattern, ast.MatchValue):
        value = evaluate(frame, pattern.value)
        return same_constant(value.const, subject.const) if value.is_known else None
    if isinstance(pattern, ast.MatchSingleton):
        return pattern.value is subject.const
    return None


def _capture(frame: Frame, pattern: ast.pattern, subject: Value) -> None:
    whole = isinstance(pattern, ast.MatchAs)
    for part in ast.walk(pattern):
        if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
            is_whole = whole and part is pattern
            taint = frame.state.held(subject)
            frame.state.names[part.name] = subject if is_whole else Value(taint=taint, node=part)
        elif isinstance(part, ast.MatchMapping) and part.rest:
            frame.state.names[part.rest] = Value(taint=frame.state.held(subject), node=part)


def _define(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    frame.state.names[node.name] = frame.engine.define(frame.module, node)
    return True


def _assert(frame: Frame, node: ast.Assert) -> bool:
    evaluate(frame, node.test)
    narrow(frame, node.test, evaluate, holds=True)
    return True


def _forget(frame: Frame, node: ast.Import | ast.ImportFrom | ast.ClassDef) -> bool:
    names = [node.name] if isinstance(node, ast.ClassDef) else [
        alias.asname or alias.name.split(".")[0] for alias in node.names
    ]  # fmt: skip
    for name in names:
        frame.state.names.pop(name, None)
    return True


# each takes the nodes of the types that it is listed under
_HANDLERS: dict[type[ast.stmt], Callable[[Frame, Any], bool]] = {
    ast.Expr: _expression, ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented,
    ast.Delete: _delete, ast.Return: _return, ast.Raise: _raise, ast.If: _if, ast.For: _for,
    ast.AsyncFor: _for, ast.While: _while, ast.Break: _break, ast.Continue: _continue, ast.Try: _try,
    ast.TryStar: _try, ast.With: _with, ast.AsyncWith: _with, ast.Match: _match,
    ast.FunctionDef: _define, ast.AsyncFunctionDef: _define, ast.Assert: _assert,
    ast.Import: _forget, ast.ImportFrom: _forget, ast.ClassDef: _forget,
}  # fmt: skip
