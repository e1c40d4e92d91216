"""A field is called after its expression."""

import ast

import pytest

from buttress.analysis.logs.messages import value_of
from buttress.rewrites.fields import field_names, name_for
from buttress.source import Module, Text


def parsed(*expressions: str) -> tuple[Module, list[ast.expr]]:
    source = "import json, os, time\n" + "".join(f"({item})\n" for item in expressions)
    module = Module("m.py", Text(source))
    return module, [s.value for s in module.tree.body if isinstance(s, ast.Expr)]


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("user_id", "user_id"),
        ("userId", "user_id"),
        ("MAX_SIZE", "max_size"),
        ("user.id", "user_id"),
        ("response.status_code", "status_code"),
        ("request.url.path", "url_path"),
        ("self.db_host", "db_host"),
        ("self.id", "id"),
        ("settings.PORT", "port"),
        ("u.id", "id"),
        ("task['title']", "task_title"),
        ("data['user_id']", "user_id"),
        ("data.get('startDate')", "start_date"),
        ("users[0]", "users"),
        ("text[:200]", "text"),
        ("len(items)", "items_count"),
        ("len(self.items)", "items_count"),
        ("len(data['rooms'])", "rooms_count"),
        ("bool(token)", "has_token"),
        ("type(job).__name__", "job_type"),
        ("job.__class__.__name__", "job_type"),
        ("func.__name__", "func_name"),
        ("str(path)", "path"),
        ("json.dumps(event)[:100]", "event"),
        ("', '.join(missing)", "missing"),
        ("name.strip().lower()", "name"),
        ("user.model_dump()", "user"),
        ("list(data.keys())", "data_keys"),
        ("get_total(order)", "total"),
        ("os.getenv('PORT')", "port"),
        ("client is None", "client_is_none"),
        ("a_long_name if x else None", "a_long_name"),
        ("first or second", "first"),
        ("str(error).splitlines()[0]", "error"),
        ("time.time() - started", "duration"),
        ("ended - started", ""),
        ("n + 1", ""),
        ("x > 1", ""),
        ("'text'", ""),
        ("данные", ""),
    ],
)
def test_a_name_is_read_from_the_expression(expression: str, name: str) -> None:
    module, (node,) = parsed(expression)

    assert name_for(module, node) == name


@pytest.mark.parametrize(
    ("expressions", "labels", "names"),
    [
        (["a.id", "b.id"], {}, ["id", "id_2"]),
        (["user.id", "task.id"], {}, ["user_id", "task_id"]),
        (["event", "level", "logger"], {}, ["event_value", "level_value", "logger_value"]),
        (["x['class']", "request_id"], {}, ["class_value", "request_id_value"]),
        (["n + 1", "i"], {0: "Attempt", 1: "Loop"}, ["attempt", "loop"]),
        (["n + 1", "1 / 2"], {}, ["value", "value_2"]),
        (["100 * ratio", "attempt + 1"], {}, ["ratio_percent", "attempt"]),
        (["100 * ratio"], {0: "Agreement"}, ["agreement"]),
        (["seconds * 1000", "size / 1024", "100 * n"], {}, ["value", "value_2", "value_3"]),
        (["user.id"], {0: "Owner"}, ["user_id"]),
        (["n + 1"], {0: "Попытка"}, ["value"]),
    ],
)
def test_names_of_one_call_differ_and_are_free(
    expressions: list[str], labels: dict[int, str], names: list[str]
) -> None:
    module, nodes = parsed(*expressions)
    values = [value_of(module, node) for node in nodes]

    assert field_names(module, values, labels) == names


def test_a_caught_exception_is_an_error() -> None:
    module = Module("m.py", Text("try:\n    f()\nexcept E as exc:\n    g(exc, exc.code)\n"))
    call = module.nodes(ast.Call)[1]

    assert [name_for(module, argument) for argument in call.args] == ["error", "error_code"]
