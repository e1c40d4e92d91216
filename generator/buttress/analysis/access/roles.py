"""Roles: whether some users may do more than others, and how they show who they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.openings import ADMIN, words
from buttress.source import Module

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


def is_for_administrators(endpoint: Endpoint) -> bool:
    """Whether an endpoint's path or name says that it is for administrators."""
    return bool(words(endpoint) & ADMIN)


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
