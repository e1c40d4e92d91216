"""Access: which endpoints are for everybody, which are for administrators, which ask for a password."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from weakref import WeakKeyDictionary

from buttress.analysis.endpoints import Endpoint, classes_of, definitions_of, own_modules
from buttress.analysis.guards import Guards
from buttress.project.model import Project, Service
from buttress.source import Module

_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_PUBLIC = frozenset(
    [
        "login",
        "logon",
        "signin",
        "logout",
        "signout",
        "register",
        "registration",
        "signup",
        "token",
        "tokens",
        "refresh",
        "oauth",
        "oauth2",
        "sso",
        "saml",
        "callback",
        "webhook",
        "webhooks",
        "hook",
        "hooks",
        "ipn",
        "health",
        "healthz",
        "ping",
        "ready",
        "forgot",
        "forget",
        "reset",
        "recover",
        "password",
        "verify",
        "verification",
        "confirm",
        "confirmation",
        "activate",
        "activation",
        "otp",
        "magic",
        "contact",
        "contacto",
        "feedback",
        "newsletter",
        "subscribe",
        "unsubscribe",
        "waitlist",
        "csp",
        "csrf",
        "google",
        "github",
        "facebook",
        "apple",
        "microsoft",
        "auth",
        "authenticate",
        "authentication",
        "captcha",
        "analytics",
        "track",
        "tracking",
        "event",
        "events",
        "metrics",
        "guest",
        "public",
        "demo",
        "language",
        "lang",
        "locale",
        "theme",
        "consent",
        "cookie",
        "cookies",
        "slack",
        "telegram",
        "discord",
        "stripe",
        "paypal",
        "twilio",
        "whatsapp",
        "bot",
        "chat",
        "ask",
        "query",
        "predict",
        "prediction",
        "search",
        "filter",
        "preview",
        "validate",
        "calculate",
        "calculator",
        "compute",
        "analyze",
        "analyse",
        "analysis",
        "check",
        "translate",
        "summarize",
        "convert",
        "generate",
        "recommend",
        "recommendation",
        "inference",
        "graphql",
        "rpc",
        "echo",
        "test",
        "lti",
        "2fa",
        "mfa",
    ]
)
"""Words of endpoints that are open on purpose, or that work something out and keep nothing."""

_REGISTERING = re.compile(
    r"(?:create|add|new|register|reg)_?(?:user|account|customer|member)s?\Z|signup|register",
    re.IGNORECASE,
)
_ADMIN = frozenset(
    ["admin", "admins", "administrator", "manage", "internal", "backoffice", "superuser", "staff"]
)
_EXPOSING = frozenset(["backup", "backups", "dump", "internal", "debug", "env", "phpinfo"])
_WRITES = re.compile(
    r"\b(?:add|commit|save|create|insert|update|delete|remove|execute|put|append|write|upsert|store|upload|send|set_|register|archive|merge|mark|bulk|destroy|edit|publish|cancel|approve"
    r"|reject|assign|import|apply|run|start|stop|reset|toggle|join|leave|pop|copyfileobj|unlink|rmtree|system|popen|load|parse|from_string)\w*\(|\bopen\(|\]\s*=[^=]|\b(?:INSERT|UPDATE|DELETE)\s",
    re.IGNORECASE,
)
_REGISTERS = re.compile(r"passw|senha|contrase|mot_de_passe|passwort", re.IGNORECASE)
_LOGIN = re.compile(
    r"(?:^|[/_\-])(?:log-?_?in|sign-?_?in|auth/token|access-?_?token|token(?:/login)?|register|registration|sign-?_?up|otp|verify-?_?otp"
    r"|forgot-?_?(?:password|pw)|(?:password|pw)-?_?(?:forgot|reset)|reset-?_?(?:password|pw)|reset_password_request|authenticate)(?:[/_\-]?(?:access-?_?token|user|view|post|api|request))?/?\Z",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile(
    r"passw|pwd|\botp\b|otp_|_otp|credential|authenticate\(|OAuth2PasswordRequestForm|LoginForm|send_reset|reset_token|forgot",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    r"current_?user|\bowner\b|owner_id|\.owner|\buser\.(?:id|pk|role|is_)|\buser_id\b|\buserid\b|tenant|organi[sz]ation_id|\brole\b|permission|is_admin|is_staff|is_superuser"
    r"|request\.user|\bg\.user|\bsession\[|session\.get\(|\bauthor(?:_id)?\b|has_perm|account_id|created_by|get_jwt_identity|membership|workspace",
    re.IGNORECASE,
)
_ROLE_GUARD = re.compile(r"admin|superuser|staff|role|permission|scope|moderator", re.IGNORECASE)
_ID = re.compile(
    r"[{<][^}>]*(?:id|pk|uuid|slug)[}>:]|[{<](?:int|uuid|path|slug|string)?:?\w*(?:id|pk|uuid)\b[}>]",
    re.IGNORECASE,
)
_THROTTLE = re.compile(
    r"failed_?(?:login_?)?attempts|login_?attempts|lock(?:ed)?_?out|locked_until|too_?many_?(?:requests|attempts|login)|HTTP_429|\b429\b|throttle|rate_?limit|attempt_count|max_attempts|token_?bucket",
    re.IGNORECASE,
)
_MFA = (
    "pyotp",
    "django_otp",
    "webauthn",
    "two_factor",
    "allauth",
    "authlib",
    "social_django",
    "saml2",
    "onelogin",
    "msal",
    "flask_dance",
    "mozilla_django_oidc",
    "django_auth_ldap",
    "ldap3",
    "firebase_admin",
    "clerk_backend_api",
    "fido2",
    "supabase",
    "google.oauth2",
    "flask_oidc",
    "fastapi_sso",
    "httpx_oauth",
    "auth0",
)
_ROLE_NAMES = re.compile(
    r"(?:^|_)(?:role|roles|is_admin|is_staff|is_superuser|is_super_?user|is_administrator|permissions?|scopes?|user_type|account_type|is_moderator|is_owner)\Z",
    re.IGNORECASE,
)
_ROLE_CALLS = re.compile(
    r"has_perm|has_role|has_permission|require_?(?:admin|role|permission|scope|staff)|(?:admin|staff|superuser|role|roles|permission|permissions|scope)_?(?:required|accepted|only)|permission_required|staff_member_required|is_admin|IsAdminUser|DjangoModelPermissions|UserPassesTest|user_passes_test|(?:current|get|verify|check)_\w*(?:admin|superuser|staff|role)|can\Z",
    re.IGNORECASE,
)


def words(endpoint: Endpoint) -> frozenset[str]:
    """Return the words of an endpoint's path and name, in lower case."""
    path = re.sub(r"[{<][^}>]*[}>]", "", endpoint.path)
    return frozenset(word.lower() for word in _SPLIT.split(f"{path} {endpoint.name}") if word)


def is_public(endpoint: Endpoint) -> bool:
    """Whether an endpoint is open on purpose: to log in, to register, for webhooks, to compute."""
    return bool(words(endpoint) & _PUBLIC) or bool(_REGISTERING.search(endpoint.node.name))


def is_for_administrators(endpoint: Endpoint) -> bool:
    """Whether an endpoint's path or name says that it is for administrators."""
    return bool(words(endpoint) & _ADMIN)


def unguarded(
    project: Project, service: Service, found: Iterable[Endpoint], guards: Guards
) -> Iterator[Endpoint]:
    """Yield the endpoints that change data, or show what nobody should see, and ask nobody.

    A view class is named once, whatever methods it has.
    """
    seen: set[tuple[str, str]] = set()
    for endpoint in found:
        exposes = bool(words(endpoint) & _EXPOSING)
        if not (endpoint.changes_data or exposes) or (is_public(endpoint) and not exposes):
            continue
        if not guards.guards(endpoint) and (exposes or _writes(project, service, endpoint)):
            view = endpoint.view or endpoint.node
            key = (endpoint.module.path, view.name)
            if not isinstance(view, ast.ClassDef) or key not in seen:
                seen.add(key)
                yield endpoint


def _writes(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether an endpoint writes anything, other than a new user with a password."""
    if isinstance(endpoint.node, ast.ClassDef) or not endpoint.methods <= {"POST", "GET"}:
        return True
    text = reached_text(project, service, endpoint)
    if "signature" in text.lower():
        return False
    return bool(_WRITES.search(text)) and not (
        _REGISTERS.search(text) and not is_for_administrators(endpoint)
    )


def reached_text(project: Project, service: Service, endpoint: Endpoint) -> str:
    """Return the code of an endpoint, and of the functions and forms of the project that it calls."""
    if endpoint not in _REACHED:
        _REACHED[endpoint] = _reached_text(project, service, endpoint)
    return _REACHED[endpoint]


_REACHED: WeakKeyDictionary[Endpoint, str] = WeakKeyDictionary()


_CHECKING = re.compile(r"Form|Serializer|Schema")


def _reached_text(project: Project, service: Service, endpoint: Endpoint) -> str:
    own = own_modules(project.tree)
    module, node = endpoint.module, endpoint.node
    parts = [module.source(node)]
    parts += [module.source(mark) for mark in node.decorator_list]
    seen = {(module.path, node.lineno)}
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            called = (
                *definitions_of(own, service, module, call.func),
                *(
                    (other, klass)
                    for other, klass in classes_of(own, service, module, call.func)
                    if _CHECKING.search(klass.name)
                ),
            )
            for other, definition in called:
                if (other.path, definition.lineno) not in seen:
                    seen.add((other.path, definition.lineno))
                    parts.append(other.source(definition))
    return "\n".join(parts)


def logins(project: Project, service: Service, found: Iterable[Endpoint]) -> Iterator[Endpoint]:
    """Yield the endpoints that take a password or a code: those that a machine would guess at.

    A reset that takes a random token is none of them: nobody guesses that.
    """
    for endpoint in found:
        if re.search("reset", endpoint.name, re.IGNORECASE) and re.search(
            r"\btoken\b", endpoint.path + _signature(endpoint)
        ):
            continue
        if "POST" not in endpoint.methods and not isinstance(endpoint.node, ast.ClassDef):
            continue
        named = _LOGIN.search(endpoint.path.rstrip("/")) or _LOGIN.search("/" + endpoint.node.name)
        if named and _CREDENTIAL.search(reached_text(project, service, endpoint)):
            yield endpoint


def is_login(endpoint: Endpoint) -> bool:
    """Whether an endpoint's own name says that people log in or register there."""
    return bool(re.search(r"log|sign|regist|authenticat", endpoint.node.name, re.IGNORECASE))


def is_throttled(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether an endpoint, or what it calls, counts attempts or has a limit of its own."""
    text = reached_text(project, service, endpoint)
    if endpoint.view is not None:
        text += endpoint.module.source(endpoint.view)
    limits = [endpoint.module.source(mark) for mark in endpoint.node.decorator_list]
    return bool(_THROTTLE.search(text)) or any("limit" in mark for mark in limits)


def unowned(
    project: Project, service: Service, found: Iterable[Endpoint], guards: Guards
) -> Iterator[Endpoint]:
    """Yield the endpoints that know who asks, take an id, and never bring the two together."""
    for endpoint in found:
        if not endpoint.changes_data or not _ID.search(endpoint.path) or is_public(endpoint):
            continue
        if isinstance(endpoint.node, ast.ClassDef) or not guards.guards(endpoint):
            continue
        text = reached_text(project, service, endpoint)
        names = "/".join(words(endpoint)) + " ".join(
            getattr(call.func, "attr", getattr(call.func, "id", ""))
            for call in ast.walk(endpoint.node)
            if isinstance(call, ast.Call)
        )
        if not _IDENTITY.search(_without_signature(endpoint, text)) and not _ROLE_GUARD.search(
            names + _signature(endpoint)
        ):
            yield endpoint


def _signature(endpoint: Endpoint) -> str:
    node = endpoint.node
    if isinstance(node, ast.ClassDef):
        return ""
    marks = [endpoint.module.source(mark) for mark in node.decorator_list]
    view = endpoint.view
    attributes = (
        [endpoint.module.source(item) for item in view.body if isinstance(item, ast.Assign)]
        if view is not None
        else []
    )
    return " ".join([*marks, ast.unparse(node.args), *attributes])


def _without_signature(endpoint: Endpoint, text: str) -> str:
    """Return the code without what merely asks for the user: a parameter that is never used."""
    node = endpoint.node
    head = endpoint.module.source(node)
    if isinstance(node, ast.ClassDef) or not node.body:
        return text
    start = endpoint.module.span(node)[0]
    body = endpoint.module.span(node.body[0])[0]
    rest = text[len(head) :]
    marks = "".join(endpoint.module.source(mark) for mark in node.decorator_list)
    return head[body - start :] + rest.replace(marks, "") + _dependencies(endpoint)


def _dependencies(endpoint: Endpoint) -> str:
    """Return the names of what the handler depends on, other than the plain user."""
    node = endpoint.node
    if isinstance(node, ast.ClassDef):
        return ""
    names = [
        ast.unparse(default)
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults))
    ]
    return " ".join(name for name in names if re.search(r"own|permission|role|access", name))


def checks_roles(modules: Iterable[Module]) -> bool:
    """Whether any code that runs tells users with more rights from others."""
    for module in modules:
        for attribute in module.nodes(ast.Attribute):
            if isinstance(attribute.ctx, ast.Load) and _ROLE_NAMES.search(attribute.attr):
                return True
        for subscript in module.nodes(ast.Subscript):
            key = subscript.slice
            if (
                isinstance(key, ast.Constant)
                and isinstance(key.value, str)
                and _ROLE_NAMES.search(key.value)
            ):
                return True
        for name in module.nodes(ast.Name, ast.Attribute):
            last = name.attr if isinstance(name, ast.Attribute) else name.id
            if _ROLE_CALLS.search(last):
                return True
        for call in module.nodes(ast.Call):
            is_get = isinstance(call.func, ast.Attribute) and call.func.attr == "get" and call.args
            asked = call.args[0] if is_get else None
            if isinstance(asked, ast.Constant) and _ROLE_NAMES.search(str(asked.value)):
                return True
    return False


def has_second_factor(modules: Iterable[Module]) -> bool:
    """Whether code that runs uses single sign-on, or a second factor."""
    for module in modules:
        for binding in module.imports:
            if binding.target.startswith(_MFA):
                return True
        text = module.text
        if any(
            f'"{name}' in text or f"'{name}" in text
            for name in (
                "allauth",
                "django_otp",
                "two_factor",
                "social_django",
                "mozilla_django_oidc",
            )
        ):
            return True
        if re.search(
            r"\b(?:totp|mfa|two_?factor|openid|oauth2?/|sso|id_token)\b", text, re.IGNORECASE
        ):
            return True
    return False


_HOOK = re.compile(r"(?:^|[/_\-])(?:web-?_?hooks?|ipn|stripe_?events?)(?:[/_\-]|\Z)", re.IGNORECASE)
_VERIFIES = re.compile(
    r"construct_event|hmac\b|compare_digest|signature|X-Hub|svix|RequestValidator|verify|validate_request|secret|token|authorization|api_?key|allowed_ips|remote_addr|client\.host",
    re.IGNORECASE,
)


def unverified_webhooks(
    project: Project, service: Service, found: Iterable[Endpoint], guards: Guards
) -> Iterator[Endpoint]:
    """Yield the endpoints that other systems call and that believe whoever calls."""
    for endpoint in found:
        if "POST" not in endpoint.methods:
            continue
        if not (_HOOK.search(endpoint.path) or _HOOK.search("/" + endpoint.node.name)):
            continue
        if re.search(r"[{<]\w*id", endpoint.path) or guards.guards(endpoint):
            continue
        if "test" in words(endpoint) or _manages(endpoint):
            continue
        if not _VERIFIES.search(reached_text(project, service, endpoint)):
            yield endpoint


def _manages(endpoint: Endpoint) -> bool:
    """Whether a route manages webhooks instead of receiving their calls."""
    return bool(
        re.match(r"(?:create|add|new|register|set|delete|remove|list|update)_?", endpoint.node.name)
    )
