"""Comments of Python source, as its own tokenizer tells them from text inside strings."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from buttress.acceptance.comment import Comment
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_MARKED = lazy_pattern(r"#[^\r\n]*")
_BETWEEN = frozenset(
    [tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER]
)
_Node = ast.stmt | ast.excepthandler


def python_comments(text: str) -> list[Comment]:
    """Return the comments of Python source; where it stops to make sense, those before that."""
    found: list[tuple[int, str, bool]] = []
    statements: list[tuple[int, int]] = []
    first = 0
    starts, decorates = True, False
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
            if token.type == tokenize.COMMENT:
                alone = not token.line[: token.start[1]].strip()
                found.append((token.start[0], token.string.lstrip("#"), alone))
            elif token.type == tokenize.NEWLINE:
                # decorators belong to what they decorate
                if not decorates:
                    statements.append((first or token.start[0], token.start[0]))
                    first = 0
                starts = True
            elif token.type not in _BETWEEN and starts:
                first = first or token.start[0]
                starts, decorates = False, token.string == "@"
    except (tokenize.TokenError, SyntaxError):
        pass  # reported as a file that does not parse; what was read until there still counts
    ends = [end for _, end in statements]
    result = []
    for line, said, alone in found:
        index = bisect_left(ends, line)
        start, end = statements[index] if index < len(statements) else (line, line)
        result.append(Comment(line, said, start, end, is_alone=alone))
    return result


def may_say(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether a comment of Python source may match a pattern; nothing is parsed to tell."""
    return next(_marked(pattern, text), None) is not None


def comments_saying(pattern: re.Pattern[str], module: Module) -> Iterator[Comment]:
    """Yield the comments of a module in which a pattern is found.

    To read the tokens of a file takes several times as long as to parse it. Only those of the
    statements around such a comment are read.
    """
    run_of: dict[int, int] = {}
    lasts: dict[int, int] = {}
    for match in _marked(pattern, module.text):
        line = module.line_at(match.start())
        first, last = (1, len(module.line_starts)) if module.problem else _run(module, line)
        run_of[line] = first
        lasts[first] = max(last, lasts.get(first, 0))
    for first, last in lasts.items():
        text = module.text[module.line_span(first)[0] : module.line_span(last)[1]]
        for comment in python_comments(text):
            found = _moved(comment, first - 1)
            # what stands in two runs is whole in its own
            if run_of.get(found.line) == first and pattern.search(found.text):
                yield found


def _marked(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the ends of lines, from a ``#`` on, in which a pattern is found."""
    return (match for match in _MARKED.finditer(text) if pattern.search(match.group()))


def _moved(comment: Comment, lines: int) -> Comment:
    return replace(
        comment,
        line=comment.line + lines,
        first=comment.first + lines,
        last=comment.last + lines,
    )


def _run(module: Module, line: int) -> tuple[int, int]:
    """Return the first and the last line of statements that hold all that a comment can mean.

    They begin with the statement that the line stands in, else behind the one above it, and end
    where the one that follows is over.
    """
    first, following = _around(module, line)
    behind = _around(module, following)[1] if following is not None else None
    return first, behind - 1 if behind is not None else len(module.line_starts)


def _around(module: Module, line: int) -> tuple[int, int | None]:
    """Return the line on which the run of statements around a line begins, and where the next does."""
    first, following = 1, None
    nodes: Sequence[_Node] = module.tree.body
    while nodes:
        index = bisect_right(nodes, line, key=_first_line)
        # what stands behind others on its line is no place to stop: `class A(\n    B): x = 1`
        own = (node for node in nodes[index:] if _begins_line(module, node))
        following = next(map(_first_line, own), following)
        if index == 0:
            break
        node = nodes[index - 1]
        end = node.end_lineno or node.lineno
        if end < line:
            return end + 1, following
        if _begins_line(module, node):
            first = _first_line(node)
        nodes = _inside(node)
    return first, following


def _begins_line(module: Module, node: _Node) -> bool:
    return not module.source_line(node.lineno)[: node.col_offset].strip()


def _first_line(node: _Node) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return decorators[0].lineno if decorators else node.lineno


def _inside(node: _Node) -> Sequence[_Node]:
    """Return the statements, and the handlers of exceptions, right inside a statement."""
    if isinstance(node, ast.Match):
        return [statement for case in node.cases for statement in case.body]
    blocks = ("body", "handlers", "orelse", "finalbody")
    return [inner for block in blocks for inner in getattr(node, block, ())]
