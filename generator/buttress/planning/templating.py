"""Jinja for recipe manifests and questions: the dialect that Copier renders, in a sandbox.

Recipes are data that anyone may write, so nothing of theirs is evaluated outside the sandbox, and a
name that nobody defines is an error instead of an empty word.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from buttress.errors import UserError

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_TRUE = frozenset(["y", "yes", "t", "true", "on", "1"])
_FALSE = frozenset(["n", "no", "f", "false", "off", "0", "null", "none", "~", ""])


@cache
def environment() -> SandboxedEnvironment:
    """Return the environment, with the filters that Copier offers in every template."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    filters = "jinja2_ansible_filters.AnsibleCoreFiltersExtension"
    return SandboxedEnvironment(undefined=StrictUndefined, extensions=[filters], autoescape=False)


def render(template: str, values: Mapping[str, object], where: str) -> str:
    """Return a template filled in.

    Args:
        template: Plain text or Jinja.
        values: What its names stand for.
        where: What the template belongs to, for the error.

    Raises:
        UserError: If the template is no Jinja, or uses a name that ``values`` does not hold.
    """
    if "{" not in template:
        return template
    from jinja2 import TemplateError

    try:
        return environment().from_string(template).render(dict(values))
    except (TemplateError, TypeError, ValueError) as problem:
        raise UserError(
            f"{where}: the template `{template}` cannot be filled in: {problem}"
        ) from problem


def holds(condition: str | bool, values: Mapping[str, object], where: str) -> bool:  # noqa: FBT001
    """Return whether a condition is true, read as Copier reads ``when``.

    Raises:
        UserError: If the condition gives neither yes nor no.
    """
    if isinstance(condition, bool):
        return condition
    word = render(condition, values, where).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise UserError(f"{where}: the condition `{condition}` gives `{word}`, not true or false.")


def value(template: object, values: Mapping[str, object], where: str) -> Any:
    """Return data with every string in it filled in; what is not a string stays as it is."""
    if isinstance(template, str):
        return render(template, values, where)
    if isinstance(template, list | tuple):
        return [value(item, values, where) for item in template]
    if isinstance(template, Mapping):
        return {str(key): value(item, values, where) for key, item in template.items()}
    return template


def yaml_value(text: str) -> object:
    """Return what a piece of YAML stands for, with the words (``yes``, ``off``) that Copier knows.

    Raises:
        ValueError: If it is no YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    try:
        return reader.load(text)
    except YAMLError as problem:
        raise ValueError(str(problem).splitlines()[0]) from None


def words(template: str | tuple[str, ...], values: Mapping[str, object], where: str) -> list[str]:
    """Return a list of strings that a manifest spells out, or makes with one template.

    Raises:
        UserError: If the one template gives no YAML list of strings.
    """
    if isinstance(template, tuple):
        filled = [render(item, values, where) for item in template]
        return [item for item in filled if item.strip()]
    text = render(template, values, where)
    try:
        data = yaml_value(text)
    except ValueError:
        data = text
    if data is None:
        return []
    if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
        raise UserError(f"{where}: the template `{template}` gives `{text}`, not a list of words.")
    return data
