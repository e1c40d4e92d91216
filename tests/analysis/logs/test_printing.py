"""Prints are diagnostics unless a person at a terminal is meant to read them."""

import pytest

from buttress.analysis.logs.printing import mentioned_elsewhere, prints
from buttress.project.modules import OwnModules
from buttress.source import Tree


def exemptions(source: str, **others: str) -> list[str]:
    files = {"main.py": source, **{f"{name}.py": text for name, text in others.items()}}
    tree = Tree.of(dict(files))
    is_mentioned = mentioned_elsewhere(OwnModules(tree), "main.py", "")
    return [item.exempt for item in prints(tree.module("main.py"), is_mentioned)]


def test_the_rest_is_diagnostics() -> None:
    assert exemptions("print(1)\ndef f():\n    print(2)\n") == ["", ""]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('if __name__ == "__main__":\n    print(1)\n', "script"),
        ("def ask():\n    print(1)\n    input()\n", "command"),
        ("import sys\n\n\ndef f(out):\n    print(1, file=out)\n", "file"),
    ],
)
def test_an_exemption_says_why(source: str, word: str) -> None:
    (reason,) = exemptions(source)

    assert word in reason


MAIN = 'def main():\n    print(1)\n\n\nif __name__ == "__main__":\n    main()\n'


def test_a_function_that_only_the_script_calls_is_part_of_it() -> None:
    assert exemptions(MAIN) != [""]


@pytest.mark.parametrize(
    "other",
    ["from main import main\n", "import main\n\nmain.main()\n"],
)
def test_a_function_that_other_modules_call_is_not(other: str) -> None:
    assert exemptions(MAIN, other=other) == [""]


def test_a_function_that_the_app_calls_as_well_is_not() -> None:
    assert exemptions(f"{MAIN}\n\ndef handler():\n    main()\n") == [""]


def test_standard_streams_are_no_files() -> None:
    assert exemptions("import sys\nprint(1, file=sys.stderr)\nprint(1, file=None)\n") == ["", ""]
