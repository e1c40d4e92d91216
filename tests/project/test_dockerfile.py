"""Dockerfiles are followed back to the files of the tree."""

import pytest

from buttress.project.dockerfile import file_in_image, is_dockerfile, read_dockerfile
from buttress.source import Tree


def found(dockerfile: str, path: str, *files: str, context: str = "") -> str | None:
    """Return the file of the tree that a path in the last stage comes from."""
    tree = Tree.of({"Dockerfile": dockerfile, **dict.fromkeys(files, "")})
    stage = read_dockerfile(tree, "Dockerfile").stage()
    assert stage is not None
    return file_in_image(tree, stage, context, path)


@pytest.mark.parametrize(
    ("lines", "path", "origin"),
    [
        ("COPY . .", "/app/main.py", "main.py"),
        ("COPY . /app", "/app/main.py", "main.py"),
        ("COPY main.py .", "/app/main.py", "main.py"),
        ("COPY main.py /app/app.py", "/app/app.py", "main.py"),
        ("COPY backend/ .", "/app/api.py", "backend/api.py"),
        ("COPY ./backend /app/server", "/app/server/api.py", "backend/api.py"),
        ('COPY --chown=a:b ["backend", "/app"]', "/app/api.py", "backend/api.py"),
        ("COPY *.py ./", "/app/main.py", "main.py"),
        ("COPY backend .\nCOPY main.py api.py", "/app/api.py", "main.py"),
        ("COPY . .", "/elsewhere/main.py", None),
        ("COPY backend/ .", "/app/main.py", None),
        ("RUN pip install x", "/app/main.py", None),
    ],
)
def test_where_a_file_comes_from(lines: str, path: str, origin: str | None) -> None:
    text = f"FROM python:3.12\nWORKDIR /app\n{lines}\n"
    assert found(text, path, "main.py", "backend/api.py") == origin


def test_through_stages() -> None:
    text = """\
FROM python:3.12 AS base
WORKDIR /src
FROM base AS build
COPY backend .
FROM base
COPY --from=build /src /app
"""
    assert found(text, "/app/api.py", "backend/api.py") == "backend/api.py"


def test_inherited_from_a_stage() -> None:
    text = "FROM python:3.12 AS base\nCOPY . /app\nFROM base AS final\nWORKDIR /app\n"
    assert found(text, "/app/main.py", "main.py") == "main.py"


def test_below_a_build_context() -> None:
    text = "FROM python:3.12\nCOPY app ./app\n"
    assert found(text, "/app/m.py", "backend/app/m.py", context="backend") == "backend/app/m.py"


def test_stages_are_read_with_arguments_and_continued_lines() -> None:
    text = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.12
FROM python:${VERSION}-slim AS run
ENV A=1 PYTHONPATH="/app/src" \\
    B=2
EXPOSE 8000/tcp $NOTHING
RUN <<EOF
FROM nowhere
EOF
ENTRYPOINT ["python"]
CMD ["app.py"]
"""
    dockerfile = read_dockerfile(Tree.of({"Dockerfile": text}), "Dockerfile")
    (stage,) = dockerfile.stages
    assert (stage.image, stage.name, stage.line) == ("python:3.12-slim", "run", 3)
    assert stage.environment == {"A": "1", "PYTHONPATH": "/app/src", "B": "2"}
    assert stage.ports == [(8000, 6)]
    words = stage.start_words()
    assert words is not None
    assert (words[0], words[1].line) == (["python", "app.py"], 11)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Dockerfile", True),
        ("deploy/Dockerfile.backend", True),
        ("Containerfile", True),
        ("web.dockerfile", True),
        ("Dockerfile.dockerignore", False),
        ("dockerfile.md", False),
        ("docker/build.sh", False),
    ],
)
def test_names(path: str, expected: bool) -> None:
    assert is_dockerfile(path) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FROM",
        "COPY a b",
        "FROM x AS\nCOPY\nADD a",
        "FROM a AS a\nFROM a AS a\nCOPY --from=a x /x\n",
    ],
)
def test_nonsense_is_passed_over(text: str) -> None:
    tree = Tree.of({"Dockerfile": text})
    stage = read_dockerfile(tree, "Dockerfile").stage()
    assert stage is None or file_in_image(tree, stage, "", "/x") is None
