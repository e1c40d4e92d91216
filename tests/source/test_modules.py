"""Which files hold a word, name a library, make a call."""

import re

from buttress.source import Module, Modules, Text


def files(**sources: str) -> Modules:
    return Modules(Module(f"{name}.py", Text(source)) for name, source in sources.items())


def names(found: Modules) -> list[str]:
    return [module.path.removesuffix(".py") for module in found]


def test_having_finds_a_text_anywhere_and_keeps_the_order() -> None:
    found = files(a="import jwt\n", b="x = 1\n", c="pyjwt_token = 2\n").having("jwt")
    assert names(found) == ["a", "c"]


def test_having_takes_text_that_is_no_word() -> None:
    code = files(a='url = "http://x"\n', b="# http and //\n", c="s.connect()\n")
    assert names(code.having("://")) == ["a"]
    assert names(code.having("s.connect")) == ["c"]
    assert names(code.having("import *")) == []


def test_having_any_of_several() -> None:
    assert names(files(a="flask\n", b="django\n", c="none\n").having("flask", "django")) == [
        "a",
        "b",
    ]


def test_questions_can_be_chained() -> None:
    code = files(a="import jwt\njwt.decode(x)\n", b="import jwt\n", c="base64.decode(x)\n")
    assert names(code.having("jwt").having("decode")) == ["a"]
    assert names(code.having("decode").having("jwt")) == ["a"]


def test_where_keeps_the_index() -> None:
    view = files(a="flask\n", b="flask\n").where(lambda module: module.path == "b.py")
    assert names(view) == ["b"]
    assert names(view.having("flask")) == ["b"]
    assert view[0].path == "b.py"
    assert len(view) == 1


def test_spelling_looks_at_single_words() -> None:
    pattern = re.compile(r"rate_?limit")
    assert names(files(a="my_rate_limits = 1\n", b="rate = limit\n").spelling(pattern)) == ["a"]


def test_spelling_ignores_case_where_the_pattern_does() -> None:
    pattern = re.compile(r"rate_?limit", re.IGNORECASE)
    assert names(files(a="class RateLimiter: ...\n", b="RATE = 1\n").spelling(pattern)) == ["a"]


def test_spelling_does_not_join_words() -> None:
    assert names(files(a="rate\nlimit\n", b="x\n").spelling(re.compile(r"ratelimit"))) == []


def calls(code: Modules, *dotted: str) -> list[str]:
    return [f"{module.path}:{call.lineno}" for module, call in code.calls(*dotted)]


def test_calls_are_resolved_through_imports() -> None:
    code = files(
        a="import flask\napp = flask.Flask(__name__)\n",
        b="from flask import Flask as F\napp = F(__name__)\n",
        c="from elsewhere import Flask\napp = Flask(__name__)\n# flask\n",
    )
    assert calls(code, "flask.Flask") == ["a.py:2", "b.py:2"]


def test_calls_of_a_whole_package_and_of_what_begins_or_ends_so() -> None:
    code = files(
        a="import sentry_sdk\nsentry_sdk.init()\n",
        b="import logfire\nlogfire.instrument_fastapi(app)\n",
        c="from starlette.middleware.cors import CORSMiddleware\nCORSMiddleware(app)\n",
    )
    assert calls(code, "sentry_sdk.") == ["a.py:2"]
    assert calls(code, "logfire.instrument*") == ["b.py:2"]
    assert calls(code, "*.CORSMiddleware") == ["c.py:2"]
    assert calls(code, "sentry_sdk", "logfire.instrument") == []


def test_calls_of_builtins() -> None:
    code = files(a="print(1)\n", b="def print(x): ...\nprint(1)\n")
    assert calls(code, "builtins.print") == ["a.py:1"]


def test_called_goes_by_the_last_name() -> None:
    code = files(a="db.cursor().execute(q)\n", b="execute(q)\n", c="x.execute_many(q)\n")
    assert [module.path for module, _ in code.called("execute")] == ["a.py", "b.py"]


def test_of_keeps_what_is_indexed_already() -> None:
    code = files(a="x\n")
    assert Modules.of(code) is code
    assert names(Modules.of(list(code))) == ["a"]


def test_naming_does_not_know_what_a_star_import_brings() -> None:
    code = files(a="from shared import *\nsystem(x)\n", b="system(x)\n", c="from shared import *\n")
    assert names(code.naming("os.system")) == ["a"]
