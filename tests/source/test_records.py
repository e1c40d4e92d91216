"""Quick dataclasses are dataclasses."""

from __future__ import annotations

import copy
from dataclasses import field, fields, is_dataclass, replace

import pytest

from buttress.source.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    path: str
    line: int = 1
    note: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Other:
    path: str
    line: int = 1


@dataclass(frozen=True)
class Parent:
    names: tuple[str, ...] = ()
    child: Parent | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    name: str


@dataclass(frozen=True, slots=True)
class Folded:
    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Folded) and self.name.lower() == other.name.lower()

    def __hash__(self) -> int:
        return hash(self.name.lower())

    def __repr__(self) -> str:
        return f"<{self.name}>"


@dataclass
class Counted:
    names: list[str] = field(default_factory=list)


def test_objects_of_the_same_values_are_equal_and_have_one_hash() -> None:
    assert Spot("a.py", 2) == Spot("a.py", 2)
    assert {Spot("a.py"): "found"}[Spot("a.py", 1)] == "found"
    assert Parent(("a",), Parent()) == Parent(("a",), Parent())
    assert len({Parent(("a",)), Parent(("a",)), Parent(("b",))}) == 2


def test_other_values_and_other_classes_are_not_equal() -> None:
    others: list[object] = [Spot("a.py", 3), Other("a.py", 2), ("a.py", 2, "")]

    assert Spot("a.py", 2) not in others


def test_a_field_that_is_not_compared_does_not_count() -> None:
    assert Spot("a.py", note="x") == Spot("a.py", note="y")
    assert hash(Spot("a.py", note="x")) == hash(Spot("a.py", note="y"))


def test_objects_are_sorted_by_their_fields() -> None:
    spots = [Spot("b.py"), Spot("a.py", 10), Spot("a.py", 9)]

    assert sorted(spots) == [Spot("a.py", 9), Spot("a.py", 10), Spot("b.py")]
    assert Spot("a.py") <= Spot("a.py") < Spot("b.py")
    assert Spot("b.py") >= Spot("b.py") > Spot("a.py")
    with pytest.raises(TypeError):
        _ = Spot("a.py") < "a.py"  # type: ignore[operator]


def test_identity_counts_where_it_is_asked_for() -> None:
    assert len({Alone("a"), Alone("a")}) == 2


def test_what_a_class_says_itself_stays() -> None:
    assert Folded("A") == Folded("a")
    assert len({Folded("A"), Folded("a")}) == 1
    assert repr(Folded("A")) == "<A>"


def test_an_object_shows_its_fields() -> None:
    assert repr(Spot("a.py", 2, "x")) == "Spot(path='a.py', line=2)"
    assert repr(Parent(("a",), Parent())) == (
        "Parent(names=('a',), child=Parent(names=(), child=None))"
    )


def test_the_tools_of_the_standard_library_know_them() -> None:
    spot = Spot("a.py", 2)

    assert is_dataclass(spot)
    assert [item.name for item in fields(spot)] == ["path", "line", "note"]
    assert replace(spot, line=3) == Spot("a.py", 3)
    assert copy.deepcopy(spot) == spot


def test_a_class_that_is_not_frozen_is_that_of_the_standard_library() -> None:
    counted = Counted()
    counted.names.append("a")

    assert counted == Counted(["a"])
    with pytest.raises(TypeError):
        hash(counted)
