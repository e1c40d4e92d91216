"""Errors of GraphQL that are sent to clients with the trace of the code that raised them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.definitions import definitions_of
from buttress.analysis.graphql.serving import Serving, servings
from buttress.project.literals import argument
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source import Module, Modules
from buttress.source.nodes import Function

_FORMATTERS = ("format_error", "error_formatter")
_TRACES = frozenset(
    f"traceback.{name}" for name in ("format_exc", "format_exception", "format_tb", "format_stack")
)


def traced_errors(
    project: Project, service: Service, modules: Modules
) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what puts a trace into the errors that a schema is answered with.

    ``debug=True`` does so in Ariadne. In a function that words the errors of the others, one place
    stands for all of it.
    """
    seen: set[int] = set()
    for serving in servings(project, service, modules):
        debug = argument(serving.call, -1, "debug")
        target = serving.module.resolve(serving.call.func) or ""
        if isinstance(debug, ast.Constant) and debug.value is True and target.startswith("ariadne"):
            yield serving.module, debug
        for module, function in _formatters(project, service, serving):
            trace = next(_traces(module, function), None)
            if trace is not None and id(trace) not in seen:
                seen.add(id(trace))
                yield module, trace


def _formatters(
    project: Project, service: Service, serving: Serving
) -> Iterator[tuple[Module, Function]]:
    given = argument(serving.call, -1, *_FORMATTERS)
    if given is not None:
        yield from definitions_of(own_modules(project.tree), service, serving.module, given)
    if serving.view is not None:
        module, klass = serving.view
        for item in klass.body:
            if isinstance(item, ast.FunctionDef) and item.name in _FORMATTERS:
                yield module, item


def _traces(module: Module, function: Function) -> Iterator[ast.expr]:
    """Yield the traces in what a function gives back, which are put into a mapping or returned."""
    for call in module.inside(function):
        if not isinstance(call, ast.Call) or module.resolve(call.func) not in _TRACES:
            continue
        for above in module.ancestors(call):
            if isinstance(above, ast.Call) and called_name(above) not in {"join", "str", "dict", "update", "split"}:  # fmt: skip
                break
            if isinstance(above, ast.Assign):
                if any(isinstance(target, ast.Subscript) for target in above.targets):
                    yield call
                break
            if isinstance(above, ast.Dict | ast.Return):
                yield call
                break
