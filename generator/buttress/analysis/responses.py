"""What handlers answer: without a type, or with one status for every failure."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.access.handlers import handlers
from buttress.analysis.database.calls import database_calls
from buttress.analysis.errors.caught import is_broad
from buttress.analysis.errors.statuses import status_of
from buttress.analysis.function_bodies import own_nodes, returns_by_function
from buttress.project.literals import argument, written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_TYPED = frozenset(["response_model", "response_class"])
_RESPONSE_CALLS = frozenset(["TemplateResponse", "render_template", "HTTPException"])
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_ERROR_KEYS = frozenset(["error", "errors"])
_STATUS_ARGUMENTS = ("status_code", "status")
_TRIVIAL = lazy_pattern(
    r"\A/?\Z|(?:health|healthz|healthcheck|live|livez|ready|readyz|ping|status|metrics|version)/?\Z"
)
_RAISERS = frozenset(
    [
        "fastapi.HTTPException",
        "starlette.exceptions.HTTPException",
        "fastapi.exceptions.HTTPException",
    ]
)
_OUTSIDE = ("requests.", "httpx.", "aiohttp.", "urllib.request.", "smtplib.", "boto3.", "openai.")
_HANDLES = frozenset(["db", "session", "conn", "connection", "db_session", "cursor"])
_FLASK_RAISERS = frozenset(["flask.abort", "werkzeug.exceptions.abort"])
_OR_404 = frozenset(["get_or_404", "first_or_404", "one_or_404"])


def untyped_answers(project: Project, service: Service, module: Module) -> Iterator[Function]:
    """Yield the handlers of FastAPI that say nothing about what they answer.

    Those that answer with a response of their own making (files, redirects, pages), with nothing, or
    with what stands in the code word for word are left out.
    """
    for handler in handlers(project, service, module):
        function = handler.node
        if function.returns is not None or "WEBSOCKET" in handler.methods:
            continue
        marks = [mark for mark in function.decorator_list if isinstance(mark, ast.Call)]
        given = {keyword.arg for mark in marks for keyword in mark.keywords}
        if given & _TYPED or None in given or _is_hidden(marks):
            continue
        if all(_TRIVIAL.search(path) for path in handler.paths):
            continue
        made = _responses(function)
        answers = [_answer(node, made) for node in returns_by_function(module).get(function, ())]
        if any(answer == "data" for answer in answers):
            yield function


def open_serializers(module: Module) -> Iterator[ast.stmt]:
    """Yield the places where a serializer of Django REST framework gives out every field."""
    for node in module.nodes(ast.Assign):
        meta = module.parent(node)
        if not isinstance(meta, ast.ClassDef) or meta.name != "Meta":
            continue
        holder = module.parent(meta)
        is_fields = any(written(target) == "fields" for target in node.targets)
        is_all = isinstance(node.value, ast.Constant) and node.value.value == "__all__"
        bases = holder.bases if isinstance(holder, ast.ClassDef) else []
        if is_fields and is_all and any("erializer" in written(base) for base in bases):
            yield node


def _is_hidden(marks: list[ast.Call]) -> bool:
    """Whether a route answers nothing (204), a redirect, or is left out of the schema."""
    for mark in marks:
        for keyword in mark.keywords:
            value = keyword.value
            text = str(value.value) if isinstance(value, ast.Constant) else written(value)
            if keyword.arg == "status_code" and ("204" in text or text.startswith("30")):
                return True
            if keyword.arg == "include_in_schema" and text == "False":
                return True
    return False


def _responses(function: Function) -> set[str]:
    """Return the names of a function that hold a response of its own making."""
    return {
        written(target)
        for node in own_nodes(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if called_name(node.value).endswith("Response")
    }


def _answer(node: ast.Return, made: set[str]) -> str:
    """Return ``data``, or what else a ``return`` gives."""
    value = node.value.value if isinstance(node.value, ast.Await) else node.value
    if value is None or isinstance(value, ast.Constant):
        return "constant"
    if isinstance(value, ast.Dict) and all(isinstance(item, ast.Constant) for item in value.values):
        return "constant"
    if isinstance(value, ast.Call):
        name = called_name(value)
        if name.endswith("Response") or name in _RESPONSE_CALLS:
            return "response"
    if isinstance(value, ast.Name) and value.id in made:
        return "response"
    return "data"


@dataclass(frozen=True, slots=True)
class Unclassified:
    """An ``except`` block that gives every failure the same answer.

    Attributes:
        handler: The block.
        message: What a client is told.
    """

    handler: ast.ExceptHandler
    message: str


def unclassified(project: Project, service: Service, module: Module) -> Iterator[Unclassified]:
    """Yield the ``except`` blocks of handlers that tell client errors and outages not apart."""
    answering = {handler.node for handler in handlers(project, service, module)}
    if not answering:
        return
    for block in module.nodes(ast.ExceptHandler):
        if not is_broad(module, block.type) or module.function(block) not in answering:
            continue
        attempt = module.parent(block)
        if not isinstance(attempt, ast.Try) or _is_inside_handler(module, attempt):
            continue
        found = _verdict(module, service, attempt, block)
        if found:
            yield Unclassified(block, found)


def _is_inside_handler(module: Module, attempt: ast.Try) -> bool:
    return any(isinstance(above, ast.ExceptHandler) for above in module.ancestors(attempt))


def _reaches_others(module: Module, service: Service, attempt: ast.Try) -> bool:
    """Whether what is tried asks a database or another system, which may be down."""
    first, last = attempt.body[0].lineno, attempt.body[-1].end_lineno or attempt.body[-1].lineno
    calls = database_calls(module, service)
    index = bisect_left(calls, first, key=lambda call: call.node.lineno)
    if index < len(calls) and calls[index].node.lineno <= last:
        return True
    for statement in attempt.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                target = module.resolve(node.func) or ""
                if target.startswith(_OUTSIDE):
                    return True
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                if any(isinstance(item, ast.Name) and item.id in _HANDLES for item in given):
                    return True
    return False


def _verdict(module: Module, service: Service, attempt: ast.Try, block: ast.ExceptHandler) -> str:
    for statement in block.body:
        status: int | None = None
        if isinstance(statement, ast.Return) and statement.value is not None:
            status = _returned_status(module, statement.value)
        elif isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
            if module.resolve(statement.exc.func) in _RAISERS:
                status = _raised_status(statement.exc)
        elif isinstance(statement, ast.Raise):
            return ""
        if status is None:
            continue
        if status < 400:
            return "A failure is answered as if all were well (200): nobody can count it."
        if status >= 500 and _catches_own(module, attempt, block):
            return "An error that the code answers by itself (404, 400) is caught here and becomes a 500."
        if status in {400, 404, 422} and _reaches_others(module, service, attempt):
            return f"Every failure is answered as the client's own ({status}), an outage of the database too."
        return ""
    return ""


def _returned_status(module: Module, value: ast.expr) -> int | None:
    """Return the status of an answer that speaks of an error; ``None`` for any other answer."""
    data: ast.expr | None = value
    given: ast.expr | None = None
    if isinstance(value, ast.Tuple) and len(value.elts) >= 2:
        data, given = value.elts[0], value.elts[1]
    if isinstance(data, ast.Call):
        name = called_name(data)
        if name not in {"jsonify", "JSONResponse", "JsonResponse", "Response", "make_response"}:
            return None
        for keyword in data.keywords:
            if keyword.arg in _STATUS_ARGUMENTS:
                given = keyword.value
        keys = {keyword.arg for keyword in data.keywords}
        if name in {"JSONResponse", "Response", "make_response"} and given is None:
            position = 0 if name == "JSONResponse" else 1
            given = data.args[position] if position and len(data.args) > position else None
        content = data.args[0] if data.args else argument(data, -1, "content", "data")
        if not (keys & _ERROR_KEYS or _speaks_of_error(content)):
            return None
    elif not _speaks_of_error(data):
        return None
    if given is None:
        return 200
    return _number(module, given)


def _speaks_of_error(node: ast.expr | None) -> bool:
    if not isinstance(node, ast.Dict):
        return False
    return any(isinstance(key, ast.Constant) and key.value in _ERROR_KEYS for key in node.keys)


def _raised_status(call: ast.Call) -> int | None:
    given = argument(call, 0, "status_code")
    return _digits(given)


def _number(module: Module, node: ast.expr) -> int | None:
    found = _digits(node)
    return found if found is not None else status_of(module, node)


def _digits(node: ast.expr | None) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    name = written(node).rpartition(".")[2]
    digits = "".join(part for part in name.split("_") if part.isdigit() and len(part) == 3)
    if digits:
        return int(digits)
    return {"INTERNAL_SERVER_ERROR": 500, "BAD_REQUEST": 400, "NOT_FOUND": 404}.get(name)


def _catches_own(module: Module, attempt: ast.Try, block: ast.ExceptHandler) -> bool:
    """Whether the block gets errors with a status that the code in front of it raises."""
    for earlier in attempt.handlers:
        if earlier is block:
            break
        if "HTTPException" in ast.dump(earlier.type) if earlier.type is not None else True:
            return False
    if any(
        isinstance(node, ast.Call) and called_name(node) == "isinstance"
        for node in own_nodes(block)
    ):
        return False
    return any(_raises_status(module, statement) for statement in attempt.body)


def _is_raiser(module: Module, call: ast.Call) -> bool:
    """Whether a call makes an error with a status below 500, or raises one."""
    target = module.resolve(call.func)
    if target in _RAISERS:
        status = _raised_status(call)
        return status is not None and status < 500
    return target in _FLASK_RAISERS or called_name(call) in _OR_404


def _raises_status(module: Module, statement: ast.stmt) -> bool:
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, _FUNCTIONS):
            continue
        if isinstance(node, ast.Try):
            # what is raised inside may be caught there
            stack.extend(node.finalbody)
            continue
        if isinstance(node, ast.Call) and _is_raiser(module, node):
            return True
        stack.extend(ast.iter_child_nodes(node))
    return False
