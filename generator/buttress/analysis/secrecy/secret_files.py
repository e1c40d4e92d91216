"""Files of secrets that git tracks: environment files with values, and private keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

from buttress.analysis.secrecy.secrets import (
    is_placeholder,
    is_public_by_design,
    is_secret_variable,
    kind_of,
)
from buttress.source import Tree

_ENV_FILE = re.compile(
    r"(?:^|/)\.env(?:\.(?!example|sample|template|dist|test)[\w.-]+)?$(?<!example)(?<!sample)(?<!template)(?<!dist)"
)
_SHOWN_KINDS = frozenset({"", "Google API key"})
"""What may stand in a page: identifiers of projects, and keys that are bound to a domain."""

_KEY_FILE = re.compile(r"(?:^|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx))$")
_ASSIGNMENT = re.compile(
    r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*[\"']?([^\"'#\r\n]+)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A tracked file of secrets.

    Attributes:
        path: Relative to the root of the tree.
        names: The variables that have a value; empty for a private key.
    """

    path: str
    names: tuple[str, ...] = ()


def tracked_secret_files(tree: Tree) -> list[SecretFile]:
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
    return found
