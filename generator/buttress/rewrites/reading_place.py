"""Where a handler may read its body so that a refusal reaches the client."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from buttress.analysis.errors.caught import is_broad
from buttress.analysis.requests.input_bodies import Body, Doubt, Source
from buttress.analysis.requests.input_flow import Flow
from buttress.source import Module

_REFUSALS = (
    "werkzeug.exceptions.",
    "werkzeug.HTTPException",
    "flask.abort",
    "fastapi.exceptions.RequestValidationError",
)
# What `await request.json()` raises where there is no JSON, which becomes a refusal as well.
_NO_JSON = (
    "json.JSONDecodeError",
    "json.decoder.JSONDecodeError",
    "builtins.ValueError",
    "builtins.Unicode",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the body is read.

    Attributes:
        before: The statement that it is read in front of, or the assignment itself.
    """

    before: ast.stmt


def reading_place(body: Body) -> Place | Doubt:
    """Return where to read the body: where it is read now, or in front of a ``try`` around that.

    A refusal is an exception. A ``try`` that catches everything would turn it into what it answers,
    so the reading moves in front of it, if nothing stands between them and the ``try`` answers
    every error as an internal one.
    """
    module = body.module
    node = body.values[0] if body.statement is None else body.statement
    statement = module.statement(node)
    place: ast.stmt = statement
    flow = Flow(module, body.handler)
    for above in module.ancestors(statement):
        if above is body.handler:
            break
        if not isinstance(above, ast.Try):
            continue
        if not any(_catches_refusals(body, handler) for handler in above.handlers):
            continue
        if place not in above.body:
            return _caught(body)
        if not all(flow.fails(handler) for handler in above.handlers):
            return Doubt(
                body.node,
                "own-contract",
                "the handler answers every error in its own words, which clients may read.",
                "Let the handler answer unexpected errors with a status of 500.",
            )
        if above.body[0] is not place or len(above.body) == 1 or above.finalbody:
            return _caught(body)
        place = above
    if body.statement is None:
        return _inline(body, place)
    if place is not statement and not _has_own_lines(module, statement):
        return _caught(body)
    return Place(place)


def _inline(body: Body, place: ast.stmt) -> Place | Doubt:
    """Return the place for a body that is used where it is read: before the first use."""
    flow = Flow(body.module, body.handler)
    is_plain = body.module.parent(place) is body.handler and flow.reaches(body.values[0])
    if is_plain and _has_own_lines(body.module, place):
        return Place(place)
    return Doubt(
        body.node,
        "inline-reads",
        "the body is read in the middle of the handler, on some ways through it only.",
        "Read the body once, into one name, at the top of the handler.",
    )


def _catches_refusals(body: Body, handler: ast.ExceptHandler) -> bool:
    module = body.module
    if is_broad(module, handler.type):
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = (*_REFUSALS, *_NO_JSON) if body.source is Source.RAW else _REFUSALS
    return any((module.resolve(kind) or "").startswith(caught) for kind in kinds)


def _has_own_lines(module: Module, statement: ast.stmt) -> bool:
    start, end = module.span(statement)
    first = module.line_span(statement.lineno)[0]
    last = module.line_span(statement.end_lineno or statement.lineno)[1]
    return not module.text[first:start].strip() and not module.text[end:last].strip()


def _caught(body: Body) -> Doubt:
    return Doubt(
        body.node,
        "caught",
        "a `try` around the reading would catch the refusal of a wrong body.",
        "Read the body before the `try`.",
    )
