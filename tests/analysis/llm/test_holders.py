"""Clients of models are found again wherever they go, and not looked for elsewhere."""

from __future__ import annotations

import pytest

from buttress.analysis.llm.calls import language_use
from buttress.project import inspect_project
from buttress.source import Modules, Tree

APP = "from fastapi import Depends, FastAPI\nfrom openai import OpenAI\n\napp = FastAPI()\n"


def asked(text: str, **others: str) -> list[str]:
    """Return the functions around the calls of a model, whose last names alone say nothing."""
    files = {"main.py": APP + text, **{f"{name}.py": other for name, other in others.items()}}
    project = inspect_project(Tree.of(files))
    use = language_use(project, project.services[0], Modules(project.tree.modules()))
    return [call.function.name if call.function else "" for call in use.calls if call.clients]


@pytest.mark.parametrize(
    "text",
    [
        "def ask(q):\n    llm = ChatOpenAI()\n    return llm.invoke(q)\n",
        "llm = ChatOpenAI()\n\ndef ask(q):\n    return llm.invoke(q)\n",
        "def made():\n    return ChatOpenAI()\n\ndef ask(q):\n    return made().invoke(q)\n",
        "class Bot:\n    def __init__(self):\n        self.model = ChatOpenAI()\n\n    def ask(self, q):\n        return self.model.invoke(q)\n",
        "class Bot:\n    def __init__(self, model):\n        self.model = model\n\n    def ask(self, q):\n        return self.model.invoke(q)\n\nbot = Bot(ChatOpenAI())\n",
        "class Bot:\n    @property\n    def model(self):\n        return ChatOpenAI()\n\n    def ask(self, q):\n        return self.model.invoke(q)\n",
        "def ask(model, q):\n    return model.invoke(q)\n\nask(ChatOpenAI(), 'a')\n",
        "def ask(q, *, model):\n    return model.invoke(q)\n\nask('a', model=ChatOpenAI())\n",
        "def made():\n    return ChatOpenAI()\n\n@app.get('/')\ndef ask(q, model=Depends(made)):\n    return model.invoke(q)\n",
        "def ask(q):\n    chain = prompt | ChatOpenAI() | parser\n    return chain.invoke(q)\n",
        "def ask(q):\n    bound = ChatOpenAI().bind_tools([])\n    return bound.invoke(q)\n",
        "model = None\n\ndef start():\n    global model\n    model = ChatOpenAI()\n\ndef ask(q):\n    return model.invoke(q)\n",
        "class Bot:\n    def __init__(self):\n        self.model = ChatOpenAI()\n\nbot = Bot()\n\ndef ask(q):\n    return bot.model.invoke(q)\n",
    ],
)  # fmt: skip
def test_a_client_is_followed(text: str) -> None:
    assert asked("from langchain_openai import ChatOpenAI\n" + text) == ["ask"]


@pytest.mark.parametrize(
    "text",
    [
        "from models import model\n\ndef ask(q):\n    return model.invoke(q)\n",
        "from models import model as llm\n\ndef ask(q):\n    return llm.invoke(q)\n",
        "import models\n\ndef ask(q):\n    return models.model.invoke(q)\n",
    ],
)
def test_a_client_of_another_file_is_followed(text: str) -> None:
    models = "from langchain_openai import ChatOpenAI\n\nmodel = ChatOpenAI()\n"
    assert asked(text, models=models) == ["ask"]


def test_what_only_goes_by_the_same_name_is_none() -> None:
    text = (
        "from langchain_openai import ChatOpenAI\n\nmodel = ChatOpenAI()\n\n\n"
        "def other(bot, model):\n    bot.model.invoke(1)\n    return model.invoke(2)\n"
    )
    assert asked(text) == []


def test_a_client_that_asks_nothing_makes_no_call() -> None:
    project = inspect_project(
        Tree.of({"main.py": APP + "client = OpenAI()\n", "other.py": "x = 1\n"})
    )
    use = language_use(project, project.services[0], Modules(project.tree.modules()))
    assert [client.dotted for client in use.clients] == ["openai.OpenAI"]
    assert use.calls == ()


def test_a_chain_without_end_is_followed_to_a_limit() -> None:
    text = (
        "from langchain_openai import ChatOpenAI\n\n\n"
        f"def ask(q):\n    llm = ChatOpenAI(){'.bind()' * 900}\n    return llm.invoke(q)\n"
    )
    assert asked(text) == []
