"""Names of log fields: read from the expressions (``user.id`` is ``user_id``), else from what stands beside."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from buttress.analysis.logs.loggers import is_reserved
from buttress.analysis.logs.messages import Value
from buttress.analysis.vocabulary import vocabulary
from buttress.source import Module

_GENERIC = vocabulary(
    "id pk ids key keys name names type types kind title status value values text content contents data body url uri "
    "path message msg count size length total number index code description label state result results "
    "version date time first last start end min max score args items"
)
_TRANSPARENT_CALLS = vocabulary(
    "builtins.str builtins.repr builtins.int builtins.float builtins.round builtins.list builtins.sorted "
    "builtins.dict builtins.tuple builtins.set builtins.abs builtins.min builtins.max builtins.sum "
    "json.dumps json.loads pprint.pformat os.path.basename os.path.abspath os.fspath"
)
_TRANSPARENT_METHODS = vocabulary(
    "strip lstrip rstrip lower upper title capitalize decode encode hex isoformat strftime copy format replace "
    "model_dump model_dump_json dict to_dict as_dict json dumps total_seconds tolist item split getvalue "
    "timestamp date as_posix resolve splitlines rsplit partition rpartition removeprefix removesuffix "
    "casefold"
)
_CLOCKS = frozenset(["time.time", "time.perf_counter", "time.monotonic", "timeit.default_timer"])
_OWNERS = frozenset(
    ["self", "cls", "request", "settings", "config", "args", "app", "current_app", "g", "os"]
)
_LONGEST = 40


def field_names(
    module: Module, values: Iterable[Value], labels: Mapping[int, str], taken: Iterable[str] = ()
) -> list[str]:
    """Return one field name for each value, all different, none of them reserved.

    Args:
        module: The module that the values stand in.
        values: The values of one message.
        labels: What the author wrote beside a value, by its position.
        taken: Names that the call uses already.
    """
    used = set(taken)
    names: list[str] = []
    for position, value in enumerate(values):
        own = name_for(module, value.node)
        label = _identifier(labels.get(position, ""))
        best = own if len(own) > 1 else label or own or _computed(module, value.node) or "value"
        name = _free(best, used)
        used.add(name)
        names.append(name)
    return names


def name_for(module: Module, node: ast.expr) -> str:
    """Return the name that an expression suggests; empty if it suggests none."""
    return _identifier(_named(module, node))


def _named(module: Module, node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return "error" if _is_caught(module, node) else node.id
    if isinstance(node, ast.Attribute):
        return _attribute(module, node)
    if isinstance(node, ast.Subscript):
        return _item(module, node.value, node.slice)
    if isinstance(node, ast.Call):
        return _call(module, node)
    if isinstance(node, ast.Await | ast.Starred | ast.FormattedValue):
        return _named(module, node.value)
    if isinstance(node, ast.IfExp):
        return _named(module, node.body) or _named(module, node.orelse)
    if isinstance(node, ast.BoolOp):
        return _named(module, node.values[0])
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and _is_clock(module, node.left)
    ):
        return "duration"
    if isinstance(node, ast.Compare):
        nothing = (
            isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value is None
        )
        operator = {ast.Is: "is_none", ast.IsNot: "is_set"}.get(type(node.ops[0]))
        return f"{_named(module, node.left)}_{operator}" if operator and nothing else ""
    return ""


def _is_clock(module: Module, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and (module.resolve(node.func) or "") in _CLOCKS


def _computed(module: Module, node: ast.expr) -> str:
    """Return a name for one thing and a number: ``100 * ratio``, ``attempt + 1``."""
    if not isinstance(node, ast.BinOp):
        return ""
    for number, other in ((node.left, node.right), (node.right, node.left)):
        if not (isinstance(number, ast.Constant) and isinstance(number.value, int | float)):
            continue
        name = name_for(module, other)
        if len(name) > 1 and isinstance(node.op, ast.Mult) and number.value == 100:
            return f"{name}_percent"
        # any other factor makes another unit of it
        return name if len(name) > 1 and isinstance(node.op, ast.Add) else ""
    return ""


def _attribute(module: Module, node: ast.Attribute) -> str:
    if node.attr == "__name__" and isinstance(node.value, ast.Call):
        return f"{_named(module, node.value)}"
    if node.attr in {"__name__", "__class__", "__qualname__"}:
        suffix = "type" if node.attr == "__class__" else "name"
        if isinstance(node.value, ast.Attribute) and node.value.attr == "__class__":
            return f"{_named(module, node.value.value)}_type"
        return f"{_named(module, node.value)}_{suffix}"
    owner = _owner(module, node.value)
    if node.attr.lower() in _GENERIC and owner:
        return f"{owner}_{node.attr}"
    return node.attr


def _owner(module: Module, node: ast.expr) -> str:
    name = _named(module, node)
    return "" if name in _OWNERS or len(name) < 2 else name


def _item(module: Module, holder: ast.expr, key: ast.expr) -> str:
    text = key.value if isinstance(key, ast.Constant) else None
    if not isinstance(text, str):
        return _named(module, holder)
    owner = _owner(module, holder)
    return f"{owner}_{text}" if text.lower() in _GENERIC and owner else text


def _call(module: Module, call: ast.Call) -> str:
    name = module.resolve(call.func) or ""
    first = call.args[0] if call.args else None
    if (
        name in {"builtins.len", "builtins.type", "builtins.bool", "builtins.id"}
        and first is not None
    ):
        inner = _named(module, first)
        kind = name.rpartition(".")[2]
        if kind == "bool":
            return f"has_{inner}" if inner else ""
        return f"{inner}_{'count' if kind == 'len' else kind}" if inner else ""
    if name in {"os.getenv", "os.environ.get"} and isinstance(first, ast.Constant):
        return str(first.value)
    if name in _TRANSPARENT_CALLS:
        return _named(module, first) if first is not None else ""
    if name in {"traceback.format_exc", "traceback.format_exception"}:
        return "traceback"
    if isinstance(call.func, ast.Attribute):
        return _method(module, call, call.func)
    called = call.func.id if isinstance(call.func, ast.Name) else ""
    return _result_of(called)


def _method(module: Module, call: ast.Call, function: ast.Attribute) -> str:
    holder, first = function.value, call.args[0] if call.args else None
    if function.attr in {"get", "getlist", "pop"} and isinstance(first, ast.Constant):
        return _item(module, holder, first)
    if function.attr == "join" and first is not None:
        return _named(module, first)
    if function.attr in {"keys", "values", "items"}:
        inner = _named(module, holder)
        return f"{inner}_{function.attr}" if inner and function.attr == "keys" else inner
    if function.attr in _TRANSPARENT_METHODS:
        return _named(module, holder)
    return _result_of(function.attr)


def _result_of(function: str) -> str:
    """Return what a function is called after what it gives: ``get_total`` gives a total."""
    return re.sub(
        r"^_*(?:get|calculate|compute|fetch|load|find|build|make|create|read)_(?=\w)", "", function
    )


def _is_caught(module: Module, node: ast.Name) -> bool:
    for above in module.ancestors(node):
        if isinstance(above, ast.ExceptHandler) and above.name == node.id:
            return True
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
    return False


def _identifier(text: str) -> str:
    """Return words as a snake_case name of plain letters; empty if that is none."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", text)
    text = re.sub(r"\W+", "_", text).strip("_").lower()
    text = re.sub(r"_{2,}", "_", text)
    is_plain = text.isascii() and text.isidentifier() and len(text) <= _LONGEST
    return text if is_plain else ""


def _free(name: str, used: set[str]) -> str:
    if is_reserved(name):
        name = f"{name}_value"
    candidate, number = name, 2
    while candidate in used:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
