"""Text of errors that a function gives back in the place of a result, and that its caller sends to a client."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.definitions import definitions_of
from buttress.analysis.errors.caught import is_internal
from buttress.analysis.errors.statuses import EXCEPTION_RESPONSES
from buttress.analysis.taint.graphql import LIBRARIES, is_resolver
from buttress.project.literals import written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source import Module, Modules
from buttress.source.nodes import Function

_TEXT_CALLS = frozenset(["builtins.str", "builtins.repr"])
_RESPONSES = frozenset(["jsonify", "make_response", "render_template", "dict", "JSONResponse", "JsonResponse", "HttpResponse"])  # fmt: skip
_HOLDING = (ast.Dict, ast.List, ast.Tuple, ast.keyword, ast.JoinedStr, ast.FormattedValue, ast.Await)  # fmt: skip


def handed_on(
    project: Project, service: Service, modules: Modules
) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the texts of unexpected errors that functions return, where a handler sends what they return.

    Args:
        project: The facts.
        service: The service.
        modules: Its files.
    """
    returned: dict[str, list[tuple[Module, Function, ast.expr]]] = {}
    for module in modules.having("except"):
        handlers = service.handlers(module.path)
        for caught in module.nodes(ast.ExceptHandler):
            if caught.name is None or not is_internal(module, caught.type):
                continue
            function = module.function(caught)
            if function is None or module.symbol(function) in handlers:
                continue
            for text in _returned_texts(module, function, caught):
                returned.setdefault(function.name, []).append((module, function, text))
    if not returned:
        return
    sent = _sent(project, service, modules, frozenset(returned))
    for found in returned.values():
        for module, function, text in found:
            if (module.path, function.lineno) in sent:
                yield module, text


def _returned_texts(
    module: Module, function: Function, caught: ast.ExceptHandler
) -> Iterator[ast.expr]:
    """Yield what an ``except`` block makes of its exception as text, and the function gives back."""
    given_back = {
        node.value.id
        for node in module.inside(function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Name)
    }
    for statement in caught.body:
        for node in module.inside(statement):
            if not isinstance(node, ast.Return | ast.Assign) or node.value is None:
                continue
            is_kept = isinstance(node, ast.Assign) and written(node.targets[0]) in given_back
            is_given_back = isinstance(node, ast.Return) or is_kept
            if is_given_back and _is_text_of(module, node.value, caught.name or ""):
                yield node.value


def _is_text_of(module: Module, node: ast.expr, name: str) -> bool:
    """Whether an expression is the text of an exception: ``str(e)``, ``f"Failed: {e}"``."""
    if isinstance(node, ast.Call):
        given = node.args[0] if len(node.args) == 1 else None
        is_text = module.resolve(node.func) in _TEXT_CALLS
        return is_text and isinstance(given, ast.Name) and given.id == name
    if isinstance(node, ast.JoinedStr):
        shown = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return any(
            (isinstance(value, ast.Name) and value.id == name) or _is_text_of(module, value, name)
            for value in shown
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return any(_is_text_of(module, part, name) for part in (node.left, node.right))
    return False


def _sent(
    project: Project, service: Service, modules: Modules, names: frozenset[str]
) -> frozenset[tuple[str, int]]:
    """Return the functions of which a handler sends what they return, by file and line."""
    own = own_modules(project.tree)
    found: set[tuple[str, int]] = set()
    for module, call in modules.called(*names):
        function = module.function(call)
        if function is None or not _answers(service, module, function):
            continue
        if _is_sent(module, function, call):
            found.update(
                (other.path, definition.lineno)
                for other, definition in definitions_of(own, service, module, call.func)
            )
    return frozenset(found)


def _answers(service: Service, module: Module, function: Function) -> bool:
    if module.symbol(function) in service.handlers(module.path):
        return True
    return any(word in module.text for word in LIBRARIES) and is_resolver(module, function)


def _is_sent(module: Module, function: Function, node: ast.expr) -> bool:
    """Whether a value becomes part of the answer as it is, by way of one name at most."""
    for above in module.ancestors(node):
        if isinstance(above, ast.Return):
            return True
        if isinstance(above, ast.Assign):
            target = above.targets[0]
            return isinstance(target, ast.Name) and _name_is_sent(module, function, target.id)
        if isinstance(above, ast.Call):
            name = called_name(above)
            is_answer = name in _RESPONSES or name[:1].isupper()
            if not is_answer and module.resolve(above.func) not in EXCEPTION_RESPONSES:
                return False
        elif not isinstance(above, _HOLDING):
            return False
    return False


def _name_is_sent(module: Module, function: Function, name: str) -> bool:
    """Whether a name goes into an answer, and nothing is asked of it before."""
    uses = [n for n in module.inside(function) if isinstance(n, ast.Name) and n.id == name]
    if sum(isinstance(use.ctx, ast.Store) for use in uses) != 1:
        return False
    read = [use for use in uses if isinstance(use.ctx, ast.Load)]
    if any(_is_asked(module, use) for use in read):
        return False
    return any(_goes_out(module, use) for use in read)


def _is_asked(module: Module, use: ast.Name) -> bool:
    """Whether a condition is about a value: the code may tell a failure from a result."""
    below: ast.AST = use
    for above in module.ancestors(use):
        if isinstance(above, ast.If | ast.IfExp | ast.While | ast.Match):
            return below is getattr(above, "test", getattr(above, "subject", None))
        if isinstance(above, ast.stmt):
            return False
        below = above
    return False


def _goes_out(module: Module, use: ast.Name) -> bool:
    for above in module.ancestors(use):
        if isinstance(above, ast.Return):
            return True
        if isinstance(above, ast.Call):
            name = called_name(above)
            if name not in _RESPONSES and not name[:1].isupper():
                return False
        elif not isinstance(above, _HOLDING):
            return False
    return False
