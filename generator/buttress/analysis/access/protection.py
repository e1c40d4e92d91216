"""What protects the app: headers for browsers, limits of rates, and knowing who asks.

A control counts where it is made *and* attached, in code that the entry point imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from buttress.project.documents import text_of
from buttress.project.literals import literal_text
from buttress.source import Module, Tree

_HEADERS = frozenset(
    {
        "x-content-type-options",
        "x-frame-options",
        "content-security-policy",
        "strict-transport-security",
        "referrer-policy",
    }
)
_HEADER_LIBRARIES = (
    "flask_talisman.",
    "talisman.",
    "secure.",
    "Secweb.",
    "secweb.",
    "flask_security_headers.",
)
_PROXY_HEADER = re.compile(
    r"^[ \t]*(?:add_header|header)\s+[\"']?(?:X-Content-Type-Options|X-Frame-Options|Content-Security-Policy|Strict-Transport-Security)",
    re.IGNORECASE | re.MULTILINE,
)
_PROXY_LIMIT = re.compile(r"^[ \t]*(?:limit_req\s|rate_limit\s)", re.MULTILINE)
_LIMIT_NAME = re.compile(r"(?:rate_?limit|throttl)", re.IGNORECASE)
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
_AUTH_LIBRARIES = (
    "fastapi.security.", "flask_login.", "flask_jwt_extended.", "flask_httpauth.", "authlib.", "fastapi_users.",
    "django.contrib.auth.", "rest_framework.permissions.", "rest_framework.authentication.", "flask_security.", "flask_praetorian.",
    "starlette.authentication.", "fastapi_login.", "flask_oidc.", "msal.", "firebase_admin.auth.", "clerk_backend_api.",
)  # fmt: skip
_AUTH_CALLS = frozenset(
    {"jwt.decode", "jose.jwt.decode", "werkzeug.security.check_password_hash", "bcrypt.checkpw", "firebase_admin.auth.verify_id_token", "secrets.compare_digest", "hmac.compare_digest"}
)  # fmt: skip
_AUTH_NAME = re.compile(
    r"(?:^|_)(?:login_required|require_?(?:auth|login|user|admin|token|api_key|role|session)\w*|current_(?:active_)?user\w*"
    r"|get_current_(?:\w+_)?(?:user|account|admin|member|customer|client|identity|session|token|principal|superuser|person|employee|student|teacher|patient|tenant|org|active|auth|profile)\w*|verify_(?:token|jwt|api_key|auth|admin|user|session|password|credentials)\w*|check_(?:auth|token|api_key|admin|session)\w*"
    r"|authenticate\w*|auth_required|token_required|admin_required|is_authenticated|api_key_auth|authorize\w*|validate_token\w*"
    r"|decode_token\w*|auth_middleware\w*|token_validator)\Z",
    re.IGNORECASE,
)  # fmt: skip
_AUTH_HEADERS = frozenset({"authorization", "x-api-key", "x-auth-token"})


def _is_auth_name(name: str) -> bool:
    # longer ones are no names that a person gave
    return len(name) <= 120 and bool(_AUTH_NAME.search(name))


def sets_security_headers(tree: Tree, modules: Iterable[Module]) -> bool:
    """Whether two of the headers are set by code that runs, by a library, or by a proxy."""
    modules = list(modules)
    found: set[str] = set()
    for module in modules:
        lowered = module.text.lower()
        if (
            "security" not in lowered
            and "talisman" not in lowered
            and not any(h in lowered for h in _HEADERS)
            and "secure" not in lowered
        ):
            continue
        if _calls(module, _HEADER_LIBRARIES):
            return True
        # both are in what startproject writes, and set three headers by themselves
        if "django.middleware.security.SecurityMiddleware" in module.text and (
            "SECURE_" in module.text or "XFrameOptionsMiddleware" in module.text
        ):
            return True
        found |= {
            node.value.lower()
            for node in module.nodes(ast.Constant)
            if isinstance(node.value, str)
            and node.value.lower() in _HEADERS
            and _is_wired(module, node, modules)
        }
    return len(found) > 1 or _in_proxy(tree, _PROXY_HEADER)


def _is_wired(module: Module, node: ast.AST, modules: list[Module]) -> bool:
    """Whether the outermost function or class around a node is decorated, or named anywhere else."""
    chain = [
        a
        for a in module.ancestors(node)
        if isinstance(a, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    if not chain:
        return True
    if any(item.decorator_list for item in chain):
        return True
    name = chain[-1].name
    return any(_loads(other, name) for other in modules)


def _loads(module: Module, name: str) -> bool:
    if name not in module.text:
        return False
    return any(n.id == name and isinstance(n.ctx, ast.Load) for n in module.nodes(ast.Name)) or any(
        n.attr == name and module.resolve(n) is not None for n in module.nodes(ast.Attribute)
    )


def _calls(module: Module, libraries: tuple[str, ...]) -> bool:
    """Whether a module calls, decorates with, or passes on something of these libraries."""
    if not any(name.split(".")[0] in module.text for name in libraries):
        return False
    return any(
        (module.resolve(call.func) or "").startswith(libraries) for call in module.nodes(ast.Call)
    )


def _in_proxy(tree: Tree, pattern: re.Pattern[str]) -> bool:
    return any(
        pattern.search(text_of(tree, path)) is not None for path in tree.paths if _is_proxy(path)
    )


_PROXY_HSTS = re.compile(
    r"^[ \t]*(?:add_header|header)\s+[\"']?Strict-Transport-Security", re.IGNORECASE | re.MULTILINE
)


def proxy_sets_hsts(tree: Tree) -> bool:
    """Whether a proxy in the repository tells browsers to come back by HTTPS alone."""
    return _in_proxy(tree, _PROXY_HSTS)


def _is_proxy(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    is_nginx = "nginx" in path.lower() and name.endswith((".conf", ".template", ".j2"))
    return name == "caddyfile" or is_nginx


_MIDDLEWARE_LIMITERS = ("axes.middleware", "defender.middleware", "allauth", "slowapi.middleware.")
_GLOBAL_LIMIT = re.compile(
    r"SlowAPIMiddleware|default_limits\s*=|RateLimit\w*Middleware|DEFAULT_THROTTLE_CLASSES[\"']\s*:\s*[\[(]\s*[\"']"
)


def limits_rates(tree: Tree, modules: Iterable[Module], *, everywhere: bool = False) -> bool:
    """Whether a limiter is made and attached, or the proxy has one.

    Args:
        tree: The files.
        modules: Those that the entry point imports.
        everywhere: Whether it has to limit all routes, or the logins, without being named there.
    """
    modules = list(modules)
    if everywhere:
        return any(_limits_everything(module, modules) for module in modules) or _in_proxy(
            tree, _PROXY_LIMIT
        )
    for module in modules:
        lowered = module.text.lower()
        if not any(hint in lowered for hint in ("limit", "throttl")):
            continue
        if _has_library_limiter(module, modules) or _has_own_limiter(module, modules):
            return True
        if re.search(r"DEFAULT_THROTTLE_CLASSES[\"']\s*:\s*[\[(]\s*[\"']", module.text):
            return True
    return _in_proxy(tree, _PROXY_LIMIT)


def _limits_everything(module: Module, modules: list[Module]) -> bool:
    named = {
        node.value
        for node in module.nodes(ast.Constant)
        if isinstance(node.value, str) and node.value.startswith(_MIDDLEWARE_LIMITERS)
    }
    if named and "INSTALLED_APPS" in module.text:
        return True
    if not _GLOBAL_LIMIT.search(module.text):
        return _limits_before_requests(module)
    if "DEFAULT_THROTTLE_CLASSES" in module.text:
        return True
    return _has_library_limiter(module, modules) or _has_own_limiter(module, modules)


def _limits_before_requests(module: Module) -> bool:
    """Whether a function before every request, or a middleware, counts and refuses."""
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        marks = {
            inner.attr
            for mark in node.decorator_list
            for inner in [mark.func if isinstance(mark, ast.Call) else mark]
            if isinstance(inner, ast.Attribute)
        }
        if marks & {"middleware", "before_request", "before_app_request"}:
            source = module.source(node)
            if "429" in source or _LIMIT_NAME.search(source):
                return True
    return False


def _has_library_limiter(module: Module, modules: list[Module]) -> bool:
    for call in module.nodes(ast.Call):
        target = module.resolve(call.func) or ""
        if not target.startswith(_LIMIT_LIBRARIES):
            continue
        statement = module.statement(call)
        if target.endswith(("RateLimiter", "ratelimit", "limits", "SlowAPIMiddleware")):
            return True
        names = [t.id for t in getattr(statement, "targets", []) if isinstance(t, ast.Name)]
        for name in names:
            if any(_attaches(other, name) for other in modules):
                return True
        is_attached = bool(call.args) or any(k.arg == "app" for k in call.keywords)
        if (
            is_attached
            and "flask_limiter" in target
            and any(k.arg == "default_limits" for k in call.keywords)
        ):
            return True
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        for decorator in node.decorator_list:
            inner = decorator.func if isinstance(decorator, ast.Call) else decorator
            if (module.resolve(inner) or "").startswith(_LIMIT_LIBRARIES):
                return True
    return False


def _attaches(module: Module, name: str) -> bool:
    """Whether a module decorates with ``limiter.limit`` or binds the limiter to its app."""
    if name not in module.text:
        return False
    if any(
        isinstance(n.value, ast.Name)
        and n.value.id == name
        and n.attr in {"limit", "shared_limit", "request_filter"}
        for n in module.nodes(ast.Attribute)
    ):
        return True
    return "SlowAPIMiddleware" in module.text and _loads(module, "SlowAPIMiddleware")


def _has_own_limiter(module: Module, modules: list[Module]) -> bool:
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        if not _LIMIT_NAME.search(node.name) or (
            len(node.body) < 2 and len(list(ast.walk(node))) < 20
        ):
            continue
        if isinstance(node, ast.ClassDef) and not any(
            isinstance(b, ast.FunctionDef | ast.AsyncFunctionDef) for b in node.body
        ):
            continue
        if any(_loads(other, node.name) for other in modules):
            return True
        if not isinstance(node, ast.ClassDef) and node.decorator_list:
            return True
    return False


def authenticates(modules: Iterable[Module]) -> bool:
    """Whether any code that runs finds out who is asking."""
    return any(
        any(_call_asks(module, call) for call in module.nodes(ast.Call))
        or any(
            _function_asks(module, node)
            for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        )
        or any(_reads_identity(module, node) for node in module.nodes(ast.Subscript))
        for module in modules
    )


def _call_asks(module: Module, call: ast.Call) -> bool:
    target = module.resolve(call.func) or ""
    if target.startswith(_AUTH_LIBRARIES) or target in _AUTH_CALLS:
        return True
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [argument.id for argument in call.args if isinstance(argument, ast.Name)]
    if any(_is_auth_name(item) for item in (name, *given)):
        return True
    asked = name in {"get", "Header", "getlist"}
    return asked and any(literal_text(argument).lower() in _AUTH_HEADERS for argument in call.args)


def _function_asks(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for decorator in node.decorator_list:
        inner = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")
        if _is_auth_name(name) or (module.resolve(inner) or "").startswith(_AUTH_LIBRARIES):
            return True
    arguments = (*node.args.args, *node.args.kwonlyargs)
    return any(argument.arg in {"authorization", "x_api_key"} for argument in arguments)


def _reads_identity(module: Module, node: ast.Subscript) -> bool:
    if not isinstance(node.ctx, ast.Load):
        return False  # a header of a request that the app itself sends
    key, owner = literal_text(node.slice), module.source(node.value)
    if owner in {"session", "flask.session", "request.session"}:
        return bool(re.search(r"user|login|auth|admin", key, re.IGNORECASE))
    return key.lower() in _AUTH_HEADERS and "headers" in owner
