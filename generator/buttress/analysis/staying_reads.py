"""Why a read of the environment stays where it is, and does not become one of a setting."""

from __future__ import annotations

import ast
import keyword

from buttress.analysis.configuration import EnvironmentRead, Known
from buttress.analysis.secrecy import secrets

_RESERVED = frozenset(
    [
        "copy",
        "json",
        "dict",
        "schema",
        "construct",
        "validate",
        "fields",
        "parse_obj",
        "parse_raw",
        "parse_file",
        "from_orm",
        "update_forward_refs",
        "schema_json",
        "model_config",
        "model_fields",
        "model_extra",
    ]
)
"""What names of settings would hide in their class."""

_UNUSABLE = frozenset(
    [
        "builtins.BaseException",
        "builtins.Exception",
        "builtins.KeyError",
        "builtins.LookupError",
        "builtins.TypeError",
        "builtins.ValueError",
    ]
)
"""What tells that a variable is missing or has no usable value."""


def why_it_stays(
    read: EnvironmentRead,
    mentioned: set[str],
    written: set[str],
    compared: set[str],
    *,
    reloads: bool,
) -> tuple[str, str, str] | None:
    """Return why a read cannot become one of a setting: a code, the reason, and what would help.

    Args:
        read: The read.
        mentioned: The texts that tests mention.
        written: The variables that the code itself sets.
        compared: The texts that the code compares values with.
        reloads: Whether tests load modules again.
    """
    if read.name is None:
        return "computed-name", "the name of the variable is computed.", ""
    attribute = read.name.lower()
    if not attribute.isidentifier() or keyword.iskeyword(attribute) or attribute in _RESERVED:
        return "reserved-name", f"{read.name} cannot be the name of a setting.", ""
    if read.name in written:
        return "set-at-run-time", f"the code itself sets {read.name} while it runs.", ""
    if read.default.known is Known.UNKNOWN:
        return "computed-default", "its default is computed.", "Make the default a literal."
    if (read.function is not None or reloads) and read.name in mentioned:
        return "set-by-tests", f"tests set {read.name} and expect it to be read again.", ""
    if read.function is not None and read.raises:
        return (
            "needed-at-use",
            f"only this call needs {read.name}; as a setting, the whole app would not start without.",
            "",
        )
    if (read.raises or read.conversion is not None) and _is_answered(read):
        return (
            "answered-here",
            "the code goes on here without a usable value; as a setting, the app would not start.",
            "",
        )
    is_literal = read.default.known is Known.LITERAL and read.default.value is not None
    if read.conversion is None and is_literal and not isinstance(read.default.value, str):
        return "mixed-types", "the value is a text or, by default, something else.", ""
    if read.conversion is not None and not _converts(read):
        return (
            "mixed-types",
            "the default cannot be converted, or a missing value raises only here.",
            "",
        )
    return _why_secret_left(read, read.name, mentioned, compared)


def _why_secret_left(
    read: EnvironmentRead, name: str, mentioned: set[str], compared: set[str]
) -> tuple[str, str, str] | None:
    default = read.default.value
    if not isinstance(default, str) or not default or not holds_secret(name, read):
        return None
    if not any(character.isalnum() for character in default):
        return "no-secret", "its default is no secret, and the code works with it.", ""
    if default in compared:
        return "asked-for", "the code asks whether it has this very value.", ""
    if default in mentioned:
        return "used-by-tests", "tests use this very value.", "Let the tests set the variable."
    if secrets.keeps_data_readable(name):
        return (
            "keeps-data-readable",
            "stored data can only be read with this very value.",
            f"Set {name} to it where the app runs, then take the default away.",
        )
    return None


def holds_secret(name: str, read: EnvironmentRead) -> bool:
    """Whether the name says secret, or the default has the shape of one: it must not be copied."""
    default = read.default.value
    return secrets.is_secret_variable(name) or (
        isinstance(default, str) and bool(secrets.kind_of(default))
    )


def _is_answered(read: EnvironmentRead) -> bool:
    """Whether a ``try`` around a read catches that the variable is missing or cannot be converted."""
    module = read.module
    inside: ast.AST = read.node
    for above in module.ancestors(read.node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
        if isinstance(above, ast.Try) and inside in above.body:
            kinds = [handler.type for handler in above.handlers]
            caught = [part for kind in kinds for part in getattr(kind, "elts", [kind])]
            if any(kind is None or module.resolve(kind) in _UNUSABLE for kind in caught):
                return True
        inside = above
    return False


def _converts(read: EnvironmentRead) -> bool:
    if read.default.known is Known.ABSENT:
        return read.function is None
    try:
        (int if read.conversion == "int" else float)(read.default.value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True
