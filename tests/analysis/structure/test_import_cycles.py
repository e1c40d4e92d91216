"""A cycle is the shortest way from a module back to itself, over imports that run at the start."""

from __future__ import annotations

import pytest

from buttress.analysis.structure.import_cycles import cycles, start_graph
from buttress.project.modules import OwnModules
from buttress.source import Tree


def rings(files: dict[str, str]) -> list[tuple[tuple[str, ...], int]]:
    tree = Tree.of(files)
    graph = start_graph(tree.modules(), OwnModules(tree), "")
    return [(cycle.paths, cycle.size) for cycle in cycles(graph)]


def test_two_modules() -> None:
    assert rings({"a.py": "import b\n", "b.py": "from a import x\n"}) == [(("a.py", "b.py"), 2)]


def test_the_shortest_ring_of_a_web() -> None:
    files = {"a.py": "import b\nimport c\n", "b.py": "import c\n", "c.py": "import a\n"}
    assert rings(files) == [(("a.py", "c.py"), 3)]


def test_two_rings_that_do_not_touch() -> None:
    files = {"a.py": "import b\n", "b.py": "import a\n", "c.py": "import d\n", "d.py": "import c\n"}
    assert rings(files) == [(("a.py", "b.py"), 2), (("c.py", "d.py"), 2)]


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "import b\n", "b.py": "import c\n", "c.py": ""},
        {"a.py": "import b\n", "b.py": "def f():\n    import a\n"},
        {"a.py": "import b\n", "b.py": "if TYPE_CHECKING:\n    import a\n"},
        {"p/__init__.py": "from p import a\n", "p/a.py": "from p import x\n"},
        {"json.py": "import b\n", "b.py": "import os\n"},
    ],
    ids=["a line", "inside a function", "for type checkers", "a package", "names of others"],
)
def test_no_ring(files: dict[str, str]) -> None:
    assert rings(files) == []


def test_a_ring_of_a_thousand_modules_is_found_without_recursion() -> None:
    files = {f"m{n:04}.py": f"import m{(n + 1) % 1500:04}\n" for n in range(1500)}
    ((paths, size),) = rings(files)
    assert (paths[0], len(paths), size) == ("m0000.py", 1500, 1500)
