"""Which environments an app knows: in its settings, in its code, in the description of its infrastructure."""

from __future__ import annotations

import ast
import re

from buttress.project.literals import last_name, literal_text
from buttress.source import Module, Modules, Tree
from buttress.source.patterns import lazy_pattern

_NAMES = {
    "production": "production",
    "prod": "production",
    "prd": "production",
    "live": "production",
    "staging": "staging",
    "stage": "staging",
    "stg": "staging",
    "development": "development",
    "dev": "development",
    "local": "development",
    "test": "test",
    "testing": "test",
}
_VARIABLE = lazy_pattern(
    r"(?:\A|_)(?:ENV|ENVIRONMENT|STAGE|FLASK_CONFIG|DJANGO_SETTINGS_MODULE)\Z", re.IGNORECASE
)
_INFRASTRUCTURE = lazy_pattern(
    r"(?:\A|/)(?:environments?|envs?|overlays|stages|live)/([\w-]+)/.+\.(?:tf|tfvars|ya?ml|hcl)\Z"
)
_VALUES = lazy_pattern(
    r"(?:\A|[/._-])([a-z]+)\.(?:auto\.)?tfvars\Z|(?:\A|/)values[-.]([a-z]+)\.ya?ml\Z"
)
_SETTINGS = lazy_pattern(r"(?:\A|/)(?:settings|config|configs|configuration)/([a-z]+)\.py\Z")
_SWITCH = lazy_pattern(r"(?:is_)?(?:production|prod|deployed|development|dev)", re.IGNORECASE)
_CLASS = lazy_pattern(
    r"(Prod|Production|Dev|Development|Staging|Test|Testing|Local)(?:Config|Settings)\Z|(?:Config|Settings)(Prod|Production|Dev|Development)\Z"
)
# what stands in words of the files that hold the above; written so that it is found fast
_IS_ABOUT = lazy_pattern("env|stage|config|production", re.IGNORECASE)
_SWITCH_WORD = lazy_pattern(r"production\b|prod\b|deployed\b|dev(?:elopment)?\b", re.IGNORECASE)
_NAME_WORD = lazy_pattern("|".join(rf"{name}\b" for name in _NAMES), re.IGNORECASE)
_VARIABLE_WORD = lazy_pattern(
    r"env(?:ironment)?\b|stage\b|flask_config\b|django_settings_module\b", re.IGNORECASE
)

_PLATFORMS = ("DYNO", "FLY_APP_NAME", "GAE_ENV", "K_SERVICE", "RAILWAY_ENV", "RENDER", "VERCEL", "WEBSITE_SITE_NAME")  # fmt: skip
_PLATFORM = lazy_pattern(
    rf"(?:environ(?:\.get\(|\[)|getenv\()\s*[\"'](?:{'|'.join(_PLATFORMS)})\w{{0,20}}[\"']"
)
"""A variable that a platform sets tells what runs there from what runs at home."""


def environments_described(tree: Tree) -> bool:
    """Whether files describe two environments: folders or values of the infrastructure, settings."""
    infrastructure: set[str] = set()
    settings: set[str] = set()
    for path in tree.paths:
        if not path.endswith((".tf", ".tfvars", ".yml", ".yaml", ".hcl", ".py")):
            continue
        match = _INFRASTRUCTURE.search(path) or _VALUES.search(path)
        if match:
            infrastructure |= {_NAMES[g] for g in match.groups() if g in _NAMES}
        match = _SETTINGS.search(path)
        if match and match[1] in _NAMES and _has_code(tree, path):
            settings.add(_NAMES[match[1]])
    return len(infrastructure) > 1 or len(settings) > 1


def _has_code(tree: Tree, path: str) -> bool:
    assigns = (ast.Assign, ast.AnnAssign)
    return bool(tree.module(path).nodes(*assigns))


def branches_on_environment(modules: Modules) -> bool:
    """Whether a module asks where it runs, or has settings for several environments."""
    files = modules.spelling(_IS_ABOUT)
    named = files.spelling(_NAME_WORD)
    return (
        any(
            len({_NAMES[k] for k in _classes(module)}) > 1
            for module in files.having("Config", "Settings")
        )
        or any(map(_asks_switch, files.spelling(_SWITCH_WORD)))
        or any(map(_lists_environments, named.having("Enum")))
        or any(map(_compares, named.spelling(_VARIABLE_WORD)))
        or any(map(_declares, files.having("Literal").spelling(_VARIABLE_WORD)))
        or any(_PLATFORM.search(module.text) for module in files.having(*_PLATFORMS))
    )


def _compares(module: Module) -> bool:
    """Whether code compares the environment with the name of one."""
    for compare in module.nodes(ast.Compare):
        sides = [compare.left, *compare.comparators]
        named = any(_is_environment(_tail(side)) for side in sides)
        if named and any(_names_environment(side) for side in sides):
            return True
    return False


def _declares(module: Module) -> bool:
    """Whether a field says which environments there are (``environment: Literal["dev", "prod"]``)."""
    return any(
        isinstance(field.target, ast.Name)
        and _is_environment(field.target.id)
        and "Literal" in module.source(field.annotation)
        for field in module.nodes(ast.AnnAssign)
    )


def _asks_switch(module: Module) -> bool:
    """Whether code asks ``settings.is_production``."""
    for node in module.nodes(ast.If, ast.IfExp):
        asked = [_tail(part) for part in module.inside(node.test) if isinstance(part, ast.expr)]
        if any(_SWITCH.fullmatch(name) for name in asked):
            return True
    return False


def _lists_environments(module: Module) -> bool:
    """Whether an ``Enum`` lists environments."""
    for owner in module.nodes(ast.ClassDef):
        if any("Enum" in module.source(base) for base in owner.bases):
            values = {
                _NAMES[item.value.value.lower()]
                for item in owner.body
                if isinstance(item, ast.Assign)
                and isinstance(item.value, ast.Constant)
                and str(item.value.value).lower() in _NAMES
                and isinstance(item.value.value, str)
            }
            if len(values) > 1:
                return True
    return False


def _classes(module: Module) -> set[str]:
    found = set()
    for node in module.nodes(ast.ClassDef):
        match = _CLASS.search(node.name)
        if match and any(isinstance(item, (ast.Assign, ast.AnnAssign)) for item in node.body):
            found.add((match[1] or match[2]).lower())
    return found


def _is_environment(name: str) -> bool:
    return bool(_VARIABLE.search(name)) or name.lower() in {"env", "environment", "stage"}


def _tail(node: ast.expr) -> str:
    """Return the name at the end of ``settings.env.lower()`` or ``os.getenv("APP_ENV", "dev")``."""
    while isinstance(node, ast.Call):
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
        if not isinstance(node.func, ast.Attribute):
            return ""
        node = node.func.value
    return literal_text(node.slice) if isinstance(node, ast.Subscript) else last_name(node)


def _names_environment(node: ast.expr) -> bool:
    items = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return any(
        isinstance(item, ast.Constant)
        and isinstance(item.value, str)
        and item.value.lower() in _NAMES
        for item in items
    )
