"""Dockerfiles: what is known to be harmless is changed, everything else is named."""

from textwrap import dedent

import pytest

from buttress.rewrites.harden_dockerfile import harden
from buttress.rewrites.image_facts import ImageFacts
from buttress.rewrites.outcomes import Abstained, Changed, Good, Safety
from buttress.source import apply_edits

HEALTH = (
    "# Healthy as long as the server answers at all: an error of the server (5xx) or silence is not.\n"
    "HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \\\n"
    '    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection(\'127.0.0.1\', 8000, '
    "timeout=4); c.request('GET', '/'); raise SystemExit(c.getresponse().status >= 500)\"]\n\n"
)
USER = (
    "\n# The app may write to its folder, and to nothing else of the image.\n"
    "RUN useradd --uid 10001 --create-home app && chown -R 10001:10001 /app\n"
    "USER 10001:10001\n"
)
SERVER = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]\n'
NOTHING = ImageFacts()
DONE = f"USER app\nHEALTHCHECK NONE\n{SERVER}"


def hardened(text: str, facts: ImageFacts = NOTHING, *, review: bool = False) -> str:
    """Return a Dockerfile after all changes, and check that a second run changes nothing."""
    once = _changed(text, facts, review=review)
    assert _changed(once, facts, review=review) == once
    return once


def _changed(text: str, facts: ImageFacts, *, review: bool) -> str:
    changes = [
        outcome
        for outcome in harden("Dockerfile", text, facts)
        if isinstance(outcome, Changed) and (review or outcome.safety is not Safety.REVIEW)
    ]
    assert all(change.reason for change in changes)
    return apply_edits(text, [edit for change in changes for edit in change.edits])


def codes(text: str, facts: ImageFacts = NOTHING) -> set[str]:
    return {o.code for o in harden("Dockerfile", text, facts) if isinstance(o, Abstained)}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_usual_dockerfile(newline: str) -> None:
    before = (
        "FROM python:3.12-slim\n\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n\n"
        "# Start\nCMD uvicorn main:app --host 0.0.0.0 --port 8000 --reload"
    )
    after = (
        "FROM python:3.12-slim\n\nWORKDIR /app\nCOPY . .\n"
        f"RUN pip install --no-cache-dir -r requirements.txt\n{USER}\n{HEALTH}# Start\n"
        + SERVER.rstrip("\n")
    )

    assert hardened(before.replace("\n", newline)) == after.replace("\n", newline)


def test_what_is_good_stays() -> None:
    text = (
        "FROM python:3.12-slim@sha256:aa AS build\nRUN pip install --no-cache-dir x\n"
        f"FROM python:3.12-slim\nWORKDIR /app\nCOPY --from=build /x /x\n{DONE}"
    )

    outcomes = list(harden("Dockerfile", text, ImageFacts()))

    assert hardened(text) == text
    assert all(isinstance(outcome, Good) for outcome in outcomes)


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("gunicorn -b 0.0.0.0:80 wsgi:app", '["gunicorn", "-b", "0.0.0.0:80", "wsgi:app"]'),
        ("python app.py 'a b'", '["python", "app.py", "a b"]'),
        (
            "alembic upgrade head && uvicorn main:app --port $PORT",
            '["sh", "-c", "alembic upgrade head && exec uvicorn main:app --port $PORT"]',
        ),
        ('["uvicorn", "main:app", "--reload"]', '["uvicorn", "main:app"]'),
        ('["uvicorn","--reload","main:app"]', '["uvicorn","main:app"]'),
        ("uvicorn main:app --reload --reload-dir src", '["uvicorn", "main:app"]'),
    ],
)
def test_a_command_gets_the_exec_form(command: str, written: str) -> None:
    text = "FROM python:3.12-slim\nWORKDIR /app\nUSER app\nHEALTHCHECK NONE\nCMD {}\n"

    assert hardened(text.format(command)) == text.format(written)


@pytest.mark.parametrize(
    "command",
    [
        "PORT=80 uvicorn main:app",
        "cd src && uvicorn main:app",
        "uvicorn main:app | tee log",
        "uvicorn main:app; sleep 1",
        "exec uvicorn main:app",
        "uvicorn main:app --log-config 'a",
        "if true; then uvicorn main:app; fi",
        "uvicorn main:app > /dev/null",
    ],
)
def test_a_command_that_a_shell_has_to_read_is_left_alone(command: str) -> None:
    text = f"FROM python:3.12-slim\nWORKDIR /app\nUSER app\nHEALTHCHECK NONE\nCMD {command}\n"

    assert hardened(text) == text
    assert codes(text) == {"shell-form"}


def test_reloading_of_mounted_code_is_for_its_developers_to_decide() -> None:
    text = f"FROM python:3.12-slim\nWORKDIR /app\n{DONE}".replace('"]', '", "--reload"]')
    facts = ImageFacts(has_mounts=True)

    assert hardened(text, facts) == text
    assert hardened(text, facts, review=True) == text.replace(', "--reload"', "")


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN pip install x", "RUN pip install --no-cache-dir x"),
        (
            "RUN pip3 install -U pip && python -m pip install y",
            "RUN pip3 install --no-cache-dir -U pip && python -m pip install --no-cache-dir y",
        ),
        ("RUN pip install \\\n    x", "RUN pip install --no-cache-dir \\\n    x"),
        ("RUN pip install --no-cache-dir x", None),
        ("RUN pip install --no-cache x", None),
        ("RUN pip install --no-cache /wheels/*", None),
        ("RUN --mount=type=cache,target=/root/.cache pip install x", None),
        ("ENV PIP_NO_CACHE_DIR=1\nRUN pip install x", None),
        ("RUN <<EOF\npip install x\nEOF", None),
        ("RUN pip uninstall x", None),
        ("RUN uv pip sync x", None),
    ],
)
def test_pip_keeps_no_cache(run: str, expected: str | None) -> None:
    text = "FROM python:3.12-slim\nWORKDIR /app\n{}\n" + DONE

    assert hardened(text.format(run)) == text.format(expected or run)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (
            "RUN apt-get update && apt-get install -y x",
            "RUN apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*",
        ),
        (
            "RUN apt-get update && \\\n    apt-get install -y \\\n      x",
            (
                "RUN apt-get update && \\\n    apt-get install -y \\\n      x \\\n"
                "      && rm -rf /var/lib/apt/lists/*"
            ),
        ),
        ("RUN apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*", None),
        ("RUN apt-get update; apt-get install -y x", None),
        ("RUN apt-get update && apt-get install -y x\nRUN apt-get install -y y", None),
        ("RUN apk add --no-cache x", None),
    ],
)
def test_package_lists_do_not_stay(run: str, expected: str | None) -> None:
    text = "FROM python:3.12-slim\nWORKDIR /app\n{}\n" + DONE

    assert hardened(text.format(run)) == text.format(expected or run)


def test_the_stage_that_compose_builds_is_the_one_that_is_deployed() -> None:
    text = dedent("""\
        FROM python:3.12-slim AS base
        WORKDIR /app
        COPY . .
        FROM base AS production
        CMD ["uvicorn", "main:app", "--port", "8000"]
        FROM base AS development
        CMD ["uvicorn", "main:app", "--reload"]
        """)

    after = hardened(text, ImageFacts(target="production"))

    assert after == hardened(text)
    assert after.index("USER 10001") < after.index("AS development")
    assert after.endswith('CMD ["uvicorn", "main:app", "--reload"]\n')


@pytest.mark.parametrize(
    ("body", "facts", "why"),
    [
        ("FROM debian:12\nWORKDIR /app\n" + SERVER, ImageFacts(), "base image"),
        ("FROM python:2.7\nWORKDIR /app\n" + SERVER, ImageFacts(), "base image"),
        ("FROM python:3.12\nCOPY . .\n" + SERVER, ImageFacts(), "folder of the app"),
        ("FROM python:3.12\nWORKDIR $HOME/x\n" + SERVER, ImageFacts(), "folder of the app"),
        ("FROM python:3.12\nWORKDIR /app\nUSER root\n" + SERVER, ImageFacts(), "says so itself"),
        ("FROM python:3.12\nWORKDIR /app\nRUN useradd x\n" + SERVER, ImageFacts(), "makes a user"),
        (
            "FROM python:3.12\nWORKDIR /app\nRUN pip install --user x\n" + SERVER,
            ImageFacts(),
            "root",
        ),
        ("FROM python:3.12\nWORKDIR /app\nRUN playwright install\n" + SERVER, ImageFacts(), "root"),
        ('FROM python:3.12\nWORKDIR /app\nENTRYPOINT ["./boot.sh"]\n', ImageFacts(), "boot.sh"),
        ('FROM python:3.12\nWORKDIR /app\nCMD ["poetry", "run", "x"]\n', ImageFacts(), "poetry"),
        (
            'FROM python:3.12\nWORKDIR /app\nCMD ["uvicorn", "a:b", "--port", "80"]\n',
            ImageFacts(),
            "below 1024",
        ),
        ("FROM python:3.12\nWORKDIR /app\n" + SERVER, ImageFacts(has_socket=True), "engine"),
        ("FROM python:3.12\nWORKDIR /app\n" + SERVER, ImageFacts(writes_elsewhere=True), "outside"),
    ],
    ids=str,
)
def test_root_stays_where_the_app_may_need_it(body: str, facts: ImageFacts, why: str) -> None:
    found = [
        o.reason
        for o in harden("Dockerfile", body, facts)
        if isinstance(o, Abstained) and o.code == "runs-as-root"
    ]

    assert len(found) == 1
    assert why in found[0]
    assert "USER 10001" not in hardened(body, facts)


def test_mounted_folders_make_another_user_a_matter_of_review() -> None:
    text = f"FROM python:3.12\nWORKDIR /app\n{SERVER}"
    facts = ImageFacts(has_mounts=True)

    assert "USER" not in hardened(text, facts)
    assert USER in hardened(text, facts, review=True)


def test_every_folder_of_the_app_is_handed_over() -> None:
    text = (
        "FROM python:3.12-alpine\nWORKDIR /srv/app\nCOPY . .\nRUN mkdir -p /data/files\n"
        'VOLUME ["/data"]\nWORKDIR /srv/app/web\nCMD ["gunicorn", "-b", ":8000", "a:b"]\n'
    )

    assert "RUN adduser -D -u 10001 app && chown -R 10001:10001 /srv/app /data\n" in hardened(text)


def test_a_health_route_is_asked_where_there_is_one() -> None:
    text = f"FROM python:3.12-slim\nUSER app\n{SERVER}"

    assert HEALTH.replace("'/'", "'/api/health'") in hardened(
        text, ImageFacts(health_path="/api/health")
    )


@pytest.mark.parametrize(
    "text",
    [
        f"FROM python:3.12\nWORKDIR /app\nHEALTHCHECK CMD curl localhost\n{SERVER}",
        'FROM python:3.12\nWORKDIR /app\nCMD ["python", "worker.py"]\n',
        'FROM python:3.12\nWORKDIR /app\nCMD ["uvicorn", "main:app"]\n',
        "FROM python:3.12\nWORKDIR /app\n",
    ],
)
def test_no_health_is_asked_for_where_it_is_not_known_how(text: str) -> None:
    assert hardened(text).count("HEALTHCHECK") == text.count("HEALTHCHECK")


def test_another_command_in_compose_makes_the_port_unknown() -> None:
    text = f"FROM python:3.12\nWORKDIR /app\n{SERVER}"

    assert "HEALTHCHECK" not in hardened(text, ImageFacts(has_other_command=True))


@pytest.mark.parametrize(
    ("base", "python", "expected"),
    [
        ("python", "3.12", "python:3.12"),
        ("python:latest", "3.12", "python:3.12"),
        ("python:slim", "3.12", "python:3.12-slim"),
        ("python:slim", None, None),
        ("python:3", "3.12", None),
        ("python:3.12-slim", "3.13", None),
        ("python:${VERSION}", "3.12", None),
        ("node:latest", "3.12", None),
        ("python@sha256:aa", "3.12", None),
    ],
)
def test_a_base_that_moves_is_pinned_to_the_declared_python(
    base: str, python: str | None, expected: str | None
) -> None:
    text = "ARG VERSION=3.12\nFROM {}\nWORKDIR /app\n" + DONE
    facts = ImageFacts(python=python)

    assert hardened(text.format(base), facts) == text.format(base)
    assert hardened(text.format(base), facts, review=True) == text.format(expected or base)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("COPY .env .", True),
        ("COPY .env.production /app/", True),
        ("ENV SECRET_KEY=not-to-be-seen", True),
        ('ARG DB_PASSWORD="not-to-be-seen"', True),
        ("ENV API_KEY not-to-be-seen", True),
        ("COPY .env.example .", False),
        ('ENV AWS_SECRET_ACCESS_KEY=""', False),
        ("ENV SECRET_KEY=${SECRET_KEY}", False),
        ("ENV tokentimetolive=60", False),
        ("ENV TOKEN_LIFETIME=fifteen", False),
        ("ARG GITHUB_TOKEN", False),
    ],
)
def test_secrets_in_the_image_are_named_but_not_shown(line: str, found: bool) -> None:
    text = f"FROM python:3.12\nWORKDIR /app\n{line}\n{DONE}"

    outcomes = list(harden("Dockerfile", text, ImageFacts()))

    assert ("secret-in-image" in codes(text)) is found
    assert "not-to-be-seen" not in str(outcomes)
    assert hardened(text) == text


def test_flasks_development_server_is_reported() -> None:
    text = 'FROM python:3.12\nWORKDIR /app\nUSER a\nHEALTHCHECK NONE\nCMD ["{}", "{}"]\n'

    assert codes(text.format("flask", "run")) == {"dev-server"}
    assert codes(text.format("python", "app.py"), ImageFacts(start_file="app.py")) == {"dev-server"}
    assert codes(text.format("python", "serve.py"), ImageFacts(start_file="app.py")) == set()


@pytest.mark.parametrize("text", ["", "version: '3'\n", "hello\nFROM x\n"])
def test_what_is_no_dockerfile_is_left_alone(text: str) -> None:
    assert codes(text) == {"not-a-dockerfile"}
    assert hardened(text) == text
