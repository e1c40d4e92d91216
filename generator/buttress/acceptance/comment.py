"""A comment, and the lines that it is meant for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment.

    Attributes:
        line: Where it stands.
        text: What it says, without its marks.
        first: First line of the statement that it belongs to: the one it stands in, or the next one.
        last: Last line of that statement.
        is_alone: Whether nothing else stands on its line.
    """

    line: int
    text: str
    first: int
    last: int
    is_alone: bool

    def covers(self, line: int) -> bool:
        """Whether what the comment says is meant for something on a line.

        At the end of a line that is this line; at the end of a statement's first or last line it is
        the statement. On a line of its own it is the next line, and the statement that starts there.
        """
        if line == self.line or (self.is_alone and line == self.line + 1):
            return True
        is_at_edge = self.is_alone or self.line in {self.first, self.last}
        return is_at_edge and self.first <= line <= self.last and not self._is_inside

    @property
    def _is_inside(self) -> bool:
        return self.is_alone and self.first <= self.line <= self.last
