"""The module that checks bodies is only added where something uses it."""

from __future__ import annotations

import pytest
from tests.rewrites.cases import service_of

from buttress.planning.providers import providers
from buttress.project.model import Framework
from buttress.source import Draft, Tree

HANDLER = '@app.post("/")\nasync def create({}):\n    {}\n'


@pytest.mark.parametrize(
    ("framework", "parameter", "body", "answer"),
    [
        (Framework.FLASK, "", "return float(request.json['n'])", True),
        (Framework.FLASK, "", "return store(request.json)", False),
        (Framework.FLASK, "", "return 1 if cached() else float(request.json.get('n', 1))", False),
        (Framework.FASTAPI, "data: dict", "return float(data['n'])", False),
        (Framework.FASTAPI, "r: Request", "return float((await r.json())['n'])", True),
        (Framework.FASTAPI, "r: Request", "return store(await r.json())", False),
    ],
)
def test_the_answer(framework: Framework, parameter: str, body: str, answer: bool) -> None:
    text = "from fastapi import Request\nfrom flask import request\n\n\n" + HANDLER.format(
        parameter, body
    )

    found = providers()["validation-bodies"](
        *service_of(Draft(Tree.of({"main.py": text})), framework)
    )

    assert found is answer
