"""Answers from facts are named by recipes and worked out by the engine."""

import pytest

from buttress.planning.providers import answer, providers


def test_providers_are_found_by_name() -> None:
    assert "settings-fields" in providers()
    assert list(providers()) == sorted(providers())


def test_a_name_is_given_only_once() -> None:
    name = next(iter(providers()))

    with pytest.raises(ValueError, match=f"two providers are called {name}"):
        answer(name)(lambda project, service: None)
