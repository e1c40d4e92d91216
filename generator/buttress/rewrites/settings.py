"""Settings come from one typed place, and no secret stands in the code.

Before::

    SECRET_KEY = os.getenv("SECRET_KEY", "dev-secret")
    port = int(os.environ.get("PORT", "8000"))

After::

    from settings import settings

    SECRET_KEY = settings.secret_key.get_secret_value()
    port = settings.port

A read keeps its value for every environment in which the app ran before; only a secret that stood in
the code has no default any more (CWE-798). Variables that tests set before each call, that the code
sets itself, or whose default is computed are left alone.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator

from buttress.analysis.settings_fields import Kind, PlacedRead, SettingsPlan, plan_settings
from buttress.analysis.structure.import_order import needed_by_package
from buttress.project.model import Role
from buttress.rewrites.outcomes import Abstained, Changed, Outcome, Safety
from buttress.rewrites.own_modules import own_module_name
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Edit, Module
from buttress.source.imports import Import, local_name


@service_rewrite("settings")
def settings(context: Context) -> Iterator[Outcome]:
    """Replace reads of the environment and secrets in the code by fields of the settings."""
    modules = list(context.modules())
    tests = [context.draft.module(path) for path in context.service.files(Role.TEST)]
    variable = str(context.answers.get("settings_environment_variable", "ENVIRONMENT"))
    too_early = needed_by_package(context.project, context.service)
    for module in modules:
        if module.path in too_early:
            yield from _left_alone(plan_settings([module], tests, variable), context)
    plan = plan_settings([m for m in modules if m.path not in too_early], tests, variable)
    known = _known_fields(context)
    # in later rounds, a variable may only be read as the class already holds it
    for left in plan.left:
        yield Abstained(left.module.path, left.node.lineno, left.code, left.reason, left.unlock)
    for placed in plan.placed:
        if (placed.field.name, placed.field.type, placed.field.kind.value) in known:
            yield _replaced(placed, context)


def _left_alone(plan: SettingsPlan, context: Context) -> Iterator[Outcome]:
    """Say that a file keeps what it reads, because it cannot import the settings."""
    package = context.service.package
    for placed in plan.placed[:1]:
        yield Abstained(
            placed.module.path,
            placed.node.lineno,
            "import-ring",
            f"the package {package} imports this file, which something else imports first: the settings "
            "cannot be imported here, because the package would not find this file whole.",
            f"Import {package} first everywhere, or move this file into it.",
        )


def _known_fields(context: Context) -> set[tuple[object, object, object]]:
    """Return what the settings class has, as the answers say; nothing else may be read from it."""
    fields = context.answers.get("settings_fields")
    if not isinstance(fields, list):
        return set()
    return {
        (item.get("name"), item.get("type"), item.get("kind"))
        for item in fields
        if isinstance(item, dict)
    }


def _replaced(placed: PlacedRead, context: Context) -> Outcome:
    module, node = placed.module, placed.node
    settings_module = str(context.answers.get("settings_module", "settings"))
    source = own_module_name(module, context.service, settings_module)
    name, wanted = _importable(module, source, "settings", "app_settings")
    if name is None:
        return Abstained(
            module.path,
            node.lineno,
            "name-taken",
            "the name settings is taken by something else in this file.",
        )
    imports = [wanted]
    value = f"{name}.{placed.field.attribute}"
    if placed.field.kind is Kind.OPTIONAL:
        reveal, wanted_reveal = _importable(module, source, "reveal", "reveal_secret")
        if reveal is None:
            return Abstained(
                module.path, node.lineno, "name-taken", "the name reveal is taken in this file."
            )
        imports.append(wanted_reveal)
        value = f"{reveal}({value})"
    elif placed.field.type == "secret":
        value = f"{value}.get_secret_value()"
    edits = (Edit(*_with_brackets(module, node), value),)
    if placed.was_secret:
        reason = (
            f"{placed.field.name} stood in the code; it comes from the environment now. Set it where"
            " the app runs, and issue a new one: the old one is in the history."
        )
        return Changed(module.path, node.lineno, edits, Safety.HARDENING, reason, tuple(imports))
    reason = "The environment is read and checked in one place, when the app starts."
    return Changed(module.path, node.lineno, edits, Safety.SAFE, reason, tuple(imports))


def _with_brackets(module: Module, node: ast.expr) -> tuple[int, int]:
    """Return the span of what is replaced, with brackets that only held ``... or ""`` together."""
    start, end = module.span(node)
    text = module.text
    if not isinstance(node, ast.BoolOp) or text[start - 1 : start] + text[end : end + 1] != "()":
        return start, end
    if re.match(r"\w", text[start - 2 : start - 1]) or re.match(r"\w", text[end + 1 : end + 2]):
        return start, end  # the brackets are all that parts two words: ``not(...)``
    before = text[: start - 1].rstrip(" \t")
    is_call = before[-1:].isidentifier() or before[-1:].isdigit() or before[-1:] in {")", "]"}
    is_word = is_call and keyword.iskeyword(re.split(r"\W", before)[-1])
    return (start, end) if is_call and not is_word else (start - 1, end + 1)


def _importable(module: Module, source: str, name: str, other: str) -> tuple[str | None, Import]:
    wanted = Import(source, name)
    local = local_name(module, wanted)
    if local is None:
        wanted = Import(source, name, other)
        local = local_name(module, wanted)
    return local, wanted
