"""Which environments of Jinja fill in pages without escaping what they are given."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.source import Module

ENVIRONMENT_WORD = "Environment("
"""Stands in each file that makes an environment of Jinja."""

_MAKERS = frozenset(
    {
        *("jinja2.Environment", "jinja2.environment.Environment", "jinja2.sandbox.SandboxedEnvironment"),
        *("jinja2.nativetypes.NativeEnvironment", "jinja2.sandbox.ImmutableSandboxedEnvironment"),
    }
)  # fmt: skip
_LOADS = frozenset({"get_template", "select_template", "get_or_select_template"})
_PAGES = (".html", ".htm", ".xhtml", ".html.j2", ".html.jinja", ".html.jinja2")


def unescaping_environments(module: Module) -> Iterator[ast.Call]:
    """Yield where an environment is made that escapes nothing and from which pages are loaded.

    Jinja escapes only where it is told to (``autoescape``). An environment for mails in plain text,
    prompts or code is none of these: what is loaded from it has to end like HTML, or it has to be
    handed to the templates of Starlette.
    """
    for call in module.calls_to(_MAKERS):
        if _escapes(call):
            continue
        name = _assigned(module, call)
        if _loads_pages(module, call, name) or (name and _serves_pages(module, name)):
            yield call


def _escapes(call: ast.Call) -> bool:
    """Whether an environment escapes, or may do so as far as can be told."""
    if any(keyword.arg is None for keyword in call.keywords):
        return True
    told = next((k.value for k in call.keywords if k.arg == "autoescape"), None)
    return told is not None and not (isinstance(told, ast.Constant) and not told.value)


def _assigned(module: Module, call: ast.Call) -> str:
    """Return what an environment is called in the code: ``env``, ``self.env``."""
    parent = module.parent(call)
    targets = parent.targets if isinstance(parent, ast.Assign) else []
    targets = [parent.target] if isinstance(parent, ast.AnnAssign) else targets
    return module.source(targets[0]) if len(targets) == 1 else ""


def _loads_pages(module: Module, call: ast.Call, name: str) -> bool:
    for load in module.nodes(ast.Call):
        function = load.func
        if not isinstance(function, ast.Attribute) or function.attr not in _LOADS:
            continue
        is_same = function.value is call or (name and module.source(function.value) == name)
        if is_same and any(_is_page(argument) for argument in load.args):
            return True
    return False


def _is_page(argument: ast.expr) -> bool:
    parts = argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]
    last = [
        part.values[-1] if isinstance(part, ast.JoinedStr) and part.values else part
        for part in parts
    ]
    return any(
        isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and part.value.endswith(_PAGES)
        for part in last
    )


def _serves_pages(module: Module, name: str) -> bool:
    return any(
        (module.resolve(call.func) or "").endswith("templating.Jinja2Templates")
        and any(k.arg == "env" and module.source(k.value) == name for k in call.keywords)
        for call in module.nodes(ast.Call)
    )
