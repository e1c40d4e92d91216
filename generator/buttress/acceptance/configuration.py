"""``[tool.buttress]`` in ``pyproject.toml``, or ``buttress.toml``: what a team decided.

Everything is validated before a check runs; a mistake is one sentence that names the file, the key and
the nearest key or check that exists.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from buttress.checks.model import Check, Kind, Risk, checks
from buttress.errors import UserError
from buttress.planning.nearest import nearest
from buttress.project.model import Place
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern
from buttress.source.toml_reading import read_toml_text

PYPROJECT, OWN_FILE = "pyproject.toml", "buttress.toml"
EVERYWHERE = "**"
_MENTIONED = lazy_pattern(r"\btool\b.{0,99}?\bbuttress\b", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Accept:
    """Findings that are not to be mended.

    Attributes:
        check: Id of a check, or its first words (``SEC``, ``SEC-SQL``).
        reason: Why.
        path: Glob as in ``.gitignore``.
        owner: Who answers for it.
        expires: The last day on which it holds.
        place: Where it is written.
    """

    check: str
    reason: str
    path: str
    owner: str
    expires: date | None
    place: Place


@dataclass(frozen=True, slots=True)
class Attest:
    """A control that exists outside the repository.

    Attributes:
        check: Id of a check that asks whether something is there.
        evidence: What shows it: a sentence or a link.
        owner: Who answers for it.
        expires: The last day on which it holds.
        place: Where it is written.
    """

    check: str
    evidence: str
    owner: str
    expires: date | None
    place: Place


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a team decided, checked against the checks that exist.

    Attributes:
        select: Ids or first words of the checks that count; empty for all.
        ignore: Ids or first words of the checks that do not.
        exclude: Globs of paths that are not read.
        fail_on: The least risk that fails the gate.
        baseline: Path of the baseline, relative to the root of the project.
        accept: Accepted findings.
        attest: Attested controls.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: Risk | None = None
    baseline: str | None = None
    accept: tuple[Accept, ...] = ()
    attest: tuple[Attest, ...] = ()

    def selects(self, check: str) -> bool:
        """Whether a check counts."""
        chosen = not self.select or any(names(word, check) for word in self.select)
        return chosen and not any(names(word, check) for word in self.ignore)


def names(word: str, check: str) -> bool:
    """Whether ``word`` is the id of a check or its first words (``SEC-SQL``)."""
    return check == word or check.startswith(word + "-")


def read_configuration(tree: Tree) -> Configuration:
    """Read the configuration at the root of a tree; an empty one where there is none.

    Args:
        tree: The files.

    Raises:
        UserError: If the file is no TOML, has a key that does not exist or a value that is wrong.
    """
    path, table = _table(tree)
    if not path:
        return Configuration()
    from buttress.acceptance.tables import validated

    known = checks()
    prefix = "tool.buttress" if path == PYPROJECT else ""
    settings = validated(path, prefix, table)
    where = f"{path}: `{prefix}." if prefix else f"{path}: `"
    require_known(settings.select, known, f"{where}select`")
    require_known(settings.ignore, known, f"{where}ignore`")
    require_known([entry.check for entry in settings.accept], known, f"{where}accept`")
    for claim in settings.attest:
        _require_presence(claim.check, known, f"{where}attest`")
    text = tree.text(path)
    source = text.content if text is not None else ""
    accepts = zip(settings.accept, _places(path, source, "accept"), strict=False)
    attests = zip(settings.attest, _places(path, source, "attest"), strict=False)
    return Configuration(
        tuple(settings.select),
        tuple(settings.ignore),
        tuple(settings.exclude),
        settings.fail_on,
        settings.baseline,
        tuple(
            Accept(item.check, item.reason, item.path, item.owner, item.expires, place)
            for item, place in accepts
        ),
        tuple(
            Attest(item.check, item.evidence, item.owner, item.expires, place)
            for item, place in attests
        ),
    )


def require_known(words: Iterable[str], known: Mapping[str, Check], where: str) -> None:
    """Raise for a word that names no check.

    Args:
        words: Ids or first words, in capitals.
        known: The checks that exist.
        where: What to blame: the file and key, or the option.

    Raises:
        UserError: If a word names no check.
    """
    for word in words:
        if not any(names(word, check) for check in known):
            hint = nearest(word, known) or " `buttress checks` lists them."
            raise UserError(f"{where}: there is no check `{word}`.{hint}")


def _require_presence(check: str, known: Mapping[str, Check], where: str) -> None:
    if check not in known:
        raise UserError(f"{where}: there is no check `{check}`.{nearest(check, known)}")
    if known[check].kind is not Kind.PRESENCE:
        raise UserError(
            f"{where}: {check} looks at the code itself, so nobody can attest it."
            " Accept its findings with a reason instead."
        )


def _table(tree: Tree) -> tuple[str, dict[str, Any]]:
    """Return the path and table of the one file that configures the tool."""
    found = []
    tool = _load(tree, PYPROJECT).get("tool")
    if isinstance(tool, dict) and "buttress" in tool:
        table = tool["buttress"]
        if not isinstance(table, dict):
            raise UserError(f"{PYPROJECT}: `tool.buttress` is to be a table: [tool.buttress].")
        found.append((PYPROJECT, table))
    if OWN_FILE in tree:
        found.append((OWN_FILE, _load(tree, OWN_FILE)))
    if len(found) > 1:
        raise UserError(
            f"{OWN_FILE} and [tool.buttress] in {PYPROJECT} both configure buttress. Keep one of them."
        )
    return found[0] if found else ("", {})


def _load(tree: Tree, path: str) -> dict[str, Any]:
    text = tree.text(path) if path in tree else None
    if text is None:
        return {}
    if path == PYPROJECT and not _MENTIONED.search(text.content):
        return {}
    try:
        return read_toml_text(text.content)
    except tomllib.TOMLDecodeError as problem:
        raise UserError(
            f"{path}: this is no valid TOML ({problem}). Mend it, then run the command again."
        ) from None


def _places(path: str, source: str, key: str) -> list[Place]:
    """Return where each entry of an array of tables starts; line 1 for those written inline."""
    prefix = r"(?:tool[ \t]*\.[ \t]*buttress[ \t]*\.[ \t]*)?"
    header = re.compile(rf"^[ \t]*\[\[[ \t]*{prefix}{key}[ \t]*\]\]", re.MULTILINE)
    lines = [source.count("\n", 0, match.end()) + 1 for match in header.finditer(source)]
    return [Place(path, line) for line in lines] or [Place(path)] * (source.count("{") + 1)
