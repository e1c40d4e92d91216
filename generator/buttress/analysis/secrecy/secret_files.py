"""What is secret and in the repository: files of secrets that git tracks, and keys of providers in others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.once import once_for_tree
from buttress.analysis.secrecy.marks import marked_lines
from buttress.analysis.secrecy.secrets import (
    is_placeholder,
    is_public_by_design,
    is_secret_variable,
    kind_of,
)
from buttress.source import Tree
from buttress.source.patterns import in_lower_case, lazy_pattern

_ENV_FILE = lazy_pattern(
    r"(?:^|/)\.env(?:\.(?!example|sample|template|dist|test)[\w.-]+)?$(?<!example)(?<!sample)(?<!template)(?<!dist)"
)
_SHOWN_KINDS = frozenset({"", "Google API key"})
"""What may stand in a page: identifiers of projects, and keys that are bound to a domain."""

_KEY_FILE = lazy_pattern(r"(?:^|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx))$")
_ASSIGNMENT = lazy_pattern(
    r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*[\"']?([^\"'#\r\n]+)", re.MULTILINE
)
_FRONT_END = lazy_pattern(r"\.(?:[cm]?[jt]sx?|vue|svelte|astro|html?)$")
_HARMLESS = lazy_pattern(
    r"(?:^|/)(?:tests?|test[-_][\w-]+|docs?|examples?|fixtures|molecule|\.github)/|\.(?:md|rst|lock|svg|ipynb|css|map|min\.js)$|\.(?:test|spec|stories)\.[cm]?[jt]sx?$"
    r"|(?:example|sample|template|lock\.json|\.dist)|(?:^|/)(?:test_|conftest)",
    re.IGNORECASE,
)
_LONGEST_LINE = 2000
_KEY = lazy_pattern(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"(?:\\[nr]|[\s\"'+,()\\-]|(?:Proc-Type|DEK-Info):[^\n\\]*)*[A-Za-z0-9+/]{16}"
)
_HEAD = 6
"""Lines at whose end the first characters of a key have been read, those of an encrypted one too."""


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A tracked file of secrets.

    Attributes:
        path: Relative to the root of the tree.
        names: The variables that have a value; empty for a private key.
    """

    path: str
    names: tuple[str, ...] = ()


@once_for_tree
def tracked_secret_files(tree: Tree) -> tuple[SecretFile, ...]:
    """Return the files of secrets that git tracks, by path; none where there is no git."""
    found = []
    for path in sorted(tree.tracked or ()):
        if path not in tree or not (_ENV_FILE.search(path) or _KEY_FILE.search(path)):
            continue
        text = tree.text(path)
        content = text.content if text is not None else ""
        if _KEY_FILE.search(path):
            if "PRIVATE KEY-----" in content:
                found.append(SecretFile(path))
            continue
        names = [
            match[1]
            for match in _ASSIGNMENT.finditer(content)
            if is_secret_variable(match[1]) and not is_placeholder(match[2])
            # what every browser gets anyway is no secret; a key of a provider still is
            and (not is_public_by_design(match[1]) or kind_of(match[2]) not in _SHOWN_KINDS)
        ]
        if names:
            found.append(SecretFile(path, tuple(dict.fromkeys(names))))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class CommittedKey:
    """A key of a provider that stands in a file.

    Attributes:
        path: Relative to the root of the tree.
        line: Where, from 1.
        kind: What its shape says it is.
        is_shown: Whether its name says that a front end shows it to every visitor.
    """

    path: str
    line: int
    kind: str
    is_shown: bool


def committed_keys(tree: Tree) -> Iterator[CommittedKey]:
    """Yield the keys of providers that stand in files, but in files that are secret as a whole."""
    owned = {file.path for file in tracked_secret_files(tree)}
    for path in tree.paths:
        if path not in owned:
            yield from _keys_in(tree, path)


def holds_committed_key(tree: Tree, path: str, first: int, last: int) -> bool:
    """Whether one of some lines of a file, from 1, holds one of the ``committed_keys``."""
    if not any(first <= key.line <= last for key in _keys_in(tree, path)):
        return False
    return all(file.path != path for file in tracked_secret_files(tree))


def _keys_in(tree: Tree, path: str) -> Iterator[CommittedKey]:
    if tree.tracked is not None and path not in tree.tracked:
        return
    if in_lower_case(_HARMLESS).search(path.lower()):
        return
    text = tree.text(path)
    content = text.content if text is not None else ""
    for number, line in marked_lines(content):
        kind = kind_of(line) if len(line) < _LONGEST_LINE else ""
        if not kind or kind == "password in an address" or is_placeholder(line.strip()):
            continue
        if kind == "private key" and not _KEY.search(_from(content, number)):
            continue  # a line that code puts around a key, or looks for
        is_shown = is_public_by_design(line.partition("=")[0].strip().removeprefix("export "))
        # Google's keys for maps and Firebase are made to stand in pages
        if kind == "Google API key" and (is_shown or _FRONT_END.search(path)):
            continue
        yield CommittedKey(path, number, kind, is_shown)


def _from(content: str, number: int) -> str:
    return "\n".join(content.split("\n")[number - 1 : number - 1 + _HEAD])
