"""A time limit that is there, handed on or unknown is no finding; one that is missing is."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, places, run, status


def code(text: str, head: str = "") -> dict[str, str]:
    return {"main.py": head + FASTAPI + text}


@pytest.mark.parametrize(
    "text",
    [
        "import requests\nrequests.get(url)\n",
        "import requests\nrequests.post(url, json={}, timeout=None)\n",
        "import requests\nsession = requests.Session()\nsession.get(url)\n",
        "from urllib.request import urlopen\nurlopen(url)\n",
        "import smtplib\nsmtplib.SMTP(host, 587)\n",
        "import httpx\nhttpx.get(url, timeout=None)\n",
    ],
)
def test_calls_that_may_wait_for_ever(text: str) -> None:
    assert len(places("ARCH-HTTP-NO-TIMEOUT", code(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import requests\nrequests.get(url, timeout=10)\n",
        "import requests\nrequests.get(url, timeout=self.timeout)\n",
        "import requests\nrequests.get(url, **options)\n",
        "import httpx\nhttpx.get(url)\n",
        "from urllib.request import urlopen\nurlopen(url, None, 10)\n",
        "requests = load()\nrequests.get(url)\n",
    ],
)
def test_calls_that_end(text: str) -> None:
    assert places("ARCH-HTTP-NO-TIMEOUT", code(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "from openai import OpenAI\nclient = OpenAI()\n",
        "from langchain_openai import ChatOpenAI\nllm = ChatOpenAI(model='x')\n",
    ],
)
def test_models_that_may_take_minutes(text: str) -> None:
    assert len(places("LLM-NO-TIMEOUT", code(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from openai import OpenAI\nclient = OpenAI(timeout=30)\n",
        "from openai import OpenAI\nclient = OpenAI(**options)\n",
        "from openai import OpenAI\nclient = OpenAI()\nclient.chat.completions.create(model='x', timeout=20)\n",
    ],
)
def test_models_with_a_limit(text: str) -> None:
    assert places("LLM-NO-TIMEOUT", code(text)) == []


def test_an_app_without_models() -> None:
    assert status("LLM-NO-TIMEOUT", code("")) == "not-applicable"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ([""], "This call has no limit of tokens, and nothing limits how often it is made."),
        (["", "max_tokens=9"], "1 of 2 calls of a model has no limit of tokens, "),
        (["", ""], "2 of 2 calls of a model have no limit of tokens, "),
    ],
)
def test_one_call_and_many_are_told_apart(limits: list[str], message: str) -> None:
    calls = [f"client.chat.completions.create(model='m', messages=[], {it})" for it in limits]
    text = "\n".join(["from openai import OpenAI", "client = OpenAI(timeout=3)", *calls])

    (finding,) = run("LLM-NO-COST-CAP", code(text)).findings

    assert finding.message.startswith(message)


@pytest.mark.parametrize(
    ("more", "others"),
    [(1, "another coroutine"), (2, "2 more coroutines")],
)
def test_queries_of_one_coroutine_and_of_many_are_told_apart(more: int, others: str) -> None:
    text = "".join(
        f"\n\n@app.get('/{number}')\nasync def read_{number}(db: Session = Depends(get_db)):\n    order = db.query(Order).first()\n    return order.id\n"
        for number in range(more + 1)
    )
    files = {
        "main.py": f"from fastapi import Depends\nfrom sqlalchemy.orm import Session\nfrom db import get_db\n{FASTAPI}{text}",
        "db.py": "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import sessionmaker\n\n"
        "engine = create_engine('postgresql://db/x')\n\n\n"
        "def get_db():\n    yield sessionmaker(engine)()\n",
    }

    (finding,) = run("ARCH-BLOCKING-IN-ASYNC", files).findings

    assert finding.message.endswith(f", as do those of {others}.")


@pytest.mark.parametrize(
    "call", ["time.sleep(1)", "requests.get(url, timeout=1)", "subprocess.run(['ls'])"]
)
def test_coroutines_that_stop_all_others(call: str) -> None:
    text = f"import requests, subprocess, time\n\n\nasync def work():\n    {call}\n"
    assert len(places("ARCH-BLOCKING-IN-ASYNC", code(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import time\n\n\ndef work():\n    time.sleep(1)\n",
        "import asyncio\n\n\nasync def work():\n    await asyncio.sleep(1)\n",
        "import asyncio, time\n\n\nasync def work():\n    await asyncio.to_thread(time.sleep, 1)\n",
        "import time\n\n\nasync def work():\n    def inner():\n        time.sleep(1)\n    await run(inner)\n",
    ],
)
def test_coroutines_that_give_way(text: str) -> None:
    assert places("ARCH-BLOCKING-IN-ASYNC", code(text)) == []


CREATES = "\nBase.metadata.create_all(engine)\n"
REVISION = "revision = 'a'\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table('x')\n"


@pytest.mark.parametrize(
    "files",
    [
        code(CREATES),
        {**code(CREATES), "alembic.ini": "[alembic]\n"},
        {**code(CREATES), "migrations/README.md": "none yet\n"},
    ],
    ids=["nothing", "configuration alone", "empty folder"],
)
def test_tables_that_never_change(files: dict[str, str]) -> None:
    assert places("ARCH-NO-MIGRATIONS", files) == ["main.py:5"]


@pytest.mark.parametrize(
    "files",
    [
        {"migrations/versions/0001_first.py": REVISION},
        {"migrations/0001_first.sql": "CREATE TABLE x (id int);\n"},
    ],
)
def test_tables_with_migrations(files: dict[str, str]) -> None:
    assert places("ARCH-NO-MIGRATIONS", {**code(CREATES), **files}) == []


def test_an_app_that_creates_no_tables() -> None:
    assert status("ARCH-NO-MIGRATIONS", code("")) == "not-applicable"


def test_files_that_do_not_parse_are_reported_with_their_line() -> None:
    files = {**code(""), "hook.py": "import os\n\ndef x(:\n    pass\n"}
    assert places("ARCH-UNPARSABLE", files) == ["hook.py:3"]


def test_files_that_parse() -> None:
    assert (
        places("ARCH-UNPARSABLE", {**code(""), "hook.py": "x = 1\n", ".snippets/a.py": "x = (\n"})
        == []
    )
