"""Columns that code itself puts into the HTML of a page, or of a template that it writes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.project.literals import is_self, literal_text
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_TAG = lazy_pattern(r"<(?:[a-z]\w*[\s>]|!doctype)")
_PAGES = frozenset(["HTMLResponse", "HttpResponse", "Markup", "mark_safe"])
_OF_FLASK = frozenset(["Response", "make_response"])
_PASSING = frozenset(["join", "strip", "dedent"])
_HTML = (".html", ".htm")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MADE_OF = (
    ast.JoinedStr,
    ast.FormattedValue,
    ast.BinOp,
    ast.IfExp,
    ast.GeneratorExp,
    ast.ListComp,
    ast.List,
)


def put_into_pages(service: Service, modules: Modules) -> Iterator[tuple[Module, ast.expr]]:
    """Yield values that a text holds which becomes a page, with their files.

    A text becomes one where a view of Flask returns it, where it is given to a response that is
    HTML, and where it is written to a file of HTML.
    """
    for module in modules.having("<", ".htm"):
        for text in module.nodes(ast.JoinedStr):
            function = module.function(text)
            if not isinstance(function, _FUNCTIONS):
                continue
            is_html = any(
                isinstance(part, ast.Constant) and _TAG.search(str(part.value).lower())
                for part in text.values
            )
            if (is_html and _becomes_page(service, module, function, text)) or _is_written(
                module, function, text
            ):
                yield from _held(module, text)


def _held(module: Module, text: ast.JoinedStr) -> Iterator[tuple[Module, ast.expr]]:
    for part in text.values:
        value = part.value if isinstance(part, ast.FormattedValue) else None
        is_own = isinstance(value, ast.Attribute) and is_self(value.value)
        if isinstance(value, ast.Attribute | ast.Subscript | ast.Name) and not is_own:
            yield module, value


def _becomes_page(service: Service, module: Module, function: Function, text: ast.expr) -> bool:
    is_view = _is_view(service, module, function)
    top, is_page = _top(module, text)
    above = module.parent(top)
    if isinstance(above, ast.Return):
        return is_page or is_view
    if not isinstance(above, ast.Assign | ast.AugAssign):
        return is_page
    target = above.targets[0] if isinstance(above, ast.Assign) else above.target
    if not isinstance(target, ast.Name):
        return False
    for node in module.inside(function):
        if isinstance(node, ast.Name) and node.id == target.id and isinstance(node.ctx, ast.Load):
            last, is_page = _top(module, node)
            if is_page or (is_view and isinstance(module.parent(last), ast.Return)):
                return True
    return False


def _top(module: Module, node: ast.expr) -> tuple[ast.expr, bool]:
    """Return the largest text that a text is part of, and whether that is given to a response of HTML."""
    is_page = False
    above = module.parent(node)
    while isinstance(above, ast.expr):
        if isinstance(above, ast.Call):
            name = called_name(above)
            is_first = bool(above.args) and above.args[0] is node
            if is_first and name in _PAGES:
                return above, True
            if not (name in _PASSING or (is_first and name in _OF_FLASK)):
                break
        elif isinstance(above, ast.Tuple):
            if above.elts[0] is not node:
                break
        elif not isinstance(above, _MADE_OF):
            break
        node, above = above, module.parent(above)
    return node, is_page


def _is_view(service: Service, module: Module, function: Function) -> bool:
    """Whether what a function returns is shown as HTML."""
    if module.symbol(function) not in service.handlers(module.path):
        return False
    written = "".join(map(module.source, function.decorator_list))
    return "HTMLResponse" in written or (
        "flask" in module.text
        and "fastapi" not in module.text
        and "mimetype" not in module.source(function)
    )


def _is_written(module: Module, function: Function, text: ast.expr) -> bool:
    """Whether a text is written to a file of HTML."""
    above = module.parent(text)
    owner = (
        above.func.value
        if isinstance(above, ast.Call) and isinstance(above.func, ast.Attribute)
        else None
    )
    if (
        not isinstance(above, ast.Call)
        or called_name(above) != "write"
        or not isinstance(owner, ast.Name)
    ):
        return False
    for node in module.inside(function):
        call, name = None, None
        if isinstance(node, ast.Assign):
            call, name = node.value, node.targets[0]
        elif isinstance(node, ast.withitem):
            call, name = node.context_expr, node.optional_vars
        is_file = isinstance(name, ast.Name) and name.id == owner.id
        path = call.args[0] if is_file and isinstance(call, ast.Call) and call.args else None
        if literal_text(path).endswith(_HTML):
            return True
    return False
