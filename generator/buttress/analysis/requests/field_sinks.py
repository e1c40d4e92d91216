"""The calls and assignments that set the fields of stored objects, on the way of a request through an app."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from buttress.analysis.receivers import entered
from buttress.analysis.requests.schema_fields import (
    RIGHTS,
    ROLES,
    Catalogue,
    Fields,
    Kind,
    is_account,
    rights_among,
)
from buttress.analysis.requests.sent import Sent, Shape
from buttress.analysis.requests.sent_names import Names
from buttress.project.literals import last_name, literal_text, written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_HINT = lazy_pattern(
    r"\*\*|setattr|__dict__|\$set|insert|replace_one|\.update\(|\.values\(|role|admin|staff|super_?user|_type\b|\.add\(",
    re.IGNORECASE,
)
_STORES = frozenset(["create", "update", "values", "create_user", "get_or_create", "update_or_create", "insert"])  # fmt: skip
_QUERIES = lazy_pattern(
    r"\.(?:query|objects|filter|filter_by|where)\b|\b(?:update|insert|table|from_)\("
)
_DOCUMENTS = frozenset(["insert_one", "insert"])
_CHANGING = frozenset(["update_one", "update_many", "find_one_and_update", "replace_one"])
_INSERT = lazy_pattern(r"(?is)\s*INSERT\s+INTO\s+[\"'`]?(\w+)[\"'`]?\s*\(([^)]*)\)\s*VALUES")
_GOES_THROUGH = (ast.BinOp, ast.GeneratorExp, ast.ListComp, ast.SetComp)
_MOST = 8
"""How many functions are entered for one request."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """A place where what a client sends decides which fields are set.

    Attributes:
        module: The file.
        node: The place.
        message: What it is.
    """

    module: Module
    node: ast.expr | ast.stmt
    message: str


class Way:
    """The way of a request through the functions of an app.

    Args:
        classes: The fields of its classes.
        lets_in: Tells whether nobody is asked who they are; asked once, where it matters.
        has_roles: Tells whether any role of the app stands for more rights than others.
    """

    def __init__(
        self, classes: Catalogue, lets_in: Callable[[], bool], has_roles: Callable[[], bool]
    ) -> None:
        self.classes = classes
        self._lets_in = lets_in
        self._has_roles = has_roles
        self._entered: set[Function] = set()

    @cached_property
    def is_open(self) -> bool:
        """Whether nobody is asked who they are."""
        return self._lets_in()

    @cached_property
    def has_roles(self) -> bool:
        """Whether any role of the app stands for more rights than others."""
        return self._has_roles()

    def through(
        self,
        module: Module,
        function: Function,
        given: dict[str, Sent],
        callers: frozenset[str],
    ) -> Iterator[Assigned]:
        """Yield what one function, and those that it hands on to, set.

        Args:
            module: The file.
            function: The function.
            given: What its parameters hold of what was sent.
            callers: Those of them that are who calls.
        """
        if function in self._entered or len(self._entered) > _MOST:
            return
        self._entered.add(function)
        names = Names(module, function, self.classes.fields_of, given, callers)
        yield from _Walk(self, names).run(function.body)


class _Walk:
    """One function, statement by statement."""

    def __init__(self, way: Way, names: Names) -> None:
        self.way = way
        self.names = names
        self.module = names.module
        self.function = names.function

    def run(self, body: list[ast.stmt]) -> Iterator[Assigned]:
        """Yield what statements set, in their order."""
        waiting = body[::-1]
        while waiting:
            statement = waiting.pop()
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            yield from self._expressions(statement)
            self.names.bind(statement)
            if isinstance(statement, ast.Assign):
                yield from self._attributes(statement)
            inner: list[ast.stmt] = []
            for name in ("body", "orelse", "finalbody"):
                inner += getattr(statement, name, ())
            for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                inner += part.body
            waiting += inner[::-1]

    def _expressions(self, statement: ast.stmt) -> Iterator[Assigned]:
        for name, value in ast.iter_fields(statement):
            if name in {"body", "orelse", "finalbody", "handlers", "cases"}:
                continue
            for part in value if isinstance(value, list) else [value]:
                for node in ast.walk(part) if isinstance(part, ast.AST) else ():
                    if isinstance(node, ast.Call):
                        yield from self._call(node)
                    elif isinstance(node, ast.Compare):
                        self.names.looked_at(node)
                    elif isinstance(node, _GOES_THROUGH):
                        self.names.keys_looked_at(node)

    # -- what sets fields ----------------------------------------------------------------------

    def _call(self, call: ast.Call) -> Iterator[Assigned]:
        name = called_name(call)
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if name == "pop" and owner is not None and call.args:
            self.names.take(owner, literal_text(call.args[0]))
        elif "valid" in name.lower():
            self.names.checked(call)
        if name == "setattr" and len(call.args) == 3:
            yield from self._set(call)
        elif name == "update" and isinstance(owner, ast.Attribute) and owner.attr == "__dict__":
            for value in call.args[:1]:
                yield from self._wide(call, self.names.sent(value), None, owner.value)
        elif name in _DOCUMENTS or name in _CHANGING:
            yield from self._document(call, owner)
        elif name.startswith("execute"):
            yield from self._statement(call)
        elif name == "add" and len(call.args) == 1:
            yield from self._added(call)
        else:
            yield from self._made(call, owner)

    def _set(self, call: ast.Call) -> Iterator[Assigned]:
        key, value = call.args[1], call.args[2]
        held = self.names.loops.get(written(key))
        if isinstance(value, ast.Subscript) and written(value.slice) == written(key):
            mapping = self.names.sent(value.value)
            if held is None and mapping is not None and mapping.fields is not None:
                held = mapping  # the keys are others, and these are all that there are
            elif mapping is None:
                held = None
        if held is None or not isinstance(key, ast.Name):
            return
        below: ast.AST = call
        for above in self.module.ancestors(call):
            if isinstance(above, ast.If) and below in above.body:
                for part in _conditions(above.test):
                    held = self.names.kept(held, part, key.id)
            if isinstance(above, ast.For | ast.AsyncFor):
                for before in above.body:
                    if isinstance(before, ast.If) and isinstance(before.body[-1], ast.Continue):
                        held = self.names.kept(held, before.test, key.id, turned=True)
                break
            below = above
        yield from self._wide(call, held, None, call.args[0])

    def _made(self, call: ast.Call, owner: ast.expr | None) -> Iterator[Assigned]:
        """Yield what the call of a class, of its manager or of a query sets."""
        name = called_name(call)
        is_query = name in _STORES and owner is not None and _QUERIES.search(self.module.source(call.func))  # fmt: skip
        telling = [keyword for keyword in call.keywords if _tells(keyword.arg)]
        model = self._model(call, owner) if telling or is_query else None
        if model is not None or is_query:
            for keyword in telling:
                if keyword.arg in {None, "defaults"}:
                    yield from self._wide(call, self.names.sent(keyword.value), model, None)
                elif model is not None and keyword.arg is not None:
                    yield from self._narrow(call, keyword.arg, keyword.value, model, None)
            if is_query and name in {"update", "values", "insert"} and len(call.args) == 1:
                yield from self._wide(call, self.names.sent(call.args[0]), model, None)
        if model is None:
            yield from self._handed_on(call)

    def _model(self, call: ast.Call, owner: ast.expr | None) -> Fields | None:
        """Return the stored class that a call makes an object of, or a row."""
        node: ast.expr | None = call.func
        if owner is not None and called_name(call) in _STORES:
            node = owner
            while isinstance(node, ast.Call | ast.Attribute):
                is_manager = isinstance(node, ast.Attribute) and node.attr in {"objects", "query"}
                node = node.func if isinstance(node, ast.Call) else node.value
                if is_manager:
                    break
        if not isinstance(node, ast.Name | ast.Attribute):
            return None
        found = self.way.classes.fields_of(self.module, node)
        is_stored = found is not None and found.kind in {Kind.STORED, Kind.BOTH}
        return found if is_stored else None

    def _attributes(self, statement: ast.Assign) -> Iterator[Assigned]:
        for target in statement.targets:
            if isinstance(target, ast.Attribute):
                owner = written(target.value)
                if RIGHTS.match(target.attr) or (ROLES.match(target.attr) and "user" in owner):
                    yield from self._narrow(statement, target.attr, statement.value, None, target.value)  # fmt: skip

    def _document(self, call: ast.Call, owner: ast.expr | None) -> Iterator[Assigned]:
        position = 0 if called_name(call) in _DOCUMENTS else 1
        if owner is None or len(call.args) <= position:
            return
        value = call.args[position]
        if position and isinstance(value, ast.Dict):
            inner = [v for k, v in zip(value.keys, value.values, strict=True) if literal_text(k) == "$set"]  # fmt: skip
            value = inner[0] if inner else value
        found = self.names.sent(value)
        if found is not None and found.shape is Shape.OBJECT:
            found = replace(found, shape=Shape.MAPPING)
        name = _table(owner)
        if found is not None and found.shape is Shape.MAPPING:
            names = found.names | (found.fields or frozenset())
            model = Fields(name or "document", Kind.STORED, names, names)
            yield from self._wide(call, found, model, None)

    def _statement(self, call: ast.Call) -> Iterator[Assigned]:
        """Yield the rights among the columns that an ``INSERT`` fills with what was sent."""
        if len(call.args) < 2 or not isinstance(call.args[1], ast.Tuple | ast.List):
            return
        text = "".join(c.value for c in ast.walk(call.args[0]) if isinstance(c, ast.Constant) and isinstance(c.value, str))  # fmt: skip
        match = _INSERT.match(text)
        if match is None:
            return
        columns = [column.strip(" \"'`\n\t") for column in match[2].split(",")]
        marks = text[match.end() :].count("?") + text[match.end() :].count("%s")
        if marks != len(columns) or len(call.args[1].elts) != len(columns):
            return
        model = Fields(match[1], Kind.STORED, frozenset(columns), frozenset(columns))
        for column, value in zip(columns, call.args[1].elts, strict=True):
            yield from self._narrow(call, column, value, model, None)

    def _added(self, call: ast.Call) -> Iterator[Assigned]:
        """Yield a row that is added as it was sent: its class describes requests as well."""
        found = self.names.sent(call.args[0])
        schema = found.schema if found is not None else None
        if found is not None and schema is not None and schema.kind is Kind.BOTH:
            yield from self._wide(call, replace(found, shape=Shape.MAPPING), schema, None)

    def _handed_on(self, call: ast.Call) -> Iterator[Assigned]:
        """Enter a function of the project that is given anything that was sent."""
        found: dict[str | int, Sent] = {}
        for number, value in enumerate(call.args):
            sent = self.names.sent(value)
            if sent is not None:
                found[number] = sent
        for keyword in call.keywords:
            sent = self.names.sent(keyword.value)
            if sent is not None:
                found[keyword.arg or "**"] = sent
        if not found:
            return
        classes = self.way.classes
        for other, function in entered(
            classes.own, classes.service, self.module, self.function, call
        ):
            if _HINT.search(other.source(function)):
                given, callers = self._bound(call, function, found)
                yield from self.way.through(other, function, given, callers)

    def _bound(
        self, call: ast.Call, function: Function, found: dict[str | int, Sent]
    ) -> tuple[dict[str, Sent], frozenset[str]]:
        names = [argument.arg for argument in function.args.args]
        if names[:1] in (["self"], ["cls"]):
            names = names[1:]
        given: dict[str, Sent] = {}
        for key, sent in found.items():
            if isinstance(key, int):
                if key < len(names):
                    given[names[key]] = sent
            elif key != "**":
                given[key] = sent
            elif sent.shape is Shape.MAPPING:
                taken = set(names) | {a.arg for a in function.args.kwonlyargs}
                given |= {n: value for n in taken if (value := sent.item(n)) is not None}
                if function.args.kwarg is not None:
                    given[function.args.kwarg.arg] = sent.without(frozenset(taken))
        callers = {
            name
            for name, value in zip(names, call.args, strict=False)
            if self.names.is_caller(value)
        } | {k.arg for k in call.keywords if k.arg and self.names.is_caller(k.value)}
        return given, frozenset(callers)

    # -- what is wrong -------------------------------------------------------------------------

    def _wide(
        self,
        node: ast.expr | ast.stmt,
        sent: Sent | None,
        model: Fields | None,
        target: ast.expr | None,
    ) -> Iterator[Assigned]:
        """Yield a place that sets all fields that a mapping has."""
        if sent is None or sent.shape is not Shape.MAPPING:
            return
        what = model.name if model is not None else written(target) or "what is stored"
        if sent.is_open:
            among = rights_among((model.names if model else frozenset()) - sent.fixed, of_account=model.is_account if model else False)  # fmt: skip
            rest = f", {' and '.join(among[:3])} among them" if among else ""
            yield Assigned(self.module, node, f"A client chooses which fields of {what} are set{rest}.")  # fmt: skip
            return
        if sent.fields is None or not (self.way.is_open or self.names.is_caller(target)):
            return
        names = sent.fields - sent.fixed
        if model is not None and model.names and sent.names == frozenset():
            names &= model.names
        known = (model.names if model else frozenset()) | sent.names
        of_account = is_account(model.name if model else written(target), known | sent.fields)
        among = rights_among(names, of_account=of_account and self.way.has_roles)
        if among:
            yield Assigned(self.module, node, self._says(among, what))

    def _narrow(
        self,
        node: ast.expr | ast.stmt,
        name: str,
        value: ast.expr,
        model: Fields | None,
        target: ast.expr | None,
    ) -> Iterator[Assigned]:
        """Yield a place that sets one field that carries rights as somebody asks for it."""
        of_account = (model is None or model.is_account) and self.way.has_roles
        if not rights_among(frozenset([name]), of_account=of_account):
            return
        sent = self.names.sent(value)
        if sent is None or sent.shape is not Shape.VALUE:
            return
        if self.way.is_open or self.names.is_caller(target):
            what = model.name if model is not None else written(target)
            yield Assigned(self.module, node, self._says([name], what))

    def _says(self, names: list[str], what: str) -> str:
        who = "Whoever calls this" if self.way.is_open else "Whoever is logged in"
        return f"{who} chooses {' and '.join(names[:3])} of {what}."


def _tells(name: str | None) -> bool:
    """Whether an argument may set a field that carries rights, or several."""
    return name is None or name == "defaults" or bool(RIGHTS.match(name) or ROLES.match(name))


def _conditions(test: ast.expr) -> list[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]


def _table(owner: ast.expr) -> str:
    """Return the name of what a document is put into: ``db.users``, ``db["users"]``, ``db.table("users")``."""
    if isinstance(owner, ast.Call) and owner.args:
        return literal_text(owner.args[0])
    return last_name(owner) or literal_text(getattr(owner, "slice", None))
