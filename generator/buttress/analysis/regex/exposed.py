"""Matches that take forever on what a client sends, as long as the client likes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.definitions import classes_of
from buttress.analysis.regex.growth import Growth
from buttress.analysis.regex.uses import slow_matches, slow_validators
from buttress.analysis.taint import CLIENT, Flow, Kind, flows
from buttress.project.model import Project, Service
from buttress.project.modules import own_modules
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_LIMITED = lazy_pattern(r"\bmax_length\s*=")


def slow_on_clients(
    project: Project, service: Service, modules: Modules
) -> Iterator[tuple[Module, ast.Call, Growth]]:
    """Yield the calls that match what clients send, with how their time grows.

    Args:
        project: The facts.
        service: The service.
        modules: Its files.
    """
    for flow in flows(project, service, modules):
        node = flow.node
        if flow.kind is not Kind.SLOW or flow.label != CLIENT or not isinstance(node, ast.Call):
            continue
        slow = slow_matches(flow.module).get(node)
        if slow is not None and not _is_limited(project, service, flow):
            yield flow.module, node, slow.growth
    for module in modules.having("Regexp", "RegexValidator", "RegexField", "regexp"):
        for call, growth in slow_validators(module):
            yield module, call, growth


def chosen_patterns(
    project: Project, service: Service, modules: Modules
) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the calls that take what a client sends for the expression itself."""
    for flow in flows(project, service, modules):
        if flow.kind is Kind.PATTERN and flow.label == CLIENT:
            yield flow.module, flow.node


def _is_limited(project: Project, service: Service, flow: Flow) -> bool:
    """Whether the parameter, or the field of a model, that a text comes from has a largest length."""
    module, source = flow.source
    if not isinstance(source, ast.arg):
        return False
    function = module.parent(module.parent(source) or source)
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        pairs = zip(reversed(function.args.args), reversed(function.args.defaults), strict=False)
        for argument, default in pairs:
            if argument is source and _LIMITED.search(module.source(default)):
                return True
    if source.annotation is None:
        return False
    if _LIMITED.search(module.source(source.annotation)):
        return True
    own = own_modules(project.tree)
    names = {
        part.attr
        for node in (flow.value, flow.argument)
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute)
    }
    return any(
        isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and item.target.id in names
        and _LIMITED.search(other.source(item))
        for part in ast.walk(source.annotation)
        if isinstance(part, ast.Name | ast.Attribute)
        for other, klass in classes_of(own, service, module, part)
        for item in klass.body
    )
