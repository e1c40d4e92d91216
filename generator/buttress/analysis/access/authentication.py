"""Whether an app finds out at all who is asking, and what the functions are called that do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import lru_cache

from buttress.project.literals import is_self, last_name, literal_text
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_AUTH_LIBRARIES = (
    "fastapi.security.", "flask_login.", "flask_jwt_extended.", "flask_httpauth.", "authlib.", "fastapi_users.",
    "django.contrib.auth.", "rest_framework.permissions.", "rest_framework.authentication.", "flask_security.", "flask_praetorian.",
    "starlette.authentication.", "fastapi_login.", "flask_oidc.", "msal.", "firebase_admin.auth.", "clerk_backend_api.",
)  # fmt: skip
_AUTH_CALLS = frozenset(
    {"jwt.decode", "jose.jwt.decode", "werkzeug.security.check_password_hash", "bcrypt.checkpw", "firebase_admin.auth.verify_id_token", "secrets.compare_digest", "hmac.compare_digest"}
)  # fmt: skip
_WHO = (
    "user|account|admin|member|customer|client|identity|session|token|principal|superuser|person|employee"
    "|student|teacher|patient|tenant|org|active|auth|profile"
)
_ASKING = (
    r"login_required|require_?(?:auth|login|user|admin|token|api_key|role|session)\w*|current_(?:active_)?user\w*"
    rf"|get_current_(?:\w+_)?(?:{_WHO})\w*|verify_(?:token|jwt|api_key|auth|admin|user|session|credentials)\w*"
    r"|check_(?:auth|token|api_key|admin|session)\w*|auth_required|token_required|admin_required|is_authenticated"
    r"|api_key_auth|authorize\w*|validate_token\w*|decode_token\w*|auth_middleware\w*"
)
"""Names that ask who is calling wherever they are called."""

_GUARDING = (
    r"require[sd]?_?(?:auth|login|user|admin|token|api_?key|role|session|permission)\w*|(?:\w+_)?current_(?:\w+_)?user\w*"
    rf"|get_(?:authenticated|auth)_(?:\w+_)?(?:{_WHO})\w*|verify_(?:\w+_)?(?:api_?key|access)\w*"
    r"|(?:check|ensure|assert)_(?:auth|token|api_?key|admin|session|permission|role|access|logged|login)\w*"
    r"|roles?_(?:required|accepted)|is_logged_?in|logged_in|authorise\w*"
    r"|(?:api_key|jwt|token|basic|http|bearer|oauth2?|cookie)_?(?:auth|scheme|bearer|header)\w*"
    r"|validate_(?:session|api_?key)\w*|decode_access_token\w*|jwt_required|fresh_jwt_required|permission_required"
    r"|(?:depends|requires?|needs?|has|check)\w*permissions?|user_passes_test|staff_member_required|superuser_required|get_jwt_identity|verify_jwt_in_request"
    r"|(?:get_)?user_from_(?:\w+_)?(?:token|request|session)\w*|get_user_id\w*|authenticated|auth_user\w*|protected|restricted"
)
"""Names that do so only where something is guarded by them: a decorator, a dependency."""

_LOGGING_IN = r"authenticate\w*|verify_password\w*|token_validator"
"""Names that find out who is asking, and guard nothing."""

_GUARD = lazy_pattern(rf"(?:^|_)(?:{_ASKING}|{_GUARDING})\Z", re.IGNORECASE)
_KNOWER = lazy_pattern(rf"(?:^|_)(?:{_ASKING}|{_LOGGING_IN})\Z", re.IGNORECASE)
_AUTH_HEADERS = frozenset({"authorization", "x-api-key", "x-auth-token"})
_LONGEST = 120


@lru_cache(maxsize=4096)
def is_guard_name(name: str) -> bool:
    """Whether a function of this name asks who is calling before what it guards runs."""
    # longer ones are no names that a person gave
    return len(name) <= _LONGEST and _GUARD.search(name) is not None


@lru_cache(maxsize=4096)
def _finds_out(name: str) -> bool:
    """Whether to call a function of this name is to find out who is asking."""
    return len(name) <= _LONGEST and _KNOWER.search(name) is not None


def logs_in_elsewhere(call: ast.Call) -> bool:
    """Whether the app itself logs in at a service, and asks nobody.

    ``gspread.authorize(credentials)``, or a client's ``self._authenticate()``, which is told of nobody.
    """
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr == "_authenticate":
        return is_self(function.value) and not call.args and not call.keywords
    named = (function.value, *call.args)
    return function.attr == "authorize" and any("cred" in last_name(n).lower() for n in named)


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
    if logs_in_elsewhere(call):
        return False
    name = called_name(call)
    given = [argument.id for argument in call.args if isinstance(argument, ast.Name)]
    if any(_finds_out(item) for item in (name, *given)):
        return True
    asked = name in {"get", "Header", "getlist"}
    return asked and any(literal_text(argument).lower() in _AUTH_HEADERS for argument in call.args)


def _function_asks(module: Module, node: Function) -> bool:
    for decorator in node.decorator_list:
        inner = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")
        if _finds_out(name) or (module.resolve(inner) or "").startswith(_AUTH_LIBRARIES):
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
