"""Patterns that are compiled late behave like those that are compiled at once."""

import importlib
import pkgutil
import re

import pytest

import buttress
from buttress.source.patterns import lazy_pattern


def test_a_pattern_answers_as_a_compiled_one() -> None:
    late = lazy_pattern(r"(?P<a>\w)(\d)", re.IGNORECASE)
    early = re.compile(r"(?P<a>\w)(\d)", re.IGNORECASE)

    assert late.findall("x1 Y2") == early.findall("x1 Y2")
    assert late.sub(r"\2", "x1") == early.sub(r"\2", "x1")
    assert late.groupindex == early.groupindex
    assert (late.pattern, late.flags) == (early.pattern, early.flags)


def test_a_mistake_is_raised_at_the_first_use() -> None:
    wrong = lazy_pattern("(")

    with pytest.raises(re.error):
        wrong.search("x")


def test_what_a_pattern_does_not_have_is_missing() -> None:
    assert not hasattr(lazy_pattern("x"), "compile")


def test_every_pattern_of_the_package_compiles() -> None:
    found = 0
    for module in pkgutil.walk_packages(buttress.__path__, "buttress."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if repr(value).startswith("lazy_pattern("):
                value.search("")
                found += 1
    assert found > 300
