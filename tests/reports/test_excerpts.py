"""Code around a place, in which no secret is whole: neither in its line nor in those beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.project.model import Place
from buttress.reports.excerpts import Excerpts, Line, masked
from buttress.source import Tree

SECRET = "hunter2-Correct9Horse"


def texts(files: dict[str, str | bytes], place: str) -> list[str]:
    path, line = place.rsplit(":", 1)
    return [item.text for item in Excerpts(Tree.of(files)).around(Place(path, int(line)))]


def test_two_lines_stand_before_and_after() -> None:
    tree = Tree.of({"a.py": "one = 1\ntwo = 2\nthree = 3\nfour = 4\nfive = 5\nsix = 6\n"})

    assert Excerpts(tree).around(Place("a.py", 3)) == (
        Line(1, "one = 1", is_meant=False),
        Line(2, "two = 2", is_meant=False),
        Line(3, "three = 3", is_meant=True),
        Line(4, "four = 4", is_meant=False),
        Line(5, "five = 5", is_meant=False),
    )


def test_blank_lines_at_the_edges_are_left_out() -> None:
    assert texts({"a.py": "one = 1\n\nthree = 3\n\n\n"}, "a.py:3") == ["one = 1", "", "three = 3"]
    assert texts({"a.py": "\n\nthree = 3\n"}, "a.py:3") == ["three = 3"]


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"a.py": "x = 1\n"}, "b.py:1"),
        ({"a.bin": b"\x00\x01"}, "a.bin:1"),
        ({"a.py": "x = 1\n"}, "a.py:9"),
        ({"a.js": "x" * 400_000}, "a.js:1"),
    ],
    ids=["no such file", "no text", "no such line", "too large"],
)
def test_where_nothing_can_be_shown_nothing_is(files: dict[str, str | bytes], place: str) -> None:
    assert texts(files, place) == []


def test_a_long_line_is_cut() -> None:
    (line,) = texts({"a.txt": "word " * 1000}, "a.txt:1")

    assert len(line) < 300
    assert line.endswith(" …")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_the_parser_counts_them(ending: str) -> None:
    source = ending.join(["a = 1", "b = '\x0c'", "c = 3", ""])

    assert texts({"a.py": source}, "a.py:3")[2] == "c = 3"


def test_nothing_in_code_steers_the_page() -> None:
    assert texts({"a.py": "x = '\x1b[31m'\n"}, "a.py:1")[0] == r"x = '\x1b[31m'"


@pytest.mark.parametrize(
    "line",
    [
        f'PASSWORD = "{SECRET}"',
        f"password = '{SECRET}'",
        f'db.connect(host="x", password="{SECRET}")',
        f'CONFIG = {{"api_key": "{SECRET}"}}',
        f'app.config["SECRET_KEY"] = b"{SECRET}"',
        f'KEY = os.getenv("SECRET_KEY", "{SECRET}")',
        f'KEY = os.environ.get("SECRET_KEY") or "{SECRET}"',
        f'if password == "{SECRET}":\n    pass',
        f'url = "postgresql://app:{SECRET}@db/app"',
        f'TOKEN = f"{SECRET}"',
        f'# password = "{SECRET}"',
        f'SECRET = """\n{SECRET}\n"""',
        f'token: str = "it\'s {SECRET}"',
    ],
)
def test_a_secret_in_code_is_masked_where_it_is_not_what_was_found(line: str) -> None:
    source = f"first = 1\n{line}\nlast = 1\n"
    last = source.count("\n")

    for number in range(1, last + 1):
        assert SECRET not in "\n".join(texts({"a.py": source}, f"a.py:{number}"))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (".env", f"SECRET_KEY={SECRET}"),
        (".env", f"export DB_PASSWORD = {SECRET} # dev"),
        (".env", f'DB_PASSWORD="{SECRET}"'),
        ("compose.yaml", f"      - POSTGRES_PASSWORD={SECRET}"),
        ("compose.yaml", f"      POSTGRES_PASSWORD: {SECRET}"),
        ("compose.yaml", f"      password: correct {SECRET}"),
        ("k8s.yaml", f"- name: DB_PASSWORD\n  value: {SECRET}"),
        ("Dockerfile", f"ENV PORT=80 API_KEY={SECRET}"),
        ("app.tf", f'  password = "{SECRET}"'),
        ("app.tf", f'  {{ name = "DB_PASSWORD", value = "{SECRET}" }}'),
        ("config.json", f'  "clientSecret": "{SECRET}",'),
        ("alembic.ini", f"sqlalchemy.url = postgresql://app:{SECRET}@db/app"),
        ("app.js", f"const apiKey = '{SECRET}'"),
    ],
)
def test_a_secret_in_other_files_is_masked(path: str, line: str) -> None:
    source = f"a: 1\n{line}\nb: 2\n"

    for number in range(1, source.count("\n") + 1):
        assert SECRET not in "\n".join(texts({path: source}, f"{path}:{number}"))


@pytest.mark.parametrize(
    "token",
    [
        "sk-proj-" + "Ab3" * 12,
        "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        "eyJhbGciOiJIUzI1NiJ9x7Qw",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEYx",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_what_looks_like_a_key_is_masked_whatever_its_name(token: str) -> None:
    assert token not in masked(f'client("{token}")\n', is_code=True)
    assert token not in masked(f"run --with {token}\n", is_code=False)


def test_the_body_of_a_private_key_is_masked_also_from_its_middle() -> None:
    body = ["MIIEpAIBAAKCAQEA7x" + "abc", "Qx91mmLkz", "zzTop"]
    source = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----"])

    for number in range(1, 6):
        excerpt = "\n".join(texts({"key.pem": source}, f"key.pem:{number}"))
        assert not any(line in excerpt for line in body)


@pytest.mark.parametrize(
    "text",
    [
        "password = get_password()",
        "from app.services.password_reset import send_password_reset_mail",
        'SECRET_KEY = os.environ["SECRET_KEY"]',
        "  token: ${{ secrets.TOKEN }}",
        "  id-token: write",
        "    uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "FROM python@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "def test_that_a_very_long_function_name_is_read(self):",
        "/api/v1/organisations/members/invitations",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert masked(text, is_code=not text.startswith(("  ", "FROM"))) == text


@given(st.text(alphabet="abPW =:\"'#\n\r-_1", max_size=80), st.booleans())
def test_masking_never_adds_or_drops_a_line(text: str, is_code: bool) -> None:
    assert masked(text, is_code=is_code).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"a.py": f'import jwt\n\nt = jwt.encode(claims, "{SECRET}", algorithm="HS256")\n'}, "a.py:3"),
        (
            {
                "a.py": "import jwt\n\nimport options\n\nt = jwt.encode(claims, options.SIGNATURE)\n",
                "options.py": f'SIGNATURE = "{SECRET}"\n',
            },
            "options.py:1",
        ),
        ({"a.py": f'from cryptography.fernet import Fernet\n\nf = Fernet(b"{SECRET}")\n'}, "a.py:3"),
        ({"a.py": f'if who == "boss" and given.get("password") == "{SECRET}":\n    enter()\n'}, "a.py:1"),
    ],
    ids=["signs", "signs elsewhere", "encrypts", "is compared with"],
)  # fmt: skip
def test_what_is_a_secret_only_by_its_use_is_not_shown(
    files: dict[str, str | bytes], place: str
) -> None:
    shown = texts(files, place)

    assert shown
    assert not any(SECRET in line for line in shown)
