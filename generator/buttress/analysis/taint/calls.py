# ruff: noqa: ARG001 - what stands in a table is called in the same way
"""What a call gives back, and what it does to what it is called on."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from buttress.analysis.taint.containers import of_container, plain
from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.library import (
    CLEAN_FUNCTIONS,
    FOLDED,
    FOLDED_METHODS,
    MADE_SAFE,
    PASSED_ON,
    TELLING_METHODS,
    TEXT_METHODS,
    TEXTS,
    UNDONE,
)
from buttress.analysis.taint.reaching import TEMPLATE_FILE, look, saved_as
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.sources import READ, REQUEST
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.values import (
    NOTHING,
    Taint,
    Value,
    constant,
    is_text,
    text,
)

ElementOf = Callable[[Frame, Value, ast.AST], Value]

PERCENT = re.compile(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[sdrifxeg]")
_BRACES = re.compile(r"\{([^{}!:]*)[^{}]*\}")
_ESCAPER = re.compile(r"(?:escape|sanitiz|encode|clean).*html|html.*(?:escape|sanitiz|encode|clean)", re.IGNORECASE)  # fmt: skip
_KEPT = re.compile(r"\[\^([^\]]+)\][+*]?\Z")
_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError)
_LONGEST = 10_000
_MOST_CHARACTERS = 1_000_000
_FACTORIES = {
    "builtins.dict": "dict", "collections.OrderedDict": "dict", "collections.defaultdict": "dict",
    "builtins.list": "list", "builtins.set": "list", "collections.deque": "list",
    "configparser.ConfigParser": "config", "configparser.RawConfigParser": "config",
    "configparser.SafeConfigParser": "config", "io.StringIO": "io", "io.BytesIO": "io",
    "types.SimpleNamespace": "object",
}  # fmt: skip
_TEMPLATE = re.compile(r"(?:^|/)templates?/.*\.(?:html?|j2|jinja2?)\Z")
_READERS = frozenset(["get", "getlist", "get_all", "pop", "getfirst", "setdefault", "get_list"])
_VIEWS = frozenset(["items", "keys", "values", "lists", "multi_items"])
_SPLITTERS = frozenset(["split", "rsplit", "partition", "rpartition", "splitlines"])


def filled(
    pattern: str, hole: re.Pattern[str], values: list[Value], named: dict[str, Value]
) -> Iterable[str | Value]:
    """Yield the pieces of a text in which values stand for its holes, in order."""
    position, number = 0, 0
    for match in hole.finditer(pattern):
        yield pattern[position : match.start()]
        name = match.group(1) if hole is _BRACES and match.lastindex else ""
        first = re.split(r"[.\[]", name)[0] if name else ""
        if first in named:
            yield named[first]
        elif first.isdigit() and int(first) < len(values):
            yield values[int(first)]
        elif number < len(values):
            yield values[number]
            number += 1
        elif values or named:
            yield Value(taint=frozenset().union(*(v.taint for v in [*values, *named.values()])))
        position = match.end()
    yield pattern[position:]


def call(  # noqa: PLR0917 - all that a call is
    frame: Frame,
    node: ast.Call,
    owner: Value | None,
    function: Value,
    arguments: Arguments,
    element_of: ElementOf,
) -> Value:
    """Return what a call gives back.

    Args:
        frame: Where it stands.
        node: The call.
        owner: What the method is called on, if it is one.
        function: What is called.
        arguments: What it is given.
        element_of: What a loop over a value sees.
    """
    look(frame, node, owner, function, arguments)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if owner is not None and name:
        done = _method(frame, node, owner, arguments, element_of)
        if done is not None:
            return done
    what = function.what
    known = _known_function(frame, node, what, arguments, element_of) if what else None
    known = known or _from_outside(frame, node, what, arguments)
    if known is not None:
        return known
    own = frame.engine.call_own(frame, node, owner, function, arguments)
    if own is not None:
        if _ESCAPER.search(name or getattr(node.func, "id", "")):
            return Value(taint=frame.state.held(own)).safe_for(bits(Kind.HTML))
        return own
    if function.taint:
        return Value(taint=function.taint, what=_result(what), node=node)
    return Value(what=_result(what), node=node)


def _from_outside(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    """Return what comes from a source, or an object that is made to be safe or unsafe."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in {"recv", "recvfrom"} and "socket" in frame.module.text:
        return source_value(frame, node, "client", "recv")
    if what == "builtins.open" and arguments.nodes:
        saved = frame.state.names.get(saved_as(frame, arguments.nodes[0]))
        if saved is not None:
            return Value(taint=saved.taint, what=f"{what}()", node=node)
        path = "".join(p for p in arguments.positional[0].pieces() if isinstance(p, str))
        return Value(what=TEMPLATE_FILE, node=node) if _TEMPLATE.search(path) else None
    if frame.engine.sources.expression(frame.module, node, _result(what)):
        return source_value(frame, node, frame.engine.sources.label, ast.dump(node.func))
    if what == "lxml.etree.XMLParser" and "resolve_entities" in arguments.named:
        is_open = arguments.named["resolve_entities"].const is True
        return Value(what=f"{what}(external)" if is_open else f"{what}()", node=node)
    if "transport" in arguments.named and what.startswith("httpx."):
        return Value(what="httpx.Client(transport)()", node=node)  # it decides what is fetched
    return None


def source_value(frame: Frame, node: ast.AST, label: str, key: str) -> Value:
    """Return a value that comes from a source."""
    return Value(taint=frozenset({Taint(label, key, node, frame.module)}), what="<data>", node=node)


def _result(what: str) -> str:
    return f"{what}()" if what and what.count("(") < 4 else ""


def _known_function(
    frame: Frame, node: ast.Call, what: str, arguments: Arguments, element_of: ElementOf
) -> Value | None:
    given = arguments.all()
    fold = FOLDED.get(what)
    if fold is not None and given and not arguments.named and all(v.is_known for v in given):
        return _folded(fold, [v.const for v in given], node)
    special = _SPECIAL.get(what)
    found = special(frame, node, what, arguments) if special is not None else None
    if found is not None:
        return found
    if what in _FACTORIES and (not given or _FACTORIES[what] in {"object", "io", "config"}):
        return _made(frame, _FACTORIES[what], what, arguments)
    if what in CLEAN_FUNCTIONS:
        return Value(what=_result(what), node=node)
    if what in MADE_SAFE or what in UNDONE:
        return _changed(frame, node, what, given)
    if what in {"builtins.map", "builtins.filter"} and len(arguments.positional) > 1:
        return _mapped(frame, node, what, arguments, element_of)
    return _passed_on(frame, node, what, given) if what in PASSED_ON else None


def _changed(frame: Frame, node: ast.Call, what: str, given: list[Value]) -> Value:
    """Return a value after it was made fit for some sinks, or unfit again."""
    safe, undone = MADE_SAFE.get(what, 0), UNDONE.get(what, 0)
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


def _folded(function: Callable[..., object], operands: list[object], node: ast.AST) -> Value:
    try:
        found = function(*operands)
    except _ERRORS:
        return NOTHING
    if isinstance(found, str | bytes) and len(found) > _LONGEST:
        return NOTHING
    return constant(found, node)


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


def _stringified(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value:
    if not arguments.positional:
        return constant("", node)
    value = arguments.positional[0]
    if isinstance(value.const, int | float | str) and not arguments.named:
        return constant(str(value.const), node)
    if value.parts is not None:
        return value
    return Value(taint=frame.state.held(value), node=node, what=value.what)


def _mapped(
    frame: Frame, node: ast.Call, what: str, arguments: Arguments, element_of: ElementOf
) -> Value:
    element = element_of(frame, arguments.positional[1], node)
    if what == "builtins.map":
        inner = Arguments()
        inner.positional, inner.nodes = [element], [node.args[1]]
        called = arguments.positional[0]
        result = _known_function(frame, node, called.what, inner, element_of)
        if result is None:
            result = frame.engine.call_own(frame, node, None, called, inner)
        element = result if result is not None else NOTHING
    return frame.state.new(Container("list", {}, element))


def _substituted(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    """Return a text of which only the characters are left that a pattern names."""
    if len(arguments.positional) < 3:
        return None
    pattern, new, subject = arguments.positional[:3]
    taint = frame.state.held(subject) | frame.state.held(new)
    made = Value(taint=taint, node=node)
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
    return Value(taint=taint, what="" if what.startswith("builtins.") else _result(what), node=node)


def _paired(frame: Frame, node: ast.Call, what: str, given: list[Value]) -> Value:
    elements: list[Value] = [NOTHING] if what == "builtins.enumerate" else []
    for value in given[:1] if what == "builtins.enumerate" else given:
        container = frame.state.container(value)
        inner = frame.state.join_all(container.everything()) if container is not None else value
        elements.append(inner if container is not None else Value(taint=value.taint, node=node))
    pair = frame.state.new(Container("list", dict(enumerate(elements))))
    return frame.state.new(Container("list", {}, pair))


def _method(
    frame: Frame, node: ast.Call, owner: Value, arguments: Arguments, element_of: ElementOf
) -> Value | None:
    assert isinstance(node.func, ast.Attribute)  # noqa: S101 - for mypy
    name = node.func.attr
    given = arguments.all()
    container = frame.state.container(owner)
    if container is not None and container.kind != "object":
        return of_container(frame, node, owner, name, arguments)
    is_foldable = name in FOLDED_METHODS and not arguments.named
    if isinstance(owner.const, str | bytes) and is_foldable and all(v.is_known for v in given):
        longest = max((len(v.const) for v in given if isinstance(v.const, str | bytes)), default=0)
        method = getattr(owner.const, name, None)
        if method is None or len(owner.const) * longest > _MOST_CHARACTERS:
            return NOTHING
        return _folded(method, [v.const for v in given], node)
    if name == "format" and isinstance(owner.const, str):
        values = [plain(frame, v) for v in [*arguments.positional, *arguments.more]]
        named = {key: plain(frame, v) for key, v in arguments.named.items()}
        return text(filled(owner.const, _BRACES, values, named), node)
    if name == "join" and (is_text(owner) or not owner.what) and arguments.positional:
        return _joined(frame, node, owner, arguments.positional[0], element_of)
    if owner.what == REQUEST:
        return source_value(frame, node, "client", f"request.{name}") if name in READ else None
    if owner.taint or owner.parts is not None:
        return _of_tainted(frame, node, owner, name, arguments)
    return None


def _joined(
    frame: Frame, node: ast.Call, separator: Value, values: Value, element_of: ElementOf
) -> Value:
    container = frame.state.container(values)
    if container is not None and container.kind == "list" and container.rest is None:
        pieces: list[str | Value] = []
        for index, inner in enumerate(container.items.values()):
            if index:
                pieces.append(separator)
            pieces.append(plain(frame, inner))
        return text(pieces, node)
    element = plain(frame, element_of(frame, values, node))
    if container is not None and container.items and container.rest is not None:
        element = plain(frame, frame.state.join_all(container.everything()))
    return text([element, separator, element], node)


def _of_tainted(
    frame: Frame, node: ast.Call, owner: Value, name: str, arguments: Arguments
) -> Value | None:
    """Return what a method makes of a value that a client had a hand in."""
    if name in TELLING_METHODS:
        return Value(what=f"<{name}>", node=node)
    if owner.what == "<data>" and name in _READERS:
        return _read(frame, node, owner, arguments)
    if owner.what == "<data>" and name in _VIEWS:
        return Value(taint=owner.taint, what=owner.what, node=node)
    if name in {"model_dump", "dict", "to_dict"}:
        return Value(taint=owner.taint, what="<fields>", node=node)
    if owner.what == "<fields>" and name in {"items", "keys"}:
        return _of_fields(frame, node, owner, name)
    if name == "replace" and len(arguments.positional) == 2:
        return _replaced(owner, arguments)
    if name in _SPLITTERS:
        return _split(node, owner, arguments)
    if name in TEXT_METHODS:
        return _changed_text(frame, node, owner, name, arguments)
    if owner.what.startswith("<model") or owner.parts is not None:
        return None
    if name in {"resolve", "absolute", "joinpath", "with_suffix", "with_name"}:
        taint = owner.taint.union(*(frame.state.held(v) for v in arguments.all()))
        return Value(taint=taint, what="pathlib.Path()", node=node)
    return Value(taint=owner.taint, what="<data>" if name == "json" else "", node=node)


def _of_fields(frame: Frame, node: ast.Call, owner: Value, name: str) -> Value:
    """Return the names of fields, which the code chose, or the pairs with their values."""
    if name == "keys":
        return Value(node=node)
    pair: dict[object, Value] = {0: Value(node=node), 1: Value(taint=owner.taint, node=node)}
    inner = frame.state.new(Container("list", pair))
    return frame.state.new(Container("list", {}, inner))


def _split(node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    between = arguments.positional[0].const if arguments.positional else ""
    # between two dots there is no `..`, between two slashes no `/`
    safe = bits(Kind.PATH) if between in {".", "/"} else 0
    taint = frozenset(
        t._replace(key=f"{t.key}~{node.col_offset}", safe=t.safe | safe) for t in owner.taint
    )
    return Value(taint=taint, node=node)


def _changed_text(
    frame: Frame, node: ast.Call, owner: Value, name: str, arguments: Arguments
) -> Value:
    if name in {"strip", "lower", "upper", "encode", "decode", "lstrip", "rstrip"}:
        kept = owner.what if owner.what == "<data>" and name != "decode" else ""
        return Value(taint=owner.taint, parts=owner.parts, what=kept, node=node)
    taint = owner.taint.union(*(frame.state.held(v) for v in arguments.all()))
    return Value(taint=taint, node=node)


def _read(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    kind = arguments.named_nodes.get("type")
    if kind is not None and frame.module.resolve(kind) in {"builtins.int", "builtins.float", "builtins.bool"}:  # fmt: skip
        return Value(node=node)
    first = arguments.positional[0] if arguments.positional else NOTHING
    key = first.const if first.is_known else ast.dump(node)
    taint = frozenset(t._replace(key=f"{t.key}[{key}]", node=node) for t in owner.taint)
    return Value(taint=taint, what="<data>", node=node)


def _replaced(owner: Value, arguments: Arguments) -> Value:
    old, new = (value.const for value in arguments.positional)
    fit = 0
    if old == "'" and isinstance(new, str):
        fit = bits(Kind.XPATH, Kind.SQL) if "'" not in new or new == "''" else 0
    elif old in {".", "/"} and new in {"", "_", "-"}:
        fit = bits(Kind.PATH)
    elif old == "<" and isinstance(new, str) and "<" not in new:
        fit = bits(Kind.HTML)
    taint = owner.taint | arguments.positional[1].taint
    return Value(taint=taint).safe_for(fit)


_Special = Callable[[Frame, ast.Call, str, Arguments], Value | None]
_SPECIAL: dict[str, _Special] = {
    "builtins.len": _length, "builtins.str": _stringified, "builtins.repr": _stringified,
    "builtins.getattr": _named_attribute, "builtins.dict": _dict, "re.sub": _substituted,
    "os.path.splitext": _split_ending, "os.path.join": _path, "pathlib.Path": _path,
    "urllib.parse.urljoin": _path,
}  # fmt: skip
