"""What a call gives back, and what it does to what it is called on."""

from __future__ import annotations

import ast
import re

from buttress.analysis.taint.documents import treated_as_text
from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.functions import known_function, result_of
from buttress.analysis.taint.log_lines import LOG_FILE
from buttress.analysis.taint.methods import of_method
from buttress.analysis.taint.parts import source_value
from buttress.analysis.taint.reaching import CODE_FILE, TEMPLATE_FILE, harm, look, saved_as
from buttress.analysis.taint.sinks import ALL, FUNCTIONS, Kind, bits
from buttress.analysis.taint.sources import CLIENT
from buttress.analysis.taint.values import Value
from buttress.source.patterns import lazy_pattern

_ESCAPER = lazy_pattern(r"(?:escape|sanitiz|encode|clean).*html|html.*(?:escape|sanitiz|encode|clean)", re.IGNORECASE)  # fmt: skip
_TEMPLATE = lazy_pattern(r"(?:^|/)templates?/.*\.(?:html?|j2|jinja2?)\Z")


def call(
    frame: Frame,
    node: ast.Call,
    owner: Value | None,
    function: Value,
    arguments: Arguments,
) -> Value:
    """Return what a call gives back.

    Args:
        frame: Where it stands.
        node: The call.
        owner: What the method is called on, if it is one.
        function: What is called.
        arguments: What it is given.
    """
    look(frame, node, owner, function, arguments)
    treated_as_text(frame, node, owner, function.what, arguments.all())
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if owner is not None and name:
        done = of_method(frame, node, owner, arguments)
        if done is not None:
            return done
    what = function.what
    known = known_function(frame, node, what, arguments) if what else None
    known = known or _from_outside(frame, node, what, arguments)
    if known is not None:
        return known
    own = frame.engine.call_own(frame, node, owner, function, arguments)
    if own is not None:
        if _ESCAPER.search(name or getattr(node.func, "id", "")):
            return Value(taint=frame.state.held(own)).safe_for(bits(Kind.HTML))
        return own
    if function.taint:
        return Value(taint=function.taint, what=result_of(what), node=node)
    return Value(what=result_of(what), node=node)


def _answered(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    """Return what a server answers that the client chose: it can write any page."""
    sink = FUNCTIONS.get(what)
    if sink is None or sink.kind is not Kind.URL:
        return None
    asked = arguments.get(sink.positions[0], *sink.keywords)
    chosen = harm(frame, Kind.URL, asked[1]) if asked is not None else None
    if chosen is None:
        return None
    safe = ALL & ~bits(Kind.HTML, Kind.SCRIPT)
    taint = frozenset(t._replace(key=f"{t.key}~answer", safe=safe) for t in chosen.taint)
    return Value(taint=taint, what=result_of(what), node=node)


def _from_outside(frame: Frame, node: ast.Call, what: str, arguments: Arguments) -> Value | None:
    """Return what comes from a source, or an object that is made to be safe or unsafe."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in {"recv", "recvfrom"} and "socket" in frame.module.text:
        return source_value(frame, node, CLIENT, "recv")
    if what == "builtins.open" and arguments.nodes:
        saved = frame.state.names.get(saved_as(frame, arguments.nodes[0]))
        if saved is not None:
            return Value(taint=saved.taint, what=f"{what}()", node=node)
        path = "".join(p for p in arguments.positional[0].pieces() if isinstance(p, str))
        if _TEMPLATE.search(path):
            return Value(what=TEMPLATE_FILE, node=node)
        if path.endswith(".log"):
            return Value(what=LOG_FILE, node=node)
        return Value(what=CODE_FILE, node=node) if path.endswith(".py") else None
    answered = _answered(frame, node, what, arguments)
    if answered is not None:
        return answered
    if frame.engine.sources.expression(frame.module, node, result_of(what)):
        return source_value(frame, node, frame.engine.sources.label, ast.dump(node.func))
    if what == "lxml.etree.XMLParser" and "resolve_entities" in arguments.named:
        is_open = arguments.named["resolve_entities"].const is True
        return Value(what=f"{what}(external)" if is_open else f"{what}()", node=node)
    if "transport" in arguments.named and what.startswith("httpx."):
        return Value(what="httpx.Client(transport)()", node=node)  # it decides what is fetched
    return None
