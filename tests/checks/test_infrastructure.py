"""The image and the server that are deployed are looked at, not those for development."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, FLASK, REQUIREMENTS, places, run, status

START = 'CMD ["uvicorn", "main:app"]\n'
APP = {"main.py": FASTAPI, "requirements.txt": REQUIREMENTS}


def image(text: str, **more: str) -> dict[str, str]:
    return {**APP, "Dockerfile": text, **more}


class TestDependencies:
    def test_loose_requirements_are_counted_at_the_first(self) -> None:
        files = {**APP, "requirements.txt": "fastapi==0.128.0\nuvicorn\nhttpx>=0.27\n"}
        assert places("INFRA-DEPS-UNLOCKED", files) == ["requirements.txt:2"]

    @pytest.mark.parametrize(
        ("requirements", "message"),
        [
            ("flask\n", "The only dependency has no exact version"),
            ("flask\ngunicorn==23.0.0\n", "1 of 2 dependencies has no exact version"),
            ("flask\ngunicorn\n", "2 of 2 dependencies have no exact version"),
        ],
    )
    def test_one_and_many_are_told_apart(self, requirements: str, message: str) -> None:
        files = {"main.py": FASTAPI, "requirements.txt": requirements}

        (finding,) = run("INFRA-DEPS-UNLOCKED", files).findings

        assert finding.message == f"{message}, and there is no lock file."

    def test_without_a_manifest_the_app_is_the_place(self) -> None:
        assert places("INFRA-DEPS-UNLOCKED", {"main.py": FASTAPI}) == ["main.py:3"]

    def test_an_empty_lock_file_locks_nothing(self) -> None:
        files = {
            "main.py": FASTAPI,
            "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['fastapi']\n",
            "uv.lock": "version = 1\n",
        }
        assert places("INFRA-DEPS-UNLOCKED", files) == ["pyproject.toml:3"]

    def test_exact_versions_are_fine(self) -> None:
        assert places("INFRA-DEPS-UNLOCKED", APP) == []

    def test_a_lock_file_is_fine(self) -> None:
        files = {
            "main.py": FASTAPI,
            "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['fastapi']\n",
            "uv.lock": 'version = 1\n[[package]]\nname = "fastapi"\nversion = "0.128.0"\n',
        }
        assert places("INFRA-DEPS-UNLOCKED", files) == []


class TestContainer:
    @pytest.mark.parametrize(
        "files",
        [
            {},
            {"Dockerfile": "FROM python:3.12-slim\n"},
            {"frontend/Dockerfile": 'FROM node:22\nCMD ["npm", "start"]\n'},
            {"Procfile": "web: uvicorn main:app\n"},
        ],
        ids=["nothing", "starts nothing", "of the frontend", "no version of Python"],
    )
    def test_nothing_builds_the_app(self, files: dict[str, str]) -> None:
        assert places("INFRA-NO-CONTAINER", {**APP, **files}) == ["requirements.txt:1"]

    @pytest.mark.parametrize(
        "files",
        [
            {"Dockerfile": "FROM python:3.12-slim\nCOPY . .\n" + START},
            {"docker/Dockerfile": "FROM python:3.12-slim\nCOPY . .\n" + START},
            {"Procfile": "web: uvicorn main:app\n", "runtime.txt": "python-3.12.3\n"},
            {
                "Dockerfile": "FROM python:3.12\nCOPY . .\n",
                "docker-compose.yml": "services:\n  web:\n    build: .\n    command: uvicorn main:app\n",
            },
        ],
        ids=["image", "in a folder", "buildpack", "started by compose"],
    )
    def test_something_builds_the_app(self, files: dict[str, str]) -> None:
        assert places("INFRA-NO-CONTAINER", {**APP, **files}) == []


class TestRoot:
    def test_the_place_is_the_command(self) -> None:
        assert places("INFRA-CONTAINER-ROOT", image("FROM python:3.12-slim\n" + START)) == [
            "Dockerfile:2"
        ]

    def test_a_user_that_is_left_again_does_not_help(self) -> None:
        text = "FROM python:3.12-slim\nUSER app\nUSER root\n" + START
        assert places("INFRA-CONTAINER-ROOT", image(text)) == ["Dockerfile:3"]

    def test_a_user_of_another_stage_does_not_help(self) -> None:
        text = "FROM python:3.12 AS build\nUSER app\nFROM python:3.12-slim\n" + START
        assert places("INFRA-CONTAINER-ROOT", image(text)) == ["Dockerfile:4"]

    @pytest.mark.parametrize(
        "text",
        [
            "FROM python:3.12-slim\nUSER 10001:10001\n" + START,
            "FROM python:3.12-slim AS base\nUSER app\nFROM base\n" + START,
            "FROM registry.example.com/team/python-base:3\n" + START,
            "FROM gcr.io/distroless/python3:nonroot\n" + START,
            'FROM python:3.12\nENTRYPOINT ["gosu", "app", "uvicorn", "main:app"]\n',
            "FROM python:3.12 AS production\nUSER app\n"
            + START
            + "FROM python:3.12 AS dev\n"
            + START,
        ],
        ids=["number", "of the base stage", "unknown base", "distroless", "gosu", "dev stage last"],
    )
    def test_other_users(self, text: str) -> None:
        assert status("INFRA-CONTAINER-ROOT", image(text)) in {"pass", "not-applicable"}

    def test_without_an_image_there_is_nothing_to_say(self) -> None:
        assert status("INFRA-CONTAINER-ROOT", APP) == "not-applicable"


class TestHygiene:
    def test_each_flaw_is_one_finding(self) -> None:
        text = "FROM python:latest\nENV API_KEY=abcdef\nCOPY . .\n" + START
        assert places("INFRA-IMAGE-HYGIENE", image(text)) == [
            "Dockerfile:1",
            "Dockerfile:2",
            "Dockerfile:3",
        ]

    def test_a_secret_stands_at_its_own_line_of_an_instruction(self) -> None:
        text = f"FROM python:3.12\nENV PORT=80 \\\n    DB_PASSWORD=k3v9q1x7\nCOPY a .\n{START}"
        assert places("INFRA-IMAGE-HYGIENE", image(text)) == ["Dockerfile:3"]

    def test_an_environment_file_in_the_image(self) -> None:
        text = "FROM python:3.12-slim\nCOPY .env main.py ./\n" + START
        assert places("INFRA-IMAGE-HYGIENE", image(text)) == ["Dockerfile:2"]

    @pytest.mark.parametrize(
        "text",
        [
            "FROM python:3.12-slim\nCOPY requirements.txt main.py ./\n" + START,
            "FROM python:3.12 AS build\nCOPY . .\nFROM python:3.12-slim\nCOPY --from=build /app .\n"
            + START,
            "ARG VERSION\nFROM python:${VERSION}\nENV API_KEY=$API_KEY\nCOPY app ./app\n" + START,
        ],
        ids=["files by name", "all in the build stage", "arguments"],
    )
    def test_what_is_fine(self, text: str) -> None:
        assert places("INFRA-IMAGE-HYGIENE", image(text)) == []

    def test_an_ignore_file_leaves_secrets_out(self) -> None:
        text = "FROM python:3.12-slim\nCOPY . .\n" + START
        assert (
            places("INFRA-IMAGE-HYGIENE", image(text, **{".dockerignore": ".git\n.env*\n"})) == []
        )
        assert places("INFRA-IMAGE-HYGIENE", image(text, **{".dockerignore": ".git\n"})) == [
            "Dockerfile:2"
        ]


class TestServer:
    @pytest.mark.parametrize(
        "command",
        [
            'CMD ["uvicorn", "main:app", "--reload"]\n',
            "CMD fastapi dev main.py\n",
        ],
    )
    def test_options_for_development(self, command: str) -> None:
        files = image("FROM python:3.12-slim\nCOPY . .\n" + command)
        assert places("INFRA-DEV-SERVER", files) == ["Dockerfile:3"]

    def test_a_file_that_starts_flask(self) -> None:
        files = {
            "app.py": FLASK + 'if __name__ == "__main__":\n    app.run(host="0.0.0.0")\n',
            "Dockerfile": 'FROM python:3.12-slim\nCOPY . .\nCMD ["python", "app.py"]\n',
        }
        assert places("INFRA-DEV-SERVER", files) == ["Dockerfile:3"]

    @pytest.mark.parametrize(
        "files",
        [
            {"Dockerfile": "FROM python:3.12-slim\n" + START},
            {"Procfile": "web: gunicorn -k uvicorn.workers.UvicornWorker main:app\n"},
        ],
    )
    def test_servers_for_production(self, files: dict[str, str]) -> None:
        assert places("INFRA-DEV-SERVER", {**APP, **files}) == []

    def test_what_is_for_local_use_says_nothing(self) -> None:
        files = {
            **APP,
            "README.md": "```\nuvicorn main:app --reload\n```\n",
            "docker-compose.yml": "services:\n  web:\n    build: .\n    command: uvicorn main:app --reload\n",
        }
        assert status("INFRA-DEV-SERVER", files) == "not-applicable"
