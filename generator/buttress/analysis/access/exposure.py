"""What the app opens to strangers: debugging, and its answers to the pages of other websites."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.configuration import Known, environment_reads
from buttress.analysis.development import is_for_development
from buttress.project.literals import constant, literal_text, written
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_TRUE = frozenset({"1", "true", "yes", "on"})
_DEBUG_APPS = frozenset({"fastapi.FastAPI", "starlette.applications.Starlette"})
_OTHER_RUNS = ("subprocess", "asyncio", "uvicorn", "anyio")
_APPS = frozenset(["app", "application", "server"])
_SETTINGS = lazy_pattern(r"(?:^|/)settings(?:/\w+)?\.py\Z")
_DEV_SETTINGS = lazy_pattern(r"(?:dev|development|local|test|testing|debug|example)[\w]*\.py\Z")
_STARTS_FROM = lazy_pattern(r"^from \.(\w+) import \*", re.MULTILINE)
_SWITCHES_OFF = lazy_pattern(r"^DEBUG\s*=\s*False\b", re.MULTILINE)
_SETTINGS_NAMED = lazy_pattern(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']")
_CORS = lazy_pattern("cors", re.IGNORECASE)
_ALLOW_ALL = frozenset(["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"])
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

_READS = frozenset(["os.getenv", "os.environ.get"])


def debug_switches(modules: Modules) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield the places that switch debugging on, or on unless told otherwise."""
    message = "Debugging is on where this app is started."
    for module in modules.having("debug"):
        for keyword in module.nodes(ast.keyword):
            if _starts_app(module, keyword) and is_on(module, keyword.value):
                yield module, keyword.value, message
    message = "Debugging is on, or on unless somebody switches it off."
    for module in modules.having("debug", "DEBUG"):
        for assign in module.nodes(ast.Assign):
            for target in assign.targets:
                if _is_debug_target(module, target) and is_on(module, assign.value):
                    yield module, assign.value, message
    for module, value in _loaded_switches(modules):
        yield module, value, message


def _loaded_switches(modules: Modules) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what switches debugging on in a class that a Flask app takes its settings from."""
    loaded = _loaded_classes(modules)
    for module in modules.having(*loaded) if loaded else ():
        for klass in module.nodes(ast.ClassDef):
            for line in klass.body if klass.name in loaded else ():
                is_debug = isinstance(line, ast.Assign) and written(line.targets[0]) == "DEBUG"
                if is_debug and isinstance(line, ast.Assign) and is_on(module, line.value):
                    yield module, line.value


def _loaded_classes(modules: Modules) -> frozenset[str]:
    """Return the names of the classes that a Flask app takes its settings from, whatever runs it."""
    given = [
        call.args[0]
        for module, call in modules.called("from_object")
        if len(call.args) == 1 and not _is_other_choice(module, call)
    ]
    names = {written(node).rpartition(".")[2] for node in given}
    return frozenset(name for name in names if name[:1].isupper())


def _is_other_choice(module: Module, call: ast.Call) -> bool:
    """Whether a call stands behind ``else``, where a variable that nobody sets chooses what is before it."""
    inner: ast.AST = call
    for above in module.ancestors(call):
        if isinstance(above, ast.If) and inner in above.orelse:
            test = above.test
            if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
                wanted = literal_text(test.comparators[0])
                return bool(wanted) and _unset_value(module, test.left) == wanted
        inner = above
    return False


def _unset_value(module: Module, node: ast.expr) -> str:
    """Return what a variable of the environment is taken for that nobody sets, where that stands here."""
    if isinstance(node, ast.Name):
        scopes = {module.function(node), None}
        given = [
            assign.value
            for assign in module.nodes(ast.Assign)
            if module.function(assign) in scopes
            and any(written(target) == node.id for target in assign.targets)
        ]
        return _unset_value(module, given[0]) if len(given) == 1 else ""
    if isinstance(node, ast.Call) and len(node.args) == 2 and module.resolve(node.func) in _READS:
        return literal_text(node.args[1])
    return ""


def _starts_app(module: Module, keyword: ast.keyword) -> bool:
    """Whether an argument asks what makes an app, or runs it, for debugging."""
    call = module.parent(keyword)
    if keyword.arg not in {"debug", "use_debugger"} or not isinstance(call, ast.Call):
        return False
    target = module.resolve(call.func) or ""
    is_run = isinstance(call.func, ast.Attribute) and call.func.attr in {"run", "run_simple"}
    return target in _DEBUG_APPS or (is_run and not target.startswith(_OTHER_RUNS))


def foundations(*groups: Modules) -> frozenset[str]:
    """Return the settings that others start from and switch debugging off in, and that nothing names.

    ``from .base import *`` with ``DEBUG = False`` below it makes ``base`` part of the settings of
    production, where what it says of debugging does not hold.
    """
    named = {
        name
        for modules in groups
        for module in modules.having("DJANGO_SETTINGS_MODULE")
        for name in _SETTINGS_NAMED.findall(module.text)
    }
    found: set[str] = set()
    switching = (module for modules in groups for module in modules.having("import *"))
    for module in switching:
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
        is_app = isinstance(node.value, ast.Name) and node.value.id in _APPS
        return node.attr == "debug" and is_app
    if isinstance(node, ast.Subscript):
        is_debug = isinstance(node.slice, ast.Constant) and node.slice.value == "DEBUG"
        return is_debug and module.source(node.value).endswith("config")
    return (
        isinstance(node, ast.Name)
        and node.id == "DEBUG"
        and _SETTINGS.search(module.path) is not None
        and not _DEV_SETTINGS.search(module.path)
        and "INSTALLED_APPS" in module.text
        and isinstance(module.parent(node), ast.Assign)
        and module.function(node) is None
        and not _is_conditional(module, node)
    )


def _is_conditional(module: Module, node: ast.AST) -> bool:
    return any(isinstance(above, (ast.If, ast.Try)) for above in module.ancestors(node))


def is_on(module: Module, node: ast.expr) -> bool:
    """Whether a value is true, or true unless the environment says otherwise."""
    if isinstance(node, ast.Constant):
        return node.value is True or (isinstance(node.value, int) and node.value == 1)
    if isinstance(node, ast.Name):
        value = constant(module, node.id)
        return value is not None and not isinstance(value, ast.Name) and is_on(module, value)
    for read in _environment_reads_in(module, node):
        if read is not None and str(read).lower() in _TRUE:
            return True
    return False


def _environment_reads_in(module: Module, node: ast.expr) -> Iterator[object]:
    """Yield the literal defaults of reads of the environment inside an expression."""
    parts = set(ast.walk(node))
    for read in environment_reads(module):
        if read.read in parts and read.default.known is Known.LITERAL:
            yield read.default.value


def wildcard_origins(modules: Modules) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield the places that let every website call the app."""
    for module in modules.spelling(_CORS):
        for call in module.nodes(ast.Call):
            for place in _wild_places(module, call):
                if not is_for_development(module, call):
                    yield module, place, _origin_message(call)
        for assign in module.nodes(ast.Assign):
            names = {t.id for t in assign.targets if isinstance(t, ast.Name)}
            is_all = not names.isdisjoint(_ALLOW_ALL) and is_on(module, assign.value)
            # whether debugging is on is another question, and asked where it is decided
            is_debug = written(assign.value) == "DEBUG"
            if is_all and not is_debug and not is_for_development(module, assign):
                message = "Every website may call the app from its visitors' browsers."
                yield module, assign.value, message


def _wild_places(module: Module, call: ast.Call) -> Iterator[ast.expr]:
    """Yield what lets every origin in where a call sets up who may call."""
    target = module.resolve(call.func) or ""
    if target in {"flask_cors.CORS", "flask_cors.cross_origin"} or _is_late_cors(module, call):
        place = _flask_wildcard(module, call)
        if place is not None:
            yield place
        return
    named = [target, *(module.resolve(argument) or "" for argument in call.args)]
    is_middleware = any(name.endswith("CORSMiddleware") for name in named)
    if not is_middleware and not target.endswith(("SocketIO", "AsyncServer")):
        return
    for keyword in call.keywords:
        place = _wild(module, keyword.value) if keyword.arg in _ORIGINS else None
        if keyword.arg == "allow_origin_regex" and literal_text(keyword.value) in _ANY:
            place = keyword.value
        if place is not None:
            yield place


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
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
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
    is_wild = any(str(value).strip() == "*" for value in _environment_reads_in(module, node))
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
