"""A function is as big as its own code: what is data, text or another function is not counted."""

from __future__ import annotations

import pytest

from buttress.analysis.structure.complexity import module_lines, sizes
from buttress.source import Tree


def size(code: str) -> tuple[int, int]:
    first = next(iter(sizes(Tree.of({"a.py": code}).module("a.py"))))
    return first.complexity, first.lines


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f():\n    return 1\n", (1, 2)),
        ("def f(a):\n    if a:\n        return 1\n    elif b:\n        return 2\n", (3, 5)),
        (
            "def f(a):\n    for b in a:\n        try:\n            b()\n        except E:\n            pass\n",
            (3, 6),
        ),
        ("def f(a):\n    return a and b or c if d else [e for e in a if e]\n", (1, 2)),
        ("def f():\n    return {\n        1: [\n            2,\n        ],\n    }\n", (1, 2)),
        ('def f():\n    return """a\n    b\n    c"""\n', (1, 2)),
        ("def f():\n    def g(a):\n        if a:\n            return 1\n    return g\n", (1, 2)),
        (
            "def f():\n    class A:\n        def g(self):\n            return 1\n    return A\n",
            (1, 2),
        ),
    ],
    ids=["plain", "elif", "loop and handler", "expressions", "table", "text", "function", "class"],
)
def test_sizes(code: str, expected: tuple[int, int]) -> None:
    assert size(code) == expected


def test_lines_of_a_module_are_those_without_tables() -> None:
    module = Tree.of({"a.py": "x = [\n    1,\n    2,\n]\ny = 1\n"}).module("a.py")
    assert module_lines(module) == 3
