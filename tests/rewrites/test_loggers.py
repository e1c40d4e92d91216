"""New code logs through the logger that is there, or through one that is defined for it."""

import pytest

from buttress.rewrites.loggers import logger_in
from buttress.source import Module, Text, apply_edits


def module(source: str) -> Module:
    return Module("m.py", Text(source))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import structlog\nlog = structlog.get_logger()\n", "log"),
        ("import logging\nLOG = logging.getLogger(__name__)\n", "LOG"),
        ("from loguru import logger\n", "logger"),
        ("from core import logger\nlogger.info(1)\n", "logger"),
    ],
)
def test_the_logger_that_is_there(source: str, name: str) -> None:
    use = logger_in(module(source))

    assert use is not None
    assert (use.name, use.edits) == (name, ())


@pytest.mark.parametrize(
    "source", ["from math import log\nlog(1)\n", "from np import log\n", "x = 1\n"]
)
def test_a_new_one_where_there_is_none(source: str) -> None:
    use = logger_in(module(source))

    assert use is not None
    assert "logger = structlog.get_logger(__name__)\n" in apply_edits(source, use.edits)


@pytest.mark.parametrize("source", ["logger = 1\n", "structlog = 1\n", "def f(logger): ...\n"])
def test_none_where_the_names_are_taken(source: str) -> None:
    assert logger_in(module(source)) is None
