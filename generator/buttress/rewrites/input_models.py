"""Request bodies get a model: fields that the handler needs are named, typed and checked at the door.

Before::

    @app.post("/items")
    def create_item(data: dict):
        return store.add(data["name"].strip(), data.get("tags", []))

After::

    class CreateItemRequest(BaseModel):
        name: str
        tags: Any = []


    @app.post("/items")
    def create_item(data: CreateItemRequest):
        return store.add(data.name.strip(), data.tags)

A missing or ill-typed field was a crash in the middle of the handler and is a 422 before it now
(OWASP API3:2023, CWE-20). Fields, defaults and types come from what the handler does with the body;
a type that nothing proves is ``Any``. A request that worked before works as before: where a stricter
model may refuse one, the change is for review. Bodies whose fields are not all known, and handlers
that answer a wrong field in their own words, are left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from buttress.analysis.classes import Classes
from buttress.analysis.requests.input_bodies import Body, Doubt, Source
from buttress.analysis.requests.input_fields import Shape, shape_of
from buttress.analysis.requests.inputs import HINTS, bodies
from buttress.analysis.requests.pydantic_version import pydantic_major
from buttress.project.model import Role
from buttress.rewrites.model_source import ModelSource, NameTakenError, attributes, dialect_for
from buttress.rewrites.outcomes import Abstained, Changed, Good, Outcome, Safety
from buttress.rewrites.reading_place import Place, reading_place
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Edit, Module
from buttress.source.imports import Import, local_name

CHECKING = ("parse_json", "parse_json_or_none")
"""What the module of the recipe offers."""

_NAMES = ("data", "payload", "body", "request_data")


@service_rewrite("input-models")
def input_models(context: Context) -> Iterator[Outcome]:
    """Give each untyped body a model, one handler at a time."""
    planner = _Planner(context)
    for module in context.modules(*HINTS):
        yield from planner.module(module)


@dataclass(frozen=True, slots=True)
class _Left(Exception):  # noqa: N818 - a decision, not an error
    doubt: Doubt


class _Planner:
    """Plans the models of a service."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._service = context.service
        self._classes = Classes(context.draft, context.service.import_root)
        self._has_module = context.answers.get("validation_bodies", True) is not False
        self._pydantic = pydantic_major(context.service, context.draft)

    def module(self, module: Module) -> Iterator[Outcome]:
        """Yield an outcome for each untyped body of a module."""
        taken: set[str] = set()
        found = list(bodies(module, self._service, self._classes))
        for body in found:
            line = body.node.lineno
            if body.is_validated:
                yield Good(module.path, line)
                continue
            is_only = sum(other.handler is body.handler for other in found) == 1
            try:
                if is_only:
                    yield self._with_module(body, self._changed(body, taken))
                else:
                    yield _left_alone(_several(body), module)
            except _Left as left:
                yield _left_alone(left.doubt, module)

    def _with_module(self, body: Body, change: Changed) -> Outcome:
        """Return the change, if the module that checks bodies is there for it."""
        if body.source is Source.PARAMETER or self._has_module:
            return change
        needs_review = change.safety is Safety.REVIEW
        option = "--review -d" if needs_review else "-d"
        return Abstained(
            change.path,
            change.line,
            "needs-review" if needs_review else "no-module",
            change.reason,
            f"Run again with `{option} validation_bodies=true`.",
        )

    def _changed(self, body: Body, taken: set[str]) -> Changed:
        if self._pydantic == 1 and body.source is not Source.PARAMETER:
            raise _Left(
                Doubt(
                    body.node,
                    "pydantic-1",
                    "the project runs on Pydantic 1, which the module that checks bodies is not for.",
                    "Move to Pydantic 2.",
                )
            )
        shape = shape_of(body, self._classes, converts_text=self._pydantic == 1)
        if shape.doubts:
            raise _Left(shape.doubts[0])
        self._refuse_direct_calls(body)
        module = body.module
        is_guess = shape.may_refuse is not None or not shape.has_proof
        types = [item.probable if is_guess else item.type for item in shape.fields]
        python = self._service.python.value if self._service.python is not None else None
        writer = ModelSource(module, dialect_for(module, self._pydantic, python))
        name = _model_name(body, taken)
        try:
            text = writer.text(name, shape.fields, types)
            edits = [*self._reading(body, shape, name, writer), *_uses(body, shape, self._pydantic)]
        except NameTakenError as problem:
            raise _Left(_taken(body, str(problem))) from None
        edits.append(_definition(body, text))
        taken.add(name)
        reason = _reason(shape, is_guess=is_guess)
        return Changed(
            module.path,
            body.node.lineno,
            tuple(edits),
            Safety.REVIEW if is_guess else Safety.HARDENING,
            reason,
            tuple(sorted(writer.imports)),
        )

    def _reading(self, body: Body, shape: Shape, name: str, writer: ModelSource) -> Iterator[Edit]:
        module = body.module
        if body.source is Source.PARAMETER and body.annotation is not None:
            yield Edit(*module.span(body.annotation), name)
            return
        call = self._call(body, shape, name, writer)
        place = reading_place(body)
        if isinstance(place, Doubt):
            raise _Left(place)
        yield from _read_there(body, place, call, name)

    def _call(self, body: Body, shape: Shape, name: str, writer: ModelSource) -> str:
        function = CHECKING[shape.asks_for_body]
        source = str(self._context.answers.get("validation_module", "request_validation"))
        if self._service.package:
            source = f"{self._service.package}.{source}"
        wanted = Import(source, function)
        local = local_name(body.module, wanted)
        if local is None:
            raise NameTakenError(function)
        writer.imports.add(wanted)
        reading = body.reading
        given = [] if body.request is None else [body.request]
        options = [
            f"{option}={value}"
            for option, value in (("force", reading.force), ("silent", reading.silent))
            if value is not None
        ]
        if reading.or_empty:
            options.append("or_empty=True")
        call = f"{local}({', '.join([*given, name, *options])})"
        return call if body.request is None else f"await {call}"

    def _refuse_direct_calls(self, body: Body) -> None:
        """Refuse a handler that other code calls with a dictionary of its own."""
        if body.source is not Source.PARAMETER:
            return
        module, name = body.module, body.handler.name
        called = any(
            node.id == name and isinstance(node.ctx, ast.Load) for node in module.nodes(ast.Name)
        )
        for path in (*self._service.files(Role.APP), *self._service.files(Role.TEST)):
            if called or path == module.path:
                continue
            text = self._context.draft.text(path)
            if text is None or name not in text.content:
                continue
            other = self._context.draft.module(path)
            called = any(item.target.endswith(f".{name}") for item in other.imports) or any(
                isinstance(node.func, ast.Attribute)
                and node.func.attr == name
                and other.resolve(node.func) is not None
                for node in other.nodes(ast.Call)
            )
        if called:
            raise _Left(
                Doubt(
                    body.node,
                    "called-directly",
                    "other code calls or names the handler, and may hand it a dictionary.",
                    "Move what both need into a function of its own.",
                )
            )


def _left_alone(doubt: Doubt, module: Module) -> Abstained:
    return Abstained(module.path, doubt.node.lineno, doubt.code, doubt.reason, doubt.unlock)


def _read_there(body: Body, place: Place, call: str, model: str) -> Iterator[Edit]:
    """Yield the edits that read the body into its name, at its place."""
    module = body.module
    statement = body.statement
    if statement is None:
        start, _ = module.span(place.before)
        name = _fresh_name(body)
        yield Edit(start, start, f"{name} = {call}{module.newline}{module.indent(place.before)}")
        return
    if place.before is statement and statement.value is not None:
        if body.annotation is not None:
            yield Edit(*module.span(body.annotation), model)
        yield Edit(*module.span(statement.value), call)
        return
    start, _ = module.span(place.before)
    yield Edit(start, start, f"{body.name} = {call}{module.newline}{module.indent(place.before)}")
    last = statement.end_lineno or statement.lineno
    while not module.source_line(last + 1).strip():
        last += 1
    yield Edit(module.line_span(statement.lineno)[0], module.line_span(last)[1], "")


def _uses(body: Body, shape: Shape, pydantic: int) -> Iterator[Edit]:
    module = body.module
    name = body.name or _fresh_name(body)
    names = attributes(shape.fields)
    given = "model_fields_set" if pydantic == 2 else "__fields_set__"
    for use in shape.uses:
        attribute = names[use.read.key]
        node = use.read.node
        if not _stands_there(module, node):
            raise _Left(_in_text(node))
        if isinstance(node, ast.Compare):
            if attribute != use.read.key:
                yield Edit(*module.span(node.left), f"{module.quote}{attribute}{module.quote}")
            yield Edit(*module.span(use.read.body), f"{name}.{given}")
        elif use.fallback is None:
            yield Edit(*module.span(node), f"{name}.{attribute}")
        else:
            yield _with_fallback(body, node, use.fallback, f"{name}.{attribute}", f"{name}.{given}")


def _with_fallback(body: Body, node: ast.expr, fallback: ast.expr, value: str, given: str) -> Edit:
    module = body.module
    above = module.parent(node)
    if any(isinstance(item, ast.JoinedStr) for item in module.ancestors(node)):
        raise _Left(_in_text(node))
    attribute = f"{module.quote}{value.rpartition('.')[2]}{module.quote}"
    text = f"{value} if {attribute} in {given} else {module.source(fallback)}"
    alone = isinstance(above, ast.Assign | ast.Return | ast.keyword | ast.Dict | ast.List) or (
        isinstance(above, ast.Call) and node in above.args
    )
    return Edit(*module.span(node), text if alone else f"({text})")


def _stands_there(module: Module, node: ast.expr) -> bool:
    """Whether the position of a node is that in the file (older Pythons lie inside f-strings)."""
    try:
        return ast.dump(ast.parse(f"({module.source(node)})", mode="eval").body) == ast.dump(node)
    except SyntaxError:
        return False


def _definition(body: Body, text: str) -> Edit:
    """Return the edit that puts the model in front of the handler, its decorators and comments."""
    module = body.module
    top: ast.stmt = body.handler
    for above in module.ancestors(body.handler):
        if isinstance(above, ast.stmt):
            top = above
    line = top.lineno
    if (
        isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and top.decorator_list
    ):
        line = min(line, *(mark.lineno for mark in top.decorator_list))
    while line > 1 and module.source_line(line - 1).startswith("#"):
        line -= 1
    at = module.line_span(line)[0]
    blank = 0
    while line - blank > 1 and not module.source_line(line - blank - 1).strip():
        blank += 1
    lead = module.newline * max(0, 2 - blank) if line > 1 else ""
    return Edit(at, at, f"{lead}{text}{module.newline * 3}")


def _model_name(body: Body, taken: set[str]) -> str:
    module, handler = body.module, body.handler
    owner = module.parent(handler)
    words = handler.name.strip("_")
    if isinstance(owner, ast.ClassDef):
        words = f"{owner.name}_{words}"
    stem = "".join(part[:1].upper() + part[1:] for part in words.split("_"))
    candidates = [f"{stem}Request", f"{stem}Body", *(f"{stem}Request{n}" for n in range(2, 100))]
    for name in candidates:
        if name not in taken and not module.uses(name):
            return name
    raise _Left(_taken(body, candidates[0]))


def _fresh_name(body: Body) -> str:
    used = {
        getattr(node, "id", None) or getattr(node, "arg", None) for node in ast.walk(body.handler)
    }
    name = next((name for name in _NAMES if name not in used), None)
    if name is None:
        raise _Left(_taken(body, _NAMES[0]))
    return name


def _reason(shape: Shape, *, is_guess: bool) -> str:
    if shape.may_refuse is not None:
        return f"The body gets a model; {shape.may_refuse}, and would be refused now."
    if is_guess:
        return (
            "The body gets a model with the types of the columns and uses that its fields end in;"
            " a value of another type may have worked before and is refused now."
        )
    required = [item.key for item in shape.fields if item.is_required]
    typed = [item.key for item in shape.fields if item.type.name != "any"]
    parts = [f"a missing {_listed(required)}"] if required else []
    parts += [f"an ill-typed {_listed(typed)}"] if typed else []
    return f"The body gets a model: {' or '.join(parts)} was an internal error and is a 422 now."


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} or other field" if len(names) > 3 else shown


def _taken(body: Body, name: str) -> Doubt:
    return Doubt(
        body.node,
        "name-taken",
        f"the name {name} means something else in this file.",
        "Rename it, or replace the star import.",
    )


def _in_text(node: ast.expr) -> Doubt:
    return Doubt(
        node,
        "in-text",
        "a field is read inside a formatted text where it cannot be replaced safely.",
        "Bind the value to a name first.",
    )


def _several(body: Body) -> Doubt:
    return Doubt(
        body.node,
        "several-bodies",
        "the handler takes more than one untyped body.",
        "Write one model for each of them.",
    )
