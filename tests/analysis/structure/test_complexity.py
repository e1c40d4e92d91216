"""A function is as big as its own code: what is data, text or another function is not counted."""

from __future__ import annotations

import pytest

from buttress.analysis.structure.complexity import module_lines, oversized, sizes
from buttress.source import Tree


def size(code: str) -> tuple[int, int]:
    module = Tree.of({"a.py": code}).module("a.py")
    first = next(iter(sizes(module)))
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


BRANCH = "    if a:\n        b()\n"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (BRANCH * 14, []),
        (BRANCH * 15, ["f"]),
        ("    match a:\n" + "        case 1:\n            b()\n" * 15, ["f"]),
        ("    def g(a):\n" + "        if a:\n            b()\n" * 15, ["g"]),
        ("    b()\n" * 99, []),
        ("    b()\n" * 100, ["f"]),
        ("    return [\n" + "        1,\n" * 100 + "    ]\n", []),
    ],
    ids=["14 ifs", "15 ifs", "15 cases", "inner", "100 lines", "101 lines", "a table"],
)
def test_functions_that_are_too_big(body: str, names: list[str]) -> None:
    module = Tree.of({"a.py": "def f(a):\n" + body}).module("a.py")
    assert [found.function.name for found in oversized(module)] == names
