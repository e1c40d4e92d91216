"""Bodies get models; requests that worked before work as before, and doubt leaves a handler alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from buttress.project.model import Framework
from buttress.rewrites.engine import Outcomes
from buttress.rewrites.outcomes import Safety
from tests.rewrites.cases import check_noop, check_transformed

FASTAPI_HEAD = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
FLASK_HEAD = "from flask import Flask, jsonify, request\n\napp = Flask(__name__)\n\n\n"


def fastapi(before: str, after: str, *, review: bool = False, **others: str) -> Outcomes:
    return check_transformed(
        "input-models",
        before,
        after,
        review=review,
        framework=Framework.FASTAPI,
        others=_paths(others),
    )


def flask(before: str, after: str, *, review: bool = False, **others: str) -> Outcomes:
    return check_transformed("input-models", before, after, review=review, others=_paths(others))


def fastapi_stays(body: str, code: str | None, *, review: bool = False, **others: str) -> Outcomes:
    return check_noop(
        "input-models",
        FASTAPI_HEAD + body,
        code,
        review=review,
        framework=Framework.FASTAPI,
        others=_paths(others),
    )


def flask_stays(body: str, code: str | None, *, review: bool = False, **others: str) -> Outcomes:
    return check_noop("input-models", FLASK_HEAD + body, code, review=review, others=_paths(others))


def _paths(others: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}.py": text for name, text in others.items()}


def model(imports: str, fields: str, handler: str, name: str = "CreateItemRequest") -> str:
    lines = "".join(f"    {line}\n" for line in fields.split("; "))
    return f"{imports}\napp = FastAPI()\n\n\nclass {name}(BaseModel):\n{lines}\n\n{handler}"


WITH_MODEL = "from fastapi import FastAPI\nfrom pydantic import BaseModel\n"
WITH_ANY = "from typing import Any\n\nfrom fastapi import FastAPI\nfrom pydantic import BaseModel\n"


def test_the_model_says_what_the_handler_needs() -> None:
    outcomes = fastapi(
        FASTAPI_HEAD + '@app.post("/items")\n'
        "def create_item(data: dict):\n"
        '    return store(data["name"].strip(), data.get("tags", []))\n',
        model(
            WITH_ANY,
            "name: str; tags: Any = []",
            '@app.post("/items")\n'
            "def create_item(data: CreateItemRequest):\n"
            "    return store(data.name.strip(), data.tags)\n",
        ),
    )

    assert [made.safety for made in outcomes.changed] == [Safety.HARDENING]
    assert "name" in outcomes.changed[0].reason


@pytest.mark.parametrize(
    ("use", "field", "after", "imports"),
    [
        ('data["k"]', "k: Any", "data.k", WITH_ANY),
        ('data["k"].lower()', "k: str", "data.k.lower()", WITH_MODEL),
        ('data.get("k", "").strip()', 'k: str = ""', "data.k.strip()", WITH_MODEL),
        ('float(data.get("k", 0.7))', "k: float = 0.7", "float(data.k)", WITH_MODEL),
        ('data.get("k").strip()', "k: str", "data.k.strip()", WITH_MODEL),
    ],
)
def test_each_way_to_read_a_field(use: str, field: str, after: str, imports: str) -> None:
    handler = '@app.put("/items")\nasync def create_item(data: {}):\n    return {}\n'

    fastapi(
        FASTAPI_HEAD + handler.format("dict", use),
        model(imports, field, handler.format("CreateItemRequest", after)),
    )


def test_what_int_accepts_is_still_accepted() -> None:
    fastapi(
        FASTAPI_HEAD + '@app.post("/items")\n'
        "def create_item(data: dict):\n"
        '    return int(data["count"])\n',
        model(
            "from typing import Union\n\n" + WITH_MODEL,
            "count: Union[int, float]",
            '@app.post("/items")\n'
            "def create_item(data: CreateItemRequest):\n"
            "    return int(data.count)\n",
        ),
    )


@pytest.mark.parametrize(
    "annotation", ["dict[str, Any]", "Dict[str, Any]", "Dict", "Mapping[str, Any]"]
)
def test_every_annotation_of_a_dictionary(annotation: str) -> None:
    head = (
        "from typing import Any, Dict, Mapping\n\nfrom fastapi import FastAPI\n"
        "from pydantic import BaseModel\n\nKEPT: Dict[str, Mapping[str, Any]] = {}\napp = FastAPI()\n\n\n"
    )
    handler = '@app.post("/items")\ndef create_item(data: %s):\n    return %s\n'

    fastapi(
        head + handler % (annotation, 'data["name"].strip()'),
        head
        + "class CreateItemRequest(BaseModel):\n    name: str\n\n\n"
        + handler % ("CreateItemRequest", "data.name.strip()"),
    )


def test_body_and_annotated_keep_their_place() -> None:
    head = (
        "from typing import Annotated\n\nfrom fastapi import Body, FastAPI\n"
        "from pydantic import BaseModel\n\napp = FastAPI()\n\n\n"
    )
    handler = (
        '@app.post("/a")\ndef first(data: {} = Body(...)):\n    return {}\n\n\n'
        '@app.post("/b")\ndef second(data: Annotated[{}, Body()]):\n    return {}\n'
    )
    use, after = 'data["name"].strip()', "data.name.strip()"

    fastapi(
        head + handler.format("dict", use, "dict", use),
        head
        + "class FirstRequest(BaseModel):\n    name: str\n\n\n"
        + handler.format("FirstRequest", after, "SecondRequest", after).replace(
            '@app.post("/b")', 'class SecondRequest(BaseModel):\n    name: str\n\n\n@app.post("/b")'
        ),
    )


def test_a_field_of_a_model_of_the_project_gives_its_type() -> None:
    fastapi(
        "from fastapi import FastAPI\nfrom models import Item\n\napp = FastAPI()\n\n\n"
        '@app.post("/items")\n'
        "def create_item(data: dict):\n"
        '    return Item(name=data["name"], tags=data.get("tags", []), note=data.get("note"))\n',
        "from typing import List, Optional\n\nfrom fastapi import FastAPI\n"
        "from pydantic import BaseModel\nfrom models import Item\n\napp = FastAPI()\n\n\n"
        "class CreateItemRequest(BaseModel):\n"
        "    name: str\n    tags: List[str] = []\n    note: Optional[str] = None\n\n\n"
        '@app.post("/items")\n'
        "def create_item(data: CreateItemRequest):\n"
        "    return Item(name=data.name, tags=data.tags, note=data.note)\n",
        models="from typing import List, Optional\nfrom pydantic import BaseModel\n\n\n"
        "class Item(BaseModel):\n"
        "    name: str\n    tags: List[str] = []\n    note: Optional[str] = None\n",
    )


def test_a_default_from_elsewhere_is_used_where_the_field_is_not_given() -> None:
    fastapi(
        FASTAPI_HEAD + '@app.patch("/items")\n'
        "def create_item(data: dict):\n"
        '    item.name = data.get("name", item.name)\n'
        '    item.code = data["code"]\n',
        model(
            WITH_ANY,
            "name: Any = None; code: Any",
            '@app.patch("/items")\n'
            "def create_item(data: CreateItemRequest):\n"
            '    item.name = data.name if "name" in data.model_fields_set else item.name\n'
            "    item.code = data.code\n",
        ),
    )


def test_names_that_python_or_pydantic_take_become_aliases() -> None:
    fastapi(
        FASTAPI_HEAD + '@app.post("/items")\n'
        "def create_item(data: dict):\n"
        '    return data["class"], data["copy"], data["due-date"], "copy" in data\n',
        model(
            "from typing import Any\n\nfrom fastapi import FastAPI\n"
            "from pydantic import BaseModel, Field\n",
            'class_: Any = Field(alias="class"); copy_: Any = Field(alias="copy"); '
            'due_date: Any = Field(alias="due-date")',
            '@app.post("/items")\n'
            "def create_item(data: CreateItemRequest):\n"
            '    return data.class_, data.copy_, data.due_date, "copy_" in data.model_fields_set\n',
        ),
    )


def test_the_model_of_a_handler_in_a_factory_stands_before_the_factory() -> None:
    flask(
        "from flask import Flask, request\n\n\ndef create_app():\n    app = Flask(__name__)\n\n"
        '    @app.post("/items")\n    def create_item():\n        data = request.get_json()\n'
        '        return store(data["name"].strip())\n\n    return app\n',
        "from flask import Flask\nfrom pydantic import BaseModel\n"
        "from request_validation import parse_json\n\n\n"
        "class CreateItemRequest(BaseModel):\n    name: str\n\n\n"
        "def create_app():\n    app = Flask(__name__)\n\n"
        '    @app.post("/items")\n    def create_item():\n        data = parse_json(CreateItemRequest)\n'
        "        return store(data.name.strip())\n\n    return app\n",
    )


FLASK_AFTER = (
    "from flask import Flask, jsonify\nfrom pydantic import BaseModel\n"
    "from request_validation import {}\n\napp = Flask(__name__)\n\n\n"
    "class CreateItemRequest(BaseModel):\n    {}\n\n\n"
)


@pytest.mark.parametrize(
    ("read", "after"),
    [
        ("request.json", "parse_json(CreateItemRequest)"),
        ("request.get_json(force=True)", "parse_json(CreateItemRequest, force=True)"),
        (
            "request.get_json(silent=True) or {}",
            "parse_json(CreateItemRequest, silent=True, or_empty=True)",
        ),
    ],
)
def test_every_way_to_read_json_in_flask(read: str, after: str) -> None:
    handler = '@app.post("/items")\ndef create_item():\n    data = {}\n    return jsonify({})\n'

    flask(
        FLASK_HEAD + handler.format(read, 'data["name"].strip()'),
        FLASK_AFTER.format("parse_json", "name: str") + handler.format(after, "data.name.strip()"),
    )


def test_a_body_that_is_read_in_several_places_is_read_once() -> None:
    flask(
        FLASK_HEAD + '@app.post("/items")\ndef create_item():\n'
        '    name = request.json["name"]\n    size = float(request.json.get("size", 1.5))\n'
        "    return jsonify(name.strip(), size)\n",
        FLASK_AFTER.format("parse_json", "name: str\n    size: float = 1.5")
        + '@app.post("/items")\ndef create_item():\n    data = parse_json(CreateItemRequest)\n'
        "    name = data.name\n    size = float(data.size)\n"
        "    return jsonify(name.strip(), size)\n",
    )


def test_the_reading_leaves_a_try_that_would_catch_the_refusal() -> None:
    flask(
        FLASK_HEAD + '@app.post("/items")\ndef create_item():\n    try:\n'
        '        data = request.get_json()\n        return store(data["name"].strip())\n'
        "    except Exception:\n        return jsonify(error='failed'), 500\n",
        FLASK_AFTER.format("parse_json", "name: str")
        + '@app.post("/items")\ndef create_item():\n    data = parse_json(CreateItemRequest)\n    try:\n'
        "        return store(data.name.strip())\n"
        "    except Exception:\n        return jsonify(error='failed'), 500\n",
    )


def test_a_handler_that_answers_an_empty_body_itself_still_does() -> None:
    flask(
        FLASK_HEAD + '@app.post("/items")\ndef create_item():\n    data = request.get_json()\n'
        '    if not data:\n        return jsonify(error="empty"), 400\n'
        '    return jsonify("name" in data, float(data["size"]))\n',
        FLASK_AFTER.replace("from flask", "from typing import Any\n\nfrom flask", 1).format(
            "parse_json_or_none", "name: Any = None\n    size: float"
        )
        + '@app.post("/items")\ndef create_item():\n    data = parse_json_or_none(CreateItemRequest)\n'
        '    if not data:\n        return jsonify(error="empty"), 400\n'
        '    return jsonify("name" in data.model_fields_set, float(data.size))\n',
    )


COLUMNS = (
    "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n\n\n"
    "class Task(db.Model):\n    title = db.Column(db.String(200))\n    owner = db.Column(db.Integer)\n"
)


def test_types_of_columns_are_for_review() -> None:
    before = (
        "from flask import Flask, request\nfrom models import Task\n\napp = Flask(__name__)\n\n\n"
        '@app.post("/tasks")\ndef create_task():\n    data = request.json\n'
        '    return save(Task(title=data.get("title"), owner=data.get("owner")))\n'
    )
    check_noop("input-models", before, "needs-review", others={"models.py": COLUMNS})
    outcomes = flask(
        before,
        "from typing import Optional\n\nfrom flask import Flask\n"
        "from pydantic import BaseModel\nfrom request_validation import parse_json\nfrom models import Task\n\n"
        "app = Flask(__name__)\n\n\n"
        "class CreateTaskRequest(BaseModel):\n"
        "    title: Optional[str] = None\n    owner: Optional[int] = None\n\n\n"
        '@app.post("/tasks")\ndef create_task():\n    data = parse_json(CreateTaskRequest)\n'
        "    return save(Task(title=data.title, owner=data.owner))\n",
        review=True,
        models=COLUMNS,
    )

    assert [made.safety for made in outcomes.changed] == [Safety.REVIEW]


def test_a_model_for_review_names_the_answer_that_brings_its_module() -> None:
    outcomes = check_noop(
        "input-models",
        "from flask import request\nfrom models import Task\n\n\n"
        '@app.post("/tasks")\ndef create_task():\n    data = request.json\n'
        '    return save(Task(title=data.get("title")))\n',
        "needs-review",
        review=True,
        others={"models.py": COLUMNS},
        answers={"validation_bodies": False},
    )

    assert "--review -d validation_bodies=true" in outcomes.abstained[0].unlock


def test_pydantic_1_is_written_as_it_reads() -> None:
    head = "from pydantic import BaseSettings\nfrom fastapi import FastAPI\n"
    handler = '@app.put("/items")\ndef create_item(data: {}):\n    return {}, {}, {}\n'
    rest = "\nCONFIG = BaseSettings()\napp = FastAPI()\n\n\n"

    fastapi(
        head + rest + handler.format("dict", 'data["a"]', 'data["b"].strip()', '"c" in data'),
        "from typing import Any\n\nfrom pydantic import BaseModel, BaseSettings, Field\n"
        "from fastapi import FastAPI\n" + rest + "class CreateItemRequest(BaseModel):\n"
        "    a: Any = Field(...)\n    b: str\n    c: Any = None\n\n\n"
        + handler.format(
            "CreateItemRequest", "data.a", "data.b.strip()", '"c" in data.__fields_set__'
        ),
    )
    check_noop(
        "input-models",
        "from pydantic import BaseSettings\n" + FLASK_HEAD + '@app.post("/items")\n'
        'def create_item():\n    data = request.json\n    return data["a"]\n',
        "pydantic-1",
    )


def test_a_field_that_an_early_answer_did_without_is_for_review() -> None:
    body = (
        '@app.post("/items")\ndef create_item(data: dict):\n    if cached():\n'
        '        return cached()\n    return data["name"]\n'
    )

    fastapi_stays(body, "needs-review")


@pytest.mark.parametrize(
    ("use", "code"),
    [
        ("store(data)", "escapes"),
        ("Item(**data)", "escapes"),
        ("data", "escapes"),
        ("[f(k) for k in data]", "escapes"),
        ("data[name]", "dynamic-key"),
        ("data.get(name)", "dynamic-key"),
        ("name in data", "dynamic-key"),
        ("data.items()", "all-keys"),
        ('data.pop("name")', "mutated"),
        ('data["name"] if flag else 1', "conditional-key"),
        ('flag and data["name"]', "conditional-key"),
        ('data.get("name", make_name()).strip()', "computed-default"),
        ('data.get("name")', "no-evidence"),
        ('str(data.get("name"))', "no-evidence"),
    ],
)
def test_uses_that_tell_too_little(use: str, code: str) -> None:
    fastapi_stays(f'@app.post("/items")\ndef create_item(data: dict):\n    return {use}\n', code)


@pytest.mark.parametrize(
    "statements",
    [
        'data["at"] = 1\n    return data["name"].strip()',
        'del data["at"]\n    return data["name"].strip()',
        'data.update(x=1)\n    return data["name"].strip()',
    ],
)
def test_a_body_that_is_changed_stays(statements: str) -> None:
    fastapi_stays(
        f'@app.post("/items")\ndef create_item(data: dict):\n    {statements}\n', "mutated"
    )


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ("data: dict = None", "optional-body"),
        ("data: dict = Body({})", "optional-body"),
        ("data: Optional[dict] = Body(None)", "optional-body"),
        ("data: dict[str, int]", "typed-values"),
        ("data: dict = Depends(load)", None),
        ("data: Any", None),
        ("data: Item", None),
        ("data: str", None),
        ("data", None),
    ],
)
def test_parameters_that_are_no_required_body(parameter: str, code: str | None) -> None:
    head = "from typing import Any, Optional\nfrom fastapi import Body, Depends\n"
    check_noop(
        "input-models",
        head + f'@app.post("/items")\ndef f({parameter}):\n    return data["name"].strip()\n',
        code,
        framework=Framework.FASTAPI,
    )


def test_an_answer_of_ones_own_is_kept() -> None:
    fastapi_stays(
        '@app.post("/doses")\ndef take(payload: dict):\n    try:\n'
        '        dose = int(payload.get("dose", 0))\n    except (TypeError, ValueError):\n'
        '        return JSONResponse({"ok": False}, status_code=400)\n    return dose\n',
        "own-contract",
    )
    fastapi_stays(
        '@app.post("/doses")\ndef take(payload: dict):\n    try:\n'
        '        dose = payload["dose"]\n    except KeyError:\n'
        "        raise HTTPException(400)\n    return dose\n",
        "own-contract",
    )


@pytest.mark.parametrize("answer", ["jsonify(ok=False)", "(jsonify(ok=False), 400)", "None"])
def test_a_try_that_answers_every_error_in_its_own_words_stays(answer: str) -> None:
    flask_stays(
        '@app.post("/items")\ndef create_item():\n    try:\n        data = request.get_json()\n'
        f'        return store(data["name"])\n    except Exception:\n        return {answer}\n',
        "own-contract",
    )


@pytest.mark.parametrize(
    "inside",
    [
        "check()\n        data = request.get_json()",
        "if check():\n            data = request.get_json()",
    ],
)
def test_the_reading_does_not_overtake_other_statements(inside: str) -> None:
    flask_stays(
        f'@app.post("/items")\ndef create_item():\n    try:\n        {inside}\n'
        '        return store(data["name"].strip())\n'
        "    except Exception:\n        return 'failed', 500\n",
        "caught",
    )


@pytest.mark.parametrize(
    "use",
    [
        "jsonschema.validate(data, schema)",
        "ItemSchema().load(data)",
        "Item.model_validate(data)",
        "Item(**data)",
    ],
)
def test_a_body_that_a_schema_checks_is_good(use: str) -> None:
    outcomes = check_noop(
        "input-models",
        "import jsonschema\nfrom flask import request\nfrom models import Item\n\n\n"
        f'@app.post("/items")\ndef create_item():\n    data = request.json\n    {use}\n'
        '    return data["name"].strip()\n',
        others={
            "models.py": "from pydantic import BaseModel\n\n\nclass Item(BaseModel):\n    x: int\n"
        },
    )

    assert outcomes.good == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("data = request.get_json(cache=False)\n    return data['a']", "unusual-read"),
        ("data = request.json\n    data = data['a']\n    return data", "rebound"),
        (
            "data = request.json\n    if data is None:\n        return ''\n    return data['a']",
            "escapes",
        ),
        (
            "data = request.json\n    if data:\n        f()\n    return float(data.get('a', 1))",
            "empty-body",
        ),
        ("if flag:\n        return request.json['a']\n    return ''", "conditional-key"),
        ("return flag and float(request.json.get('a', 1))", "inline-reads"),
        (
            "for x in y:\n        f(request.json.get('a'))\n    return request.json['b']",
            "inline-reads",
        ),
        ("a = request.json\n    return request.json['a']", "several-reads"),
        ("data = request.form\n    return data['a'].strip()", None),
        ("data = request.args\n    return data['a'].strip()", None),
        ("data = other.get_json()\n    return data['a'].strip()", None),
    ],
)
def test_bodies_of_flask_that_stay(body: str, code: str | None) -> None:
    flask_stays(f'@app.post("/items")\ndef create_item():\n    {body}\n', code)


def test_a_function_that_answers_no_route_stays() -> None:
    flask_stays("def read():\n    data = request.get_json()\n    return data['a'].strip()\n", None)
    fastapi_stays("def read(data: dict):\n    return data['a'].strip()\n", None)
    fastapi_stays("@cached('items')\ndef read(data: dict):\n    return data['a'].strip()\n", None)


def test_a_handler_that_other_code_calls_stays() -> None:
    handler = '@app.post("/items")\ndef create_item(data: dict):\n    return data["a"].strip()\n'

    fastapi_stays(handler + "\n\ncreate_item({'a': 'b'})\n", "called-directly")
    fastapi_stays(handler, "called-directly", jobs="from main import create_item\n")


RAW_HEAD = "from fastapi import FastAPI, Request\n"
RAW_HANDLER = '@app.post("/hook")\nasync def hook(request: Request):\n    {}\n'
APP = "\napp = FastAPI()\n\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'data = await request.json()\n    return data["a"].strip()',
            "data = await parse_json(request, HookRequest)\n    return data.a.strip()",
        ),
        (
            'data = (await request.json()) or {}\n    return data["a"].strip()',
            "data = await parse_json(request, HookRequest, or_empty=True)\n    return data.a.strip()",
        ),
        (
            'return (await request.json())["a"].strip()',
            "data = await parse_json(request, HookRequest)\n    return data.a.strip()",
        ),
        (
            (
                'try:\n        data = await request.json()\n        return data["a"].strip()\n'
                "    except Exception:\n        raise HTTPException(500)"
            ),
            (
                "data = await parse_json(request, HookRequest)\n    try:\n        return data.a.strip()\n"
                "    except Exception:\n        raise HTTPException(500)"
            ),
        ),
    ],
    ids=["named", "or empty", "in place", "in front of a try"],
)
def test_json_that_a_fastapi_handler_reads_itself(before: str, after: str) -> None:
    head = RAW_HEAD.replace("FastAPI, ", "FastAPI, HTTPException, ")

    fastapi(
        head + APP + RAW_HANDLER.format(before),
        f"{head}from pydantic import BaseModel\nfrom request_validation import parse_json\n{APP}"
        "class HookRequest(BaseModel):\n    a: str\n\n\n" + RAW_HANDLER.format(after),
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            (
                "try:\n        data = await request.json()\n    except ValueError:\n"
                "        raise HTTPException(400)\n    return data['a'].strip()"
            ),
            "own-contract",
        ),
        (
            (
                "try:\n        data = await request.json()\n        a = data.get('a', [])\n"
                "    except Exception:\n        a = []\n    return a"
            ),
            "no-evidence",
        ),
        ("data = await request.json()\n    return store(data)", "escapes"),
        ("data = await request.json()\n    return Order.model_validate(data)", None),
        ("data = await client.json()\n    return data['a'].strip()", None),
        ("data = await request.body()\n    return data", None),
    ],
)
def test_json_that_a_fastapi_handler_goes_on_reading_itself(body: str, code: str | None) -> None:
    text = RAW_HEAD.replace("FastAPI, ", "FastAPI, HTTPException, ") + APP
    check_noop("input-models", text + RAW_HANDLER.format(body), code, framework=Framework.FASTAPI)


def test_types_that_would_change_the_value_for_another_use_are_not_given() -> None:
    fastapi_stays(
        '@app.post("/items")\ndef create_item(data: dict):\n    n = data.get("n", 1)\n'
        '    return int(n), f"{n}"\n',
        "no-evidence",
    )


def test_a_taken_name_stays() -> None:
    fastapi_stays(
        'BaseModel = 1\n\n\n@app.post("/items")\ndef create_item(data: dict):\n'
        '    return data["a"].strip()\n',
        "name-taken",
    )


def test_a_model_of_the_same_name_gives_way() -> None:
    head = FASTAPI_HEAD.replace("\n\napp", "\nfrom pydantic import BaseModel\n\napp")
    other = "class CreateItemRequest:\n    pass\n\n\n"
    handler = '@app.post("/items")\ndef create_item(data: {}):\n    return {}\n'

    fastapi(
        head + other + handler.format("dict", 'data["a"].strip()'),
        head
        + other
        + "class CreateItemBody(BaseModel):\n    a: str\n\n\n"
        + handler.format("CreateItemBody", "data.a.strip()"),
    )
