"""The index of words that a tree has for all its Python files."""

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
