"""Read Python source into a tree, or say why it cannot be read."""

from __future__ import annotations

import ast
import sys
import warnings
from dataclasses import dataclass

from buttress.source.nested_quotes import parse_nested_quotes

_LONGEST_READ_TWICE = 60_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file has no tree.

    Attributes:
        line: Where reading stopped, from 1.
        message: What the parser said.
        newer_syntax: Whether the file is valid for a newer Python than the one that runs this.
    """

    line: int
    message: str
    newer_syntax: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """What reading a text gave.

    Attributes:
        tree: The tree; an empty one where there is a problem.
        problem: Why the text does not parse; ``None`` where it does.
        is_newer: Whether ``tree`` is that of a text of the same length with other quotes inside its
            f-strings, which need a newer Python than this one.
    """

    tree: ast.Module
    problem: Problem | None = None
    is_newer: bool = False


def parse(text: str) -> Parsed:
    """Return the tree of a Python file, or its problem; no input raises an error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Parsed(ast.parse(text))
    except (SyntaxError, ValueError) as problem:
        stand_in = _stand_in(text)
        if stand_in is not None:
            return Parsed(stand_in, is_newer=True)
        line = getattr(problem, "lineno", None) or 1
        message = getattr(problem, "msg", None) or str(problem)
        return unparsed(Problem(line, message, _is_newer_syntax(text)))
    except (RecursionError, MemoryError):
        return unparsed(Problem(1, "the code is nested too deeply"))


def unparsed(problem: Problem) -> Parsed:
    """Return what a file gives that has a problem."""
    return Parsed(ast.Module(body=[], type_ignores=[]), problem)


def _stand_in(text: str) -> ast.Module | None:
    """Return the tree of a text whose f-strings are written as only Python 3.12 and newer read them."""
    if sys.version_info >= (3, 12) or len(text) > _LONGEST_READ_TWICE:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return parse_nested_quotes(text)


def _is_newer_syntax(text: str) -> bool:
    """Whether black's own grammar, which is ahead of this interpreter, accepts the text."""
    if len(text) > _LONGEST_READ_TWICE:
        return False
    from black.parsing import InvalidInput, lib2to3_parse

    try:
        lib2to3_parse(text)
    except (InvalidInput, RecursionError, ValueError, IndexError, KeyError):
        return False
    return True
