"""Commands of images, read without a shell where that is possible."""

import pytest

from buttress.rewrites.image_command import Command, bound_port, from_shell, without_reload


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (("uvicorn", "a:b"), "uvicorn"),
        (("/usr/local/bin/gunicorn", "a:b"), "gunicorn"),
        (("python", "-m", "uvicorn", "a:b"), "uvicorn"),
        (("python3.12", "app.py"), "python"),
        (("./boot.sh",), "boot.sh"),
        ((), ""),
    ],
)
def test_the_program_behind_a_command(words: tuple[str, ...], program: str) -> None:
    assert Command(words, None).program == program


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ("uvicorn a:b --port 8000", 8000),
        ("uvicorn a:b --port=8001", 8001),
        ("gunicorn -b 0.0.0.0:5000 a:b", 5000),
        ("gunicorn --bind=:5001 a:b", 5001),
        ("streamlit run a.py --server.port=8501", 8501),
        ("uvicorn a:b --port $PORT", None),
        ("gunicorn -b unix:/run/x.sock a:b", None),
        ("uvicorn a:b", None),
    ],
)
def test_the_port_that_options_bind_to(command: str, port: int | None) -> None:
    assert bound_port(command.split()) == port


def test_switches_for_reloading_are_left_out_with_their_values() -> None:
    words = ["uvicorn", "a:b", "--reload", "--reload-dir", "src", "--reload-delay=1", "--port", "1"]

    assert without_reload(words) == ("uvicorn", "a:b", "--port", "1")


@pytest.mark.parametrize(
    "command", ["a | b", "a; b", "A=b c", "cd x", "a && cd x", "a `b`", "a 'b", "a > b", "a &"]
)
def test_what_needs_a_shell_has_no_exec_form(command: str) -> None:
    assert from_shell(command).exec_form is None


def test_a_chain_ends_in_exec() -> None:
    read = from_shell("alembic upgrade head &&  uvicorn a:b --port $PORT")

    assert read.exec_form == (
        "sh", "-c", "alembic upgrade head && exec uvicorn a:b --port $PORT"
    )  # fmt: skip
    assert read.words == ("uvicorn", "a:b", "--port", "$PORT")
