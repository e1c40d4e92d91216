"""Which settings an app has: one field per environment variable, and what each place reads instead."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from buttress.analysis import configuration
from buttress.analysis.configuration import EnvironmentRead, Known
from buttress.analysis.secrecy import secrets
from buttress.analysis.secrecy.secrets import HardcodedSecret
from buttress.source import Module

ENVIRONMENT_NAMES = ("ENVIRONMENT", "APP_ENV", "ENV", "FLASK_ENV")
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


class Kind(StrEnum):
    """What a field holds, and what happens where its variable is not set.

    ``plain``: its default. ``optional``: a secret, ``None``. ``empty``: a secret, an empty one.
    ``signing``: a secret that only the app itself uses, and ``credential``: one that somebody else
    issued; outside production a random one stands in, never an empty one.
    ``required``: the app does not start without it.
    """

    PLAIN = "plain"
    OPTIONAL = "optional"
    EMPTY = "empty"
    SIGNING = "signing"
    CREDENTIAL = "credential"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class SettingsField:
    """One field of the settings class.

    Attributes:
        name: The environment variable.
        attribute: The attribute.
        type: ``str``, ``int``, ``float`` or ``secret``.
        kind: What happens where the variable is not set.
        default: The literal default of a plain field.
    """

    name: str
    attribute: str
    type: str
    kind: Kind
    default: str | int | float | None = None

    def as_answer(self) -> dict[str, object]:
        """Return the field as plain data for the template; the default is Python source."""
        return {
            "name": self.name,
            "attribute": self.attribute,
            "type": self.type,
            "kind": self.kind.value,
            "default": None if self.default is None else _source(self.default),
        }


def _source(value: str | int | float) -> str:
    """Return a literal as black writes it."""
    text = repr(value)
    if isinstance(value, str) and text.startswith("'") and '"' not in text:
        text = f'"{text[1:-1]}"'
    return text


@dataclass(frozen=True, slots=True)
class PlacedRead:
    """A place that reads a field from now on.

    Attributes:
        module: The file.
        node: The expression that is replaced.
        field: What it reads.
        was_secret: Whether the secret itself stood in the code.
    """

    module: Module
    node: ast.expr
    field: SettingsField
    was_secret: bool


@dataclass(frozen=True, slots=True)
class LeftRead:
    """A place that stays as it is, and why."""

    module: Module
    node: ast.expr
    code: str
    reason: str
    unlock: str = ""


@dataclass
class SettingsPlan:
    """All fields and places of an app."""

    fields: list[SettingsField] = field(default_factory=list)
    placed: list[PlacedRead] = field(default_factory=list)
    left: list[LeftRead] = field(default_factory=list)


def plan_settings(
    modules: Sequence[Module], tests: Sequence[Module], environment: str = "ENVIRONMENT"
) -> SettingsPlan:
    """Work out the settings of an app.

    Args:
        modules: The app's modules.
        tests: Its tests: what they set or compare with must stay where they expect it.
        environment: The variable that names the environment the app runs in.
    """
    plan = SettingsPlan()
    if any(configuration.settings_classes(module) for module in modules):
        _leave_to_existing_class(modules, plan)
        return plan
    mentioned = configuration.mentioned_strings(tests)
    reloads = any(configuration.reloads_modules(module) for module in tests)
    written = configuration.written_variables(modules)
    groups: dict[str, list[EnvironmentRead]] = {}
    for module in modules:
        for read in configuration.environment_reads(module):
            if read.name is not None and configuration.is_of_the_machine(read.name):
                continue
            left = _why_left(read, mentioned, written, reloads=reloads)
            if left is not None:
                plan.left.append(LeftRead(module, read.read, *left))
            elif read.name is not None:
                groups.setdefault(read.name, []).append(read)
    for name, reads in groups.items():
        _add_reads(plan, name, reads, environment)
    for module in modules:
        for secret in secrets.hardcoded_secrets(module):
            if not _is_inside_read(module, secret.node):
                _add_secret(plan, module, secret, mentioned)
    plan.fields.sort(key=lambda item: item.name)
    return plan


def environment_variable(modules: Iterable[Module]) -> str:
    """Return the variable that already names the environment, else ``ENVIRONMENT``."""
    names = {read.name for module in modules for read in configuration.environment_reads(module)}
    return next((name for name in ENVIRONMENT_NAMES if name in names), ENVIRONMENT_NAMES[0])


def _leave_to_existing_class(modules: Sequence[Module], plan: SettingsPlan) -> None:
    for module in modules:
        if configuration.settings_classes(module):
            continue
        for read in configuration.environment_reads(module):
            plan.left.append(
                LeftRead(
                    module,
                    read.read,
                    "has-settings",
                    "the app has a settings class of its own, which this read goes around.",
                    "Add a field there and read it here.",
                )
            )


def _why_left(
    read: EnvironmentRead, mentioned: set[str], written: set[str], *, reloads: bool
) -> tuple[str, str, str] | None:
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
    return _why_secret_left(read, read.name, mentioned)


def _why_secret_left(
    read: EnvironmentRead, name: str, mentioned: set[str]
) -> tuple[str, str, str] | None:
    default = read.default.value
    if not isinstance(default, str) or not default or not _holds_secret(name, read):
        return None
    if default in mentioned:
        return "used-by-tests", "tests use this very value.", "Let the tests set the variable."
    if secrets.keeps_data_readable(name):
        return (
            "keeps-data-readable",
            "stored data can only be read with this very value.",
            f"Set {name} to it where the app runs, then take the default away.",
        )
    return None


def _is_answered(read: EnvironmentRead) -> bool:
    """Whether a ``try`` around a read catches that the variable is missing or cannot be converted."""
    module, inside = read.module, read.node
    for above in module.ancestors(read.node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
        if isinstance(above, ast.Try) and inside in above.body:
            kinds = [handler.type for handler in above.handlers]
            caught = [part for kind in kinds for part in getattr(kind, "elts", [kind])]
            if any(kind is None or module.resolve(kind) in _UNUSABLE for kind in caught):
                return True
        inside = above  # type: ignore[assignment]
    return False


def _converts(read: EnvironmentRead) -> bool:
    if read.default.known is Known.ABSENT:
        return read.function is None
    try:
        (int if read.conversion == "int" else float)(read.default.value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _add_reads(
    plan: SettingsPlan, name: str, reads: list[EnvironmentRead], environment: str
) -> None:
    candidates = {_field_for(read) for read in reads}
    if name == environment:
        candidates = {c for c in candidates if c.kind is Kind.PLAIN and c.default is not None}
    if len(candidates) != 1:
        for read in reads:
            plan.left.append(
                LeftRead(
                    read.module,
                    read.read,
                    "two-defaults",
                    f"{name} is read with different defaults or types.",
                    "Read it the same way everywhere.",
                )
            )
        return
    (item,) = candidates
    plan.fields.append(item)
    for read in reads:
        node: ast.expr = read.node
        if read.fallback is not None and item.type == "secret":
            above = read.module.parent(read.read)
            node = above if isinstance(above, ast.BoolOp) else node
        has_value = bool(read.default.value) and item.type == "secret"
        plan.placed.append(PlacedRead(read.module, node, item, has_value))


def _field_for(read: EnvironmentRead) -> SettingsField:
    name = read.name or ""
    attribute = name.lower()
    if _holds_secret(name, read) and read.conversion is None:
        return SettingsField(name, attribute, "secret", _secret_kind(name, read))
    kind = Kind.REQUIRED if read.raises or _raises_on_conversion(read) else Kind.PLAIN
    default = None if read.fallback is not None else read.default.value
    if read.conversion is not None and default is not None:
        default = int(default) if read.conversion == "int" else float(default)
    return SettingsField(name, attribute, read.conversion or "str", kind, default)


def _raises_on_conversion(read: EnvironmentRead) -> bool:
    return read.conversion is not None and read.default.known is Known.ABSENT


def _holds_secret(name: str, read: EnvironmentRead) -> bool:
    """Whether the name says secret, or the default has the shape of one: it must not be copied."""
    default = read.default.value
    return secrets.is_secret_variable(name) or (
        isinstance(default, str) and bool(secrets.kind_of(default))
    )


def _secret_kind(name: str, read: EnvironmentRead) -> Kind:
    is_address = secrets.kind_of(str(read.default.value)) == "password in an address"
    if read.raises or is_address:
        return Kind.REQUIRED
    if read.default.value is None:
        return Kind.OPTIONAL
    if read.default.value == "":
        return Kind.EMPTY
    return Kind.SIGNING if secrets.signs(name) else Kind.CREDENTIAL


def _is_inside_read(module: Module, node: ast.Constant) -> bool:
    above = module.parent(node)
    if isinstance(above, ast.BoolOp):
        above = next((v for v in above.values if isinstance(v, ast.Call)), None)
    return isinstance(above, ast.Call) and module.resolve(above.func) in {
        "os.getenv",
        "os.environ.get",
        "os.environ.setdefault",
    }


def _add_secret(
    plan: SettingsPlan, module: Module, secret: HardcodedSecret, mentioned: set[str]
) -> None:
    name = _variable_for(module, secret)
    if name is None:
        code, reason = (
            "unclear-secret",
            "this looks like a secret, but it is not clear what it is for.",
        )
        unlock = "If it is one, give it a name of its own, or read it from the environment."
    elif str(secret.node.value) in mentioned:
        code, reason, unlock = "used-by-tests", "tests use this very value.", ""
    elif secrets.keeps_data_readable(name):
        code, reason = "keeps-data-readable", "stored data can only be read with this very value."
        unlock = f"Set {name} to it where the app runs, then read it from the environment."
    else:
        kind = Kind.SIGNING if secrets.signs(name) else Kind.CREDENTIAL
        kind = Kind.REQUIRED if secret.kind == "password in an address" else kind
        item = SettingsField(name, name.lower(), "secret", kind)
        known = next((other for other in plan.fields if other.name == name), None)
        if known is None:
            plan.fields.append(item)
        if known in {None, item}:
            plan.placed.append(PlacedRead(module, secret.node, item, was_secret=True))
            return
        code, reason = "two-defaults", f"{name} is also read from the environment in another way."
        unlock = ""
    plan.left.append(LeftRead(module, secret.node, code, reason, unlock))


def _variable_for(module: Module, secret: HardcodedSecret) -> str | None:
    """Return the environment variable for a secret in the code; ``None`` where it is not clear."""
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
