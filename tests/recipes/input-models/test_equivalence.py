"""Apps before and after: what worked works the same, and what crashed is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.recipes.rendering import imported, rendered
from tests.rewrites.cases import service_of

from buttress.project.model import Framework
from buttress.rewrites.engine import run
from buttress.source import Draft, Tree

pytest.importorskip("fastapi")
pytest.importorskip("flask")

VALUES: list[object] = [
    "text", "", " 5 ", "5", "5.5", 5, 0, -1, 5.5, 5.0, True, False, None,
    [], ["a"], [1], {}, {"a": 1}, 2**70, "2024-05-01",
]  # fmt: skip
"""One of every kind of JSON value, and some that only look like one."""

HANDLERS = {
    "text": 'return {"name": DATA["name"].strip(), "note": DATA.get("note")}',
    "default": 'return {"name": DATA.get("name", "x").upper(), "note": DATA.get("note", [])}',
    "needed": 'return {"name": DATA.get("name").upper(), "note": DATA.get("note", {"a": 1})}',
    "number": 'return {"n": int(DATA["name"]), "half": float(DATA.get("note", 0.5))}',
    "nested": 'return {"n": DATA["name"]["a"], "note": DATA.get("note", 3)}',
    "given": 'return {"n": DATA.get("name", __name__), "note": DATA["note"]}',
    "guarded": 'half = float(DATA.get("note", 0.5))\n    if not DATA.get("name"):\n'
    '        return refuse("name?")\n    return {"n": DATA["name"], "half": half}',
    "present": 'day = date.fromisoformat(DATA["note"])\n    if "name" not in DATA:\n'
    '        return refuse("name?")\n    return {"n": DATA["name"], "day": str(day)}',
    "choice": 'n = DATA["note"]\n'
    '    return {"n": n, "name": DATA["name"].lower() if "name" in DATA else None}',
    "alias": 'kind = DATA["name"]\n    text = kind.lower()\n    if kind == "5":\n'
    '        return refuse("kind?")\n    return {"n": text, "class": DATA.get("class", 1)}',
    "model": 'return Item(name=DATA["name"], note=DATA.get("note")).json_ready()',
    "strict": 'return Item(name=DATA.get("name", "x"), note=DATA["note"]).json_ready()',
}
COMMON = (
    "from datetime import date\nfrom typing import List, Optional\nfrom pydantic import BaseModel\n\n\n"
    "class Item(BaseModel):\n    name: str\n    note: Optional[List[str]] = None\n\n"
    "    def json_ready(self):\n        return self.model_dump()\n\n\n"
)
FASTAPI = (
    "from fastapi import FastAPI\nfrom fastapi.responses import JSONResponse\n"
    + COMMON
    + "app = FastAPI()\n\n\ndef refuse(text):\n    return JSONResponse({'error': text}, status_code=400)\n"
    '\n\n@app.post("/")\ndef handle(DATA: dict):\n    '
)
RAW = FASTAPI.replace("import FastAPI", "import FastAPI, Request").replace(
    "def handle(DATA: dict):\n", "async def handle(r: Request):\n    DATA = await r.json()\n"
)
FLASK = (
    "from flask import Flask, jsonify, request\n"
    + COMMON
    + "app = Flask(__name__)\n\n\ndef refuse(text):\n    return jsonify(error=text), 400\n"
    '\n\n@app.post("/")\ndef handle():\n    DATA = request.get_json()\n    '
)
BODIES: list[object] = [
    {},
    *({"name": value} for value in VALUES),
    *({"note": value} for value in VALUES),
    *({"name": name, "note": note} for name, note in itertools.product(VALUES, VALUES[::3])),
    {"name": "a", "note": "b", "unknown": 1},
]
JSON = {"Content-Type": "application/json"}
NO_OBJECTS: list[object] = [[], "text", 5, None]

Ask = Callable[[object], tuple[int, object]]


CONTRACTS = [
    'if not DATA.get("name"):\n        return refuse("name?")\n    return {"n": DATA["name"].upper()}',
    'if "name" not in DATA:\n        return refuse("name?")\n    return {"note": float(DATA["note"])}',
    'bad = not DATA.get("name")\n    if bad:\n        return refuse("kind?")\n    return [DATA["note"]]',
]
"""Handlers that would answer some wrong bodies with 422 instead of in their own words."""


def refuse_is_a_refusal(text: str) -> str:
    """Write the refusal out, so that its status can be read."""
    fastapi = "return JSONResponse({'error': 'x'}, status_code=400)"
    return text.replace('return refuse("name?")', fastapi).replace(
        'return refuse("kind?")', fastapi
    )


def rewritten(source: str, framework: Framework) -> str | None:
    draft = Draft(Tree.of({"main.py": source}))
    run(["input-models"], draft, lambda current: service_of(current, framework))
    text = draft.text("main.py")
    assert text is not None
    return text.content if draft.changes() else None


def fastapi_asks(source: str) -> Ask:
    from starlette.testclient import TestClient

    names: dict[str, Any] = {"__name__": "proto"}
    exec(compile(source, "main.py", "exec", dont_inherit=True), names)
    client = TestClient(names["app"], raise_server_exceptions=False)

    def ask(body: object) -> tuple[int, object]:
        answer = client.post("/", content=json.dumps(body), headers=JSON)
        return answer.status_code, answer.json() if answer.status_code < 500 else None

    return ask


def flask_asks(source: str) -> Ask:
    names: dict[str, Any] = {"__name__": "proto"}
    exec(compile(source, "main.py", "exec", dont_inherit=True), names)
    app = names["app"]
    app.testing = False
    client = app.test_client()

    def ask(body: object) -> tuple[int, object]:
        answer = client.post("/", data=json.dumps(body), headers=JSON)
        return answer.status_code, answer.json if answer.status_code < 500 else None

    return ask


def compare(before: Ask, after: Ask) -> int:
    """Return how many crashes became refusals; anything that did not crash has to be equal."""
    mended = 0
    for body in [*BODIES, *NO_OBJECTS]:
        old, new = before(body), after(body)
        if old[0] >= 500 and new[0] == 200:
            # the fraction of a number is cut off, and now that of a text is, too
            assert isinstance(body, dict), body
            assert body["name"] == "5.5", body
        elif old[0] >= 500:
            mended += new[0] == 422
            assert new[0] >= 422, f"{body}: crashed before, and is answered with {new} now"
        elif old[0] == 422:
            assert new[0] == 422, body
        else:
            assert new == old, body
    return mended


@pytest.mark.parametrize("handler", CONTRACTS)
def test_answers_in_the_handlers_own_words_stay(handler: str) -> None:
    source = FASTAPI + refuse_is_a_refusal(handler) + "\n"

    assert rewritten(source, Framework.FASTAPI) is None


@pytest.mark.parametrize("name", HANDLERS)
def test_fastapi_answers_as_before(name: str) -> None:
    source = FASTAPI + refuse_is_a_refusal(HANDLERS[name]) + "\n"
    changed = rewritten(source, Framework.FASTAPI)
    assert changed is not None, "nothing was changed, so nothing is compared"

    assert compare(fastapi_asks(source), fastapi_asks(changed)) > 0


@pytest.mark.parametrize("name", HANDLERS)
def test_fastapi_answers_as_before_where_it_reads_the_body_itself(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = rendered("input-models", framework="fastapi", validation_bodies=True)
    imported(tmp_path, "request_validation", module["request_validation.py"], monkeypatch)
    source = RAW + refuse_is_a_refusal(HANDLERS[name]) + "\n"
    changed = rewritten(source, Framework.FASTAPI)
    assert changed is not None, "nothing was changed, so nothing is compared"

    assert compare(fastapi_asks(source), fastapi_asks(changed)) > 0


@pytest.mark.parametrize("name", HANDLERS)
def test_flask_answers_as_before(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = rendered("input-models", framework="flask")["request_validation.py"]
    imported(tmp_path, "request_validation", module, monkeypatch)
    handler = HANDLERS[name].replace('return refuse("name?")', "return jsonify(error='x'), 400")
    source = (
        FLASK + handler.replace('return refuse("kind?")', "return jsonify(error='x'), 400") + "\n"
    )
    changed = rewritten(source, Framework.FLASK)
    assert changed is not None, "nothing was changed, so nothing is compared"

    assert compare(flask_asks(source), flask_asks(changed)) > 0
