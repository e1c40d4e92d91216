"""Dockerfiles: instructions are found with their places, whatever stands between their lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.source import apply_edits
from buttress.source.dockerfile import Image, parse

MULTI = """\
# syntax=docker/dockerfile:1
# escape=\\

# The base
FROM python:3.12-slim AS base
RUN apt-get update \\
    # needed by the driver
    && apt-get install -y libpq5 \\

    && rm -rf /var/lib/apt/lists/*
FROM --platform=linux/amd64 base AS Build
COPY --chown=app:app --from=base /a /b
ONBUILD USER root
FROM build
USER app
# How it starts
# in production
CMD ["uvicorn", "main:app"]
"""


def test_instructions_are_joined_without_the_comments_between_their_lines() -> None:
    run = parse(MULTI).instructions[1]

    assert (run.keyword, run.line) == ("RUN", 6)
    assert " ".join(run.words) == (
        "apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*"
    )
    assert MULTI[run.start : run.end].startswith("RUN apt-get")
    assert MULTI[run.start : run.end].endswith("lists/*")


def test_every_character_of_a_value_knows_its_place() -> None:
    run = parse(MULTI).instructions[1]
    index = run.value.index("install")

    start, end = run.span(index, index + len("install"))

    assert MULTI[start:end] == "install"
    assert MULTI.count("\n", 0, start) == 7


def test_stages_know_what_they_are_built_from() -> None:
    dockerfile = parse(MULTI)
    base, build, final = dockerfile.stages

    assert (base.name, base.image.tag, build.name, final.name) == ("base", "3.12-slim", "build", "")
    assert dockerfile.lineage(final) == (base, build, final)
    assert build.last("USER") is None
    assert final.last("USER") is not None
    assert dockerfile.directives == {"syntax": "docker/dockerfile:1", "escape": "\\"}


def test_flags_stand_in_front_of_the_command() -> None:
    copy = parse(MULTI).stages[1].all("COPY")[0]

    assert copy.flags == {"chown": "app:app", "from": "base"}
    assert copy.command == "/a /b"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ('["python", "-m", "app"]', ("python", "-m", "app")),
        ('[ "python" ]', ("python",)),
        ("python -m app", None),
        ("['python']", None),
        ('["python", 1]', None),
    ],
)
def test_the_exec_form_is_a_json_list(command: str, words: tuple[str, ...] | None) -> None:
    assert parse(f"FROM x\nCMD {command}\n").instructions[1].exec_form == words


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_heredocs_belong_to_their_instruction(newline: str) -> None:
    text = "FROM x\nRUN <<-EOF && cat <<'B'\n\tUSER a\n\tEOF\nCMD b\nB\nUSER c\n".replace(
        "\n", newline
    )

    _, run, user = parse(text).instructions

    assert [heredoc.name for heredoc in run.heredocs] == ["EOF", "B"]
    assert [text[h.start : h.end].strip() for h in run.heredocs] == ["USER a", "CMD b"]
    assert (user.keyword, user.command, user.line) == ("USER", "c", 7)


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nRUN cat <<< word\nUSER a\n",
        "FROM x\nRUN echo $((1<<2))\nUSER a\n",
        "FROM x\nRUN echo 'a<<b'\nUSER a\n",
        "FROM x\nLABEL a=<<EOF\nUSER a\n",
    ],
)
def test_what_looks_like_a_heredoc_is_none(text: str) -> None:
    assert [i.keyword for i in parse(text).instructions][-1] == "USER"


def test_another_escape_character() -> None:
    text = "# escape=`\nFROM x\nRUN dir c:\\`\n  /b\nUSER a\n"

    assert [i.value for i in parse(text).instructions] == ["x", "dir c:\\  /b", "a"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no FROM"),
        ("# only words\n", "no FROM"),
        ("version: '3'\nservices:\n", "no FROM"),
        ("FROM x\nHELLO there\n", "line 2 is no instruction"),
        ("RUN x\nFROM x\n", "before FROM"),
        ("FROM x # pinned later\n", "line 1: a comment cannot stand behind FROM"),
        ("FROM x\nFROM x AS y #z\n", "line 2: a comment cannot stand behind FROM"),
        ("FROM x y\n", "line 1: FROM takes an image, or an image, AS and a name"),
    ],
)
def test_what_is_no_dockerfile_says_so(text: str, problem: str) -> None:
    assert problem in (parse(text).problem or "")


@pytest.mark.parametrize("text", ["ARG V=1\nFROM x:$V\n", "from x as y\nrun a\n", MULTI])
def test_a_dockerfile_has_no_problem(text: str) -> None:
    assert parse(text).problem is None


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("python", Image("python")),
        ("python:3.12-slim", Image("python", "3.12-slim")),
        ("localhost:5000/team/python", Image("localhost:5000/team/python")),
        ("ghcr.io/a/b:1@sha256:ff", Image("ghcr.io/a/b", "1", "sha256:ff")),
    ],
)
def test_image_references_are_taken_apart(reference: str, image: Image) -> None:
    assert Image.parse(reference) == image


def test_a_line_goes_above_the_comments_that_lead_an_instruction() -> None:
    dockerfile = parse(MULTI)
    command = dockerfile.stages[-1].instructions[-1]

    edited = apply_edits(MULTI, [dockerfile.line_before(command, "EXPOSE 8000")])

    assert edited == MULTI.replace("# How it", "EXPOSE 8000\n# How it")


def test_a_line_does_not_go_above_parser_directives() -> None:
    text = "# syntax=docker/dockerfile:1\nFROM x\n"
    dockerfile = parse(text)

    edited = apply_edits(text, [dockerfile.line_before(dockerfile.instructions[0], "# note")])

    assert edited == "# syntax=docker/dockerfile:1\n# note\nFROM x\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM x\nCMD a", "FROM x\nCMD a\nUSER b"),
        ("FROM x\r\nCMD a\r\n", "FROM x\r\nCMD a\r\nUSER b\r\n"),
        ("FROM x\nCMD a \\\n  c\nEXPOSE 1\n", "FROM x\nCMD a \\\n  c\nUSER b\nEXPOSE 1\n"),
    ],
)
def test_a_line_goes_below_an_instruction(text: str, expected: str) -> None:
    dockerfile = parse(text)

    assert (
        apply_edits(text, [dockerfile.line_after(dockerfile.instructions[1], "USER b")]) == expected
    )


PIECES = st.lists(
    st.sampled_from(
        [
            "FROM x",
            "RUN a \\",
            "  b",
            "# c",
            "",
            "RUN <<E",
            "E",
            "COPY --from=a b c",
            "CMD [",
            "\t#",
            "\\",
        ]
    ),
    max_size=10,
)


@given(PIECES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_instructions_stand_in_order_and_say_what_is_written(
    pieces: list[str], newline: str, final: bool
) -> None:
    text = newline.join(pieces) + newline * final

    instructions = parse(text).instructions

    places = [place for i in instructions for place in (i.start, i.end)]
    assert places == sorted(places)
    for instruction in instructions:
        assert "".join(text[offset] for offset in instruction.offsets) == instruction.value
        assert text.count("\n", 0, instruction.start) + 1 == instruction.line
