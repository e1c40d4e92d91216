"""The options of a call or a client, those inside of configuration objects included."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.llm.values import Values
from buttress.source import Module

_NESTED = frozenset(
    {
        "config", "generation_config", "options", "model_kwargs", "json", "data", "extra_body", "inferenceConfig",
        "model_settings", "parameters", "generationConfig", "default_options", "content",
    }
)  # fmt: skip


def options_of(values: Values, module: Module, call: ast.Call) -> dict[str, ast.expr]:
    """Return the arguments of a call by name, with what is inside of those that hold options."""
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    found = dict(given)
    for name in _NESTED & given.keys():
        for leaf in values.leaves(module, given[name]):
            for key, value in _entries(leaf.node):
                found.setdefault(key, value)
                if key in _NESTED:
                    for inner, deep in _entries(value):
                        found.setdefault(inner, deep)
    return found


def is_open(call: ast.Call) -> bool:
    """Whether a call may have arguments that are not written in it."""
    return any(keyword.arg is None for keyword in call.keywords) or any(
        isinstance(argument, ast.Starred) for argument in call.args
    )


def is_built_elsewhere(values: Values, module: Module, options: dict[str, ast.expr]) -> bool:
    """Whether an object of options is made where it cannot be read."""
    return any(
        isinstance(leaf.node, ast.Name | ast.Attribute | ast.arg)
        for name in _NESTED & options.keys()
        for leaf in values.leaves(module, options[name])
    )


def _entries(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg:
                yield keyword.arg, keyword.value
        for argument in node.args[:1]:  # json.dumps({...})
            if isinstance(argument, ast.Dict):
                yield from _entries(argument)
