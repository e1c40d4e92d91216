"""What a handler says about the fields of its body."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rewrites.cases import service_of

from buttress.analysis.classes import Classes
from buttress.analysis.requests.input_fields import Shape, shape_of
from buttress.analysis.requests.inputs import bodies
from buttress.analysis.requests.pydantic_version import pydantic_major
from buttress.project.model import Dependency, Framework, Manager, Manifest, Place
from buttress.source import Draft, Tree


def shape(statements: str, head: str = "") -> Shape:
    source = f'{head}\n\n@app.post("/")\ndef handle(data: dict):\n    {statements}\n'
    draft = Draft(Tree.of({"main.py": source}))
    _, service = service_of(draft, Framework.FASTAPI)
    classes = Classes(draft)
    (body,) = bodies(draft.module("main.py"), service, classes)
    return shape_of(body, classes)


def fields(statements: str, head: str = "") -> dict[str, tuple[str, bool]]:
    """Return the proven type of each field, and whether it is required."""
    found = shape(statements, head)
    assert not found.doubts, found.doubts
    return {item.key: (item.type.name, item.is_required) for item in found.fields}


@pytest.mark.parametrize(
    "statements",
    [
        'return data["k"]',
        'with lock:\n        return data["k"]',
        'for x in data["k"]:\n        f(x)',
        'return f(1, [data["k"]])',
        'return 1 if data["k"] else 2',
        'try:\n        return data["k"]\n    except Exception:\n        return {}, 500',
        'try:\n        return data["k"]\n    except OSError:\n        return {}',
        'if denied():\n        raise HTTPException(403)\n    return data["k"]',
    ],
)
def test_a_key_that_every_way_needs_is_required(statements: str) -> None:
    assert fields(statements)["k"][1]


@pytest.mark.parametrize(
    "statements",
    [
        'if "k" in data:\n        f(data["k"])\n    return float(data["n"])',
        'if data.get("k"):\n        f(data["k"])\n    return float(data["n"])',
        'f(data["k"] if data.get("k") is not None else 0)\n    return float(data["n"])',
        'f("k" in data and data["k"])\n    return float(data["n"])',
        'f("k" not in data or data["k"])\n    return float(data["n"])',
        'f(float(data["n"]))\n    if not data.get("k"):\n        raise Error()\n    return data["k"]',
    ],
)
def test_a_key_that_is_asked_for_first_is_not_required(statements: str) -> None:
    assert not fields(statements)["k"][1]


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ('if flag:\n        return data["k"]', "conditional-key"),
        ('for x in y:\n        f(data["k"])', "conditional-key"),
        ('return [data["k"] for x in y]', "conditional-key"),
        ('return lambda: data["k"]', "conditional-key"),
        ('if "other" in data:\n        f(data["k"])', "conditional-key"),
        ('if data.get("k", 1):\n        f(data["k"])', "conditional-key"),
        ('if "k" in data or flag:\n        f(data["k"])', "conditional-key"),
        ('try:\n        return data["k"]\n    except KeyError:\n        return 1', "own-contract"),
        ('try:\n        return data["k"]\n    except Exception:\n        pass', "own-contract"),
        ("return 1", "unused-body"),
    ],
)
def test_a_key_that_may_be_needed_is_doubted(statements: str, code: str) -> None:
    assert [doubt.code for doubt in shape(statements).doubts] == [code]


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ('return data["k"].strip()', "str"),
        ('k = data["k"]\n    return k.strip()', "str"),
        ('return datetime.fromisoformat(data["k"])', "str"),
        ('return int(data["k"])', "number"),
        ('return float(data["k"])', "float"),
        ('return data["k"]["inner"]', "dict"),
        ('return data["k"].get("inner")', "dict"),
        ('return data["k"].count("x")', "any"),
        ('return data["k"][0]', "any"),
        ('return str(data["k"])', "any"),
        ('return int(data["k"], 16)', "any"),
        ('return int(data["k"]), data["k"]', "any"),
        ('return data["k"] and data["k"].strip()', "any"),
        ('return [data["k"].strip() for x in y], data["k"]', "any"),
        ('k = data["k"]\n    k = k or 1\n    return k.strip()', "any"),
    ],
)
def test_a_type_is_what_every_other_value_fails_at(statements: str, found: str) -> None:
    assert fields(statements, "from datetime import datetime")["k"] == (found, True)


MODEL = "from typing import List, Optional\nfrom pydantic import BaseModel\n\n\nclass Item(BaseModel):\n    {}\n"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("k: str", ("str", True)),
        ("k: Optional[str] = None", ("str", False)),
        ("k: 'str'", ("any", False)),
        ("k: date", ("any", False)),
        ("other: str", ("any", False)),
        (
            "k: str\n\n    @field_validator('k')\n    def f(cls, v):\n        return v",
            ("any", False),
        ),
        ("k: str\n    model_config = ConfigDict(coerce_numbers_to_str=True)", ("any", False)),
        ("k: str = Field(alias='j')", ("any", False)),
    ],
)
def test_a_model_of_the_project_proves_its_plain_types(lines: str, found: tuple[str, bool]) -> None:
    statements = 'Item(k=data.get("k"))\n    return float(data["n"])'

    assert fields(statements, MODEL.format(lines))["k"] == found


@pytest.mark.parametrize(
    ("declared", "major"),
    [
        ({"pydantic": "==1.10.13"}, 1),
        ({"pydantic": "^1.9"}, 1),
        ({"pydantic": "<2"}, 1),
        ({"pydantic": ">=1.10,<3"}, 2),
        ({"pydantic": "==2.7.1"}, 2),
        ({"pydantic": "~=2.7"}, 2),
        ({"pydantic": ""}, 2),
        ({"fastapi": "==0.95.2"}, 1),
        ({"fastapi": "^0.79.0"}, 1),
        ({"fastapi": ">=0.95"}, 2),
        ({"fastapi": "==0.115.0"}, 2),
        ({"fastapi": "==0.115.0", "sqlmodel": "==0.0.8"}, 1),
        ({"sqlmodel": "==0.0.22"}, 2),
        ({"sqlmodel": ">=0.0.8"}, 2),
        ({}, 2),
    ],
)
def test_the_version_of_pydantic(declared: dict[str, str], major: int) -> None:
    place = Place("requirements.txt")
    manifest = Manifest(
        "requirements.txt",
        "requirements",
        Manager.PIP,
        dependencies=tuple(Dependency(name, text, place) for name, text in declared.items()),
    )
    draft = Draft(Tree.of({"main.py": ""}))
    _, service = service_of(draft)

    assert pydantic_major(replace(service, manifest=manifest), draft) == major


def test_a_lock_file_knows_the_version_of_pydantic() -> None:
    draft = Draft(Tree.of({"poetry.lock": '[[package]]\nname = "pydantic"\nversion = "1.10.2"\n'}))
    _, service = service_of(draft)
    manifest = Manifest("pyproject.toml", "poetry", Manager.POETRY, "poetry.lock")

    assert pydantic_major(replace(service, manifest=manifest), draft) == 1


@pytest.mark.parametrize(
    ("code", "major"),
    [
        ("from pydantic import BaseModel, BaseSettings\n", 1),
        ("from pydantic.v1 import BaseModel\n", 1),
        ("from pydantic_settings import BaseSettings, SettingsConfigDict\n", 2),
        ("from pydantic import BaseModel\nfrom other import BaseSettings\n", 2),
    ],
)
def test_the_code_knows_the_version_of_pydantic(code: str, major: int) -> None:
    draft = Draft(Tree.of({"main.py": f"from fastapi import FastAPI\n{code}\napp = FastAPI()\n"}))
    _, service = service_of(draft)

    assert pydantic_major(service, draft) == major
