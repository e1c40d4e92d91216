"""Checks of secrets: what stands in the code and in the repository."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from buttress.analysis.configuration import (
    ENVIRONMENT_WORDS,
    EnvironmentRead,
    Known,
    environment_reads,
    is_for_settings,
)
from buttress.analysis.secrecy.hardcoded import all_hardcoded_secrets
from buttress.analysis.secrecy.refused import is_refused
from buttress.analysis.secrecy.secret_files import (
    committed_keys,
    holds_committed_key,
    tracked_secret_files,
)
from buttress.analysis.secrecy.secrets import (
    is_in_words,
    is_issued,
    is_secret_variable,
    kind_of,
    may_be_value,
    names_account,
    opens_nothing,
)
from buttress.analysis.secrecy.used_keys import used_keys
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    check,
)
from buttress.project.model import Place, Role
from buttress.project.modules import own_modules
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_RECIPE = "settings-and-secrets"
_OF_TESTS = lazy_pattern(
    r"(?:\A|/)(?:tests?/|(?:settings|config|conf)/test(?:s|ing)?\.py\Z"
    r"|test(?:ing)?_(?:settings|config)\.py\Z|(?:settings|config)_test(?:ing)?\.py\Z)"
)
_BROKER = lazy_pattern(r"rabbit|amqp", re.IGNORECASE)
_ONLY_FOR = lazy_pattern(
    r"(?:\A|[/_.-])(?:dev|devel|develop|development|devstack|local|tests?|testing|debug|ci|examples?|samples?|template|demo|docs)(?:[/_.-]|\d)"
    r"|management/commands|(?:\A|/)local\w*\.py\Z"
)
_TEST_SETTINGS = lazy_pattern(r"(?:^|_)test(?:ing)?_(?:settings|config(?:uration)?)\Z")


@check(
    "SEC-SECRET-HARDCODED",
    "A secret stands in the code",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    recipe=_RECIPE,
    standards=(
        "CWE-798",
        "OWASP A07:2025",
        "OWASP ASVS 13.3.1",
    ),
    peers=(
        "bandit:B105",
        "bandit:B106",
        "bandit:B107",
        "ruff:S105",
        "ruff:S106",
        "ruff:S107",
        "semgrep:avoid_hardcoded_config_SECRET_KEY",
        "semgrep:jwt-python-hardcoded-secret",
        "semgrep:hardcoded-password-default-argument",
    ),
)
def secret_hardcoded(subject: Subject) -> Iterator[Finding]:
    """A key, password or token is a literal in the app's code.

    Everyone who can read the code has it, it is in every copy and in the history, and it cannot be
    changed without a release (CWE-798, OWASP ASVS 13.3.1). What is a provider's key by its shape is a
    finding of SEC-SECRET-COMMITTED instead. Settings that no code loads count, too: they are in the repository
    all the same.

    Bad::

        SECRET_KEY = "9f8a6b2c71d0"

    Good::

        SECRET_KEY = settings.secret_key.get_secret_value()
    """
    modules = subject.modules(Role.APP)
    yield from _in_code(subject, modules)
    for finding in _in_code(subject, _unloaded_settings(subject)):
        yield replace(finding, by_hand=True)
    for module, key in used_keys(modules):
        if not _OF_TESTS.search(module.path):
            finding = subject.finding(module, key.node, f"The {key.use} stands in the code.")
            yield Finding(finding.place, finding.message, finding.symbol, key.use)


def _in_code(subject: Subject, modules: Modules) -> Iterator[Finding]:
    """Yield the literals that are secrets by their shape or their name."""
    for module, secret in all_hardcoded_secrets(modules):
        if is_refused(modules, secret.name, str(secret.node.value)):
            continue
        if secret.kind and _is_reported_elsewhere(subject, module, secret.node):
            continue
        # what the app takes from its tests, such as their settings, is for tests
        if not secret.kind and _is_for_tests(module, secret.node):
            continue
        kind = _with_article(secret.kind)
        what = f"{kind[0].upper()}{kind[1:]}" if kind else f"The value of {secret.name}"
        finding = subject.finding(module, secret.node, f"{what} stands in the code.")
        # the fingerprint must not hold the secret either
        yield Finding(finding.place, finding.message, finding.symbol, secret.name)


def _is_for_tests(module: Module, node: ast.expr) -> bool:
    """Whether a literal stands in a file of tests, or in the settings that tests are given."""
    if _OF_TESTS.search(module.path):
        return True
    return any(
        (isinstance(above, ast.ClassDef) and _says_testing(above))
        or (isinstance(above, Function) and _TEST_SETTINGS.search(above.name) is not None)
        for above in module.ancestors(node)
    )


def _says_testing(settings: ast.ClassDef) -> bool:
    """Whether a class of settings says that it is for tests (``TESTING = True``), and no base of others."""
    return settings.name.lower().startswith("test") and any(
        isinstance(given, ast.Assign)
        and isinstance(given.value, ast.Constant)
        and given.value.value is True
        and any(isinstance(target, ast.Name) and target.id == "TESTING" for target in given.targets)
        for given in settings.body
    )


def _unloaded_settings(subject: Subject) -> Modules:
    """Return the settings that no code here loads: a variable names them, or an image puts them in place.

    Those for development, for tests and for show are what they say.
    """
    scripts = subject.modules(Role.SCRIPT)
    return scripts.where(
        lambda module: is_for_settings(module.path)
        and _ONLY_FOR.search(module.path) is None
        and "__main__" not in module.text
    )


def _is_reported_elsewhere(subject: Subject, module: Module, literal: ast.Constant) -> bool:
    """Whether a literal is a key that has to be revoked, or what a variable falls back on."""
    return _is_committed(subject, module, literal) or any(
        literal in ast.walk(read.read) for read, _ in _defaults(module)
    )


def _is_committed(subject: Subject, module: Module, node: ast.expr) -> bool:
    last = node.end_lineno or node.lineno
    return holds_committed_key(subject.project.tree, module.path, node.lineno, last)


def _with_article(kind: str) -> str:
    """Return a kind of secret as one of its kind (``an AWS access key``); nothing for nothing."""
    return f"{'an' if kind[0] in 'AO' else 'a'} {kind}" if kind else ""


@check(
    "SEC-SECRET-DEFAULT",
    "A secret has a default in the code",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    recipe=_RECIPE,
    standards=(
        "CWE-1188",
        "CWE-798",
        "OWASP A02:2025",
    ),
)
def secret_default(subject: Subject) -> Iterator[Finding]:
    """A secret is read from the environment with a literal to fall back on.

    Where the variable is missing, production silently runs with a value that everyone can read
    (CWE-1188, CWE-798). A made-up key of somebody else's service opens nothing, and is fine.

    Bad::

        SECRET_KEY = os.getenv("SECRET_KEY", "dev-secret")

    Good::

        SECRET_KEY = settings.secret_key.get_secret_value()
    """
    modules = subject.modules(Role.APP)
    for module in modules.having(*ENVIRONMENT_WORDS):
        for read, name in _defaults(module):
            if is_refused(modules, name, str(read.default.value)):
                continue
            if _is_given_away(subject, module, read):
                continue
            if kind_of(str(read.default.value)) and _is_committed(subject, module, read.read):
                continue
            message = f"{name} falls back on a value that stands in the code."
            finding = subject.finding(module, read.read, message)
            yield Finding(finding.place, message, finding.symbol, name)


def _defaults(module: Module) -> Iterator[tuple[EnvironmentRead, str]]:
    """Yield the variables that hold a secret and fall back on a literal, with their names."""
    for read in environment_reads(module):
        is_literal = read.default.known is Known.LITERAL and bool(read.default.value)
        if not is_literal or read.name is None or read.default.value in ("{}", "[]"):
            continue
        value = read.default.value
        # RabbitMQ lets its own guest in from the same machine only
        if value == "guest" and _BROKER.search(read.name):
            continue
        if isinstance(value, str) and (
            opens_nothing(read.name, value) or not may_be_value(read.name, value)
        ):
            continue
        if is_secret_variable(read.name) and not names_account(read.name, module.text):
            yield read, read.name


def _is_given_away(subject: Subject, module: Module, read: EnvironmentRead) -> bool:
    """Whether plain words are the key that a library's client is made with: nobody issued that."""
    keyword = module.parent(read.node)
    call = module.parent(keyword) if isinstance(keyword, ast.keyword) else None
    if not isinstance(keyword, ast.keyword) or not isinstance(call, ast.Call):
        return False
    target = module.resolve(call.func)
    own = own_modules(subject.project.tree)
    return (
        target is not None
        and not target.startswith("builtins.")
        and own.symbol(target, module.path, subject.service.import_root) is None
        and is_issued(keyword.arg or "")
        and is_in_words(str(read.default.value))
    )


@check(
    "SEC-SECRET-COMMITTED",
    "A provider's key is in the repository",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    recipe=_RECIPE,
    standards=(
        "CWE-798",
        "OWASP A07:2025",
    ),
)
def secret_committed(subject: Subject) -> Iterator[Finding]:
    """A tracked file holds what has the shape of a provider's key, token or private key.

    It has to be revoked and issued anew: taking it out of the file does not take it out of the
    history (CWE-798). A file that is secret as a whole (``.env``) is one finding of SEC-ENV-COMMITTED.
    Documentation, examples and tests are passed over. So are, in a front end, keys
    that are made for pages (Firebase, maps); a provider's key under ``VITE_`` or ``NEXT_PUBLIC_`` is not.

    Bad::

        OPENAI_API_KEY=sk-proj-...

    Good::

        OPENAI_API_KEY=
    """
    tree = subject.project.tree
    # without git nothing is known but that no ignore file names it
    file = "A file that nothing ignores" if tree.tracked is None else "A tracked file"
    keys = tuple(committed_keys(tree))
    in_code = set(_mended_lines(subject)) if keys else set()
    for key in keys:
        more = ", and the bundle shows it to every visitor" if key.is_shown else ""
        message = f"{file} holds {_with_article(key.kind)}{more}."
        by_hand = (key.path, key.line) not in in_code
        yield Finding(Place(key.path, key.line), message, "", key.kind, by_hand=by_hand)


def _mended_lines(subject: Subject) -> Iterator[tuple[str, int]]:
    """Yield the lines of the app's code whose secrets the recipe moves to the environment."""
    modules = subject.modules(Role.APP)
    mended: list[tuple[Module, ast.expr]] = [
        (module, secret.node) for module, secret in all_hardcoded_secrets(modules)
    ]
    for module in modules.having(*ENVIRONMENT_WORDS):
        mended += [(module, read.read) for read, _ in _defaults(module)]
    for module, node in mended:
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            yield module.path, line


@check(
    "SEC-ENV-COMMITTED",
    "A file of secrets is in the repository",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    recipe=_RECIPE,
    standards=(
        "CWE-538",
        "OWASP A02:2025",
    ),
)
def env_committed(subject: Subject) -> Iterator[Finding]:
    """A ``.env`` file with values for keys, secrets or passwords is tracked by git.

    Every copy of the repository has them, and so has its history. Issue new ones, then stop tracking
    the file with ``git rm --cached`` (CWE-538).

    Bad::

        $ git ls-files
        .env

    Good::

        $ git ls-files
        .env.example
    """
    tree = subject.project.tree
    if tree.tracked is None:
        raise NotApplicable("the project is not in git")
    for file in tracked_secret_files(tree):
        shown = ", ".join(file.names[:3]) + (" and more" if len(file.names) > 3 else "")
        what = f"has values for {shown}" if file.names else "holds a private key"
        yield Finding(Place(file.path), f"This file is tracked and {what}.", "", file.path)
