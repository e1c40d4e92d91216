"""Whether a value, as it stands, does harm at a sink that it reaches."""

from __future__ import annotations

import ast
import re

from buttress.analysis.taint.documents import asked
from buttress.analysis.taint.filling import filled_in
from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.handing_on import put_together
from buttress.analysis.taint.log_lines import logged
from buttress.analysis.taint.matching import slowly_matched
from buttress.analysis.taint.sinks import (
    BIT,
    FUNCTIONS,
    METHODS,
    PATH_METHODS,
    QUESTIONS,
    RENDERERS,
    Kind,
    Sink,
)
from buttress.analysis.taint.sources import PARAMETER
from buttress.analysis.taint.state import State
from buttress.analysis.taint.values import OR, Taint, Taints, Value
from buttress.source.patterns import lazy_pattern

TEMPLATE_FILE = "<template file>"
"""What a file of a template is that is open for writing."""

CODE_FILE = "<code file>"
"""What a file of Python is."""

_VERB = lazy_pattern(
    r"\b(?:select\s|insert\s+(?:or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s|replace\s+into\s"
    r"|drop\s+(?:table|database|user)|alter\s+(?:table|user)|create\s+(?:table|user|database)|pragma\s"
    r"|truncate\s|where\s|values\s*\(|call\s+\w+\s*\(|exec\s)",
    re.IGNORECASE,
)
_VALUE_BEFORE = lazy_pattern(
    r"(?:=|<|>|\blike\b|\bin\s*\(|\bvalues\s*\([^)]*|\blimit|\boffset|\bbetween|\band|,)\s*[%(]*\s*['\"][^'\"]*\Z",
    re.IGNORECASE,
)
_QUOTE_AFTER = lazy_pattern(r"[^'\"]{0,3}['\"]")
_EQUALS_BEFORE = lazy_pattern(r"(?:=|<|>|\blike|\bvalues\s*\(?)\s*\Z", re.IGNORECASE)
_SHELLS = lazy_pattern(
    r"(?:\A|[/\\])(?:sh|bash|zsh|dash|ksh|cmd|cmd\.exe|powershell|pwsh)(?:\.exe)?\Z"
)
_SCHEME_ONLY = lazy_pattern(r"\s*(?:\w+:)?/{0,2}\Z")
_INSIDE = lazy_pattern(r"[\w.]*\w\.|\.")
_OWN_PLACE = lazy_pattern(r"\s*(?:\w+:)?//[^/]+[/?#]|/(?![/\\])|\.{1,2}/|[?#]")
_NOT_HTML = lazy_pattern(r"(?:application|text|image|audio|video|multipart)/(?!html|xhtml)")
_DATABASE = lazy_pattern(
    r"db|conn|cur|engine|session|sql|database|pool|trans|tx|objects|con\b|psycopg", re.IGNORECASE
)
_OTHER = lazy_pattern(
    r"agent|chain|tool|use_?case|command|handler|executor|graph|llm", re.IGNORECASE
)


def live(state: State, taint: Taints, kind: Kind) -> list[Taint]:
    """Return the sources that a value is not fit for a kind of sink from."""
    bit = BIT[kind]
    found = []
    for source in taint:
        if source.safe & bit:
            continue
        checked = state.checked.get(source.key, 0) | state.checked.get(source.key.partition("~")[0], 0)  # fmt: skip
        if not checked & bit:
            found.append(source)
    return found


def look(  # noqa: C901, PLR0912 - one sink after another
    frame: Frame, node: ast.Call, owner: Value | None, function: Value, arguments: Arguments
) -> None:
    """Take note of what a call is given, if it is a sink."""
    slow = slowly_matched(frame.module, node, arguments)
    if slow is not None:
        _note(frame, Kind.SLOW, node, *slow)
    for line in logged(frame, node, owner, arguments):
        _note(frame, Kind.LOG, node, *line)
    for part in asked(frame, node, arguments):
        _note(frame, Kind.QUERY, node, *part)
    if function.what.rpartition(".")[2] in RENDERERS:
        _rendered(frame, node, owner, arguments)
        return
    sink = FUNCTIONS.get(function.what)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if sink is None and name:
        sink = METHODS.get(name)
        if name == "setFeature" and owner is not None:
            _feature(frame, node, arguments)
        if owner is not None and owner.what.startswith("pathlib.Path()") and name in PATH_METHODS:
            assert isinstance(node.func, ast.Attribute)  # noqa: S101 - for mypy
            if name not in QUESTIONS or not _is_kept_in_folder(frame):
                _note(frame, Kind.PATH, node, node.func.value, owner)
            pattern = arguments.get(0, "pattern") if name in {"glob", "rglob"} else None
            if pattern is not None:
                _note(frame, Kind.PATH, node, *pattern)
            return
        if name == "write" and owner is not None and owner.what == TEMPLATE_FILE:
            sink = Sink(Kind.TEMPLATE)
        if name == "write" and owner is not None and owner.what == CODE_FILE:
            sink = Sink(Kind.CODE)
        if name == "save" and owner is not None and owner.taint and owner.what == "<data>":
            if arguments.nodes:
                frame.state.names[saved_as(frame, arguments.nodes[0])] = owner
            sink = Sink(
                Kind.PATH, (0,), ("dst",)
            )  # an uploaded file is written where its name says
    if sink is None or not _applies(frame, sink, arguments):
        return
    for position in sink.positions:
        found = arguments.get(position, *(sink.keywords if position == sink.positions[0] else ()))
        if found is not None:
            _reach(frame, node, sink, *found, arguments)
    if not sink.positions:
        for keyword in sink.keywords:
            if keyword in arguments.named:
                argument, value = arguments.named_nodes[keyword], arguments.named[keyword]
                _reach(frame, node, sink, argument, value, arguments)


def _rendered(frame: Frame, node: ast.Call, owner: Value | None, arguments: Arguments) -> None:
    """Take note of values that do harm where a template prints them."""
    for printed, kind, value in filled_in(frame, node, owner, arguments):
        found = harm(frame, kind, value)
        if found is not None:
            place = None if printed.is_raw else printed
            frame.engine.record(frame, Kind.HTML, node, node, found, printed=place)


def _feature(frame: Frame, node: ast.Call, arguments: Arguments) -> None:
    first = arguments.get(0)
    second = arguments.get(1)
    assert isinstance(node.func, ast.Attribute)  # noqa: S101 - for mypy
    owner = node.func.value
    if first is None or second is None or not isinstance(owner, ast.Name):
        return
    feature = first[1].what.rpartition(".")[2] or str(first[1].const)
    if "external" in feature and second[1].const in (True, 1):
        frame.state.names[owner.id] = Value(what="xml.sax.make_parser(external)", node=owner)


def saved_as(frame: Frame, path: ast.expr) -> str:
    """Return the name under which it is known what was saved at a path."""
    return f"<saved {frame.module.source(path)}>"


def _applies(frame: Frame, sink: Sink, arguments: Arguments) -> bool:
    text = frame.module.text
    if sink.condition == "ldap":
        return "ldap" in text
    if sink.condition == "asked":
        return not _is_kept_in_folder(frame)
    if sink.condition == "jinja":
        return "jinja2" in text and "Sandbox" not in text
    if sink.condition == "yaml":
        loader = arguments.get(1, "Loader")
        return loader is None or "Safe" not in frame.module.source(loader[0])
    if sink.condition == "torch":
        only = arguments.named.get("weights_only")
        return only is None or only.const is False
    if sink.condition == "xml":
        return any(value.what.endswith("(external)") for value in arguments.all())
    if sink.condition == "html":
        return _is_html(frame, arguments)
    return True


def _is_kept_in_folder(frame: Frame) -> bool:
    """Whether what is asked for is then sent by a function that keeps to its folder."""
    function = frame.function
    return function is not None and "send_from_directory(" in frame.module.source(function)


def _is_html(frame: Frame, arguments: Arguments) -> bool:
    for keyword in ("mimetype", "content_type", "media_type", "headers"):
        if keyword in arguments.named:
            value = arguments.named[keyword]
            if not isinstance(value.const, str) or _NOT_HTML.match(value.const):
                return False
    function = frame.function
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return not _NOT_HTML.search(frame.module.source(function))
    return True


def _reach(  # noqa: PLR0917 - a call, its sink, and what it is given
    frame: Frame, node: ast.Call, sink: Sink, argument: ast.expr, value: Value, arguments: Arguments
) -> None:
    if sink.kind is Kind.SHELL and sink.condition == "shell":
        _run(frame, node, argument, value, arguments)
        return
    if sink.condition == "html" and value.ref:
        container = frame.state.container(value)
        if container is None or container.kind != "list" or not container.items:
            return
        value = container.items[0]  # a body with its status and headers
    if sink.condition == "list":
        value = Value(taint=frame.state.held(value), node=argument)
    start = value.pieces()[0]
    if sink.condition == "module" and isinstance(start, str) and _INSIDE.match(start):
        return  # a part of a package that the code names
    _note(frame, sink.kind, node, argument, value, is_sql=sink.condition == "part")


def _run(
    frame: Frame, node: ast.Call, argument: ast.expr, value: Value, arguments: Arguments
) -> None:
    shell = arguments.named.get("shell")
    container = frame.state.container(value)
    if shell is not None and shell.const is not False:
        held = Value(taint=frame.state.held(value), node=argument)
        _note(frame, Kind.SHELL, node, argument, held if container else value)
        return
    if container is None:
        first = value.pieces()[0]
        if isinstance(first, Value):
            _note(frame, Kind.SHELL, node, argument, first)
        return
    items = list(container.items.values()) if container.rest is None else container.everything()
    if not items:
        return
    starts = "".join(p if isinstance(p, str) else "?" for p in items[0].pieces()).split(OR)
    if any(_SHELLS.search(start) for start in starts):
        for item in items[1:]:
            _note(frame, Kind.SHELL, node, argument, item)
    elif container.rest is None:
        _note(frame, Kind.SHELL, node, argument, items[0])


def _note(
    frame: Frame,
    kind: Kind,
    node: ast.expr,
    argument: ast.expr,
    value: Value,
    *,
    is_sql: bool = False,
) -> None:
    found = harm(frame, kind, value, may_be_whole=_is_database(frame, node), is_sql=is_sql)
    if found is not None:
        frame, node, argument = put_together(frame, node, argument, value)
        frame.engine.record(frame, kind, node, argument, found)


def _is_database(frame: Frame, node: ast.expr) -> bool:
    """Whether what a statement is given to is called like a database."""
    function = node.func if isinstance(node, ast.Call) else None
    if not isinstance(function, ast.Attribute) or function.attr not in METHODS:
        return True
    if function.attr.startswith("read_sql"):
        return True  # pandas has no other meaning for it
    owner = frame.module.source(function.value)
    return bool(_DATABASE.search(owner)) and not _OTHER.search(owner)


def returned(frame: Frame, node: ast.Return, value: Value) -> None:
    """Take note of what a view returns as HTML."""
    container = frame.state.container(value)
    if container is not None:
        if container.kind != "list" or not container.items or not isinstance(node.value, ast.Tuple):
            return
        value = container.items[0]
        if value.ref:
            return  # becomes JSON
    if value.what == "<data>" and not any("[" in t.key and "json" not in t.key for t in value.taint):  # fmt: skip
        return
    if value.what.startswith(("<model", "<fields", "flask.", "pathlib.")):
        return
    assert node.value is not None  # noqa: S101 - for mypy
    if harm(frame, Kind.HTML, value) is not None and _is_html(frame, Arguments()):
        _note(frame, Kind.HTML, node.value, node.value, value)


def harm(
    frame: Frame, kind: Kind, value: Value, *, may_be_whole: bool = True, is_sql: bool = False
) -> Value | None:
    """Return the part of a value that does harm at a sink, as a value with those sources alone.

    Args:
        frame: Where the sink stands.
        kind: What becomes of the value there.
        value: The value.
        may_be_whole: Whether a value that nothing stands before may be a statement of SQL.
        is_sql: Whether the value is SQL, even if no word of it says so: a part of a statement.
    """
    if not value.taint and not (value.ref and frame.state.held(value)):
        return None
    if value.ref:
        container = frame.state.container(value)
        if kind is Kind.SQL or (container is not None and container.kind == "object"):
            return None  # a command of the project's own, or an expression
        if kind is Kind.PATH and container is not None and container.kind == "io":
            return None  # a file in memory has no path
        value = Value(taint=frame.state.held(value), node=value.node)
    if kind is Kind.SQL:
        return _in_statement(frame, value, may_be_whole=may_be_whole, is_sql=is_sql)
    pieces = _leading(value.pieces()) if kind in {Kind.URL, Kind.REDIRECT} else value.pieces()
    for piece in pieces:
        if isinstance(piece, Value):
            found = [t for t in live(frame.state, piece.taint, kind) if t.label != PARAMETER]
            if found:
                return Value(taint=frozenset(found), node=piece.node or value.node)
    return None


def _leading(pieces: tuple[str | Value, ...]) -> list[str | Value]:
    """Return the pieces of an address that decide where it leads."""
    found: list[str | Value] = []
    is_decided = False
    before = ""
    for piece in pieces:
        if isinstance(piece, Value):
            if not is_decided:
                found.append(piece)
                is_decided = not piece.taint
            before += "x"
            continue
        for number, option in enumerate(piece.split(OR)):
            if number:
                before, is_decided = "", False
            before += option
            is_decided = is_decided or bool(_OWN_PLACE.match(before)) or (
                bool(before) and not _SCHEME_ONLY.match(before) and "://" not in before and ":" not in before
            )  # fmt: skip
    return found


def _is_from_caller(piece: str | Value) -> bool:
    return isinstance(piece, Value) and all(t.label == PARAMETER for t in piece.taint)


def _in_statement(frame: Frame, value: Value, *, may_be_whole: bool, is_sql: bool) -> Value | None:
    pieces = value.pieces()
    texts = "".join(p if isinstance(p, str) else "x" for p in pieces)
    is_statement = bool(_VERB.search(texts))
    order = sorted(enumerate(pieces), key=lambda entry: _is_from_caller(entry[1]))
    for index, piece in order:
        if isinstance(piece, str):
            continue
        sources = live(frame.state, piece.taint, Kind.SQL)
        known = [s for s in sources if s.label != PARAMETER]
        before = "".join(p if isinstance(p, str) else "x" for p in pieces[:index])
        is_whole = may_be_whole and not before.rpartition(OR)[2].strip()  # it begins the statement
        if known and (is_statement or is_whole or is_sql):
            return Value(taint=frozenset(known), node=piece.node or value.node)
        if not sources or not is_statement:
            continue
        before = "".join(p if isinstance(p, str) else "?" for p in pieces[:index])
        after = pieces[index + 1] if index + 1 < len(pieces) else ""
        after = after if isinstance(after, str) else "?"
        quoted = _VALUE_BEFORE.search(before) and _QUOTE_AFTER.match(after)
        if quoted or _EQUALS_BEFORE.search(before):
            return Value(taint=frozenset(sources), node=piece.node or value.node)
    return None
