"""Questions are put to a person one at a time, in a real terminal."""

import sys
from textwrap import dedent

import pexpect  # type: ignore[import-untyped]
import pytest

SCRIPT = """
from buttress.planning.prompts import put
from buttress.planning.questions import Question, ask
from buttress.planning.templating import yaml_value

text = '''{questions}'''
questions = [Question(name, details, "q.yml") for name, details in yaml_value(text).items()]
print("ANSWERS", ask(questions, {{}}, {{}}, put))
"""
ENTER, DOWN, SPACE = "\r", "\x1b[B", " "


@pytest.mark.parametrize(
    ("questions", "keys", "answers"),
    [
        ("name: {type: str, help: Which name, default: x}", ["y", ENTER], "{'name': 'xy'}"),
        (
            "name: {type: int, help: Which name, default: 8}",
            ["a", ENTER, "\x7f", ENTER],
            "{'name': 8}",
        ),
        ("name: {type: bool, help: Which name, default: true}", ["n"], "{'name': False}"),
        (
            "name: {type: str, help: Which name, choices: [a, b, c], default: b}",
            [ENTER],
            "{'name': 'b'}",
        ),
        (
            "name: {type: str, help: Which name, choices: [a, b, c], default: b}",
            [DOWN, ENTER],
            "{'name': 'c'}",
        ),
        ("name: {type: yaml, help: Which name, default: [1]}", [ENTER], "{'name': [1]}"),
        (
            "name: {type: str, help: Which name, multiselect: true, choices: [a, b], default: '[a]'}",
            [DOWN, SPACE, ENTER],
            "{'name': ['a', 'b']}",
        ),
    ],
)
def test_a_person_answers(questions: str, keys: list[str], answers: str) -> None:
    script = dedent(SCRIPT).format(questions=questions)
    terminal = pexpect.spawn(sys.executable, ["-c", script], encoding="utf-8", timeout=30)

    terminal.expect("Which name")
    for key in keys:
        terminal.send(key)
    terminal.expect_exact(f"ANSWERS {answers}")
    terminal.expect(pexpect.EOF)
    terminal.close()


def test_ctrl_c_stops_the_questions() -> None:
    script = dedent(SCRIPT).format(questions="name: {type: str, help: Which name}")
    terminal = pexpect.spawn(sys.executable, ["-c", script], encoding="utf-8", timeout=30)

    terminal.expect("Which name")
    terminal.sendintr()

    assert terminal.expect(["KeyboardInterrupt", "ANSWERS"]) == 0
    terminal.expect(pexpect.EOF)
    terminal.close()
