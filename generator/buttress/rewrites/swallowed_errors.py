"""Errors are not swallowed: a bare ``except`` is narrowed, and one that hides an error logs it.

Before::

    try:
        cache.delete(key)
    except:
        pass

After::

    try:
        cache.delete(key)
    except Exception:
        logger.warning("refresh: ignored an error", exc_info=True)

A bare ``except`` also catches ``KeyboardInterrupt``, ``SystemExit`` and the cancellation of a task, so
the program cannot be stopped there (CWE-396, CWE-390). Where the ``try`` block is one call whose
errors are known, such as ``int(value)``, those are named instead and nothing is logged: that they
happen is expected.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.errors.swallowed import Swallowed, swallowed
from buttress.rewrites.loggers import logger_in
from buttress.rewrites.outcomes import Abstained, Changed, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Edit, Module
from buttress.source.imports import Import
from buttress.source.patterns import lazy_pattern

_LONGEST = 88
# What is said to a tool has to stay on its line.
_REMARK = lazy_pattern(
    r"#(?!\s*(?:noqa|nosec|nosemgrep|pragma|type:|pylint|pyright|mypy|ruff|fmt))"
)
_NUMBER = "(TypeError, ValueError, OverflowError)"
KNOWN_ERRORS = {
    "builtins.int": _NUMBER,
    "builtins.float": _NUMBER,
    "json.loads": "(TypeError, ValueError)",
    "datetime.datetime.fromisoformat": "(TypeError, ValueError)",
    "datetime.date.fromisoformat": "(TypeError, ValueError)",
    "datetime.datetime.strptime": "(TypeError, ValueError)",
    "uuid.UUID": "(AttributeError, TypeError, ValueError)",
}
"""What a call with plain names as arguments can raise, from the documentation of each."""


@service_rewrite("swallowed-errors")
def swallowed_errors(context: Context) -> Iterator[Outcome]:
    """Narrow bare handlers and let silent ones log, in the app's modules."""
    for module in context.modules("except"):
        for item in swallowed(module):
            yield _outcome(module, item)


def _outcome(module: Module, item: Swallowed) -> Outcome:
    handler = item.handler
    if item.is_printed:
        return Abstained(
            module.path,
            handler.lineno,
            "only-printed",
            "the error is printed and the code behind goes on; what it should do instead is not known.",
            "Log the error, and raise it again or answer with it.",
        )
    if item.is_silent and _only_imports(module, handler):
        return Abstained(
            module.path,
            handler.lineno,
            "optional-import",
            "the block looks whether something can be imported, and goes on without it.",
            "Catch ImportError alone.",
        )
    known = _known_errors(module, handler) if item.is_silent else None
    if known is not None:
        return Changed(
            module.path,
            handler.lineno,
            (_caught(module, handler, known),),
            Safety.HARDENING,
            "Every error was hidden; now the expected ones are named and others are seen.",
        )
    if item.is_bare and _may_exit(module, handler):
        return Abstained(
            module.path,
            handler.lineno,
            "may-exit",
            "the block leaves the program on purpose, and a bare except holds that back.",
            "Name the errors that are meant.",
        )
    edits = [_caught(module, handler, "Exception")] if item.is_bare else []
    imports: tuple[Import, ...] = ()
    reason = "A bare except also catches KeyboardInterrupt, SystemExit and cancellation."
    if item.is_silent:
        logger = logger_in(module)
        if logger is None:
            return Abstained(
                module.path,
                handler.lineno,
                "no-logger",
                "the names logger and structlog are taken by something else in this file.",
                "Log the error here, or name the one that is expected.",
            )
        edits += [*_logged(module, handler, logger.name), *logger.edits]
        imports = logger.imports
        reason = "An error was hidden here; it is logged now, and the program goes on as before."
    safety = Safety.HARDENING if item.is_bare else Safety.SAFE
    return Changed(module.path, handler.lineno, tuple(edits), safety, reason, imports)


def _only_imports(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether a block imports, and does no more with it than to give it names."""
    block = module.parent(handler)
    body = block.body if isinstance(block, ast.Try) else []
    rest = [s for s in body if not isinstance(s, ast.Import | ast.ImportFrom)]
    return len(rest) < len(body) and all(
        isinstance(statement, ast.Assign)
        and not any(isinstance(part, ast.Call) for part in ast.walk(statement.value))
        for statement in rest
    )


def _known_errors(module: Module, handler: ast.ExceptHandler) -> str | None:
    block = module.parent(handler)
    if not (isinstance(block, ast.Try) and len(block.body) == 1 and len(block.handlers) == 1):
        return None
    (statement,) = block.body
    if not isinstance(statement, ast.Assign | ast.Expr | ast.Return):
        return None
    if isinstance(statement, ast.Assign) and not all(
        isinstance(target, ast.Name) for target in statement.targets
    ):
        return None
    call = statement.value
    if not isinstance(call, ast.Call) or call.keywords:
        return None
    if not all(isinstance(argument, ast.Name | ast.Constant) for argument in call.args):
        return None
    return KNOWN_ERRORS.get(module.resolve(call.func) or "")


def _may_exit(module: Module, handler: ast.ExceptHandler) -> bool:
    block = module.parent(handler)
    body = block.body if isinstance(block, ast.Try) else []
    return any(
        isinstance(node, ast.Call)
        and module.resolve(node.func) in {"sys.exit", "builtins.exit", "builtins.quit", "os._exit"}
        for statement in body
        for node in ast.walk(statement)
    )


def _caught(module: Module, handler: ast.ExceptHandler, what: str) -> Edit:
    """Return the edit that names what is caught; an unused ``as e`` goes with it."""
    start, _ = module.span(handler)
    if handler.type is None:
        return Edit(start + len("except"), start + len("except"), f" {what}")
    first, last = module.span(handler.type)
    if module.text[first - 1] == "(" and module.text[last : last + 1] == ")":
        first, last = first - 1, last + 1
    colon = module.text.index(":", last)
    return Edit(first, colon, what)


def _logged(module: Module, handler: ast.ExceptHandler, logger: str) -> list[Edit]:
    function = module.function(handler)
    where = f"{function.name.strip('_').replace('_', ' ')}: " if function else ""
    quote = module.quote
    call = f"{logger}.warning({quote}{where}ignored an error{quote}, exc_info=True)"
    last = handler.body[-1]
    if isinstance(last, ast.Continue):
        start, _ = module.span(last)
        if last.lineno == handler.lineno:
            return [Edit(start, start, f"{call}; ")]
        return [Edit(start, start, f"{call}{module.newline}{module.indent(last)}")]
    start, end = module.span(last)
    comment = module.text[end : module.line_span(last.lineno)[1]].strip()
    column = len(module.indent(last))
    is_long = column + len(call) + 2 + len(comment) > _LONGEST
    if not is_long or not _REMARK.match(comment) or last.lineno == handler.lineno:
        return [Edit(start, end, call)]
    text = f"{comment}{module.newline}{module.indent(last)}{call}"
    return [Edit(start, module.text.index(comment, end) + len(comment), text)]
