"""Exception text stays inside: the client gets a constant sentence, the log gets the exception.

Before::

    except Exception as e:
        raise HTTPException(status_code=500, detail=f"Could not load items: {e}")

After::

    except Exception:
        logger.exception("Could not load items")
        raise HTTPException(status_code=500, detail="Could not load items")

The text of an unexpected error names hosts, tables, paths and keys (CWE-209, OWASP ASVS 16.5.1). What
the author wrote around it is kept; where nothing is left, the phrase of the HTTP status takes its
place. Errors that the code names itself, such as ``except ValueError``, were written for the client
and are left as they are. A bare ``detail=str(e)`` with a 4xx status may be the validation message
that the client shows, so replacing it is a change for review.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from buttress.analysis.errors.caught import ErrorScope, function_of, is_reported
from buttress.analysis.errors.leaks import Leak, leaks
from buttress.rewrites.loggers import LoggerUse, logger_in
from buttress.rewrites.outcomes import Abstained, Changed, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Edit, Module
from buttress.source.imports import Import
from buttress.source.patterns import lazy_pattern

_TRAILING = lazy_pattern(r"(?:[\s:;,=(\[{'\"`\u2013\u2014-]|[-=]>)+$")
_NEXT_SENTENCE = lazy_pattern(r"[)\]}'\"`]*([.!?])\s+(?=\w)")
_LEADING = lazy_pattern(r"^[\s:;,)\]}'\"`.!]+")
_TRACE = lazy_pattern(r"trace|stack", re.IGNORECASE)
_HEAD_END = lazy_pattern(r"\)*(?:\s+as\s+\w+)?\s*:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)")
_MARKUP = lazy_pattern(r"</?[A-Za-z][^<>]*>")
_INTERNAL = "Internal server error"


@service_rewrite("error-text")
def error_text(context: Context) -> Iterator[Outcome]:
    """Replace exception text in responses, one ``except`` block at a time."""
    for module in context.modules("xcept"):
        by_scope: dict[ErrorScope, list[Leak]] = {}
        for leak in leaks(module, context.service):
            by_scope.setdefault(leak.scope, []).append(leak)
        for scope, found in by_scope.items():
            yield from _rewrite_scope(module, scope, found)


def _rewrite_scope(module: Module, scope: ErrorScope, found: list[Leak]) -> Iterator[Outcome]:
    edits: list[Edit] = []
    safety = Safety.HARDENING
    event = ""
    for leak in found:
        line = leak.text.lineno
        public = _public_text(module, leak)
        if public is None:
            yield Abstained(
                module.path,
                line,
                "unclear-text",
                "the text around the exception could not be separated from it.",
                "Send a constant sentence and log the exception.",
            )
            return
        words, replacement = public
        event = event or _event(words)
        edits.append(Edit(*module.span(leak.text), replacement))
        is_client_error = leak.status is not None and 400 <= leak.status < 500
        if is_client_error and not words:
            safety = Safety.REVIEW
    logger = logger_in(module)
    name = scope.name if isinstance(scope, ast.ExceptHandler) else None
    reported = is_reported(module, scope, name or _parameter(scope))
    imports: tuple[Import, ...] = ()
    if not reported:
        if logger is None:
            yield Abstained(
                module.path,
                found[0].text.lineno,
                "no-logger",
                "the names logger and structlog are taken by something else in this file.",
                "Log the exception here, then send a constant sentence.",
            )
            return
        edits += [*_log_call(module, scope, logger, event), *logger.edits]
        imports = logger.imports
    if isinstance(scope, ast.ExceptHandler) and _uses_in(scope) == _uses_gone(found, scope.name):
        edits += _without_name(module, scope)
    what = "is sent to the client" if reported else "is sent to the client and logged nowhere"
    yield Changed(
        module.path,
        found[0].text.lineno,
        tuple(edits),
        safety,
        f"The text of an unexpected error {what}; a constant sentence is sent instead.",
        imports,
    )


def _public_text(module: Module, leak: Leak) -> tuple[str, str] | None:
    """Return the author's own words and the source of the expression that replaces the text.

    The words are empty where the text was nothing but the exception.
    """
    parts = _parts(module, leak.text, set(leak.uses))
    if parts is None:
        return None
    kept = _clean(parts)
    quote = module.quote_near(leak.text)
    words = "".join(part for part in kept if isinstance(part, str)).strip()
    if not any(character.isalnum() for character in words):
        if _is_named_trace(module, leak.text):
            # its name would promise a trace; it stays a text, which models and clients rely upon
            return "", quote * 2
        return "", _quoted(_default_text(leak.status), quote)
    if all(isinstance(part, str) for part in kept):
        return words, _quoted(words, quote)
    source = _f_string(kept, quote)
    return None if source is None else (words, source)


def _is_named_trace(module: Module, node: ast.expr) -> bool:
    above = module.parent(node)
    if not isinstance(above, ast.Dict):
        return False
    key = next(
        (key for key, value in zip(above.keys, above.values, strict=True) if value is node), None
    )
    return isinstance(key, ast.Constant) and bool(_TRACE.search(str(key.value)))


def _default_text(status: int | None) -> str:
    """Return what a client is told when nothing but the exception was in the text."""
    if status is None or status >= 500:
        return _INTERNAL
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return _INTERNAL


_Part = str | ast.FormattedValue | None
"""Text, an interpolation that stays, or ``None`` where the exception stood."""


def _parts(module: Module, node: ast.expr, uses: set[ast.expr]) -> list[_Part] | None:
    if not _mentions(node, uses):
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        return [ast.FormattedValue(node, -1, None)]
    if isinstance(node, ast.JoinedStr):
        found: list[_Part] = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                found.append(str(value.value))
            elif isinstance(value, ast.FormattedValue):
                found.append(None if _mentions(value, uses) else value)
        return found
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _parts(module, node.left, uses), _parts(module, node.right, uses)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):
        pieces = re.split(r"%[sr]", str(node.left.value))
        one = len(pieces) == 2 and not isinstance(node.right, ast.Tuple | ast.Dict)
        return [pieces[0], None, pieces[1]] if one else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        template = node.func.value
        pieces = re.split(r"\{0?\}", str(getattr(template, "value", "")))
        one = len(pieces) == 2 and len(node.args) == 1 and "{" not in "".join(pieces)
        is_format = node.func.attr == "format" and isinstance(template, ast.Constant)
        return [pieces[0], None, pieces[1]] if is_format and one else [None]
    return [None]


def _mentions(node: ast.AST, uses: set[ast.expr]) -> bool:
    return any(part in uses for part in ast.walk(node))


def _clean(parts: list[_Part]) -> list[str | ast.FormattedValue]:
    """Drop the exception together with the punctuation that led to it."""
    kept: list[str | ast.FormattedValue] = []
    after_exception = False
    for part in parts:
        if part is None:
            if kept and isinstance(kept[-1], str):
                kept[-1] = _TRAILING.sub("", kept[-1])
            after_exception = True
            continue
        if after_exception and isinstance(part, str):
            ended = _NEXT_SENTENCE.match(part)
            part = _LEADING.sub("", part)  # noqa: PLW2901
            joint = "" if part.startswith("<") else f"{ended.group(1)} " if ended else " "
            part = f"{joint}{part}" if part and kept else part  # noqa: PLW2901
        after_exception = False
        kept.append(part)
    while kept and kept[-1] == "":
        kept.pop()
    if kept and isinstance(kept[-1], str):
        kept[-1] = _TRAILING.sub("", kept[-1])
    return [part for part in kept if part != ""]


def _quoted(words: str, quote: str) -> str:
    if quote in words:
        quote = "'" if quote == '"' else '"'
    body = words.replace("\\", "\\\\").replace("\n", "\\n").replace(quote, "\\" + quote)
    return f"{quote}{body}{quote}"


def _f_string(parts: list[str | ast.FormattedValue], quote: str) -> str | None:
    values: Sequence[ast.expr] = [
        ast.Constant(part) if isinstance(part, str) else part for part in parts
    ]
    source = ast.unparse(ast.JoinedStr(list(values)))
    if quote == '"' and source.startswith("f'") and '"' not in source and "\\" not in source:
        source = f'f"{source[2:-1]}"'
    return None if "\n" in source else source


def _log_call(module: Module, scope: ErrorScope, logger: LoggerUse, event: str) -> Iterator[Edit]:
    first = scope.body[0]
    if _is_docstring(first) and len(scope.body) > 1 and not isinstance(scope, ast.ExceptHandler):
        first = scope.body[1]
    event = event or _event_for(module, scope)
    exc = "" if isinstance(scope, ast.ExceptHandler) else f", exc_info={_parameter(scope)}"
    method = "exception" if isinstance(scope, ast.ExceptHandler) else "error"
    call = f"{logger.name}.{method}({_quoted(event, module.quote)}{exc})"
    start, _ = module.span(first)
    if first.lineno == scope.lineno:
        yield Edit(start, start, f"{call}; ")
        return
    above = _line_above_comments(module, scope, first)
    if above is not None:
        yield Edit(above, above, f"{module.indent(first)}{call}{module.newline}")
        return
    yield Edit(start, start, f"{call}{module.newline}{module.indent(first)}")


def _line_above_comments(module: Module, scope: ErrorScope, first: ast.stmt) -> int | None:
    """Return where the line behind ``except ...:`` starts, if comments lead to the first statement.

    They speak of that statement, so nothing may come between.
    """
    if not isinstance(scope, ast.ExceptHandler) or scope.type is None:
        return None
    _, end = module.span(scope.type)
    head = _HEAD_END.match(module.text, end)
    start, _ = module.line_span(first.lineno)
    if head is None or head.end() >= start:
        return None
    between = module.text[head.end() : start].splitlines()
    is_comment = [line.lstrip().startswith("#") for line in between if line.strip()]
    return head.end() if is_comment and all(is_comment) else None


def _event(words: str) -> str:
    """Return the author's words for the log: without markup, and without the gaps of values."""
    text = _TRAILING.sub("", " ".join(_MARKUP.sub(" ", words).split()))
    return text if any(character.isalnum() for character in text) else ""


def _event_for(module: Module, scope: ErrorScope) -> str:
    """Return what the log calls the error where the author had no words for it."""
    function = function_of(module, scope)
    if function is None or function is scope:
        return "unhandled error"
    return f"{function.name.strip('_').replace('_', ' ')} failed"


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _parameter(scope: ErrorScope) -> str | None:
    if isinstance(scope, ast.ExceptHandler):
        return scope.name
    return scope.args.args[-1].arg


def _uses_in(handler: ast.ExceptHandler) -> int:
    return sum(
        isinstance(node, ast.Name) and node.id == handler.name
        for statement in handler.body
        for node in ast.walk(statement)
    )


def _uses_gone(found: list[Leak], name: str | None) -> int:
    return sum(
        isinstance(node, ast.Name) and node.id == name
        for leak in found
        for node in ast.walk(leak.text)
    )


def _without_name(module: Module, handler: ast.ExceptHandler) -> list[Edit]:
    """Return the edit that takes ``as e`` away, which nothing uses any more."""
    if handler.type is None or handler.name is None:
        return []
    _, end = module.span(handler.type)
    tail = re.compile(r"(\)*)\s+as\s+\w+\s*(?=:)").match(module.text, end)
    return [Edit(end, tail.end(), tail.group(1))] if tail else []
