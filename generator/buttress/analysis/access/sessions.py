"""Sessions in cookies: whether other sites can use them, and whether scripts and networks can read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.get_changes import changes_when_asked
from buttress.analysis.access.guards import Guards
from buttress.analysis.access.openings import is_public, words
from buttress.analysis.access.reached_code import reached_text
from buttress.project.literals import argument, known_string, literal_text, strings_in, written
from buttress.project.model import Project, Service
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_SESSION = lazy_pattern(
    r"(?:^|[_-])(?:session|sess|sid|token|auth|jwt|access|refresh|remember|user|login|userid|user_id)(?:$|[_-])|sessionid|authtoken|accesstoken",
    re.IGNORECASE,
)
_READABLE = lazy_pattern(r"csrf|xsrf|theme|lang|locale|consent|pref", re.IGNORECASE)
_PICKLES = frozenset(["pickle.dumps", "cPickle.dumps", "dill.dumps", "cloudpickle.dumps", "marshal.dumps", "jsonpickle.encode", "jsonpickle.dumps"])  # fmt: skip
_SWITCH = lazy_pattern(r"(?:true|false|yes|no|on|off|[01]|deleted|expired)?\Z", re.IGNORECASE)
_PROTECTED = lazy_pattern(
    r"CSRFProtect\(|SeaSurf\(|csrf_?protect\w*\(|csrf\.init_app|fastapi_csrf|starlette_csrf|asgi_csrf|CSRFMiddleware|X-CSRF|csrf_?token|[\"']origin[\"']",
    re.IGNORECASE,
)
_PROTECTING = lazy_pattern("csrf|seasurf|origin", re.IGNORECASE)
_VERIFIES = lazy_pattern(
    r"hmac|signature|construct_event|secret|Authorization|HTTP_X_|api_?key|Bearer", re.IGNORECASE
)
_BY_COOKIE = lazy_pattern(
    r"login_required|request\.user\b|request\.session|COOKIES|LoginRequired|permission_required"
)
_KNOWN_BY_COOKIE = lazy_pattern(
    r"login_required|\brequest\.(?:user|session|cookies|COOKIES)\b|LoginRequired|\bsession(?:\[|\.get\()|\bg\.(?:user|session)\b|\bcurrent_user\."
)
_FOLLOWED = frozenset([
    "login", "logout", "signin", "signout", "callback", "oauth", "oauth2", "sso", "verify", "verification",
    "confirm", "confirmation", "activate", "activation", "unsubscribe", "magic", "reset", "token",
])  # fmt: skip
"""Words of addresses that are followed from a mail or another system, or that end a session."""
_BY_HEADER = lazy_pattern(r"api_view|Authorization|jwt_required|get_jwt|Bearer|token_required")
_LOGIN = lazy_pattern(
    r"\bsession\[\s*[\"'][\w-]{0,40}(?:user|login|logged|auth|admin|uid)|login_user\(|flask_login",
    re.IGNORECASE,
)
_LOGGING_IN = lazy_pattern("session|login_user|flask_login", re.IGNORECASE)
_SETS_COOKIES = ("set_cookie", "add_middleware", "SessionMiddleware")
_SAME_SITE_NAME = lazy_pattern("SESSION_COOKIE_SAMESITE", re.IGNORECASE)
_SAME_SITE = lazy_pattern(
    r"SESSION_COOKIE_SAMESITE[\"']?\]?\s*[=:]\s*[\"'](?:Lax|Strict)", re.IGNORECASE
)


_SESSION_MIDDLEWARE = frozenset(
    [
        "starlette.middleware.sessions.SessionMiddleware",
        "fastapi.middleware.sessions.SessionMiddleware",
    ]
)


def weak_cookies(modules: Modules) -> Iterator[tuple[Module, ast.Call, str]]:
    """Yield the cookies of sessions and tokens that scripts or plain HTTP can read.

    A flag that the code computes counts as set.
    """
    for module, call in modules.called("set_cookie"):
        key = known_string(module, argument(call, 0, "key"))
        is_object = _holds_object(module, call)
        if key is None or not (is_object or (_SESSION.search(key) and not _READABLE.search(key))):
            if _is_said_off(call, "secure") and not _READABLE.search(key or ""):
                message = "This cookie is said to be sent over plain HTTP, too (secure=False)."
                yield module, call, message
            continue
        if any(keyword.arg is None for keyword in call.keywords) or _proves_nothing(module, call):
            continue
        missing = [flag for flag in ("httponly", "secure") if _is_off(call, flag)]
        if missing:
            what = ", which objects are made of again," if is_object else ""
            message = f"The cookie {key}{what} is set without {' and '.join(missing)}."
            yield module, call, message
    for module, call in modules.called("add_middleware"):
        is_session = bool(call.args) and module.resolve(call.args[0]) in _SESSION_MIDDLEWARE
        if is_session and _is_off(call, "https_only"):
            yield module, call, "The session cookie is also sent over plain HTTP (https_only)."


def _holds_object(module: Module, call: ast.Call) -> bool:
    """Whether a cookie holds an object in a form that is code to whoever reads it (``pickle.dumps``)."""
    value = argument(call, 1, "value")
    return value is not None and any(
        isinstance(part, ast.Call) and module.resolve(part.func) in _PICKLES
        for part in ast.walk(value)
    )


def _proves_nothing(module: Module, call: ast.Call) -> bool:
    """Whether a cookie is taken back, or says the same of everybody (``("is_login", "yes")``)."""
    is_over = any(
        isinstance(value, ast.Constant) and value.value == 0
        for value in (argument(call, 2, "max_age"), argument(call, 3, "expires"))
    )
    text = known_string(module, argument(call, 1, "value"))
    return is_over or (text is not None and _SWITCH.match(text) is not None)


def _is_off(call: ast.Call, flag: str) -> bool:
    value = next((k.value for k in call.keywords if k.arg == flag), None)
    return value is None or (isinstance(value, ast.Constant) and not value.value)


def _is_said_off(call: ast.Call, flag: str) -> bool:
    return any(
        keyword.arg == flag
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is False
        for keyword in call.keywords
    )


def cross_site_cookies(modules: Modules) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the session cookies that browsers send along from other sites, where nothing checks a token."""
    found = [
        (module, keyword.value)
        for module, call in modules.having("samesite", "same_site").called(*_SETS_COOKIES)
        for keyword in call.keywords
        if keyword.arg in {"samesite", "same_site"}
        and any(text.lower() == "none" for text in strings_in(keyword.value))
    ]
    if found and not _protects(modules):
        yield from found


def _protects(modules: Modules) -> bool:
    """Whether anything checks that forms are the app's own."""
    return any(module.mentions(_PROTECTED) for module in modules.spelling(_PROTECTING))


def unprotected_forms(
    modules: Modules, found: Iterable[Endpoint], guards: Guards
) -> Endpoint | None:
    """Return the first form of a Flask app that acts for whoever is logged in, if nothing checks a token.

    ``FlaskForm`` protects the forms that it validates, ``CSRFProtect`` all; ``SameSite`` on the session
    cookie keeps other sites out as well.
    """
    if _protects(modules):
        return None
    if not any(module.mentions(_LOGIN) for module in modules.spelling(_LOGGING_IN)):
        return None
    if any(module.mentions(_SAME_SITE) for module in modules.spelling(_SAME_SITE_NAME)):
        return None
    for endpoint in sorted(found, key=is_public):
        source = endpoint.module.source(endpoint.node)
        is_form = "request.form" in source or "request.files" in source
        is_checked = "validate_on_submit" in source or "Authorization" in source
        if not (endpoint.changes_data and is_form) or is_checked:
            continue
        if guards.guards(endpoint) or _LOGIN.search(source):
            return endpoint
    return None


def switched_off(
    modules: Modules, name: str = "WTF_CSRF_ENABLED"
) -> Iterator[tuple[Module, ast.expr]]:
    """Yield where a setting is switched off, outside of configurations for tests."""
    for module in modules.having(name):
        for assign in module.nodes(ast.Assign):
            target = assign.targets[0]
            key = target.slice if isinstance(target, ast.Subscript) else None
            is_off = isinstance(assign.value, ast.Constant) and assign.value.value is False
            if (
                (written(target) or literal_text(key)) == name
                and is_off
                and not re.search("test", module.symbol(assign), re.IGNORECASE)
            ):
                yield module, assign.value


def exempt_views(
    project: Project, service: Service, found: Iterable[Endpoint]
) -> Iterator[Endpoint]:
    """Yield the Django views that are exempt from the check of tokens and act for who is logged in.

    Views that verify a signature or a key of their own, and those of the REST framework, are fine.
    """
    for endpoint in found:
        if "POST" not in endpoint.methods:
            continue  # forms of other sites send nothing else, and scripts ask before they do
        view = endpoint.view
        marks = [*endpoint.node.decorator_list, *(view.decorator_list if view is not None else [])]
        names = " ".join(endpoint.module.source(mark) for mark in marks)
        if "csrf_exempt" not in names or "api_view" in names:
            continue
        text = names + reached_text(project, service, endpoint)
        if _BY_COOKIE.search(text) and not _VERIFIES.search(text):
            yield endpoint


def asked_changes(
    project: Project, service: Service, modules: Modules, found: Iterable[Endpoint]
) -> Iterator[Endpoint]:
    """Yield what changes something for who is known by a cookie when it is merely asked.

    Neither a token in forms nor ``SameSite=Lax`` keeps a link of another site from it.
    """
    by_token = modules.having("DEFAULT_AUTHENTICATION_CLASSES")
    is_by_token = bool(by_token) and not by_token.having("SessionAuthentication")
    for endpoint in found:
        if is_by_token and "rest_framework" in endpoint.module.text:
            continue
        if words(endpoint) & _FOLLOWED or not changes_when_asked(project, service, endpoint):
            continue
        names = " ".join(endpoint.module.source(mark) for mark in endpoint.node.decorator_list)
        text = names + reached_text(project, service, endpoint)
        if _KNOWN_BY_COOKIE.search(text) and not _BY_HEADER.search(text):
            yield endpoint


def uses_session(modules: Modules) -> bool:
    """Whether a Flask app keeps a session, itself or to know who is logged in."""
    if any(
        binding.target.startswith("flask_login")
        for module in modules.having("flask_login")
        for binding in module.imports
    ):
        return True
    return any(
        isinstance(node.ctx, ast.Load) and module.resolve(node) == "flask.session"
        for module in modules.naming("flask.session")
        for node in module.nodes(ast.Name)
    )
