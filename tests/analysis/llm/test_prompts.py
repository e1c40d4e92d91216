"""What is sent to a model, taken apart into texts with their role."""

from __future__ import annotations

import pytest

from buttress.analysis.llm.calls import language_use
from buttress.analysis.llm.prompts import pieces
from buttress.project import inspect_project
from buttress.source import Modules, Tree

APP = (
    "from fastapi import FastAPI\nfrom openai import OpenAI\n\napp = FastAPI()\nclient = OpenAI()\n"
)


def sent(text: str, **others: str) -> list[tuple[str, str]]:
    """Return role and text of the pieces that the first call sends; holes as underscores."""
    files = {"main.py": APP + text, **{f"{name}.py": other for name, other in others.items()}}
    project = inspect_project(Tree.of(files))
    use = language_use(project, project.services[0], Modules(project.tree.modules()))
    found = pieces(use.values, use.calls[0].prompts)
    return [(piece.role, piece.text.replace("\0", "_")) for piece in found if piece.text]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("client.responses.create(model='m', input='Hello')\n", [("", "Hello")]),
        ("client.responses.create(instructions='Be brief', input='Hello')\n", [("", "Hello"), ("system", "Be brief")]),
        ("client.chat.completions.create(messages=[{'role': 'system', 'content': 'Be brief'}])\n", [("system", "Be brief")]),
        ("client.responses.create(model='m', input='Sum up: ' + text)\n", [("", "Sum up: _")]),
        ("client.responses.create(model='m', input='Sum up: %s' % text)\n", [("", "Sum up: _")]),
        ("client.responses.create(model='m', input=f'Sum up: {text}'.strip())\n", [("", "Sum up: _")]),
    ],
)  # fmt: skip
def test_texts_at_the_call(text: str, found: list[tuple[str, str]]) -> None:
    assert sent(text) == found


def test_a_list_that_grows() -> None:
    text = (
        "def ask(question):\n"
        "    messages = [{'role': 'system', 'content': 'Be brief'}]\n"
        "    messages.append({'role': 'user', 'content': question[:99]})\n"
        "    return client.chat.completions.create(model='m', messages=messages)\n"
    )

    assert ("system", "Be brief") in sent(text)


def test_a_text_from_a_caller_in_another_module() -> None:
    llm = "from openai import OpenAI\n\n\ndef ask(prompt):\n    return OpenAI().responses.create(model='m', input=prompt)\n"

    assert sent("from llm import ask\n\nask(f'Translate: {1}')\n", llm=llm) == [
        ("", "Translate: _")
    ]


def test_a_pattern_that_is_kept_elsewhere() -> None:
    text = "from prompts import RULES\n\nclient.responses.create(model='m', input=RULES.format(text=data))\n"

    assert sent(text, prompts="RULES = 'Read {text} twice'\n") == [("", "Read _ twice")]
