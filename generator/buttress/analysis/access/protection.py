"""What protects the app: headers for browsers, and limits of rates.

A control counts where it is made *and* attached, in code that the entry point imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from buttress.project.documents import text_of
from buttress.source import Module, Modules, Tree
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_HEADERS = frozenset(
    {
        "x-content-type-options",
        "x-frame-options",
        "content-security-policy",
        "strict-transport-security",
        "referrer-policy",
    }
)
_HEADER_WORD = lazy_pattern("options|security|referrer", re.IGNORECASE)
_HEADER = lazy_pattern("|".join(_HEADERS), re.IGNORECASE)
_HEADER_LIBRARIES = (
    "flask_talisman.",
    "talisman.",
    "secure.",
    "Secweb.",
    "secweb.",
    "flask_security_headers.",
)
_PROXY_HEADER = lazy_pattern(
    r"^[ \t]*(?:add_header|header)\s+[\"']?(?:X-Content-Type-Options|X-Frame-Options|Content-Security-Policy|Strict-Transport-Security)",
    re.IGNORECASE | re.MULTILINE,
)
_PROXY_LIMIT = lazy_pattern(r"^[ \t]*(?:limit_req\s|rate_limit\s)", re.MULTILINE)
_LIMIT_NAME = lazy_pattern(r"(?:rate_?limit|throttl)", re.IGNORECASE)
_LIMIT_LIBRARIES = (
    "slowapi.",
    "flask_limiter.",
    "fastapi_limiter.",
    "ratelimit.",
    "django_ratelimit.",
    "limits.",
    "rest_framework.throttling.",
    "brotli_limiter.",
    "fastapi_throttle.",
)
_PROXY_HSTS = lazy_pattern(
    r"^[ \t]*(?:add_header|header)\s+[\"']?Strict-Transport-Security", re.IGNORECASE | re.MULTILINE
)
_THROTTLES = lazy_pattern(r"DEFAULT_THROTTLE_CLASSES[\"']\s*:\s*[\[(]\s*[\"']")
_HOOKS = ("middleware", "before_request", "before_app_request")
_MIDDLEWARE_LIMITERS = ("axes.middleware", "defender.middleware", "allauth", "slowapi.middleware.")
_GLOBAL_WORDS = ("SlowAPIMiddleware", "default_limits", "RateLimit", "DEFAULT_THROTTLE_CLASSES")
_GLOBAL_LIMIT = lazy_pattern(
    r"SlowAPIMiddleware|default_limits\s*=|RateLimit\w*Middleware|DEFAULT_THROTTLE_CLASSES[\"']\s*:\s*[\[(]\s*[\"']"
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAST_NODES = 20


def sets_security_headers(tree: Tree, modules: Modules) -> bool:
    """Whether two of the headers are set by code that runs, by a library, or by a proxy."""
    if any(modules.calls(*_HEADER_LIBRARIES)):
        return True
    # both are in what startproject writes, and set three headers by themselves
    secured = modules.having("django.middleware.security.SecurityMiddleware")
    if secured.having("SECURE_", "XFrameOptionsMiddleware"):
        return True
    found = {
        node.value.lower()
        for module in modules.spelling(_HEADER_WORD)
        if module.mentions(_HEADER)
        for node in module.nodes(ast.Constant)
        if isinstance(node.value, str)
        and node.value.lower() in _HEADERS
        and _is_wired(module, node, modules)
    }
    return len(found) > 1 or _in_proxy(tree, _PROXY_HEADER)


def _is_wired(module: Module, node: ast.AST, modules: Modules) -> bool:
    """Whether the outermost function or class around a node is decorated, or named anywhere else."""
    chain = [above for above in module.ancestors(node) if isinstance(above, _DEFINITIONS)]
    if not chain or any(item.decorator_list for item in chain):
        return True
    return _is_loaded(chain[-1].name, modules)


def _is_loaded(name: str, modules: Modules) -> bool:
    """Whether any code reads a name, or an attribute of a module with that name."""
    return any(
        any(n.id == name and isinstance(n.ctx, ast.Load) for n in module.nodes(ast.Name))
        or any(
            n.attr == name and module.resolve(n) is not None for n in module.nodes(ast.Attribute)
        )
        for module in modules.having(name)
    )


def _in_proxy(tree: Tree, pattern: re.Pattern[str]) -> bool:
    return any(
        pattern.search(text_of(tree, path)) is not None for path in tree.paths if _is_proxy(path)
    )


def proxy_sets_hsts(tree: Tree) -> bool:
    """Whether a proxy in the repository tells browsers to come back by HTTPS alone."""
    return _in_proxy(tree, _PROXY_HSTS)


def _is_proxy(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    is_nginx = "nginx" in path.lower() and name.endswith((".conf", ".template", ".j2"))
    return name == "caddyfile" or is_nginx


def limits_rates(tree: Tree, modules: Iterable[Module], *, everywhere: bool = False) -> bool:
    """Whether a limiter is made and attached, or the proxy has one.

    Args:
        tree: The files.
        modules: Those that the entry point imports.
        everywhere: Whether it has to limit all routes, or the logins, without being named there.
    """
    modules = Modules.of(modules)
    if everywhere:
        return _limits_everything(modules) or _in_proxy(tree, _PROXY_LIMIT)
    return (
        _has_library_limiter(modules, modules)
        or _has_own_limiter(modules, modules)
        or any(
            _THROTTLES.search(module.text) for module in modules.having("DEFAULT_THROTTLE_CLASSES")
        )
        or _in_proxy(tree, _PROXY_LIMIT)
    )


def _limits_everything(modules: Modules) -> bool:
    for module in modules.having(*_MIDDLEWARE_LIMITERS).having("INSTALLED_APPS"):
        for node in module.nodes(ast.Constant):
            if isinstance(node.value, str) and node.value.startswith(_MIDDLEWARE_LIMITERS):
                return True
    limiting = modules.having(*_GLOBAL_WORDS).where(
        lambda module: _GLOBAL_LIMIT.search(module.text) is not None
    )
    return (
        bool(limiting.having("DEFAULT_THROTTLE_CLASSES"))
        or _has_library_limiter(limiting, modules)
        or _has_own_limiter(limiting, modules)
        or any(_limits_before_requests(module) for module in modules.having(*_HOOKS))
    )


def _limits_before_requests(module: Module) -> bool:
    """Whether a function before every request, or a middleware, counts and refuses."""
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        marks = {inner.attr for inner in _marks(node) if isinstance(inner, ast.Attribute)}
        if not marks.isdisjoint(_HOOKS):
            source = module.source(node)
            if "429" in source or _LIMIT_NAME.search(source):
                return True
    return False


def _marks(node: Function) -> list[ast.expr]:
    """Return the decorators of a function without their arguments."""
    return [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]


def _has_library_limiter(some: Modules, modules: Modules) -> bool:
    """Whether some of the modules make a limiter of a library that any of them attaches."""
    for module, call in some.calls(*_LIMIT_LIBRARIES):
        target = module.resolve(call.func) or ""
        if target.endswith(("RateLimiter", "ratelimit", "limits", "SlowAPIMiddleware")):
            return True
        targets = getattr(module.statement(call), "targets", [])
        if any(isinstance(t, ast.Name) and _is_attached(t.id, modules) for t in targets):
            return True
        given = {keyword.arg for keyword in call.keywords}
        is_bound = bool(call.args) or "app" in given
        if is_bound and "flask_limiter" in target and "default_limits" in given:
            return True
    return any(
        (module.resolve(mark) or "").startswith(_LIMIT_LIBRARIES)
        for module in some.naming(*_LIMIT_LIBRARIES)
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        for mark in _marks(node)
    )


def _is_attached(name: str, modules: Modules) -> bool:
    """Whether anything decorates with ``limiter.limit`` or binds the limiter to its app."""
    using = modules.having(name)
    return any(
        isinstance(node.value, ast.Name)
        and node.value.id == name
        and node.attr in {"limit", "shared_limit", "request_filter"}
        for module in using
        for node in module.nodes(ast.Attribute)
    ) or _is_loaded("SlowAPIMiddleware", using)


def _has_own_limiter(some: Modules, modules: Modules) -> bool:
    """Whether some of the modules define a limiter that any of them uses."""
    for module in some.spelling(_LIMIT_NAME):
        for node in module.nodes(*_DEFINITIONS):
            if _is_limiter(node):
                is_decorated = not isinstance(node, ast.ClassDef) and bool(node.decorator_list)
                if is_decorated or _is_loaded(node.name, modules):
                    return True
    return False


def _is_limiter(node: Function | ast.ClassDef) -> bool:
    """Whether a function or class is called a limiter and does more than to be one by name."""
    if not _LIMIT_NAME.search(node.name):
        return False
    if len(node.body) < 2 and sum(1 for _ in ast.walk(node)) < _LEAST_NODES:
        return False
    return not isinstance(node, ast.ClassDef) or any(isinstance(b, _FUNCTIONS) for b in node.body)
