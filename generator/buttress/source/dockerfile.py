"""Dockerfiles: instructions with their places, stages, and edits by spans.

Follows the reference of the format: parser directives, line continuations with comments between
them, heredocs, JSON forms, ``ONBUILD``. What an instruction says is joined into one ``value``, each
character of which knows its place in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from buttress.source.edit import Edit
from buttress.source.patterns import lazy_pattern
from buttress.source.text import Text

_KEYWORD = lazy_pattern(r"[ \t]*([A-Za-z]+)(?=[ \t]|\Z)[ \t]*")
_DIRECTIVE = lazy_pattern(r"[ \t]*#[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*?)[ \t]*\Z")
_HEREDOC = lazy_pattern(
    r"(?:(?<=\s)|\A)\d*<<(-?)(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\2(?=[\s;|&>)]|\Z)"
)
_FLAG = lazy_pattern(r"--([a-z][a-z-]*)(?:=(\"[^\"]*\"|[^\s\"]+))?(?:\s+|\Z)")
_LINE = lazy_pattern(r"([^\r\n]*)(\r\n|\n|\r|\Z)")

KEYWORDS = frozenset(
    {
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK"),
        *("LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME"),
        "WORKDIR",
    }
)


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A document inside an instruction: its delimiter and where its lines stand."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        keyword: In upper case.
        start: Offset of the keyword.
        end: Offset after its last character: continuation lines and heredocs belong to it, the
            last line ending does not.
        line: From 1.
        value: What follows the keyword, without continuations and comments between them.
        offsets: For each character of ``value`` its offset in the text.
        heredocs: The documents it takes.
        is_onbuild: Whether it is run by images built on this one.
    """

    keyword: str
    start: int
    end: int
    line: int
    value: str
    offsets: tuple[int, ...]
    heredocs: tuple[Heredoc, ...] = ()
    is_onbuild: bool = False

    @cached_property
    def flags(self) -> dict[str, str]:
        """The ``--name=value`` in front, by name."""
        return {name: value.strip('"') for name, value, _ in self._flags()}

    @cached_property
    def command_index(self) -> int:
        """Where in ``value`` the rest starts after the flags."""
        return max((end for _, _, end in self._flags()), default=0)

    @property
    def command(self) -> str:
        """What follows the flags."""
        return self.value[self.command_index :].strip()

    @property
    def words(self) -> tuple[str, ...]:
        """The command, split at blanks; quotes stay."""
        return tuple(self.command.split()) if self.exec_form is None else self.exec_form

    @cached_property
    def exec_form(self) -> tuple[str, ...] | None:
        """The words of a JSON list; ``None`` for the shell form."""
        if not self.command.startswith("["):
            return None
        try:
            words = json.loads(self.command)
        except ValueError:
            return None
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return tuple(words)
        return None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a slice of ``value`` stands in the text."""
        return self.offsets[start], self.offsets[end - 1] + 1

    def _flags(self) -> Iterator[tuple[str, str, int]]:
        if self.keyword not in ("ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"):
            return
        position = 0
        while match := _FLAG.match(self.value, position):
            position = match.end()
            yield match.group(1), match.group(2) or "", position


@dataclass(frozen=True, slots=True)
class Image:
    """An image reference: ``registry/name:tag@digest``."""

    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, reference: str) -> Image:
        """Read a reference as it stands behind ``FROM``."""
        rest, _, digest = reference.partition("@")
        folder, slash, last = rest.rpartition("/")
        name, _, tag = last.partition(":")
        return cls(f"{folder}{slash}{name}", tag, digest)


@dataclass(frozen=True)
class Stage:
    """One stage: ``FROM`` and what follows it.

    Attributes:
        index: From 0.
        name: Behind ``AS``, in lower case; may be empty.
        reference: What it is built from, as written.
        instructions: ``FROM`` first.
    """

    index: int
    name: str
    reference: str
    instructions: tuple[Instruction, ...]

    @property
    def from_(self) -> Instruction:
        """The ``FROM`` instruction."""
        return self.instructions[0]

    @property
    def image(self) -> Image:
        """The reference, taken apart."""
        return Image.parse(self.reference)

    def last(self, keyword: str) -> Instruction | None:
        """Return the last instruction of a kind, not counting those for images built on this."""
        return next(reversed(self.all(keyword)), None)

    def all(self, *keywords: str) -> tuple[Instruction, ...]:
        """Return the instructions of some kinds in order."""
        return tuple(i for i in self.instructions if i.keyword in keywords and not i.is_onbuild)


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile.

    Attributes:
        text: The text that the offsets belong to.
        instructions: All of them in order.
        directives: Parser directives at the top, such as ``syntax`` and ``escape``.
    """

    text: str
    instructions: tuple[Instruction, ...]
    directives: dict[str, str]

    @property
    def newline(self) -> str:
        """The line ending of most lines."""
        return Text(self.text).newline

    @property
    def problem(self) -> str | None:
        """What keeps the file from being a Dockerfile, if anything does."""
        return self._problem[1] if self._problem else None

    @property
    def problem_line(self) -> int:
        """The line where the problem stands; 1 if it stands nowhere."""
        return self._problem[0] if self._problem else 1

    @cached_property
    def _problem(self) -> tuple[int, str] | None:
        if not self.stages:
            return 1, "it has no FROM"
        for instruction in self.instructions:
            if instruction.keyword not in KEYWORDS:
                return instruction.line, f"line {instruction.line} is no instruction"
        first = self.instructions[0]
        if any(i.keyword != "ARG" for i in self.instructions[: self._first_from()]):
            return first.line, "an instruction stands before FROM"
        for stage in self.stages:
            wrong = _wrong_from(stage.from_)
            if wrong is not None:
                return stage.from_.line, f"line {stage.from_.line}: {wrong}"
        return None

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in order."""
        groups: list[list[Instruction]] = []
        for instruction in self.instructions:
            if instruction.keyword == "FROM" and not instruction.is_onbuild:
                groups.append([instruction])
            elif groups:
                groups[-1].append(instruction)
        stages: list[Stage] = []
        for index, group in enumerate(groups):
            words = group[0].command.split()
            named = len(words) == 3 and words[1].lower() == "as"
            name = words[2].lower() if named else ""
            stages.append(Stage(index, name, words[0] if words else "", tuple(group)))
        return tuple(stages)

    def parent(self, stage: Stage) -> Stage | None:
        """Return the earlier stage that a stage is built from, if it is one."""
        wanted = stage.reference.lower()
        return next((s for s in reversed(self.stages[: stage.index]) if s.name == wanted), None)

    def lineage(self, stage: Stage) -> tuple[Stage, ...]:
        """Return the stages that end up in a stage, the first one first."""
        chain = [stage]
        while above := self.parent(chain[0]):
            chain.insert(0, above)
        return tuple(chain)

    def line_after(self, instruction: Instruction, *lines: str) -> Edit:
        """Return the edit that adds lines below an instruction."""
        block = self.newline.join(lines)
        end = _LINE.match(self.text, instruction.end)
        stop = end.end() if end else instruction.end
        if end is None or not end.group(2):
            return Edit(stop, stop, self.newline + block)
        return Edit(stop, stop, block + self.newline)

    def line_before(self, instruction: Instruction, *lines: str) -> Edit:
        """Return the edit that adds lines above an instruction and the comments that lead it."""
        start = self.text.rfind("\n", 0, instruction.start) + 1
        while start > 0:
            above = self.text.rfind("\n", 0, start - 1) + 1
            if not self.text[above:start].lstrip().startswith("#"):
                break
            if self._is_directive(above):
                break
            start = above
        return Edit(start, start, self.newline.join(lines) + self.newline)

    def _is_directive(self, offset: int) -> bool:
        line = self.text.count("\n", 0, offset)
        return line < len(self.directives)

    def _first_from(self) -> int:
        return next(i for i, item in enumerate(self.instructions) if item.keyword == "FROM")


def parse(text: str) -> Dockerfile:
    """Parse a Dockerfile; see ``Dockerfile.problem`` for what is none."""
    lines = [match.span() + match.span(1) for match in _LINE.finditer(text)]
    lines = [line for line in lines if line[0] != line[1]]
    directives = _directives([text[line[2] : line[3]] for line in lines])
    escape = "`" if directives.get("escape") == "`" else "\\"
    instructions: list[Instruction] = []
    index = len(directives)
    while index < len(lines):
        content = text[lines[index][2] : lines[index][3]]
        if not content.strip() or content.lstrip().startswith("#"):
            index += 1
            continue
        logical = _Logical(text, lines, index, escape)
        instructions.append(logical.instruction())
        index = logical.next_line
    return Dockerfile(text, tuple(instructions), directives)


def _wrong_from(instruction: Instruction) -> str | None:
    """Return what Docker refuses in a ``FROM``: it takes an image, or an image, ``AS`` and a name."""
    words = instruction.command.split()
    if len(words) == 1 or (len(words) == 3 and words[1].lower() == "as"):
        return None
    if any(word.startswith("#") for word in words):
        return "a comment cannot stand behind FROM, Docker takes its words for arguments"
    return "FROM takes an image, or an image, AS and a name"


def _directives(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        match = _DIRECTIVE.match(line)
        if match is None or match.group(1).lower() in found:
            break
        if match.group(1).lower() not in ("syntax", "escape", "check"):
            break
        found[match.group(1).lower()] = match.group(2)
    return found


class _Logical:
    """Joins the physical lines of one instruction."""

    def __init__(
        self, text: str, lines: list[tuple[int, int, int, int]], first: int, escape: str
    ) -> None:
        self.text, self.lines, self.first = text, lines, first
        self.continued = re.compile(rf"{re.escape(escape)}[ \t]*\Z")
        self.value = ""
        self.offsets: list[int] = []
        self.heredocs: list[Heredoc] = []
        self.next_line = first
        self._join()

    def _join(self) -> None:
        going_on = True
        while going_on and self.next_line < len(self.lines):
            _, _, start, end = self.lines[self.next_line]
            content = self.text[start:end]
            if self.next_line > self.first and (
                content.lstrip().startswith("#") or not content.strip()
            ):
                self.next_line += 1
                continue
            match = self.continued.search(content)
            kept = content[: match.start()] if match else content
            self.value += kept
            self.offsets += range(start, start + len(kept))
            self.end = start + len(content.rstrip())
            self.next_line += 1
            going_on = match is not None

    def instruction(self) -> Instruction:
        keyword, position = self._keyword(0)
        is_onbuild = keyword == "ONBUILD"
        if is_onbuild:
            keyword, position = self._keyword(position)
        if keyword in ("RUN", "COPY", "ADD"):
            self._take_heredocs(position)
        start, content_end = self.lines[self.first][2:]
        indent = re.match(r"\s*", self.text[start:content_end])
        stripped = self.value.rstrip()
        return Instruction(
            keyword,
            start + (indent.end() if indent else 0),
            self.end,
            self.first + 1,
            stripped[position:],
            tuple(self.offsets[position : len(stripped)]),
            tuple(self.heredocs),
            is_onbuild,
        )

    def _keyword(self, position: int) -> tuple[str, int]:
        match = _KEYWORD.match(self.value, position)
        return ("", position) if match is None else (match.group(1).upper(), match.end())

    def _take_heredocs(self, position: int) -> None:
        for match in _HEREDOC.finditer(self.value[position:]):
            dashed, name = match.group(1) == "-", match.group(3)
            begin = self.lines[self.next_line][0] if self.next_line < len(self.lines) else self.end
            stop = begin
            while self.next_line < len(self.lines):
                start, end, _, content_end = self.lines[self.next_line]
                content = self.text[start:content_end]
                self.next_line += 1
                self.end = content_end
                if (content.lstrip("\t") if dashed else content) == name:
                    break
                stop = end
            self.heredocs.append(Heredoc(name, begin, stop))
