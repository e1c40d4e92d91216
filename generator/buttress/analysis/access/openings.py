"""Access: which endpoints are for everybody, which are for administrators, which ask for a password."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.get_changes import changes_when_asked
from buttress.analysis.access.guards import Guards
from buttress.analysis.access.lasting import changes_anything, does_nothing
from buttress.analysis.access.reached_code import reached, reached_text, signature
from buttress.analysis.access.refusing import asks_for_proof, is_for_first_user
from buttress.analysis.access.visitors import serves_visitor, sets_session
from buttress.project.literals import written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_SPLIT = lazy_pattern(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
ADMIN = frozenset(
    ["admin", "admins", "administrator", "manage", "internal", "backoffice", "superuser", "staff"]
)
_PUBLIC = frozenset([
    "login", "logon", "signin", "logout", "signout", "register", "registration", "signup", "token", "tokens",
    "refresh", "oauth", "oauth2", "sso", "saml", "callback", "webhook", "webhooks", "hook", "hooks", "ipn",
    "health", "healthz", "ping", "ready", "forgot", "forget", "reset", "recover", "password", "verify",
    "verification", "confirm", "confirmation", "activate", "activation", "otp", "magic", "subscribe",
    "unsubscribe", "csp", "csrf", "google", "github", "facebook", "apple", "microsoft", "auth", "authenticate",
    "authentication", "captcha", "language", "lang", "locale", "theme", "consent", "cookie", "cookies", "lti",
    "2fa", "mfa"
])  # fmt: skip
"""Words of endpoints that are open on purpose."""

_AREAS = frozenset(["auth", "authenticate", "authentication", "google", "github", "facebook", "apple", "microsoft"])  # fmt: skip
"""Those that name a part of an app, and not what is done there."""

_HANDED_IN = frozenset([
    "apply", "contact", "contacto", "feedback", "newsletter", "waitlist", "analytics", "track", "tracking", "event",
    "events", "metrics", "guest", "public", "demo", "slack", "telegram", "discord", "stripe", "paypal",
    "twilio", "whatsapp", "bot", "graphql", "rpc", "echo", "test"
])  # fmt: skip
"""Words of endpoints that take something from anybody, or from another system."""

_ANSWERED = frozenset([
    "chat", "ask", "query", "predict", "prediction", "search", "filter", "preview", "validate", "calculate",
    "calculator", "compute", "analyze", "analyse", "analysis", "check", "translate", "summarize", "convert",
    "generate", "recommend", "recommendation", "inference"
])  # fmt: skip
"""Words of endpoints that work something out and keep nothing."""
_DELETING = frozenset(["delete", "remove", "destroy", "erase"])
_OF_WHAT_IS_THERE = frozenset(["PUT", "PATCH", "DELETE"])
_PERSON = lazy_pattern(r"(?i)(?:user|customer|member|account|client|patient|student)_?id\Z")
_SENT = lazy_pattern(r"^(?:request|req|data|body|payload)\b")
_LOOKS_UP = lazy_pattern(r"^(?:find|filter|get_or|where|first|select|query|fetch)")
_REGISTERING = lazy_pattern(
    r"(?:create|add|new|register|reg)_?(?:user|account|customer|member)s?\Z|signup|register",
    re.IGNORECASE,
)
_ENVIRONMENT = lazy_pattern(r"\benviron\b")
_EXPOSING = frozenset(["backup", "backups", "dump", "internal", "debug", "env", "phpinfo"])
_WRITES = lazy_pattern(
    r"\b(?:add|commit|save|create|insert|update|delete|remove|execute|put|append|write|upsert|store|upload|send|set_|register|archive|merge|mark|bulk|destroy|edit|publish|cancel|approve"
    r"|reject|assign|import|apply|run|start|stop|reset|toggle|join|leave|pop|copyfileobj|unlink|rmtree|system|popen|load|parse|from_string)\w*\(|\bopen\(|\]\s*=[^=]",
    re.IGNORECASE,
)
_SQL = lazy_pattern(r"\b(?:INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\b", re.IGNORECASE)
_STRINGS = lazy_pattern(r"\"[^\"\n]*\"|'[^'\n]*'")
_REGISTERS = lazy_pattern(r"passw|senha|contrase|mot_de_passe|passwort", re.IGNORECASE)
_OF_SOMEBODY = lazy_pattern(r"\bcurrent_user\.(?!is_)")
_IDENTITY = lazy_pattern(
    r"current_?user|\bowner\b|_owns_|owner_id|\.owner|\buser\.(?:id|pk|role|is_)|\buser_id\b|\buserid\b|tenant|organi[sz]ation_id|\brole\b|permission|is_admin|is_staff|is_superuser"
    r"|request\.(?:user|project|account|team|tenant)\b|\.user\s*[!=]=|[!=]=\s*\w+\.user\b|\bself\.(?:repos?|mixins|service)\b|\bg\.(?!db\b|conn|locale|lang|start|request_id)\w+|[(,]\s*(?:user=)?user\s*[,)]|\bg\.user|\bsession\[|session\.get\(|\bauthor(?:_id)?\b|has_perm|account_id|created_by|get_jwt_identity|membership|workspace",
    re.IGNORECASE,
)
_ROLE_GUARD = lazy_pattern(
    r"admin|super_?user|staff|role|permission|scope|moderator", re.IGNORECASE
)
_ANYBODY = lazy_pattern("login|auth|jwt|token|session|user", re.IGNORECASE)
_ID = lazy_pattern(
    r"[{<][^}>]*(?:id|pk|uuid|slug)[}>:]|[{<](?:int|uuid|path|slug|string)?:?\w*(?:id|pk|uuid)\b[}>]",
    re.IGNORECASE,
)
_PARAMETERS = lazy_pattern(r"[{<](?:\w+:)?(\w+)(?::\w+)?[}>]")
_TENANT = lazy_pattern(r"[{<][^}>]*(?:organi[sz]ation|tenant|workspace)", re.IGNORECASE)


def words(endpoint: Endpoint) -> frozenset[str]:
    """Return the words of an endpoint's path and name, in lower case."""
    path = re.sub(r"[{<][^}>]*[}>]", "", endpoint.path)
    return frozenset(word.lower() for word in _SPLIT.split(f"{path} {endpoint.name}") if word)


def is_public(endpoint: Endpoint) -> bool:
    """Whether an endpoint is open on purpose: to log in, to register, for webhooks, to compute."""
    spoken = words(endpoint)
    # what is there already is changed or deleted by its owner, though it is a chat or an event
    is_of_what_is_there = endpoint.methods & _OF_WHAT_IS_THERE or spoken & _DELETING
    is_handed_in = not is_of_what_is_there and (
        bool(spoken & _HANDED_IN) or (bool(spoken & _ANSWERED) and not _takes_person(endpoint))
    )
    if is_of_what_is_there and _ID.search(endpoint.path):
        spoken -= _AREAS  # what stands beside the login is not all of it open
    is_known = bool(spoken & _PUBLIC) or is_handed_in
    return is_known or bool(_REGISTERING.search(endpoint.node.name))


def takes_changes(endpoint: Endpoint) -> bool:
    """Whether an endpoint takes more than questions, or a GET that deletes (``/delete/<id>``)."""
    return endpoint.changes_data or bool(words(endpoint) & _DELETING)


def may_change(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether an endpoint takes more than questions, or is proven to change something when it is asked."""
    return takes_changes(endpoint) or changes_when_asked(project, service, endpoint)


def _takes_person(endpoint: Endpoint) -> bool:
    """Whether an endpoint believes whoever calls it who they are, and looks up and writes what is theirs.

    ``data["user_id"]`` finds the history of anybody whose id is sent.
    """
    module, node = endpoint.module, endpoint.node
    if isinstance(node, ast.ClassDef) or not changes_anything(module, node):
        return False
    people = {
        target.id
        for part in module.inside(node)
        if isinstance(part, ast.Assign) and _SENT.search(module.source(part.value))
        for target in part.targets
        if isinstance(target, ast.Name) and _PERSON.match(target.id)
    }
    return any(
        (isinstance(name, ast.Name) and name.id in people)
        or (
            isinstance(name, ast.Attribute)
            and _PERSON.match(name.attr)
            and _SENT.match(written(name))
        )
        for call in module.inside(node)
        if isinstance(call, ast.Call) and _looks_up(module, call)
        for value in (*call.args, *(keyword.value for keyword in call.keywords))
        for name in ast.walk(value)
    )


def _looks_up(module: Module, call: ast.Call) -> bool:
    """Whether a call asks for records; a statement of SQL has to say so."""
    name = called_name(call)
    if name.startswith("execute"):
        return "select" in module.source(call).lower()
    return _LOOKS_UP.match(name) is not None


def unguarded(
    project: Project, service: Service, found: Iterable[Endpoint], guards: Guards
) -> Iterator[Endpoint]:
    """Yield the endpoints that change data, or show what nobody should see, and ask nobody.

    A view class is named once, whatever methods it has.
    """
    seen: set[tuple[str, str]] = set()
    for endpoint in found:
        exposes = _exposes(project, service, endpoint)
        may = not is_public(endpoint) and may_change(project, service, endpoint)
        if not exposes and not may:
            continue
        if not guards.guards(endpoint) and (exposes or writes(project, service, endpoint)):
            view = endpoint.view or endpoint.node
            key = (endpoint.module.path, view.name)
            if not isinstance(view, ast.ClassDef) or key not in seen:
                seen.add(key)
                yield endpoint


def _exposes(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether an endpoint shows what is internal; the name of an environment alone is not."""
    shown = words(endpoint) & _EXPOSING
    if shown == {"env"}:
        return _ENVIRONMENT.search(reached_text(project, service, endpoint)) is not None
    return bool(shown)


def writes(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether an endpoint changes anything, other than to add a user with a password."""
    if not may_change(project, service, endpoint):
        return False
    if isinstance(endpoint.node, ast.ClassDef):
        return True
    text = reached_text(project, service, endpoint)
    # who is turned away was asked for something: a password of a room, a key, a session
    if any(asks_for_proof(*found) for found in reached(project, service, endpoint)):
        return False
    if is_for_first_user(endpoint.module, endpoint.node):
        return False
    if serves_visitor(project, service, endpoint):
        return False
    if changes_when_asked(project, service, endpoint):
        return True
    if endpoint.methods <= {"POST", "GET"}:
        if "signature" in text.lower():
            return False
        registers = _REGISTERS.search(text) and not _OF_SOMEBODY.search(text)
        if registers and not words(endpoint) & ADMIN:
            return False
    return has_effect(project, service, endpoint)


def has_effect(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether something may be different after an endpoint that takes more than questions has run."""
    node = endpoint.node
    if isinstance(node, ast.ClassDef):
        return True
    changes = any(changes_anything(*found) for found in reached(project, service, endpoint))
    if changes or endpoint.methods <= {"POST", "GET"}:
        return changes
    return not (does_nothing(endpoint.module, node) or sets_session(endpoint.module, node))


def unowned(
    project: Project, service: Service, found: Iterable[Endpoint], guards: Guards
) -> Iterator[Endpoint]:
    """Yield the endpoints that know who asks, take an id, and never bring the two together."""
    for endpoint in found:
        if not takes_changes(endpoint) or not _ID.search(endpoint.path) or is_public(endpoint):
            continue
        if isinstance(endpoint.node, ast.ClassDef) or not guards.guards(endpoint):
            continue
        # what a whole organization shares is asked for where its routes are put together
        if _TENANT.search(endpoint.path):
            continue
        text = reached_text(project, service, endpoint)
        body = _without_looked_up(endpoint, _body_alone(endpoint, text))
        if not _WRITES.search(_STRINGS.sub("''", body)) and not _SQL.search(body):
            continue
        names = "/".join(words(endpoint)) + " ".join(
            getattr(call.func, "attr", getattr(call.func, "id", ""))
            for call in ast.walk(endpoint.node)
            if isinstance(call, ast.Call)
        )
        is_about = _IDENTITY.search(body) or _ROLE_GUARD.search(
            f"{names} {signature(endpoint)} {guards.attached(endpoint)}"
        )
        if is_about or _is_for_some(endpoint) or _uses(endpoint, guards.callers(endpoint)):
            continue
        yield endpoint


def _without_looked_up(endpoint: Endpoint, body: str) -> str:
    """Return code without the names of what the path's id finds: that user is not who calls."""
    module, given = endpoint.module, frozenset(_PARAMETERS.findall(endpoint.path))
    for part in module.inside(endpoint.node):
        if not isinstance(part, ast.Assign) or not isinstance(part.value, ast.Call):
            continue
        values = (*part.value.args, *(keyword.value for keyword in part.value.keywords))
        is_found = any(isinstance(v, ast.Name) and v.id in given for v in values)
        for target in part.targets if is_found else ():
            if isinstance(target, ast.Name):
                body = re.sub(rf"(?<![\w.]){target.id}\b(?!\s*=(?!=))", "found", body)
    return body


def _is_for_some(endpoint: Endpoint) -> bool:
    """Whether a decorator lets in only some of those who are logged in (``@lecturer_required``)."""
    for mark in endpoint.node.decorator_list:
        name = written(mark.func if isinstance(mark, ast.Call) else mark).rpartition(".")[2]
        if name.endswith("_required") and not _ANYBODY.search(name):
            return True
    return False


def _uses(endpoint: Endpoint, callers: frozenset[str]) -> bool:
    """Whether the body of an endpoint does anything with who is calling."""
    if isinstance(endpoint.node, ast.ClassDef):
        return False
    return any(
        isinstance(part, ast.Name) and part.id in callers
        for statement in endpoint.node.body
        for part in ast.walk(statement)
    )


def _body_alone(endpoint: Endpoint, text: str) -> str:
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
    defaults = (*node.args.defaults, *filter(None, node.args.kw_defaults))
    names = [endpoint.module.source(default) for default in defaults]
    return " ".join(name for name in names if re.search(r"own|permission|role|access", name))
