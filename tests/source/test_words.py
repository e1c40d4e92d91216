"""The index of words that a tree has for all its Python files."""

import re

import pytest

from buttress.source import Modules, Tree

FILES = Tree.of(
    {
        "app.py": "from flask import Flask\napp = Flask(__name__)\n",
        "broken.py": "flask = (\n",
        "notes.txt": "flask\n",
        "other.py": "print('flasks')\n",
    }
)


def test_a_tree_knows_the_words_of_its_python_files() -> None:
    assert FILES.words.holding(["flask"]) == {"app.py", "broken.py"}
    assert FILES.words.containing(["flask"]) == {"app.py", "broken.py", "other.py"}
    assert FILES.words.naming(["flask.Flask"]) == {"app.py"}


def test_a_text_that_is_no_word_is_looked_for_as_it_is() -> None:
    assert FILES.words.containing(["Flask(", "print('"]) == {"app.py", "other.py"}
    assert FILES.words.containing(["Flask ("]) == set()


def test_modules_share_the_index_of_their_tree() -> None:
    some = Modules([FILES.module("other.py"), FILES.module("app.py")], FILES.words)
    assert [module.path for module in some.having("flask")] == ["other.py", "app.py"]
    assert [module.path for module in some.naming("flask.Flask")] == ["app.py"]


def test_a_name_is_resolved_only_where_its_package_is_imported() -> None:
    tree = Tree.of(
        {
            "a.py": "import os\nos.system('x')\n",
            "b.py": "from os import system as run\nrun('x')\n",
            "c.py": "def system(x): ...\nsystem('x')\n",
            "d.py": "print(system)\n",
        }
    )
    found = Modules(tree.modules(), tree.words).calls("os.system", "builtins.print")
    assert [(module.path, call.lineno) for module, call in found] == [
        ("a.py", 2),
        ("b.py", 2),
        ("d.py", 1),
    ]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("-id", {"header.py"}),
        ("id", {"header.py", "other.py", "wide.py"}),
        ("x-request-id", {"header.py"}),
        ('.py"', {"other.py"}),
        ("py", {"other.py"}),
        ("import *", {"wide.py"}),
        ("from identity import", {"wide.py"}),
        ("from ident import", set()),
        ("*", {"wide.py"}),
    ],
)
def test_a_text_is_found_wherever_it_stands(text: str, paths: set[str]) -> None:
    tree = Tree.of(
        {
            "header.py": "NAME = 'x-request-id'\n",
            "other.py": 'candid = "a.py"\n',
            "wide.py": "from identity import *\n",
        }
    )

    assert tree.words.containing([text]) == paths


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("api_?key|token", {"a.py", "b.py", "c.py"}),
        ("api_?key", {"a.py", "b.py"}),
        ("tok(?:en)?s", {"c.py"}),
        (r"key\b", {"a.py", "b.py"}),
        (r"\bkey", set()),
        ("secrets?", set()),
    ],
)
def test_a_pattern_is_looked_for_in_each_word(pattern: str, paths: set[str]) -> None:
    tree = Tree.of({"a.py": "my_api_key = 1\n", "b.py": "APIKEY = 1\n", "c.py": "tokens = 1\n"})

    assert tree.words.spelling(re.compile(pattern, re.IGNORECASE)) == paths
    same_case = {path for path in paths if path != "b.py"}
    assert tree.words.spelling(re.compile(pattern)) == same_case


def test_few_files_of_many_stay_in_their_order() -> None:
    names = [f"{letter}.py" for letter in "hgfedcba"]
    tree = Tree.of({name: "rare = 1\n" if name in {"a.py", "g.py"} else "" for name in names})
    modules = Modules(map(tree.module, names), tree.words)

    assert [module.path for module in modules.having("rare")] == ["g.py", "a.py"]
    assert [module.path for module in modules.having("missing")] == []
