"""Logins: endpoints that take a password or a code, and what slows down whoever guesses at them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.reached_code import head, reached_text, signature
from buttress.analysis.definitions import classes_of
from buttress.project.literals import last_name, literal_text
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source.patterns import lazy_pattern

_LOGIN = lazy_pattern(
    r"(?:^|[/_\-])(?:log-?_?in|sign-?_?in|auth/token|access-?_?token|token(?:/login)?|register|registration|sign-?_?up|otp|verify-?_?otp"
    r"|forgot-?_?(?:password|pw)|(?:password|pw)-?_?(?:forgot|reset)|reset-?_?(?:password|pw)|reset_password_request|authenticate)(?:[/_\-]?(?:access-?_?token|user|view|post|api|request))?/?\Z",
    re.IGNORECASE,
)
_CREDENTIAL = lazy_pattern(
    r"passw|pwd|\botp\b|otp_|_otp|credential|authenticate\(|OAuth2PasswordRequestForm|LoginForm|send_reset|reset_token|forgot",
    re.IGNORECASE,
)
_MESSAGES = lazy_pattern(r"\"[^\"\n]* [^\"\n]*\"|'[^'\n]* [^'\n]*'")
"""Texts of several words, which say something to a person."""
_PASSWORD = lazy_pattern(
    r"passw|pwd|credential|authenticate\(|OAuth2PasswordRequestForm|LoginForm", re.IGNORECASE
)
_SENT = lazy_pattern(r"(?:\b(?:form|json|data|POST|body|payload)|get_json\([^()]*\))\Z")
_PASSWORDS = frozenset(["password", "passwd", "pwd"])

_TYPED = lazy_pattern(
    r":\s*\w*(?:Login|Credential|SignIn|SignUp|Signup|Signin|Regist|CreateUser|UserCreate)\w*"
)
_OF_PERSON = lazy_pattern(
    r"passw|pwd|senha|contrase|e_?mail|user_?name|phone|mobile_?(?:no|num)|login|code|\botp|\bpin\b",
    re.IGNORECASE,
)
_THROTTLE = lazy_pattern(
    r"failed[_ ]?(?:login[_ ]?)?attempts|failed_logins\b|(?:increment|record|count|add)_failed_login|is_\w*locked|account_?locked|lock_account|login_?attempts|lock(?:ed)?_?out|locked_until|too_?many_?(?:requests|attempts|login)|HTTP_429|\b429\b|throttle|rate_?limit|attempt_count|max_attempts|token_?bucket",
    re.IGNORECASE,
)


def logins(project: Project, service: Service, found: Iterable[Endpoint]) -> Iterator[Endpoint]:
    """Yield the endpoints that take a password or a code: those that a machine would guess at.

    A reset that takes a random token is none of them: nobody guesses that.
    """
    for endpoint in found:
        if re.search("reset", endpoint.name, re.IGNORECASE) and re.search(
            r"\btoken\b", endpoint.path + signature(endpoint)
        ):
            continue
        if "POST" not in endpoint.methods and not isinstance(endpoint.node, ast.ClassDef):
            continue
        paths = (endpoint.path.rstrip("/"), "/" + endpoint.node.name)
        named = any(_LOGIN.search(path) for path in paths) or _takes_password(endpoint)
        text = reached_text(project, service, endpoint)
        text = _MESSAGES.sub("", text)
        if named and (_CREDENTIAL.search(text) or _is_typed(project, service, endpoint)):
            yield endpoint


def take_passwords(project: Project, service: Service, found: Iterable[Endpoint]) -> bool:
    """Whether people log in with a password anywhere, and not only with codes that are sent to them."""
    return any(
        _PASSWORD.search(reached_text(project, service, endpoint))
        or _is_typed(project, service, endpoint)
        for endpoint in logins(project, service, found)
    )


def _is_typed(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether the body of an endpoint is what people log in or register with.

    What is named so and holds nothing of a person, as far as it is seen, is about a device or a hook.
    """
    node, module = endpoint.node, endpoint.module
    if isinstance(node, ast.ClassDef) or not _TYPED.search(head(endpoint)):
        return False
    own = own_modules(project.tree)
    bodies = [
        (other, klass)
        for argument in (*node.args.args, *node.args.kwonlyargs)
        if argument.annotation is not None and _TYPED.match(":" + last_name(argument.annotation))
        for other, klass in classes_of(own, service, module, argument.annotation)
    ]
    return not bodies or any(
        any(last_name(base) != "BaseModel" for base in klass.bases)
        or _OF_PERSON.search(other.source(klass))
        for other, klass in bodies
    )


def _takes_password(endpoint: Endpoint) -> bool:
    """Whether an endpoint reads a password itself, and no token that somebody was sent."""
    module = endpoint.module
    read: set[str] = set()
    for node in module.inside(endpoint.node):
        if isinstance(node, ast.Subscript) and _SENT.search(module.source(node.value)):
            read.add(literal_text(node.slice))
        elif isinstance(node, ast.Call) and called_name(node) == "get" and node.args:
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if owner is not None and _SENT.search(module.source(owner)):
                read.add(literal_text(node.args[0]))
    return not read.isdisjoint(_PASSWORDS) and not any("token" in name for name in read)


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
