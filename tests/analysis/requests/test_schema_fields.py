"""Which fields classes have, and which of them a client may fill with anything."""

from __future__ import annotations

import ast

from buttress.analysis.requests.schema_fields import Catalogue, Fields, Kind, rights_among
from buttress.project import inspect_project
from buttress.project.modules import own_modules
from buttress.source import Tree

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def fields(text: str, name: str) -> Fields:
    """Return the fields of a class of ``main.py``."""
    tree = Tree.of({"main.py": APP + text})
    service = inspect_project(tree).services[0]
    module = tree.module("main.py")
    node = ast.parse(name, mode="eval").body
    found = Catalogue(own_modules(tree), service).fields_of(module, node)
    assert found is not None
    return found


def test_a_model_of_requests_has_the_fields_of_those_above_it() -> None:
    found = fields(
        "from pydantic import BaseModel\n\n\nclass Base(BaseModel):\n    email: str\n    role: str = 'user'\n\n\n"
        "class Join(Base):\n    password: str\n",
        "Join",
    )

    assert found.kind is Kind.SCHEMA
    assert found.names == {"email", "role", "password"}
    assert rights_among(found.free, of_account=found.is_account) == ["role"]


def test_a_role_out_of_a_list_without_more_rights_carries_none() -> None:
    found = fields(
        "from enum import Enum\nfrom typing import Literal\nfrom pydantic import BaseModel\n\n\n"
        "class Side(str, Enum):\n    BUYER = 'buyer'\n    SELLER = 'seller'\n\n\n"
        "class Power(str, Enum):\n    ADMIN = 'admin'\n    USER = 'user'\n\n\n"
        "class Join(BaseModel):\n    role: Side\n    user_role: Literal['reader', 'writer']\n    user_type: Power\n",
        "Join",
    )

    assert found.free == {"user_type"}


def test_a_role_that_a_function_of_the_model_checks_carries_none() -> None:
    found = fields(
        "from pydantic import BaseModel, field_validator\n\n\nclass Join(BaseModel):\n    role: str\n    name: str\n\n"
        "    @field_validator('role')\n    def known(cls, value):\n        return check(value)\n",
        "Join",
    )

    assert found.free == {"name"}


def test_rows_and_documents_are_stored() -> None:
    row = fields(
        "from sqlalchemy import Column\nfrom db import Base\n\n\n"
        "class User(Base):\n    __tablename__ = 'users'\n    is_admin = Column()\n",
        "User",
    )
    table = fields(
        "from sqlmodel import SQLModel\n\n\nclass Note(SQLModel, table=True):\n    text: str\n",
        "Note",
    )

    assert (row.kind, row.is_account, row.names) == (Kind.STORED, True, frozenset(["is_admin"]))
    assert (table.kind, table.is_account) == (Kind.BOTH, False)


def test_a_role_is_a_right_of_accounts_alone() -> None:
    assert rights_among(frozenset(["role", "name"]), of_account=False) == []
    assert rights_among(frozenset(["is_admin", "name"]), of_account=False) == ["is_admin"]
