"""What the app opens to strangers: debugging, and its answers to the pages of other websites."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from buttress.analysis.configuration import Known, environment_reads
from buttress.analysis.development import is_for_development
from buttress.project.literals import constant, literal_text
from buttress.source import Module

_TRUE = frozenset({"1", "true", "yes", "on"})
_DEBUG_APPS = frozenset({"fastapi.FastAPI", "starlette.applications.Starlette"})
_DEV_SETTINGS = re.compile(r"(?:dev|development|local|test|testing|debug|example)[\w]*\.py\Z")
_STARTS_FROM = re.compile(r"^from \.(\w+) import \*", re.MULTILINE)
_SWITCHES_OFF = re.compile(r"^DEBUG\s*=\s*False\b", re.MULTILINE)
_SETTINGS_NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']")
_ANY = frozenset([".*", "^.*$", ".+"])
_DEEPEST = 4
_ORIGINS = frozenset(
    {
        "allow_origins",
        "origins",
        "cors_allowed_origins",
        "origin",
        "CORS_ORIGINS",
        "CORS_ALLOWED_ORIGINS",
    }
)


def debug_switches(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield the places that switch debugging on, or on unless told otherwise."""
    if "debug" not in module.text.lower():
        return
    for call in module.nodes(ast.Call):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        target = module.resolve(call.func) or ""
        if (
            name in {"run", "run_simple"}
            and not target.startswith(("subprocess", "asyncio", "uvicorn", "anyio"))
        ) or target in _DEBUG_APPS:
            for keyword in call.keywords:
                if keyword.arg in {"debug", "use_debugger"} and is_on(module, keyword.value):
                    yield keyword.value, "Debugging is on where this app is started."
    for assign in module.nodes(ast.Assign):
        for target_node in assign.targets:
            if _is_debug_target(module, target_node) and is_on(module, assign.value):
                yield assign.value, "Debugging is on, or on unless somebody switches it off."


def foundations(modules: Iterable[Module]) -> frozenset[str]:
    """Return the settings that others start from and switch debugging off in, and that nothing names.

    ``from .base import *`` with ``DEBUG = False`` below it makes ``base`` part of the settings of
    production, where what it says of debugging does not hold.
    """
    known = list(modules)
    named = {name for module in known for name in _SETTINGS_NAMED.findall(module.text)}
    found: set[str] = set()
    for module in known:
        if not _SWITCHES_OFF.search(module.text):
            continue
        folder = module.path.rpartition("/")[0]
        for stem in _STARTS_FROM.findall(module.text):
            path = f"{folder}/{stem}.py".removeprefix("/")
            dotted = "." + path.removesuffix(".py").replace("/", ".")
            if not any(dotted.endswith("." + name) for name in named):
                found.add(path)
    return frozenset(found)


def _is_debug_target(module: Module, node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return (
            node.attr == "debug"
            and isinstance(node.value, ast.Name)
            and node.value.id in {"app", "application", "server"}
        )
    if isinstance(node, ast.Subscript):
        key = node.slice
        is_config = module.source(node.value).endswith("config")
        return is_config and isinstance(key, ast.Constant) and key.value == "DEBUG"
    is_settings = bool(re.search(r"(?:^|/)settings(?:/\w+)?\.py\Z", module.path))
    is_top = isinstance(module.parent(node), ast.Assign) and module.function(node) is None
    return (
        isinstance(node, ast.Name)
        and node.id == "DEBUG"
        and is_settings
        and "INSTALLED_APPS" in module.text
        and is_top
        and not _DEV_SETTINGS.search(module.path)
        and not _is_conditional(module, node)
    )


def _is_conditional(module: Module, node: ast.AST) -> bool:
    return any(isinstance(above, ast.If | ast.Try) for above in module.ancestors(node))


def is_on(module: Module, node: ast.expr) -> bool:
    """Whether a value is true, or true unless the environment says otherwise."""
    if isinstance(node, ast.Constant):
        return node.value is True or (isinstance(node.value, int) and node.value == 1)
    if isinstance(node, ast.Name):
        value = constant(module, node.id)
        return value is not None and not isinstance(value, ast.Name) and is_on(module, value)
    for read in environment_reads_in(module, node):
        if read is not None and str(read).lower() in _TRUE:
            return True
    return False


def environment_reads_in(module: Module, node: ast.expr) -> Iterator[object]:
    """Yield the literal defaults of reads of the environment inside an expression."""
    parts = set(ast.walk(node))
    for read in environment_reads(module):
        if read.read in parts and read.default.known is Known.LITERAL:
            yield read.default.value


def wildcard_origins(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield the places that let every website call the app."""
    if "cors" not in module.text.lower():
        return
    for call in module.nodes(ast.Call):
        if is_for_development(module, call):
            continue
        target = module.resolve(call.func) or ""
        named = [module.resolve(argument) or "" for argument in call.args]
        middleware = target.endswith("CORSMiddleware") or any(
            n.endswith("CORSMiddleware") for n in named
        )
        if middleware or target.endswith(("SocketIO", "AsyncServer")):
            for keyword in call.keywords:
                place = _wild(module, keyword.value) if keyword.arg in _ORIGINS else None
                if keyword.arg == "allow_origin_regex" and literal_text(keyword.value) in _ANY:
                    place = keyword.value
                if place is not None:
                    yield place, _origin_message(call)
        elif target in {"flask_cors.CORS", "flask_cors.cross_origin"} or _is_late_cors(
            module, call
        ):
            place = _flask_wildcard(module, call)
            if place is not None:
                yield place, _origin_message(call)
    for assign in module.nodes(ast.Assign):
        names = {t.id for t in assign.targets if isinstance(t, ast.Name)}
        is_all = bool(names & {"CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"})
        if is_all and is_on(module, assign.value) and not is_for_development(module, assign):
            yield assign.value, "Every website may call the app from its visitors' browsers."


def _is_late_cors(module: Module, call: ast.Call) -> bool:
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "init_app"):
        return False
    owner = call.func.value
    value = constant(module, owner.id) if isinstance(owner, ast.Name) else None
    return (
        isinstance(value, ast.Call)
        and module.resolve(value.func) == "flask_cors.CORS"
        and not value.keywords
    )


def _flask_wildcard(module: Module, call: ast.Call) -> ast.expr | None:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in keywords or (not call.args and not keywords):
        return None  # computed, or bound to the app later
    if "origins" in keywords:
        return _wild(module, keywords["origins"])
    resources = keywords.get("resources")
    if isinstance(resources, ast.Dict):
        for options in resources.values:
            if isinstance(options, ast.Dict):
                given = {
                    literal_text(k): v
                    for k, v in zip(options.keys, options.values, strict=True)
                    if k
                }
                origin = given.get("origins")
                place = options if origin is None else _wild(module, origin)
                if place is not None:
                    return place
        return None
    if resources is not None or (not call.args and module.resolve(call.func) == "flask_cors.CORS"):
        return None
    return call


def _origin_message(call: ast.Call) -> str:
    with_cookies = any(
        keyword.arg in {"allow_credentials", "supports_credentials"}
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in call.keywords
    )
    rest = ", with their cookies." if with_cookies else "."
    return f"Every website may call the app from its visitors' browsers{rest}"


def _wild(module: Module, node: ast.expr, depth: int = 0) -> ast.expr | None:
    """Return what lets every origin in: the value, or what a function of the module returns."""
    if depth > _DEEPEST:
        return None
    if isinstance(node, ast.Constant):
        is_wild = isinstance(node.value, str) and node.value.strip() == "*"
        return node if is_wild else None
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node if any(_wild(module, item, depth + 1) for item in node.elts) else None
    if isinstance(node, ast.Name):
        for value in _values(module, node):
            place = _wild(module, value, depth + 1)
            if place is not None:
                return place if isinstance(value, ast.Call) else node
        return None
    if isinstance(node, ast.IfExp):
        return None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _returned(module, node.func.id, depth)
    is_wild = any(str(value).strip() == "*" for value in environment_reads_in(module, node))
    return node if is_wild else None


def _values(module: Module, node: ast.Name) -> list[ast.expr]:
    """Return what a name stands for: a constant of the module, or what its function assigns."""
    value = constant(module, node.id)
    if value is not None:
        return [value]
    function = module.function(node)
    return [
        item.value
        for item in (ast.walk(function) if function is not None else ())
        if isinstance(item, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == node.id for t in item.targets)
    ]


def _returned(module: Module, name: str, depth: int) -> ast.expr | None:
    """Return the value of a ``return`` of a function of the module that lets every origin in."""
    for statement in module.nodes(ast.Return):
        function = module.function(statement)
        if function is None or function.name != name or statement.value is None:
            continue
        place = _wild(module, statement.value, depth + 1)
        if place is not None:
            return place
    return None
