"""What runs while a module is imported must not need what is bound further down."""

import ast

import pytest

from buttress.analysis.structure.import_time import runs_before
from buttress.source import Module, Text


def early(source: str) -> bool:
    """Return whether ``mark()`` may run before the name ``here`` is bound."""
    module = Module("m.py", Text(source))
    (call,) = [c for c in module.nodes(ast.Call) if getattr(c.func, "id", "") == "mark"]
    return runs_before(module, call, module.text.index("here"))


@pytest.mark.parametrize(
    "source",
    [
        "mark()\nhere = 1\n",
        "class A:\n    mark()\nhere = 1\n",
        "def f():\n    mark()\nf()\nhere = 1\n",
        "def f():\n    mark()\nrun(f)\nhere = 1\n",
        "def f():\n    mark()\ndef g():\n    f()\nx = g()\nhere = 1\n",
        "def f():\n    def inner():\n        mark()\n    return inner\nf()()\nhere = 1\n",
        "class A:\n    def f(self):\n        mark()\nA().f()\nhere = 1\n",
        "def f(g):\n    mark()\n@f\ndef h(): ...\nhere = 1\n",
    ],
)
def test_what_the_top_of_a_module_reaches_runs_early(source: str) -> None:
    assert early(source)


@pytest.mark.parametrize(
    "source",
    [
        "here = 1\nmark()\n",
        "def f():\n    mark()\nhere = 1\nf()\n",
        "def f():\n    mark()\ndef g():\n    f()\nhere = 1\n",
        "def f():\n    mark()\n    f()\nhere = 1\n",
    ],
)
def test_what_nothing_calls_in_front_runs_later(source: str) -> None:
    assert not early(source)
