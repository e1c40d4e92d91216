"""Roles: whether some users may do more than others, and how they show who they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.openings import ADMIN, words
from buttress.project.literals import last_name, literal_text
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

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
_MFA_APPS = ("allauth", "django_otp", "two_factor", "social_django", "mozilla_django_oidc")
_MFA_WORD = lazy_pattern(
    r"\b(?:totp|mfa|two_?factor|openid|oauth2?/|sso|id_token)\b", re.IGNORECASE
)
_MFA_PART = lazy_pattern("totp|mfa|factor|openid|oauth|sso|id_token", re.IGNORECASE)
_ROLE_NAMES = lazy_pattern(
    r"(?:^|_)(?:role|roles|is_admin|is_staff|is_superuser|is_super_?user|is_administrator|permissions?|scopes?|user_type|account_type|is_moderator|is_owner)\Z",
    re.IGNORECASE,
)
_ROLE_CALLS = lazy_pattern(
    r"has_perm|has_role|has_permission|require_?(?:admin|role|permission|scope|staff)|(?:admin|staff|superuser|role|roles|permission|permissions|scope)_?(?:required|accepted|only)|permission_required|staff_member_required|is_admin|IsAdminUser|DjangoModelPermissions|UserPassesTest|user_passes_test|(?:current|get|verify|check)_\w*(?:admin|superuser|staff|role)|can\Z",
    re.IGNORECASE,
)


def is_for_administrators(endpoint: Endpoint) -> bool:
    """Whether an endpoint's path or name says that it is for administrators."""
    return bool(words(endpoint) & ADMIN)


def administers(endpoint: Endpoint) -> bool:
    """Whether an endpoint's path says so, or it changes something: a page may only be called so."""
    return endpoint.changes_data or any(
        word in ADMIN for word in re.split(r"\W+", endpoint.path.lower())
    )


def administration(modules: Modules) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Yield the views of Flask-Admin that ask who is in: they change what the database holds."""
    for module in modules.naming("flask_admin.*"):
        for klass in module.nodes(ast.ClassDef):
            is_view = any(
                (module.resolve(base) or "").startswith("flask_admin.") for base in klass.bases
            )
            names = {item.name for item in klass.body if isinstance(item, ast.FunctionDef)}
            if is_view and "is_accessible" in names:
                yield module, klass


def checks_roles(modules: Modules) -> bool:
    """Whether any code that runs tells users with more rights from others."""
    return any(map(_checks_roles, modules))


def _checks_roles(module: Module) -> bool:
    for attribute in module.nodes(ast.Attribute):
        is_read = isinstance(attribute.ctx, ast.Load) and _is_role(attribute.attr)
        if is_read or _asks_for_role(attribute.attr):
            return True
    if any(_asks_for_role(name.id) for name in module.nodes(ast.Name)):
        return True
    keys = [subscript.slice for subscript in module.nodes(ast.Subscript)]
    keys += [call.args[0] for call in module.called("get") if call.args]
    return any(_is_role(literal_text(key)) for key in keys)


def asks_for_role(node: ast.AST) -> bool:
    """Whether an expression reads a role, or calls or names what tells users with more rights apart."""
    if isinstance(node, ast.Attribute):
        return isinstance(node.ctx, ast.Load) and (_is_role(node.attr) or _asks_for_role(node.attr))
    if isinstance(node, ast.Name):
        return _asks_for_role(node.id)
    if isinstance(node, ast.Subscript) and "session" in last_name(node.value):
        return _is_role(literal_text(node.slice))
    return False


@lru_cache(maxsize=4096)
def _is_role(name: str) -> bool:
    return _ROLE_NAMES.search(name) is not None


@lru_cache(maxsize=4096)
def _asks_for_role(name: str) -> bool:
    return _ROLE_CALLS.search(name) is not None


def has_second_factor(modules: Modules) -> bool:
    """Whether code that runs uses single sign-on, or a second factor."""
    if any(
        binding.target.startswith(_MFA)
        for module in modules.naming(*(f"{name}*" for name in _MFA))
        for binding in module.imports
    ):
        return True
    if modules.having(*(f"{quote}{name}" for name in _MFA_APPS for quote in "\"'")):
        return True
    return any(_MFA_WORD.search(module.text) is not None for module in modules.spelling(_MFA_PART))
