"""Which settings an app has: one field per environment variable, and what each place reads instead."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from buttress.analysis import configuration
from buttress.analysis.configuration import EnvironmentRead, Known
from buttress.analysis.secrecy import secrets
from buttress.analysis.secrecy.hardcoded import HardcodedSecret, hardcoded_secrets
from buttress.analysis.secrecy.variables import variable_for
from buttress.analysis.staying_reads import holds_secret, why_it_stays
from buttress.source import Module

ENVIRONMENT_NAMES = ("ENVIRONMENT", "APP_ENV", "ENV", "FLASK_ENV")


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
    compared = configuration.compared_strings(modules)
    groups: dict[str, list[EnvironmentRead]] = {}
    for module in modules:
        for read in configuration.environment_reads(module):
            if read.name is not None and configuration.is_of_the_machine(read.name):
                continue
            left = why_it_stays(read, mentioned, written, compared, reloads=reloads)
            if left is not None:
                plan.left.append(LeftRead(module, read.read, *left))
            elif read.name is not None:
                groups.setdefault(read.name, []).append(read)
    for name, reads in groups.items():
        _add_reads(plan, name, reads, environment)
    for module in modules:
        for secret in hardcoded_secrets(module):
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
    if holds_secret(name, read) and read.conversion is None:
        return SettingsField(name, attribute, "secret", _secret_kind(name, read))
    kind = Kind.REQUIRED if read.raises or _raises_on_conversion(read) else Kind.PLAIN
    default = None if read.fallback is not None else read.default.value
    if read.conversion is not None and default is not None:
        default = int(default) if read.conversion == "int" else float(default)
    return SettingsField(name, attribute, read.conversion or "str", kind, default)


def _raises_on_conversion(read: EnvironmentRead) -> bool:
    return read.conversion is not None and read.default.known is Known.ABSENT


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
    name = variable_for(module, secret)
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
