"""Requirements in pyproject.toml and Pipfile: added where the project keeps such requirements."""

import pytest

from buttress.source import toml_dependencies
from buttress.source.refusal import RefusedError


def test_run_time_dependencies_go_to_the_project_table() -> None:
    text = "[project]\nname = 'x'\ndependencies = ['flask']\n[build-system]\nrequires = []\n"

    added = toml_dependencies.add_dependency(
        text, "psycopg", ">=3.2", kind="pep621", extras=["binary", "pool"]
    )

    assert added == text.replace("['flask']", "['flask', 'psycopg[binary,pool]>=3.2']")


def test_a_project_without_dependencies_gets_the_key() -> None:
    text = "[project]\nname = 'x'\n\n[project.scripts]\nrun = 'x:y'\n"

    added = toml_dependencies.add_dependency(text, "flask", ">=3", kind="pep621")

    assert added == (
        "[project]\nname = 'x'\ndependencies = [\n    \"flask>=3\",\n]\n\n"
        "[project.scripts]\nrun = 'x:y'\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "[dependency-groups]\ndev = ['ruff']\n",
            "[dependency-groups]\ndev = ['ruff', 'pytest>=9']\n",
            id="dependency group",
        ),
        pytest.param(
            "[project.optional-dependencies]\ndev = ['ruff']\n",
            "[project.optional-dependencies]\ndev = ['ruff', 'pytest>=9']\n",
            id="extra",
        ),
        pytest.param(
            "[tool.uv]\ndev-dependencies = ['ruff']\n",
            "[tool.uv]\ndev-dependencies = ['ruff', 'pytest>=9']\n",
            id="uv before dependency groups",
        ),
        pytest.param(
            "[tool.pdm.dev-dependencies]\ndev = ['ruff']\n",
            "[tool.pdm.dev-dependencies]\ndev = ['ruff', 'pytest>=9']\n",
            id="pdm before dependency groups",
        ),
        pytest.param(
            "[project]\nname = 'x'\n",
            "[project]\nname = 'x'\n\n[dependency-groups]\ndev = [\n    \"pytest>=9\",\n]\n",
            id="new group",
        ),
        pytest.param(
            "[dependency-groups]\ndocs = ['mkdocs']\n\n[tool.x]\n",
            "[dependency-groups]\ndocs = ['mkdocs']\ndev = [\n    \"pytest>=9\",\n]\n\n[tool.x]\n",
            id="new group beside another",
        ),
    ],
)
def test_development_dependencies_go_where_the_project_keeps_them(text: str, expected: str) -> None:
    added = toml_dependencies.add_dependency(text, "pytest", ">=9", kind="pep621", group="dev")

    assert added == expected
    assert toml_dependencies.add_dependency(added, "pytest", kind="pep621", group="dev") == added


@pytest.mark.parametrize(
    ("specifier", "style", "written"),
    [
        (">=25.4", "^3", "^25.4"),
        (">=25.4,<27", "^3", "^25.4"),
        (">=25.4", ">=3", ">=25.4"),
        ("==25.4.0", "^3", "==25.4.0"),
        ("", "^3", "*"),
    ],
)
def test_poetry_tables_keep_their_caret_style(specifier: str, style: str, written: str) -> None:
    head = f'[tool.poetry]\nname = "x"\n\n[tool.poetry.dependencies]\npython = "^3.9"\nflask = "{style}"\n'

    added = toml_dependencies.add_dependency(
        head + "\n[build-system]\n", "structlog", specifier, kind="poetry"
    )

    assert added == head + f'structlog = "{written}"\n\n[build-system]\n'


def test_poetry_groups_old_and_new() -> None:
    base = '[tool.poetry.dependencies]\npython = "^3.9"\n'
    old = base + '[tool.poetry.dev-dependencies]\nblack = "^22"\n'

    assert toml_dependencies.add_dependency(old, "pytest", "", kind="poetry", group="dev") == (
        old + 'pytest = "*"\n'
    )
    assert toml_dependencies.add_dependency(base, "pytest", "", kind="poetry", group="dev") == (
        base + '\n[tool.poetry.group.dev.dependencies]\npytest = "*"\n'
    )


def test_poetry_and_pipfile_write_extras_as_a_table() -> None:
    pipfile = '[packages]\nflask = "*"\n\n[dev-packages]\n'

    added = toml_dependencies.add_dependency(
        pipfile, "psycopg", ">=3", kind="pipfile", extras=["binary"]
    )
    added = toml_dependencies.add_dependency(added, "pytest", kind="pipfile", group="dev")

    assert added == (
        '[packages]\nflask = "*"\npsycopg = { extras = ["binary"], version = ">=3" }\n\n'
        '[dev-packages]\npytest = "*"\n'
    )


@pytest.mark.parametrize(
    ("text", "kind", "group"),
    [
        ("[project]\ndependencies = ['StructLog==24']\n", "pep621", ""),
        ("[project]\ndependencies = ['structlog']\n", "pep621", "dev"),
        ("[dependency-groups]\ndev = ['structlog']\n", "pep621", "dev"),
        ('[tool.poetry.dependencies]\nstructlog = "^24"\n', "poetry", ""),
        ('[tool.poetry.group.dev.dependencies]\nstructlog = "^24"\n', "poetry", "dev"),
        ('[packages]\nstructlog = {version = "*"}\n', "pipfile", ""),
    ],
)
def test_what_is_declared_is_not_added_again(text: str, kind: str, group: str) -> None:
    assert (
        toml_dependencies.add_dependency(text, "structlog", ">=25", kind=kind, group=group) == text
    )


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("[project]\ndynamic = ['dependencies']\n", "pep621", "dynamic"),
        ("[tool.ruff]\nline-length = 88\n", "pep621", r"no \[project\] table"),
        ("[tool.ruff]\nline-length = 88\n", "poetry", "no .tool.poetry.dependencies. table"),
        ("[project\n", "pep621", "no TOML"),
        ("[project]\ndependencies = 'flask'\n", "pep621", "no list"),
        ("project = { name = 'x', dependencies = ['a'] }\n", "pep621", "inline table"),
    ],
)
def test_what_cannot_be_done_safely_is_refused(text: str, kind: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        toml_dependencies.add_dependency(text, "structlog", ">=25", kind=kind)


def test_declared_names_are_read_from_every_table() -> None:
    text = (
        "[project]\ndependencies = ['Flask>=3', 'zope.event']\n"
        "[dependency-groups]\ndev = ['pytest', {include-group = 'lint'}]\nlint = ['ruff']\n"
        "[tool.poetry.group.docs.dependencies]\nmkdocs = '*'\n"
    )

    assert toml_dependencies.declared(text) == {
        "project.dependencies": {"flask", "zope-event"},
        "dependency-groups.dev": {"pytest"},
        "dependency-groups.lint": {"ruff"},
        "tool.poetry.group.docs.dependencies": {"mkdocs"},
    }
