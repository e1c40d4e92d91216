"""The fields that a body has: names, defaults and types, and how each use reads them from a model."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from buttress.analysis.classes import Classes
from buttress.analysis.requests.input_bodies import Body, Doubt, Source, body_nodes
from buttress.analysis.requests.input_defaults import Use, defaults_of, is_falsy, is_none
from buttress.analysis.requests.input_flow import Certainty, Fact, Flow
from buttress.analysis.requests.input_reads import How, Read, Reads, reads_of
from buttress.analysis.requests.input_types import ANY, Evidence, Evidences, Type, nullable


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the model.

    Attributes:
        key: Its name in the request.
        type: What is proven about it.
        probable: What is likely, though a request with another value may have worked before.
        is_required: Whether a request without it failed before.
        default: What stands in for it; ``None`` for none.
    """

    key: str
    type: Type
    probable: Type
    is_required: bool
    default: ast.expr | None


@dataclass
class Shape:
    """What a body looks like.

    Attributes:
        fields: In the order in which they are read first.
        uses: Every use of a key.
        asks_for_body: Whether the handler asks if there is a body at all.
        may_refuse: Why a request that worked before may be refused; ``None`` if none is.
        doubts: Why no model can take its place.
    """

    fields: list[Field] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    asks_for_body: bool = False
    may_refuse: str | None = None
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def has_proof(self) -> bool:
        """Whether the model refuses anything but a body that is no object."""
        return any(item.is_required or item.type.name != "any" for item in self.fields)

    @property
    def has_guess(self) -> bool:
        """Whether a stricter model is likely to be meant."""
        return any(item.probable != item.type for item in self.fields)


def shape_of(body: Body, classes: Classes, *, converts_text: bool = False) -> Shape:
    """Work out the fields of a body from how its handler uses them.

    Args:
        body: The body.
        classes: What names stand for.
        converts_text: Whether a field of type ``str`` takes a number as text (Pydantic 1).
    """
    found = reads_of(body)
    shape = Shape(doubts=[*body.doubts, *found.doubts], asks_for_body=bool(found.tests))
    if shape.doubts:
        return shape
    if not found.reads:
        shape.doubts.append(_unused(body))
        return shape
    reader = _Reader(body, found, Evidences(classes), converts_text=converts_text)
    for key in dict.fromkeys(read.key for read in found.reads):
        reader.add(key, shape)
    if found.tests:
        shape.doubts += reader.doubts_about_emptiness()
    if not shape.doubts and not shape.has_proof and not shape.has_guess:
        shape.doubts.append(reader.nothing_proven())
    return shape


class _Reader:
    """Reads the fields of one body."""

    def __init__(
        self, body: Body, found: Reads, evidences: Evidences, *, converts_text: bool
    ) -> None:
        self._body = body
        self._module = body.module
        self._found = found
        self._by_node = {read.node: read for read in found.reads}
        self._tests = frozenset(found.tests)
        self._evidences = evidences
        self._converts_text = converts_text
        # an empty body is left to the handler, so asking for one decides nothing about fields
        fields = [value for value in body.values if value not in self._tests]
        self._flow = Flow(self._module, body.handler, self._facts, fields)
        self._contract = False

    def add(self, key: str, shape: Shape) -> None:
        """Add the field of one key, or the doubts about it."""
        reads = [read for read in self._found.reads if read.key == key]
        needed = self._needed(reads)
        if isinstance(needed, Doubt):
            shape.doubts.append(needed)
            return
        if needed is Certainty.MOSTLY:
            shape.may_refuse = shape.may_refuse or _answered_before(key)
        default, uses, doubts = defaults_of(reads, is_required=needed is not None)
        shape.doubts += doubts
        known, probable = self._types(reads)
        is_required = needed is not None
        if not is_required and not known.accepts(default):
            # without the field the handler got a default that the proven type refuses
            if default is not None:
                known = probable = ANY
            elif any(use.fallback or use.read.how is How.TEST for use in uses):
                known = probable = nullable(known)
            else:
                is_required = True
        if not is_required and not probable.accepts(default):
            probable = known
        shape.fields.append(Field(key, known, probable, is_required, default))
        shape.uses += uses

    def _needed(self, reads: list[Read]) -> Certainty | Doubt | None:
        """Return how surely a request without the key failed; ``None`` where it did not."""
        best: Certainty | None = None
        left: Doubt | None = None
        for read in reads:
            if read.how is not How.ITEM or read.key in self._flow.known(read.node):
                continue
            certainty = self._flow.certainty(read.node)
            if certainty is Certainty.ALWAYS:
                return certainty
            if certainty is Certainty.MOSTLY:
                best = best or certainty
            elif certainty is Certainty.CONTRACT:
                left = left or _contract(read)
            else:
                left = left or _conditional(read)
        return best or left

    def _types(self, reads: list[Read]) -> tuple[Type, Type]:
        """Return the proven and the probable type of a field."""
        seen: list[tuple[Evidence | None, Certainty]] = []
        key = reads[0].key
        for value in self._values(reads):
            evidence = self._evidences.of(self._module, value)
            certainty = self._flow.certainty(value)
            if evidence is not None and key in self._flow.known(value):
                # whatever is missing or empty is answered before, and has to be let through
                evidence = Evidence(nullable(evidence.type), evidence.is_proof)
            if evidence is not None and certainty is Certainty.CONTRACT:
                self._contract = True
                evidence = None
            seen.append((evidence, certainty))
        proven = {
            evidence.type
            for evidence, certainty in seen
            if evidence is not None and evidence.is_proof and certainty is Certainty.ALWAYS
        }
        likely = {evidence.type for evidence, _ in seen if evidence is not None}
        everywhere = len({evidence for evidence, _ in seen}) == 1
        known = self._single(proven, everywhere=everywhere)
        if known is not None:
            return known, known
        guess = self._single({nullable(item) for item in likely}, everywhere=everywhere)
        return ANY, guess or ANY

    def _single(self, types: set[Type], *, everywhere: bool) -> Type | None:
        if len(types) != 1:
            return None
        (found,) = types
        converts = found.converts or (self._converts_text and found.name == "str")
        # a value that is converted must not be seen as it was by another use
        return None if converts and not everywhere else found

    def _values(self, reads: list[Read]) -> Iterator[ast.expr]:
        """Yield the expressions that hold the value: the reads, and the names they are bound to."""
        for read in reads:
            if read.how is How.TEST:
                continue
            name = self._alias(read.node)
            loads = self._loads(name) if name is not None else []
            if name is not None and loads:
                yield from loads
            else:
                yield read.node

    def _alias(self, node: ast.expr) -> str | None:
        above = self._module.parent(node)
        if not isinstance(above, ast.Assign) or len(above.targets) != 1:
            return None
        target = above.targets[0]
        if (
            not isinstance(target, ast.Name)
            or self._module.function(above) is not self._body.handler
        ):
            return None
        stores = [
            name
            for name in body_nodes(self._body.handler)
            if isinstance(name, ast.Name)
            and name.id == target.id
            and not isinstance(name.ctx, ast.Load)
        ]
        return target.id if len(stores) == 1 else None

    def _loads(self, name: str) -> list[ast.expr]:
        return [
            node
            for node in body_nodes(self._body.handler)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        ]

    def _facts(self, test: ast.expr, *, is_true: bool) -> frozenset[Fact]:
        if test in self._tests:
            return frozenset([None]) if is_true else frozenset()
        read = self._by_node.get(test)
        if read is not None:
            return self._read_facts(read, is_true=is_true)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left = self._by_node.get(test.left)
            plain = left is not None and left.how is How.GET and is_falsy(left.default)
            if left is not None and plain and _tells_presence(test, is_true=is_true):
                return frozenset([left.key, None])
        if isinstance(test, ast.Name):
            return self._alias_facts(test, is_true=is_true)
        return frozenset()

    def _read_facts(self, read: Read, *, is_true: bool) -> frozenset[Fact]:
        if read.how is How.ITEM:
            return frozenset([read.key, None])
        if read.how is How.TEST:
            test = read.node
            is_in = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In)
            return frozenset([read.key, None]) if is_in == is_true else frozenset()
        known = is_true and is_falsy(read.default)
        return frozenset([read.key, None]) if known else frozenset()

    def _alias_facts(self, test: ast.Name, *, is_true: bool) -> frozenset[Fact]:
        """Return what a name that was bound to a read tells (``if not name: return``)."""
        for read in self._found.reads:
            if read.how is not How.TEST and self._alias(read.node) == test.id:
                return self._read_facts(read, is_true=is_true)
        return frozenset()

    def doubts_about_emptiness(self) -> list[Doubt]:
        """Return a doubt if a field is read where the body may be empty."""
        if self._body.source is Source.PARAMETER or self._body.name is None:
            return [_empty(self._found.tests[0])]
        if self._body.reading.or_empty:
            return [_empty(self._found.tests[0])]
        for read in self._found.reads:
            if None not in self._flow.known(read.node) and read.how is not How.ITEM:
                return [_empty(read.node)]
        return []

    def nothing_proven(self) -> Doubt:
        """Return the doubt about a model that would check nothing."""
        if self._contract:
            return _contract(self._found.reads[0])
        return Doubt(
            self._body.node,
            "no-evidence",
            "nothing shows which types the fields have, so a model would check nothing.",
            "Write a model with the types that you know.",
        )


def _tells_presence(test: ast.Compare, *, is_true: bool) -> bool:
    """Whether a comparison of ``data.get("k")`` says that the key is there."""
    other = test.comparators[0]
    operator = test.ops[0]
    if is_none(other):
        return is_true == isinstance(operator, ast.IsNot | ast.NotEq)
    is_value = isinstance(other, ast.Constant) and bool(other.value)
    return is_value and is_true == isinstance(operator, ast.Eq)


def _answered_before(key: str) -> str:
    return f"some requests were answered before {key!r} was read"


def _unused(body: Body) -> Doubt:
    return Doubt(
        body.node,
        "unused-body",
        "the handler reads no field of the body.",
        "Take the body away, or read its fields.",
    )


def _contract(read: Read) -> Doubt:
    return Doubt(
        read.node,
        "own-contract",
        f"the handler answers a missing or wrong {read.key!r} in its own words, which clients may read.",
        "Give the handler a model whose errors say what these answers say.",
    )


def _conditional(read: Read) -> Doubt:
    return Doubt(
        read.node,
        "conditional-key",
        f"{read.key!r} is needed on some ways through the handler only.",
        "Read it with `.get` and answer its absence, or split the endpoint.",
    )


def _empty(node: ast.expr) -> Doubt:
    return Doubt(
        node,
        "empty-body",
        "the handler treats an empty body in a way of its own.",
        "Ask for the fields that are needed instead of asking whether there is a body.",
    )
