"""Values of one environment that stand in the code: addresses of databases and services."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.once import once_for_module
from buttress.project.folders import folder_of, name_of
from buttress.project.literals import written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_DATABASE = lazy_pattern(
    r"(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|sqlite|mssql|oracle)(?:\+\w+)?://\S",
)
_LOCAL = lazy_pattern(
    r"https?://(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|host\.docker\.internal)\b"
)
_TEXT_METHODS = frozenset(
    ["startswith", "endswith", "replace", "removeprefix", "split", "sub", "match", "search", "compile", "print",
     "getenv", "environ", "setdefault", "pop", "config", "env", "info", "debug", "warning", "error", "exception",
     "log", "echo", "Field", "Query", "add_argument", "option", "Option", "RuntimeError", "ValueError", "Exception",
     "open", "critical", "warn", "JSONResponse", "add_api_route", "HTTPException", "fullmatch", "field"]
)  # fmt: skip
_DOCUMENTING = lazy_pattern(
    r"origin|example|placeholder|description|help|docs?\b|servers|title|whitelist|allowed|csrf|cors|referer|license|contact"
    r"|openapi|swagger|tags|summary|default|fallback",
    re.IGNORECASE,
)
_GETTERS = frozenset(["getenv", "get", "config", "env"])
_SETTINGS_FILE = lazy_pattern(
    r"(?:.*_)?(?:config|settings|conf|configuration|constants|env)(?:_.*)?\.py\Z"
)
_SETTINGS_FOLDER = lazy_pattern(r"(?:config|settings|conf|core/config)\Z")
_FILE_OF = lazy_pattern(r"sqlite(?:\+\w+)?:/{2,4}\{\w*\}")
_NO_HOST = lazy_pattern(r"[\w+]+:///\?\w+=\Z")
_MEMORY = lazy_pattern(r"sqlite(?:\+\w+)?://(?:/?:memory:|\Z)|sqlite(?:\+\w+)?:///\Z")


def fixed_values(module: Module) -> Iterator[tuple[ast.Constant, str]]:
    """Yield the addresses in a file that differ from one environment to the next, each text once.

    Files of settings, defaults of variables and fields, origins of CORS, documentation, and texts
    that are only compared or replaced are left out. The text itself is never given on: it may hold a
    password.
    """
    if "://" not in module.text or _is_settings_file(module.path):
        return
    seen: set[str] = set()
    for node in module.nodes(ast.Constant):
        text = node.value
        if not isinstance(text, str) or "://" not in text or text in seen or len(text) > 400:
            continue
        kind = _kind(text, is_begin=isinstance(module.parent(node), ast.BinOp))
        if _is_filled_in(module, node, text):
            continue
        if kind and _is_used(module, node):
            seen.add(text)
            yield node, kind


def _is_settings_file(path: str) -> bool:
    """Whether the name of a file, or of its folder, says that it holds the settings."""
    return bool(
        _SETTINGS_FILE.match(name_of(path)) or _SETTINGS_FOLDER.search(folder_of(path).lower())
    )


def _kind(text: str, *, is_begin: bool) -> str:
    if is_begin and text == "sqlite:///":
        return "The file of a database"
    if _DATABASE.match(text):
        return "" if _MEMORY.match(text) else "The address of a database"
    return "The address of a service on this machine or network" if _LOCAL.match(text) else ""


def _is_filled_in(module: Module, node: ast.Constant, text: str) -> bool:
    """Whether what decides about an address is put into it: the file of a database, or all of its parts."""
    above = module.parent(node)
    if isinstance(above, ast.JoinedStr):
        return bool(_NO_HOST.match(text))
    is_template = isinstance(above, ast.Attribute) and above.attr == "format"
    return is_template and bool(_FILE_OF.match(text))


def _is_used(module: Module, node: ast.Constant) -> bool:
    """Whether a text is what the code works with, not what it explains, compares or falls back to."""
    inside: ast.AST = node
    for above in module.ancestors(node):
        if isinstance(
            above, ast.Compare | ast.BoolOp | ast.Expr | ast.Raise | ast.Assert | ast.IfExp
        ):
            return False
        if isinstance(above, ast.Call) and inside is not above.func:
            name = called_name(above)
            is_default = (
                name in {"get", "getattr"} and bool(above.args) and inside is not above.args[0]
            )
            if (
                is_default
                or name in _TEXT_METHODS
                or _DOCUMENTING.search(name)
                or name[-7:] == "_origin"
            ):
                return False
        if isinstance(above, ast.keyword) and _DOCUMENTING.search(above.arg or ""):
            return False
        if isinstance(above, ast.Dict) and _is_documentation(above, inside):
            return False
        if isinstance(above, ast.arguments):
            return False  # the default of a parameter: whoever calls decides
        if isinstance(above, ast.stmt):
            return _is_bound_for_use(module, above)
        inside = above
    return False


def _is_documentation(table: ast.Dict, value: ast.AST) -> bool:
    for key, item in zip(table.keys, table.values, strict=True):
        if item is value and isinstance(key, ast.Constant):
            return bool(_DOCUMENTING.search(str(key.value)) or key.value in {"url", "message"})
    return False


def _is_bound_for_use(module: Module, statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign | ast.Assign):
        targets: list[ast.expr] = (
            statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        )
        names = " ".join(written(target) or ast.dump(target) for target in targets)
        if _DOCUMENTING.search(names):
            return False
        holder = module.parent(statement)
        if isinstance(holder, ast.ClassDef):
            # a field with a default: a settings class, a model, an enumeration
            return not any(
                re.search(r"Settings|Config|Model|Enum", written(base)) for base in holder.bases
            ) and not re.search(r"Settings|Config", holder.name)
        if _is_fallback(module, statement, targets):
            return False
    return not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _is_fallback(module: Module, statement: ast.stmt, targets: list[ast.expr]) -> bool:
    """``if not url: url = "sqlite:///app.db"``, or a constant that is only a default elsewhere."""
    above = module.parent(statement)
    if _is_overruled(above, statement, {written(target) for target in targets}):
        return True
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    if isinstance(above, ast.ExceptHandler) or (isinstance(above, ast.If) and _asks(above, names)):
        return True
    return bool(names & _defaults(module))


def _is_overruled(above: ast.AST | None, statement: ast.stmt, names: set[str]) -> bool:
    """Whether a setting replaces a value right behind it: ``if settings.url: self.url = settings.url``."""
    block = getattr(above, "body", None)
    if not isinstance(block, list) or statement not in block:
        return False
    return any(
        isinstance(other, ast.If)
        and any(
            isinstance(inner, ast.Assign) and names & {written(target) for target in inner.targets}
            for inner in other.body
        )
        for other in block[block.index(statement) + 1 :]
    )


def _asks(choice: ast.If, names: set[str]) -> bool:
    """Whether a condition asks for one of some names, or for the environment."""
    for part in ast.walk(choice.test):
        if isinstance(part, ast.Name) and part.id in names | {"os", "DEBUG", "debug", "settings"}:
            return True
    return False


@once_for_module
def _defaults(module: Module) -> frozenset[str]:
    """Return the names that the module falls back to (``os.getenv("URL", DEFAULT)``)."""
    found: set[str] = set()
    for node in module.nodes(ast.Name):
        outer = module.parent(node) if isinstance(node.ctx, ast.Load) else None
        is_given = isinstance(outer, ast.Call) and called_name(outer) in _GETTERS
        if is_given or isinstance(outer, ast.BoolOp):
            found.add(node.id)
    return frozenset(found)
