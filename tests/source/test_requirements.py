"""Requirements files: read as pip reads them, changed by one line."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from buttress.source import requirements
from buttress.source.refusal import RefusedError
from buttress.source.requirements import Kind, Style


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Flask==3.1.0", "flask"),
        ("psycopg[binary,pool] >= 3.2  # driver", "psycopg"),
        ('uvloop; sys_platform != "win32"', "uvloop"),
        ("zope.interface~=7.0", "zope-interface"),
        ("pip @ https://example.org/pip-25.tar.gz#sha256=aa", "pip"),
        ("-e git+https://example.org/repo.git@main#egg=My_Pkg", "my-pkg"),
        ("git+https://example.org/repo.git#egg=thing", "thing"),
        ("./wheels/attrs-25.1.0-py3-none-any.whl", "attrs"),
        ("old-style >=2.0.*", "old-style"),
        ("./local/package", None),
        ("https://example.org/thing.zip", None),
        ("-r base.txt", None),
        ("--extra-index-url https://example.org/simple", None),
        ("# flask==1.0", None),
        ("", None),
    ],
)
def test_a_line_is_found_by_its_canonical_name(line: str, name: str | None) -> None:
    assert [entry.name for entry in requirements.parse(line + "\n")] == [name]


def test_continued_lines_are_one_entry() -> None:
    text = "certifi==2024.7.4 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nidna==3.7\n"

    first, second = requirements.parse(text)

    assert (first.name, first.line, first.has_hash) == ("certifi", 1, True)
    assert (second.name, second.line, second.has_hash) == ("idna", 4, False)


def test_a_comment_does_not_continue() -> None:
    kinds = [entry.kind for entry in requirements.parse("# a \\\nflask\n")]

    assert kinds == [Kind.COMMENT, Kind.REQUIREMENT]


def test_included_files_are_named() -> None:
    text = "-r base.txt\n-cconstraints.txt\n--requirement=dev/all.txt\n-e .\nflask\n"

    assert requirements.included_files(text) == ("base.txt", "constraints.txt", "dev/all.txt")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flask==3.0\nidna==3.7\nrequests\n", Style.PINNED),
        ("flask>=3.0\nidna~=3.7\nrequests\n", Style.RANGED),
        ("flask\nidna\nrequests==1\n", Style.BARE),
        ("", Style.RANGED),
    ],
)
def test_the_style_of_a_file(text: str, expected: Style) -> None:
    assert requirements.style(text) is expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("flask\nredis\n", "flask\nredis\nstructlog>=25.4\n", id="appended"),
        pytest.param("flask\nredis", "flask\nredis\nstructlog>=25.4", id="no final newline"),
        pytest.param("flask\r\nredis\r\n", "flask\r\nredis\r\nstructlog>=25.4\r\n", id="crlf"),
        pytest.param("", "structlog>=25.4\n", id="empty"),
        pytest.param("flask\n\n\n", "flask\nstructlog>=25.4\n\n\n", id="blank lines at the end"),
        pytest.param(
            "Flask==3\nidna==3\nwerkzeug==3\n",
            "Flask==3\nidna==3\nstructlog>=25.4\nwerkzeug==3\n",
            id="sorted",
        ),
        pytest.param(
            "# pinned\nuvicorn==1\nwerkzeug==3\nzope.event==5\n",
            "# pinned\nstructlog>=25.4\nuvicorn==1\nwerkzeug==3\nzope.event==5\n",
            id="first of a sorted file",
        ),
        pytest.param(
            "click==8\n    # via flask\nidna==3\n    # via requests\nwerkzeug==3\n",
            "click==8\n    # via flask\nidna==3\n    # via requests\nstructlog>=25.4\nwerkzeug==3\n",
            id="after the notes of the one before",
        ),
        pytest.param(
            "# web\nfastapi==1\n\n# tests\npytest==8\n",
            "# web\nfastapi==1\n\n# tests\npytest==8\n\nstructlog>=25.4\n",
            id="own block after headings",
        ),
        pytest.param("flask == 3.0\n", "flask == 3.0\nstructlog >= 25.4\n", id="spaced operators"),
        pytest.param(
            "# structlog is planned\nflask\n",
            "# structlog is planned\nflask\nstructlog>=25.4\n",
            id="a comment declares nothing",
        ),
        pytest.param("-r base.txt\n", "-r base.txt\nstructlog>=25.4\n", id="options only"),
    ],
)
def test_a_requirement_is_added_in_the_files_style(before: str, after: str) -> None:
    assert requirements.add(before, "structlog", ">=25.4") == after


def test_extras_and_marker_are_written() -> None:
    added = requirements.add("", "uvicorn", ">=0.30", extras=["standard"], marker="os_name == 'nt'")

    assert added == "uvicorn[standard]>=0.30; os_name == 'nt'\n"


@pytest.mark.parametrize(
    "text",
    [
        "structlog\n",
        "StructLog==24.1  # keep\n",
        'structlog>=24 ; python_version < "3.12"\n',
        "structlog @ https://example.org/structlog.tar.gz\n",
        "-e git+https://example.org/structlog.git#egg=structlog\n",
        "structlog>=2.*\n",
    ],
)
def test_what_is_declared_is_not_added_again(text: str) -> None:
    assert requirements.add(text, "structlog", ">=25.4") == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("idna==3.7 --hash=sha256:aa\n", "line 1 asks for hashes"),
        ("--require-hashes\nidna==3.7\n", "line 1 asks for hashes"),
        ("# This file is autogenerated by pip-compile with Python 3.12\nidna==3.7\n", "compiled"),
        ("flask \\\n", "backslash"),
        ("# This file was autogenerated by uv via the following command:\nidna==3\n", "compiled"),
    ],
)
def test_a_file_that_an_edit_would_break_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        requirements.add(text, "structlog", ">=25.4")


LINES = st.lists(
    st.sampled_from(
        ["flask", "Idna==3.7", "# note", "", "-r a.txt", "zope.event>=1 \\", "  # via x", "b @ x"]
    ),
    max_size=8,
)


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_adding_twice_is_adding_once(lines: list[str], newline: str, final: bool) -> None:
    text = newline.join(lines) + (newline if final else "")

    assume(requirements.refusal(text) is None)
    once = requirements.add(text, "structlog", ">=25.4")

    assert requirements.add(once, "structlog", ">=25.4") == once
    assert requirements.find(once, "structlog") is not None
    assert sorted(once.split()) == sorted([*text.split(), "structlog>=25.4"])


@given(st.text(alphabet="ab =#\\\r\n-", max_size=40))
def test_entries_cover_the_text(text: str) -> None:
    entries = requirements.parse(text)

    assert "".join(text[entry.start : entry.end] for entry in entries) == text
