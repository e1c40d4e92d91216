"""Requirements are read as people write them."""

import pytest

from buttress.project.model import Place
from buttress.project.requirements import group_of_file, read_requirement, read_requirements
from buttress.source import Tree

HERE = Place("requirements.txt", 1)


@pytest.mark.parametrize(
    ("text", "name", "specifier", "extras"),
    [
        ("fastapi", "fastapi", "", ()),
        ("Flask_SQLAlchemy==3.1", "flask-sqlalchemy", "==3.1", ()),
        ("uvicorn[standard]>=0.3,<1", "uvicorn", ">=0.3,<1", ("standard",)),
        ("pydantic [email, dotenv] >= 2", "pydantic", ">= 2", ("dotenv", "email")),
        ("tomli>=1 ; python_version < '3.11'", "tomli", ">=1", ()),
        ("psycopg (>=3.1)", "psycopg", ">=3.1", ()),
        ("zope.interface~=6.0", "zope-interface", "~=6.0", ()),
        ("thing @ https://example.com/thing.whl", "thing", "@ https://example.com/thing.whl", ()),
    ],
)
def test_one_requirement(text: str, name: str, specifier: str, extras: tuple[str, ...]) -> None:
    found = read_requirement(text, HERE)
    assert found is not None
    assert (found.name, found.specifier, found.extras) == (name, specifier, extras)


@pytest.mark.parametrize("text", ["", "  ", "==1.0", "[extra]", "!!"])
def test_what_is_no_requirement(text: str) -> None:
    assert read_requirement(text, HERE) is None


def names(files: dict[str, str | bytes]) -> list[str]:
    """Return what ``requirements.txt`` asks for, with the place of each."""
    tree = Tree.of(files)
    return [f"{item.name} {item.place}" for item in read_requirements(tree, "requirements.txt")]


def test_a_file_with_everything_in_it() -> None:
    text = """\
# web
fastapi==0.110  # pinned
--index-url somewhere
-e .
uvicorn \\
    --hash=sha256:abc

git+https://example.com/x.git#egg=own_lib
./local.whl
"""
    assert names({"requirements.txt": text}) == [
        "fastapi requirements.txt:2",
        "uvicorn requirements.txt:6",
        "own-lib requirements.txt:8",
    ]


def test_included_files_keep_their_own_places() -> None:
    files: dict[str, str | bytes] = {
        "requirements.txt": "-r req/base.txt\nflask\n",
        "req/base.txt": "--requirement=more.txt\nredis\n",
        "req/more.txt": "rq\n",
    }
    assert names(files) == ["rq req/more.txt:1", "redis req/base.txt:2", "flask requirements.txt:2"]


def test_files_that_include_each_other_end() -> None:
    files: dict[str, str | bytes] = {
        "requirements.txt": "-r a.txt\n",
        "a.txt": "-r requirements.txt\nx\n",
    }
    assert set(names(files)) == {"x a.txt:2"}


def test_utf_16_as_windows_writes_it() -> None:
    data = "Flask==3.0\r\nSQLAlchemy\r\n".encode("utf-16")
    assert names({"requirements.txt": data}) == [
        "flask requirements.txt:1",
        "sqlalchemy requirements.txt:2",
    ]


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("requirements.txt", ""),
        ("requirements-dev.txt", "dev"),
        ("requirements/test.txt", "test"),
        ("dev-requirements.txt", "dev"),
        ("requirements-devices.txt", ""),
    ],
)
def test_the_group_of_a_file(path: str, group: str) -> None:
    assert group_of_file(path) == group
