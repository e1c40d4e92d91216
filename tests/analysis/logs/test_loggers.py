"""A name is a logger because of where it was made, not because of how it is called."""

import pytest
from tests.rewrites.cases import service_of

from buttress.analysis.logs.loggers import Binding, Family, Loggers
from buttress.source import Draft, Tree


def calls(source: str, **others: str) -> list[tuple[str, str, str, str]]:
    """Return the log calls of main.py; other modules are given by name, without .py."""
    files = {"main.py": source, **{f"{name}.py": text for name, text in others.items()}}
    draft = Draft(Tree.of(dict(files)))
    loggers = Loggers(draft, *service_of(draft))
    return [
        (item.logger.source, item.logger.family.value, item.logger.binding.value, item.method)
        for item in loggers.calls(draft.module("main.py"))
    ]


STDLIB, STRUCTLOG, LOGURU = Family.STDLIB.value, Family.STRUCTLOG.value, Family.LOGURU.value
MODULE, IMPORTED = Binding.MODULE.value, Binding.IMPORTED.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "import logging\nlogger = logging.getLogger(__name__)\nlogger.info(1)\n",
            ("logger", STDLIB, MODULE, "info"),
        ),
        (
            "from logging import getLogger\nLOG = getLogger()\nLOG.warning(1)\n",
            ("LOG", STDLIB, MODULE, "warning"),
        ),
        ("import logging\nlogging.error(1)\n", ("logging", STDLIB, "root", "error")),
        (
            "import structlog\nlog = structlog.get_logger()\nlog.bind(a=1).info(1)\n",
            ("log", STRUCTLOG, MODULE, "info"),
        ),
        (
            "from loguru import logger\nlogger.opt(depth=1).debug(1)\n",
            ("logger", LOGURU, IMPORTED, "debug"),
        ),
        (
            "import flask\napp = flask.Flask('a')\napp.logger.info(1)\n",
            ("app.logger", STDLIB, "flask", "info"),
        ),
        (
            "from flask import current_app\ncurrent_app.logger.info(1)\n",
            ("current_app.logger", STDLIB, "flask", "info"),
        ),
        (
            (
                "import logging\nclass A:\n    def f(self):\n        self.log = logging.getLogger()\n"
                "        self.log.info(1)\n"
            ),
            ("self.log", STDLIB, "other", "info"),
        ),
        (
            "import logging\ndef make():\n    return logging.getLogger('a')\nlog = make()\nlog.info(1)\n",
            ("log", STDLIB, MODULE, "info"),
        ),
        (
            "import logging\nlogging.getLogger('a').info(1)\n",
            ("logging.getLogger('a')", STDLIB, "other", "info"),
        ),
    ],
)
def test_log_calls_are_found(source: str, expected: tuple[str, ...]) -> None:
    assert calls(source) == [expected]


@pytest.mark.parametrize(
    "source",
    [
        # not made by anything that is known
        "logger = get()\nlogger.info(1)\n",
        "def f(logger):\n    logger.info(1)\n",
        "import math\nmath.log(1)\n",
        "import click\nclick.info(1)\n",
        # another thing of the same name inside a function
        "import logging\nlogger = logging.getLogger()\ndef f(logger):\n    logger.info(1)\n",
        # no log call
        "import logging\nlogger = logging.getLogger()\nlogger.setLevel(1)\nlogging.basicConfig()\n",
        "class A:\n    def f(self):\n        self.logger.info(1)\n",
    ],
)
def test_other_calls_are_not(source: str) -> None:
    assert calls(source) == []


def test_a_logger_is_followed_through_modules() -> None:
    found = calls(
        "from core import logger as log\nlog.info(1)\n",
        core="from real import logger\n",
        real="import logging\nlogger = logging.getLogger('app')\n",
    )

    assert found == [("log", STDLIB, IMPORTED, "info")]


@pytest.mark.parametrize(
    ("body", "is_logger"),
    [
        ("    return logging.getLogger(name)\n", True),
        ("    made = logging.getLogger(name)\n    made.setLevel(10)\n    return made\n", True),
        ("    return shared\n", True),
        ("    logging.getLogger('quiet').setLevel(30)\n    return name\n", False),
        ("    logging.getLogger('quiet').setLevel(30)\n", False),
        (
            "    app = Flask(name)\n    app.logger = logging.getLogger(name)\n    return app\n",
            False,
        ),
    ],
)
def test_a_function_makes_a_logger_only_if_it_returns_one(body: str, is_logger: bool) -> None:
    maker = f"import logging\nshared = logging.getLogger()\n\n\ndef create(name):\n{body}"
    source = "from making import create\nthing = create('x')\nthing.info(1)\n"

    assert bool(calls(source, making=maker)) is is_logger


def test_a_module_whose_function_returns_its_own_logger() -> None:
    source = (
        "import logging\n\n\ndef create():\n    return log\n\n\n"
        "log = logging.getLogger()\nother = create()\nother.info(1)\n"
    )

    assert calls(source) == [("other", STDLIB, MODULE, "info")]
