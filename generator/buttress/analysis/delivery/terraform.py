"""Terraform as far as checks need it: blocks with their attributes, comments and strings respected.

This is no evaluator: what is computed is unknown, and unknown never fails a check. A variable is
known where its block in the same folder has a literal default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from buttress.project.model import Place
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_LARGEST = 256 * 1024
_DEEPEST = 20
_TOKEN = lazy_pattern(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<heredoc><<-?(?P<mark>[A-Za-z_]\w*)\r?\n.*?(?:^[ \t]*(?P=mark)[ \t]*\r?$|\Z))
    |(?P<text>"(?:\\.|[^"\\\n])*")
    |(?P<word>[A-Za-z_][\w-]*)
    |(?P<open>[\{\[\(])|(?P<close>[\}\]\)])|(?P<equals>=(?![=>]))|(?P<newline>\n)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_VARIABLE = lazy_pattern(r"var\.([A-Za-z_][\w-]*)\Z")
_NOTHING_RUNS = (
    "null_",
    "random_",
    "local_",
    "time_",
    "tls_",
    "terraform_",
    "template_",
    "archive_",
)


@dataclass(frozen=True)
class Block:
    """One block.

    Attributes:
        kind: ``resource``, ``variable``, ``module``; inside of others ``health_check``.
        labels: What stands behind it (``("aws_db_instance", "main")``).
        place: Where it starts.
        attributes: What stands behind ``name =``, as written.
        blocks: The blocks inside.
        text: All between the braces.
    """

    kind: str
    labels: tuple[str, ...]
    place: Place
    attributes: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    text: str = ""

    @property
    def type(self) -> str:
        """The first label: the type of a resource."""
        return self.labels[0] if self.labels else ""

    def inside(self, kind: str) -> list[Block]:
        """Return the blocks of a kind inside of this one, those that are generated too."""
        return [
            block
            for block in self.blocks
            if block.kind == kind or (block.kind == "dynamic" and block.type == kind)
        ]


class Terraform:
    """The Terraform files of a tree, each read once.

    Args:
        tree: The files.
        paths: Those that end in ``.tf``.
    """

    def __init__(self, tree: Tree, paths: tuple[str, ...]) -> None:
        self._blocks: dict[str, list[Block]] = {}
        for path in paths:
            text = tree.text(path) if path.endswith(".tf") else None
            if text is not None and len(text.content) <= _LARGEST:
                folder = path.rpartition("/")[0]
                self._blocks.setdefault(folder, []).extend(read(path, text.content))

    @cached_property
    def resources(self) -> tuple[Block, ...]:
        """All resources that stand for something in a cloud and say anything about it."""
        return tuple(
            block
            for blocks in self._blocks.values()
            for block in blocks
            if block.kind == "resource"
            and len(block.labels) == 2
            and not block.type.startswith(_NOTHING_RUNS)
            and (block.attributes or block.blocks)
        )

    def of_type(self, pattern: str) -> tuple[Block, ...]:
        """Return the resources whose type a regular expression matches as a whole."""
        matches = re.compile(pattern).fullmatch
        return tuple(block for block in self.resources if matches(block.type))

    def value(self, block: Block, name: str) -> str | None:
        """Return an attribute with a variable's default filled in; ``None`` where it is absent."""
        written = block.attributes.get(name)
        match = _VARIABLE.match(written or "")
        if match is None:
            return written
        folder = block.place.path.rpartition("/")[0]
        for other in self._blocks.get(folder, ()):
            if other.kind == "variable" and other.labels == (match[1],):
                return other.attributes.get("default", written)
        return written


def read(path: str, text: str) -> list[Block]:
    """Return the blocks at the top of a file; what is damaged ends the reading, without an error."""
    return _Reader(path, text).blocks()


class _Reader:
    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self.tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup != "comment"]
        self.position = 0
        self.line, self.counted = 1, 0

    def blocks(self) -> list[Block]:
        top = Block("", (), Place(self.path))
        self._fill(top, 0)
        return top.blocks

    def _fill(self, block: Block, depth: int) -> int:
        """Read until the brace that closes a block; return where that stands."""
        words: list[re.Match[str]] = []
        for token in self._rest():
            kind = _kind(token)
            if kind in ("word", "text"):
                words.append(token)
            elif kind == "equals" and len(words) == 1:
                block.attributes[_plain(words[0])] = self._value(token.end())
                words = []
            elif kind == "open":
                if token.group() == "{" and words and depth < _DEEPEST:
                    labels = tuple(_plain(word) for word in words[1:])
                    inner = Block(_plain(words[0]), labels, self._place(words[0].start()))
                    end = self._fill(inner, depth + 1)
                    block.blocks.append(
                        Block(
                            inner.kind,
                            labels,
                            inner.place,
                            inner.attributes,
                            inner.blocks,
                            self.text[token.end() : end],
                        )
                    )
                else:
                    self._skip()
                words = []
            elif kind == "close":
                return token.start()
            else:
                words = []
        return len(self.text)

    def _value(self, start: int) -> str:
        """Read the expression behind ``=``: to the end of the line, brackets and all they hold."""
        for token in self._rest():
            kind = _kind(token)
            if kind == "open":
                self._skip()
            elif kind in ("newline", "heredoc"):
                return self._cut(start, token.start() if kind == "newline" else token.end())
            elif kind == "close":  # the block ends on the same line
                self.position -= 1
                return self._cut(start, token.start())
        return self._cut(start, len(self.text))

    def _cut(self, start: int, end: int) -> str:
        piece = self.text[start:end].strip()
        # a comment behind a plain value; one in a list does no harm
        return re.sub(r"\s+(?:#|//).*\Z", "", piece)

    def _skip(self) -> None:
        depth = 1
        for token in self._rest():
            kind = _kind(token)
            depth += (kind == "open") - (kind == "close")
            if depth == 0:
                return

    def _rest(self) -> Iterator[re.Match[str]]:
        while self.position < len(self.tokens):
            self.position += 1
            yield self.tokens[self.position - 1]

    def _place(self, offset: int) -> Place:
        self.line += self.text.count("\n", self.counted, offset)
        self.counted = max(self.counted, offset)
        return Place(self.path, self.line)


def _kind(token: re.Match[str]) -> str:
    # a group inside of another one is not what the token is
    return "heredoc" if token.group("heredoc") else token.lastgroup or ""


def _plain(token: re.Match[str]) -> str:
    return token.group().strip('"')
