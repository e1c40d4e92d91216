"""The environment variable that a secret in the code is to be read from."""

from __future__ import annotations

import ast

from buttress.analysis.secrecy.hardcoded import HardcodedSecret
from buttress.source import Module

_PROVIDERS = (
    "openai",
    "anthropic",
    "groq",
    "cohere",
    "mistralai",
    "google",
    "tavily",
    "pinecone",
    "stripe",
)


def variable_for(module: Module, secret: HardcodedSecret) -> str | None:
    """Return the variable for a secret; ``None`` where it is not clear what the secret is for."""
    name = secret.name.upper()
    if secret.kind == "password in an address":
        return "DATABASE_URL" if "DATABASE" in name or name.endswith(("URL", "URI")) else None
    if not name.isidentifier():
        return None
    if secret.binding == "name":
        is_global = module.function(secret.node) is None
        return name if is_global and (secret.name.isupper() or "_" in name) else None
    if secret.binding == "attribute":
        return name if name == "SECRET_KEY" else None
    if secret.binding == "item":
        statement = module.parent(secret.node)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        on_config = isinstance(target, ast.Subscript) and "config" in module.source(target.value)
        return name if on_config and secret.name.isupper() else None
    if secret.binding == "keyword":
        return _variable_for_keyword(module, secret, name)
    return None


def _variable_for_keyword(module: Module, secret: HardcodedSecret, name: str) -> str | None:
    keyword_node = module.parent(secret.node)
    call = module.parent(keyword_node) if keyword_node is not None else None
    if not isinstance(call, ast.Call):
        return None
    target = module.resolve(call.func) or ""
    provider = next((known for known in _PROVIDERS if target.startswith(known)), None)
    if secret.kind and provider is not None:
        return f"{provider.upper()}_{name}"
    updates_config = isinstance(call.func, ast.Attribute) and call.func.attr in {
        "update",
        "from_mapping",
    }
    if updates_config and "config" in module.source(call.func) and secret.name.isupper():
        return name
    return None
