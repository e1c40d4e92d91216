"""Start commands are read as a shell would read them."""

import pytest

from buttress.project.commands import Command, read_command


def only(text: str, environment: dict[str, str] | None = None) -> Command:
    """Return the only command of a line."""
    (command,) = read_command(text, environment)
    return command


@pytest.mark.parametrize(
    ("text", "server", "module", "attribute"),
    [
        ("uvicorn app.main:app --reload", "uvicorn", "app.main", "app"),
        ("python -m uvicorn app.main:app", "uvicorn", "app.main", "app"),
        ("poetry run uvicorn --host=0.0.0.0 app.main:app", "uvicorn", "app.main", "app"),
        ("./server/.venv/bin/uvicorn main:app", "uvicorn", "main", "app"),
        ("exec gunicorn -k uvicorn.workers.UvicornWorker main:app", "gunicorn", "main", "app"),
        ("gunicorn -w 4 mysite.wsgi", "gunicorn", "mysite.wsgi", "application"),
        ("FLASK_APP=shop:make flask run", "flask", "shop", "make"),
        ("flask --app shop run", "flask", "shop", None),
        ("celery -A shop.worker worker", "celery", "shop.worker", None),
        ("python -m shop.main", "python", "shop.main", None),
        ("opentelemetry-instrument hypercorn shop:app", "hypercorn", "shop", "app"),
        ("waitress-serve --call shop:create_app", "waitress-serve", "shop", "create_app"),
        ("dispatch server start shop.main:app", "", "shop.main", "app"),
    ],
)
def test_module_and_name(text: str, server: str, module: str, attribute: str | None) -> None:
    command = only(text)
    assert (command.server, command.module, command.attribute) == (server, module, attribute)


@pytest.mark.parametrize(
    ("text", "server", "script"),
    [
        ("python app.py", "python", "app.py"),
        ("python3.11 -u src/run.py --debug", "python", "src/run.py"),
        ("fastapi run app/main.py --port 80", "fastapi", "app/main.py"),
        ("streamlit run ui.py", "streamlit", "ui.py"),
        ("flask --app app.py run", "flask", "app.py"),
    ],
)
def test_script(text: str, server: str, script: str) -> None:
    command = only(text)
    assert (command.server, command.script) == (server, script)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "npm start",
        "pip install -r requirements.txt",
        "python -c 'import app'",
        "nginx -g 'daemon off;'",
        "alembic upgrade head",
        "curl http://localhost:8000/health",
        "flask db upgrade",
        "uvicorn",
        "echo it's open",
    ],
)
def test_what_starts_no_python(text: str) -> None:
    assert read_command(text) == []


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("uvicorn a:b --port 8000", 8000),
        ("uvicorn a:b --port=8000", 8000),
        ("gunicorn -b 0.0.0.0:5000 a:b", 5000),
        ("gunicorn --bind=:5001 a:b", 5001),
        ("uvicorn a:b --port ${PORT:-9000}", 9000),
        ("uvicorn a:b --port $PORT", None),
        ("uvicorn a:b --port 99999", None),
        ("gunicorn a:b -w 4", None),
    ],
)
def test_port(text: str, port: int | None) -> None:
    assert only(text).port == port


def test_the_last_of_several_commands_and_its_folder() -> None:
    command = only("alembic upgrade head && cd backend && cd src && uvicorn main:app")
    assert (command.folder, command.text) == ("backend/src", "uvicorn main:app")


def test_a_shell_inside_a_shell() -> None:
    command = only("sh -c 'alembic upgrade head && uvicorn main:app --port 80'")
    assert (command.server, command.port) == ("uvicorn", 80)


def test_a_command_for_a_watcher() -> None:
    assert only('watchfiles "streamlit run ui.py" src').script == "ui.py"


@pytest.mark.parametrize(
    "text", ["gunicorn 'shop:create_app()'", "uvicorn --factory shop:create_app", "waitress-serve --call shop:create_app"]
)  # fmt: skip
def test_a_factory_is_called(text: str) -> None:
    command = only(text)
    assert (command.module, command.attribute) == ("shop", "create_app")
    assert command.is_factory


def test_the_environment_tells_flask_its_app() -> None:
    assert only("flask run", {"FLASK_APP": "shop:make"}).module == "shop"
    assert only("flask run").module is None


@pytest.mark.parametrize("option", ["--app-dir", "--chdir"])
def test_the_folder_option(option: str) -> None:
    assert only(f"uvicorn main:app {option} src").folder == "src"
