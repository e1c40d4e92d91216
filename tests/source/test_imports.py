"""Imports join the group they belong to, and go when nothing uses them."""

import pytest

from buttress.source import Module, Text, Tree, apply_edits
from buttress.source.imports import (
    Import,
    add_imports,
    after_imports,
    local_name,
    own_names,
    unused_after,
)

STRUCTLOG = Import("structlog")


def added(source: str, *wanted: Import) -> str:
    module = Module("m.py", Text(source))
    return apply_edits(source, add_imports(module, wanted))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # joins its group, sorted where the group is
        ("import os\n\nimport flask\n", "import os\n\nimport flask\nimport structlog\n"),
        ("import os\n\nimport zmq\n", "import os\n\nimport structlog\nimport zmq\n"),
        # a group of its own behind the standard library
        ("import os\n\nx = 1\n", "import os\n\nimport structlog\n\nx = 1\n"),
        # in front of the project's own
        ("from .db import x\n", "import structlog\n\nfrom .db import x\n"),
        # behind the docstring
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nimport structlog\n\nx = 1\n'),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\n\nimport structlog\n\nx = 1\n'),
        # behind the future, the comment and the cookie
        (
            "from __future__ import annotations\nx = 1\n",
            "from __future__ import annotations\n\nimport structlog\nx = 1\n",
        ),
        (
            "#!/usr/bin/python\n# coding: utf-8\nx = 1\n",
            "#!/usr/bin/python\n# coding: utf-8\nimport structlog\n\nx = 1\n",
        ),
        # never inside a block
        (
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import flask\n",
            "from typing import TYPE_CHECKING\n\nimport structlog\n\nif TYPE_CHECKING:\n    import flask\n",
        ),
        ("", "import structlog\n"),
        ("x = 1\r\n", "import structlog\r\n\r\nx = 1\r\n"),
        ("import flask", "import flask\nimport structlog\n"),
        ("import os, sys\nimport flask\n", "import os, sys\nimport flask\nimport structlog\n"),
    ],
)
def test_an_import_is_added_where_it_belongs(source: str, expected: str) -> None:
    assert added(source, STRUCTLOG) == expected


@pytest.mark.parametrize(
    ("source", "module", "expected"),
    [
        # joins the project's own, absolute or relative
        (
            "import flask\n\nfrom app.db import x\n",
            "app.logs",
            "import flask\n\nfrom app.db import x\nfrom app.logs import f\n",
        ),
        (
            "import flask\n\nfrom .db import x\n",
            ".logs",
            "import flask\n\nfrom .db import x\nfrom .logs import f\n",
        ),
        # a group of its own behind the others, sorted or not
        ("import flask\n", "app.logs", "import flask\n\nfrom app.logs import f\n"),
        (
            "import os\nimport flask\nimport abc\n",
            ".logs",
            "import os\nimport flask\nimport abc\nfrom .logs import f\n",
        ),
        # a name that the project does not have is third party
        (
            "import flask\n\nfrom app.db import x\n",
            "bar.logs",
            "import flask\nfrom bar.logs import f\n\nfrom app.db import x\n",
        ),
    ],
)
def test_a_module_of_the_project_joins_the_projects_own(
    source: str, module: str, expected: str
) -> None:
    file = Module("m.py", Text(source))

    edits = add_imports(file, [Import(module, "f")], frozenset({"app"}))

    assert apply_edits(source, edits) == expected


def test_the_projects_own_names_are_what_stands_beside_and_above_a_file() -> None:
    paths = ["backend/app/main.py", "backend/app/db/models.py", "backend/jobs.py", "tools/x/y.py"]
    tree = Tree.of(dict.fromkeys(paths, ""))

    names = own_names(tree, "backend/app/main.py")

    assert names == {"main", "db", "app", "jobs", "backend", "tools"}


@pytest.mark.parametrize(
    "source",
    ["import structlog\n", "import os\nimport structlog\n\nlog = structlog.get_logger()\n"],
)
def test_an_import_that_stands_there_is_not_added_again(source: str) -> None:
    assert added(source, STRUCTLOG) == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from app.x import b, d\n", "from app.x import b, c, d\n"),
        ("from app.x import d, b\n", "from app.x import d, b, c\n"),
        (
            "from app.x import (\n    b,\n)\n",
            "from app.x import (\n    b,\n)\nfrom app.x import c\n",
        ),
        ("from app.x import b  # why\n", "from app.x import b  # why\nfrom app.x import c\n"),
    ],
)
def test_a_name_joins_the_statement_of_its_module(source: str, expected: str) -> None:
    assert added(source, Import("app.x", "c")) == expected


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("x = 1\n", "structlog"),
        ("import structlog as sl\n", "sl"),
        ("structlog = 1\n", None),
        ("def f(structlog): ...\n", None),
        ("from everything import *\n", None),
        ("def f():\n    import structlog\n", None),
    ],
)
def test_the_local_name_is_free_or_there_is_none(source: str, name: str | None) -> None:
    assert local_name(Module("m.py", Text(source)), STRUCTLOG) == name


def pruned(before: str, after: str, path: str = "m.py") -> str:
    edits = unused_after(Module(path, Text(before)), Module(path, Text(after)))
    return apply_edits(after, edits)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("import os\nos.getenv('A')\n", "import os\nsettings.a\n", "settings.a\n"),
        (
            "from os import environ, path\nenviron['A']; path\n",
            "from os import environ, path\npath\n",
            "from os import path\npath\n",
        ),
        # a group that is gone takes its blank line along
        (
            '"""Doc."""\n\nimport os\n\nimport flask\n\nflask.x(os.y)\n',
            '"""Doc."""\n\nimport os\n\nimport flask\n\nflask.x()\n',
            '"""Doc."""\n\nimport flask\n\nflask.x()\n',
        ),
    ],
)
def test_an_import_goes_with_its_last_use(before: str, after: str, expected: str) -> None:
    assert pruned(before, after) == expected


def test_a_package_keeps_what_it_may_offer() -> None:
    before = "import os\nfrom flask import Flask\nFlask(os.name)\n"

    assert pruned(before, "import os\nfrom flask import Flask\n", path="app/__init__.py") == (
        "from flask import Flask\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\n", "import os\n"),
        ("import os\nos.x\nos.y\n", "import os\nos.x\n"),
        ("from .models import User\nUser\n", "from .models import User\n"),
        ("import os  # noqa: F401\nos.x\n", "import os  # noqa: F401\n"),
        ("import os\n__all__ = ['os']\nos.x\n", "import os\n__all__ = ['os']\n"),
        ("if a:\n    import os\nos.x\n", "if a:\n    import os\n"),
        ("import os\nos.x\n", "import os\ndef f() -> 'os.PathLike': ...\n"),
    ],
)
def test_an_import_stays_where_it_may_be_needed(before: str, after: str) -> None:
    assert pruned(before, after) == after


@pytest.mark.parametrize(
    ("source", "head"),
    [
        ("import os\nload()\nimport sys\nx = 1\n", "import os\nload()\nimport sys\n"),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\n'),
        (
            "try:\n    import a\nexcept ImportError:\n    a = None\nx = 1\n",
            "try:\n    import a\nexcept ImportError:\n    a = None\n",
        ),
        ("import os\n\ndef f(): ...\n\nimport late\n", "import os\n"),
    ],
)
def test_after_imports_is_where_module_names_are_defined(source: str, head: str) -> None:
    assert source[: after_imports(Module("m.py", Text(source)))] == head
