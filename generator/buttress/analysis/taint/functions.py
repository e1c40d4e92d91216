# ruff: noqa: ARG001 - what stands in a table is called in the same way
"""What functions give back that are not the project's own."""

from __future__ import annotations

import ast
from collections.abc import Callable

from buttress.analysis.taint.folding import folded
from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.library import (
    CLEAN_FUNCTIONS,
    FOLDED,
    IN_ONE_LINE,
    MADE_SAFE,
    PASSED_ON,
    TEXTS,
    UNDONE,
)
from buttress.analysis.taint.log_lines import in_one_line
from buttress.analysis.taint.parts import element_of
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.values import NOTHING, Value, constant, text
from buttress.source.patterns import lazy_pattern

_BREAKS = lazy_pattern(r"\\[nrsWx]|\n|\[\^")
"""A pattern that line breaks match, among others."""
_KEPT = lazy_pattern(r"\[\^([^\]]+)\][+*]?\Z")
_FACTORIES = {
    "builtins.dict": "dict", "collections.OrderedDict": "dict", "collections.defaultdict": "dict",
    "builtins.list": "list", "builtins.set": "list", "collections.deque": "list",
    "configparser.ConfigParser": "config", "configparser.RawConfigParser": "config",
    "configparser.SafeConfigParser": "config", "io.StringIO": "io", "io.BytesIO": "io",
    "types.SimpleNamespace": "object",
}  # fmt: skip


def known_function(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    """Return what a function of a library gives back; ``None`` where nothing is known of it."""
    given = arguments.all()
    fold = FOLDED.get(what)
    if fold is not None and given and not arguments.named and all(v.is_known for v in given):
        return folded(fold, [v.const for v in given], node)
    special = _SPECIAL.get(what)
    found = special(frame, node, what, arguments) if special is not None else None
    if found is not None:
        return found
    if what in _FACTORIES and (not given or _FACTORIES[what] in {"object", "io", "config"}):
        return _made(frame, _FACTORIES[what], what, arguments)
    if what in CLEAN_FUNCTIONS:
        # a hash of what can be guessed can be guessed, too
        if frame.engine.sources.names is not None and what.startswith("hashlib."):
            return _passed_on(frame, node, what, given)
        return Value(what=result_of(what), node=node)
    if what in MADE_SAFE or what in UNDONE or what in IN_ONE_LINE:
        return _changed(frame, node, what, given)
    if what in {"builtins.map", "builtins.filter"} and len(arguments.positional) > 1:
        return _mapped(frame, node, what, arguments)
    return _passed_on(frame, node, what, given) if what in PASSED_ON else None


def result_of(what: str) -> str:
    """Return the name that what a function gives back goes by."""
    return f"{what}()" if what and what.count("(") < 4 else ""


def _changed(frame: Frame, node: ast.Call, what: str, given: list[Value]) -> Value:
    """Return a value after it was made fit for some sinks, or unfit again."""
    safe, undone = MADE_SAFE.get(what, 0), UNDONE.get(what, 0)
    if what in IN_ONE_LINE:
        safe |= bits(Kind.LOG)
    taint = frozenset(
        t._replace(safe=(t.safe | safe) & ~undone) for v in given for t in frame.state.held(v)
    )
    return Value(taint=taint, what="<data>" if what == "json.loads" else "", node=node)


def _named_attribute(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    if len(arguments.positional) < 2 or arguments.positional[0].taint:
        return None
    owner, name = arguments.positional[:2]
    attribute = name.const if isinstance(name.const, str) else "*"
    return Value(what=f"{owner.what}.{attribute}" if owner.what else "", node=node)


def _dict(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    is_literal = bool(arguments.named) and not arguments.positional
    return _made(frame, "dict", what, arguments) if is_literal else None


def _length(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value:
    container = frame.state.container(arguments.positional[0]) if arguments.positional else None
    if container is not None and container.rest is None:
        return constant(len(container.items), node)
    return NOTHING


def _made(frame: Frame, kind: str, what: str, arguments: Arguments) -> Value:
    items: dict[object, Value] = {}
    if kind in {"dict", "object"}:
        items.update(arguments.named)
    rest: Value | None = None
    if kind == "io" and arguments.positional:
        rest = arguments.positional[0]
    made = frame.state.new(Container(kind, items, rest, what))
    return Value(ref=made.ref, what=f"{what}()")


def _mapped(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value:
    element = element_of(frame, arguments.positional[1], node)
    if what == "builtins.map":
        inner = Arguments()
        inner.positional, inner.nodes = [element], [node.args[1]]
        called = arguments.positional[0]
        result = known_function(frame, node, called.what, inner)
        if result is None:
            result = frame.engine.call_own(frame, node, None, called, inner)
        element = result if result is not None else NOTHING
    return frame.state.new(Container("list", {}, element))


def _stringified(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value:
    if not arguments.positional:
        return constant("", node)
    value = arguments.positional[0]
    if isinstance(value.const, int | float | str) and not arguments.named:
        return constant(str(value.const), node)
    if value.parts is not None:
        return value
    text_now = bits(Kind.QUERY)
    taint = frozenset(t._replace(safe=t.safe | text_now) for t in frame.state.held(value))
    return Value(taint=taint, node=node, what=value.what)


def _represented(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value:
    return in_one_line(_stringified(frame, node, what, arguments))


def _substituted(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    """Return a text of which only the characters are left that a pattern names."""
    if len(arguments.positional) < 3:
        return None
    pattern, new, subject = arguments.positional[:3]
    taint = frame.state.held(subject) | frame.state.held(new)
    made = Value(taint=taint, node=node)
    if isinstance(pattern.const, str) and _BREAKS.search(pattern.const):
        made = in_one_line(made)
    kept = _KEPT.match(pattern.const) if isinstance(pattern.const, str) else None
    if kept is None or not isinstance(new.const, str) or set(new.const) & set("'\"/<>;&|$`(){}"):
        return made
    return made.safe_for(TEXTS) if not set(kept.group(1)) & set("'\"/<>;&|$`(){}") else made


def _split_ending(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    if not arguments.positional:
        return None
    stem = Value(taint=arguments.positional[0].taint, node=node)
    # what stands behind the last dot holds neither `..` nor `/`
    ending = stem.safe_for(bits(Kind.PATH))
    return frame.state.new(Container("list", {0: stem, 1: ending}))


def _path(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value:
    pieces: list[str | Value] = []
    for number, value in enumerate([*arguments.positional, *arguments.more]):
        if number:
            pieces.append("/")
        pieces.append(value if value.is_known or value.parts else Value(taint=frame.state.held(value), node=value.node or node))  # fmt: skip
    made = text(pieces, node)
    if what == "pathlib.Path":
        return Value(taint=made.taint, what="pathlib.Path()", node=node)
    return made


def _passed_on(frame: Frame, node: ast.Call, what: str, given: list[Value]) -> Value:
    held = [frame.state.held(v) for v in given]
    taint = frozenset().union(*held)
    if len(given) == 1 and what in {"builtins.list", "builtins.tuple", "builtins.sorted",
                                    "builtins.set", "copy.copy", "copy.deepcopy", "builtins.dict"}:  # fmt: skip
        container = frame.state.container(given[0])
        if container is not None:
            made = Container(container.kind, dict(container.items), container.rest, container.what)
            if what in {"builtins.sorted", "builtins.set"}:
                rest = frame.state.join_all(container.everything())
                made = Container("list", {}, rest)
            elif container.kind == "dict" and what in {"builtins.list", "builtins.tuple"}:
                return Value(taint=given[0].taint, node=node)
            return frame.state.new(made)
        return Value(taint=taint, what=given[0].what if given[0].taint else "", node=node)
    if what in {"builtins.enumerate", "builtins.zip"}:
        return _paired(frame, node, what, given)
    return Value(
        taint=taint, what="" if what.startswith("builtins.") else result_of(what), node=node
    )


def _paired(frame: Frame, node: ast.Call, what: str, given: list[Value]) -> Value:
    elements: list[Value] = [NOTHING] if what == "builtins.enumerate" else []
    for value in given[:1] if what == "builtins.enumerate" else given:
        container = frame.state.container(value)
        inner = frame.state.join_all(container.everything()) if container is not None else value
        elements.append(inner if container is not None else Value(taint=value.taint, node=node))
    pair = frame.state.new(Container("list", dict(enumerate(elements))))
    return frame.state.new(Container("list", {}, pair))


_Special = Callable[[Frame, ast.Call, str, Arguments], Value | None]
_SPECIAL: dict[str, _Special] = {
    "builtins.len": _length, "builtins.str": _stringified, "builtins.repr": _represented,
    "builtins.getattr": _named_attribute, "builtins.dict": _dict, "re.sub": _substituted,
    "os.path.splitext": _split_ending, "os.path.join": _path, "pathlib.Path": _path,
    "urllib.parse.urljoin": _path,
}  # fmt: skip
