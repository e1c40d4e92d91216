"""Checks of configuration: where the environment is read, and what of it stands in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.configuration import (
    ENVIRONMENT_WORDS,
    environment_reads,
    is_for_settings,
    is_of_the_machine,
    settings_classes,
    written_variables,
)
from buttress.analysis.fixed_values import fixed_values
from buttress.analysis.logs.printing import is_main_guard
from buttress.analysis.required_variables import unchecked_variables
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check
from buttress.project.model import Role
from buttress.source import Module

_LOGGING = frozenset({"LOG_LEVEL", "LOG_FORMAT"})


@check(
    "ARCH-CONFIG-SCATTERED",
    "The environment is read all over the code",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    recipe="settings-and-secrets",
    standards=("12factor III",),
)
def config_scattered(subject: Subject) -> Iterator[Finding]:
    """Modules outside the configuration read environment variables themselves, or nothing checks them.

    Nobody can say which variables the app needs, a missing one is found at first use, and each place
    has its own default (twelve-factor app, III). One module that is about configuration is fine, where
    what the app cannot do without has a default, or stops the start where it is missing.

    Bad::

        def charge(order):
            key = os.environ["STRIPE_KEY"]

    Good::

        def charge(order):
            key = settings.stripe_key.get_secret_value()
    """
    reads = []
    for module in subject.modules(Role.APP).having(*ENVIRONMENT_WORDS):
        if settings_classes(module) or is_for_settings(module.path):
            continue
        # what is set for a library is asked only to find out whether that is needed
        written = written_variables([module])
        reads += [
            (module, read)
            for read in environment_reads(module)
            # logging is set up before anything else is read
            if read.name not in _LOGGING
            and not is_of_the_machine(read.name or "")
            and read.name not in written
            and not _is_below_main(module, read.read)
            and not _is_of_app(module, read.read)
        ]
    scattered = reads if len({module.path for module, _ in reads}) > 1 else []
    for module, read in scattered:
        name = read.name or "a variable"
        yield subject.finding(
            module, read.read, f"{name} is read here, away from the configuration."
        )
    known = {read.read for _, read in scattered}
    for read in unchecked_variables(subject.modules(Role.APP)):
        if read.read not in known:
            message = f"{read.name} has no default, and that it is missing shows at first use."
            yield subject.finding(read.module, read.read, message)


@check(
    "ARCH-CONFIG-HARDCODED",
    "The address of a database or service stands in the code",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=(
        "CWE-1051",
        "12factor III",
    ),
)
def config_hardcoded(subject: Subject) -> Iterator[Finding]:
    """A value that differs from one environment to the next is written into the code.

    The same build then cannot run in a test, in staging and in production. Defaults of settings,
    origins of CORS, examples and texts that are only compared are fine.

    Bad::

        engine = create_engine("postgresql://db.internal/shop")

    Good::

        engine = create_engine(settings.database_url)
    """
    for module in subject.modules(Role.APP):
        for node, kind in fixed_values(module):
            message = f"{kind} stands in the code: another environment needs another one."
            found = subject.finding(module, node, message)
            # the text may hold a password, so it is no part of the finding's name
            yield Finding(found.place, message, found.symbol, kind)


def _is_of_app(module: Module, node: ast.expr) -> bool:
    """Whether a value goes straight into the configuration of the app (``app.config["KEY"] = ...``)."""
    for above in module.ancestors(node):
        if isinstance(above, ast.Assign):
            return any(
                isinstance(target, ast.Subscript) and ast.unparse(target.value).endswith(".config")
                for target in above.targets
            )
        if isinstance(above, ast.Call) and isinstance(above.func, ast.Attribute):
            owner = above.func
            if owner.attr in {"from_mapping", "update"} and ast.unparse(owner.value).endswith(
                ".config"
            ):
                return True
        if isinstance(above, ast.stmt):
            return False
    return False


def _is_below_main(module: Module, node: ast.expr) -> bool:
    """Whether a place runs only where its file is started by hand (``__name__ == "__main__"``)."""
    return any(
        isinstance(above, ast.If) and is_main_guard(above.test) for above in module.ancestors(node)
    )
