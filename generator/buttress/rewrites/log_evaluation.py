"""What evaluating the values of a message does, and the proof that it is done as before."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from buttress.analysis.logs.messages import Message, Value
from buttress.analysis.logs.sensitive import secret_in
from buttress.analysis.vocabulary import vocabulary
from buttress.rewrites.log_line import Line, Unwritable
from buttress.source import Module

_CHANGING = vocabulary(
    "pop popleft popitem read readline readlines write send put get_nowait append add remove clear update commit "
    "rollback execute save delete create insert close fetchone fetchall fetchmany flush refresh recv"
)


def secrets_of(module: Module, message: Message) -> dict[int, str]:
    """Return the names of the secrets that a message shows, by the position of the value.

    Raises:
        Unwritable: If leaving a secret out would leave out a call.
    """
    hidden: dict[int, str] = {}
    for position, value in enumerate(message.values):
        name = secret_in(module, value.node)
        if name is None:
            continue
        if calls_in(value.node) and not _is_plain_read(value.node):
            raise Unwritable(
                "secret-in-call",
                f"the message shows `{name}`, a secret, and leaving it out would leave out a call.",
                "Leave the secret out of the message.",
            )
        hidden[position] = name
    return hidden


def _is_plain_read(node: ast.expr) -> bool:
    """Whether the only calls are reads like ``data.get("token")`` and ``str(token)``."""
    return all(
        (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in {"get", "getenv", "strip", "decode"}
        )
        or (isinstance(call.func, ast.Name) and call.func.id in {"str", "repr"})
        for call in calls_in(node)
    )


def changes_state(node: ast.expr) -> bool:
    """Whether reading a value changes something, so that it should stay where it stands."""
    for part in ast.walk(node):
        if isinstance(part, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await):
            return True
        if isinstance(part, ast.Call):
            called = part.func
            if isinstance(called, ast.Attribute) and called.attr in _CHANGING:
                return True
            if isinstance(called, ast.Name) and called.id == "next":
                return True
    return False


def calls_in(node: ast.AST) -> list[ast.Call]:
    """Return all calls inside an expression."""
    return [part for part in ast.walk(node) if isinstance(part, ast.Call)]


def prove_order(text: str, line: Line, shown: Iterable[Value]) -> None:
    """Check that the new call evaluates the same calls as the message did, in the same order.

    Raises:
        Unwritable: If it does not.
    """
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)  # noqa: S101 - it is built here
    arguments: Sequence[ast.expr] = [*call.args, *(keyword.value for keyword in call.keywords)]
    kept = {source for _, source in line.kept} | set(line.leading)
    made = [
        ast.dump(inner)
        for argument in arguments
        if ast.unparse(argument) not in {ast.unparse(ast.parse(s, mode="eval").body) for s in kept}
        for inner in calls_in(argument)
        if not _is_text_of_exception(inner, line.exceptions)
    ]
    wanted = [
        ast.dump(inner)
        for value in shown
        for inner in calls_in(value.node)
        if not _is_text_of_exception(inner, line.exceptions)
    ]
    if made != wanted:
        raise Unwritable(
            "evaluation-order",
            "the values would not be evaluated as before.",
            "Put the values into variables first.",
        )


def _is_text_of_exception(call: ast.Call, exceptions: frozenset[str]) -> bool:
    return (
        isinstance(call.func, ast.Name)
        and call.func.id in {"str", "repr"}
        and len(call.args) == 1
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id in exceptions
    )
