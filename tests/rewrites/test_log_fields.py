"""Values leave the text of log calls; loggers change only where all that is done with them still works."""

import pytest

from buttress.project.model import Role
from buttress.rewrites.engine import run
from buttress.source import Draft, Tree
from tests.rewrites.cases import check_noop, check_transformed, service_of

REWRITE = "log-fields"
STRUCTLOG = "import structlog\n\nlogger = structlog.get_logger(__name__)\n\n\n"
STANDARD = "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"


def check_line(before: str, after: str) -> None:
    """Check one log call of a structlog logger inside a function."""
    source = "def handle(user, items, x):\n    {}\n"
    check_transformed(REWRITE, STRUCTLOG + source.format(before), STRUCTLOG + source.format(after))


def check_handler(before: str, after: str, head: str = STRUCTLOG) -> None:
    """Check an ``except`` block, given with its own indentation."""
    source = "def load(user):\n    try:\n        work()\n"
    check_transformed(REWRITE, head + source + before, head + source + after)


# ---- the text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'logger.info(f"Found {len(items)} items for {user.id}")',
            'logger.info("Found items", items_count=len(items), user_id=user.id)',
        ),
        ('logger.info("User %s left", user.id)', 'logger.info("User left", user_id=user.id)'),
        ('logger.info("Took %.2fs", x.took)', 'logger.info("Took", took=x.took)'),
        ('logger.info("User %s" % user.id)', 'logger.info("User", user_id=user.id)'),
        ('logger.warning("Lost {}".format(x.file))', 'logger.warning("Lost", file=x.file)'),
        ('logger.info("User " + user.name)', 'logger.info("User", user_name=user.name)'),
        ('logger.log(20, f"Seen at {x.place}")', 'logger.log(20, "Seen", place=x.place)'),
        ('logger.bind(a=1).info(f"Got {x.size}")', 'logger.bind(a=1).info("Got", size=x.size)'),
        # what is passed already stays, behind what the text held
        ('logger.info(f"Got {x.size}", user=user)', 'logger.info("Got", size=x.size, user=user)'),
        ('logger.info(f"Got {x.size}", size=1)', 'logger.info("Got", size_2=x.size, size=1)'),
        ('logger.info("Got", extra={"size": 1})', 'logger.info("Got", size=1)'),
        (
            'logger.error(f"Odd {x.y}", exc_info=True)',
            'logger.error("Odd", odd=x.y, exc_info=True)',
        ),
    ],
)
def test_values_become_fields(before: str, after: str) -> None:
    check_line(before, after)


@pytest.mark.parametrize(
    "line",
    [
        'logger.info("Ready")',
        'logger.info("🚀 Ready...")',
        'logger.info("Got", size=x.size)',
        'logger.info(f"Ready")',
        'logger.exception("Failed")',
        "logger.bind(user=user)",
        "x.info(f'Got {x.size}')",
    ],
)
def test_an_event_that_is_constant_stays_as_it_is(line: str) -> None:
    check_noop(REWRITE, f"{STRUCTLOG}def handle(user, x):\n    {line}\n")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("logger.info(x)", "message-elsewhere"),
        ("logger.info(str(x))", "message-elsewhere"),
        ('logger.info("%s | extra=%s", x.message, x.extra)', "message-elsewhere"),
        ('logger.info(f"{x.msg} ({x.code})")', "message-elsewhere"),
        ('logger.info(f"Took {x.pop()}")', "side-effect"),
        ('logger.info(f"Took {next(x)}")', "side-effect"),
        ('logger.info(f"Took {(y := x.size)}")', "side-effect"),
        ('logger.info("%s and %s", x)', "unclear-format"),
        ('logger.info("%(a)s", x)', "unclear-format"),
        ("logger.info(*x)", "unclear-format"),
        ('logger.info(f"Got {x}", **x)', "unpacked"),
        ('logger.info(\n        f"Got {x}",  # why\n    )', "comment-inside"),
        ('logger.info(f"[TESTING MODE] code {x.otp}")', "secret-on-purpose"),
        ('logger.info(f"Key {x.create_token()}")', "secret-in-call"),
        ('logger.info(f"{x:{x}} wide")', "dynamic-format"),
    ],
)
def test_doubt_is_a_reason_to_leave_a_call_alone(line: str, code: str) -> None:
    check_noop(REWRITE, f"{STRUCTLOG}def handle(x):\n    {line}\n", code)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("logger.info(f'Got {x.size}')", "logger.info('Got', size=x.size)"),
        ('logger.info(f"Got {x.size}")', 'logger.info("Got", size=x.size)'),
        ('logger.info("got %s", x.size)', 'logger.info("got", size=x.size)'),
        ("logger.info(f'Sent {x.message}')", "logger.info('Sent', message=x.message)"),
    ],
)
def test_the_event_stands_in_the_quotes_of_the_line(before: str, after: str) -> None:
    rest = "    a = {'b': 'c', 'd': 'e', 'f': 'g'}\n    return a\n"

    check_transformed(
        REWRITE,
        f"{STRUCTLOG}def handle(x):\n    {before}\n{rest}",
        f"{STRUCTLOG}def handle(x):\n    {after}\n{rest}",
    )


def test_a_secret_is_left_out_and_the_reviewer_is_told() -> None:
    outcomes = check_transformed(
        REWRITE,
        f'{STRUCTLOG}def f(user, token):\n    logger.info(f"Login {{user.id}} with {{token}}")\n    return token\n',
        f'{STRUCTLOG}def f(user, token):\n    logger.info("Login", user_id=user.id)\n    return token\n',
    )

    assert outcomes.changed[0].safety == "hardening"
    assert "`token`" in outcomes.changed[0].reason


# ---- errors --------------------------------------------------------------------------------------


def test_an_error_brings_its_traceback() -> None:
    check_handler(
        '    except Exception as e:\n        logger.error(f"Failed for {user.id}: {e}")\n        raise\n',
        '    except Exception:\n        logger.exception("Failed", user_id=user.id)\n        raise\n',
    )


def test_exception_does_not_repeat_the_text_of_its_exception() -> None:
    check_handler(
        '    except Exception as e:\n        logger.exception("Failed: %s", e)\n',
        '    except Exception:\n        logger.exception("Failed")\n',
    )


def test_an_error_that_was_expected_keeps_its_text() -> None:
    check_handler(
        '    except ValueError as e:\n        logger.warning(f"Odd input: {e}")\n',
        '    except ValueError as e:\n        logger.warning("Odd input", error=str(e))\n',
    )


def test_a_bare_exception_gets_an_event() -> None:
    check_handler(
        "    except Exception as e:\n        logger.exception(e)\n",
        '    except Exception:\n        logger.exception("Error in load")\n',
    )


def test_a_critical_error_keeps_its_level() -> None:
    check_handler(
        '    except Exception as e:\n        logger.critical(f"Down: {e}")\n',
        '    except Exception:\n        logger.critical("Down", exc_info=True)\n',
    )


def test_one_line_of_a_block_brings_the_traceback() -> None:
    check_handler(
        "    except Exception as e:\n"
        "        import traceback\n"
        '        logger.error(f"Failed: {e}")\n'
        "        logger.error(traceback.format_exc())\n"
        '        logger.error(f"Gave up: {e}")\n',
        "    except Exception as e:\n"
        '        logger.exception("Failed")\n'
        '        logger.error("Gave up", error=str(e))\n',
    )


def test_a_logged_traceback_alone_is_an_exception() -> None:
    check_handler(
        "    except Exception:\n"
        "        import traceback\n"
        "        logger.error(traceback.format_exc())\n",
        '    except Exception:\n        logger.exception("Error in load")\n',
    )


@pytest.mark.parametrize(
    "handler",
    [
        # the exception is not what the line tells of
        '    except KeyError:\n        logger.error("User not found")\n',
        # the author decided
        '    except Exception as e:\n        logger.error("Failed", exc_info=False)\n        return e\n',
        # the traceback is there
        '    except Exception as e:\n        logger.exception("Failed")\n        return e\n',
        # it runs later, when there is no exception at hand
        '    except Exception:\n        def later():\n            logger.error("Failed")\n        return later\n',
    ],
)
def test_an_error_without_an_exception_to_show_stays(handler: str) -> None:
    source = "def load(user):\n    try:\n        work()\n"
    check_noop(REWRITE, STRUCTLOG + source + handler)


def test_a_logger_that_stays_brings_its_tracebacks_all_the_same() -> None:
    head = "import logging\n\nlogger = logging.getLogger(__name__)\nlogger.setLevel(10)\n\n\n"
    check_handler(
        '    except Exception as e:\n        logger.error(f"Failed: {e}")\n',
        '    except Exception as e:\n        logger.exception(f"Failed: {e}")\n',
        head,
    )


# ---- standard loggers ----------------------------------------------------------------------------


def test_a_standard_logger_becomes_a_structlog_logger() -> None:
    check_transformed(
        REWRITE,
        """\
        import logging

        from flask import Flask

        logging.basicConfig(level=logging.INFO)
        logger = logging.getLogger(__name__)


        def f(user):
            logger.debug("starting")
            logger.info(f"User {user.id}", extra={"tenant": user.tenant})
            logger.log(logging.INFO, "done")
        """,
        """\
        import logging

        import structlog
        from flask import Flask

        logging.basicConfig(level=logging.INFO)
        logger = structlog.get_logger(__name__)


        def f(user):
            logger.debug("starting")
            logger.info("User", user_id=user.id, tenant=user.tenant)
            logger.log(logging.INFO, "done")
        """,
    )


@pytest.mark.parametrize(
    "use",
    [
        "logger.setLevel(logging.DEBUG)",
        "logger.addHandler(logging.StreamHandler())",
        "run(logger)",
        "logger.info('%s and %s', 1)",
        "logger.info('x', stacklevel=2)",
        "logger.info('x', extra=FIELDS)",
        "logger.info('x', extra={'event': 1})",
        "logger.log(LEVEL, 'x')",
        "logger = logging.getLogger('other')",
        "getattr(logger, 'info')('x')",
    ],
)
def test_a_logger_that_is_used_for_more_than_to_log_stays(use: str) -> None:
    source = f"{STANDARD}{use}\n\n\ndef f(user):\n    logger.info(f'User {{user.id}}')\n"
    outcomes = run([REWRITE], Draft(Tree.of({"main.py": source})), service_of)

    assert not outcomes.changed
    assert "other-use" in {item.code for item in outcomes.abstained}


def test_a_module_without_values_in_its_text_keeps_its_logger() -> None:
    check_noop(REWRITE, f"{STANDARD}def f():\n    logger.info('Ready')\n")


def test_the_root_logger_and_the_apps_give_way_to_one_of_the_modules_own() -> None:
    check_transformed(
        REWRITE,
        """\
        import logging

        from flask import Flask, current_app

        app = Flask(__name__)


        def f(user):
            logging.warning(f"User {user.id}")
            app.logger.info("User %s", user.id)
            current_app.logger.info("constant")
        """,
        """\
        import structlog
        from flask import Flask, current_app

        logger = structlog.get_logger(__name__)

        app = Flask(__name__)


        def f(user):
            logger.warning("User", user_id=user.id)
            logger.info("User", user_id=user.id)
            current_app.logger.info("constant")
        """,
    )


def test_a_logger_in_an_object_stays() -> None:
    check_noop(
        REWRITE,
        """\
        import logging


        class Job:
            def __init__(self):
                self.logger = logging.getLogger(__name__)

            def run(self, x):
                self.logger.info(f"Got {x.size}")
        """,
        "held-elsewhere",
    )


def test_what_only_looks_like_a_logger_is_no_candidate() -> None:
    check_noop(REWRITE, "from shop import log\n\n\ndef f(x):\n    log.info(f'Got {x.size}')\n")


def test_a_logger_that_modules_share_becomes_a_structlog_logger_first() -> None:
    draft = Draft(
        Tree.of(
            {
                "core/__init__.py": "",
                "core/log.py": "import logging\n\nlogger = logging.getLogger('app')\n",
                "main.py": "from core.log import logger\n\n\ndef f(x):\n    logger.info(f'Got {x.size}')\n",
            }
        )
    )

    outcomes = run([REWRITE], draft, service_of)

    assert (
        draft.read("core/log.py") == b"import structlog\n\nlogger = structlog.get_logger('app')\n"
    )
    assert b"logger.info('Got', size=x.size)" in draft.read("main.py")
    assert (len(outcomes.changed), outcomes.good, outcomes.abstained) == (2, 0, [])


def test_a_shared_logger_that_is_set_up_by_hand_stays() -> None:
    check_noop(
        REWRITE,
        "from core import logger\n\n\ndef f(x):\n    logger.info(f'Got {x.size}')\n",
        "other-use",
        others={"core.py": f"{STANDARD}logger.addHandler(logging.StreamHandler())\n"},
    )


@pytest.mark.parametrize(
    ("test", "codes"),
    [
        ("from main import f\n\n\ndef test_f(caplog): ...\n", ["tests-read-logs"]),
        ("def test_f(caplog):\n    assert 'Got it' in caplog.text\n", ["tests-read-logs"]),
        ("def test_f(caplog):\n    assert 'Lost it' in caplog.text\n", []),
        ("from main import f\n\n\ndef test_f(): ...\n", []),
        ("def test_f(patch):\n    patch('main.logger')\n", ["other-use"]),
    ],
)
def test_loggers_that_tests_look_at_stay(test: str, codes: list[str]) -> None:
    source = f"{STANDARD}def f(x):\n    logger.info(f'Got it: {{x.size}}')\n"
    draft = Draft(Tree.of({"main.py": source, "test_main.py": test}))
    project, service = service_of(draft)
    project.roles["test_main.py"] = Role.TEST  # type: ignore[index]

    outcomes = run([REWRITE], draft, lambda _: (project, service))

    assert [item.code for item in outcomes.abstained] == codes
    assert (draft.read("main.py").decode() == source) is bool(codes)


@pytest.mark.parametrize(
    ("test", "codes"),
    [
        ("@patch('main.current_app')\ndef test_f(app): ...\n", ["tests-patch-logger"]),
        (
            "def test_f(mocker):\n    mocker.patch('main.current_app.logger.info')\n",
            ["tests-patch-logger"],
        ),
        (
            "def test_f(mocker):\n    mocker.patch.object(main, 'current_app')\n",
            ["tests-patch-logger"],
        ),
        ("def test_f(mocker):\n    mocker.patch('other.current_app')\n", []),
        ("def test_f(mocker):\n    mocker.patch('main.save')\n", []),
        ("def test_f():\n    assert 'main.current_app'\n", []),
        ("def test_f(patch):\n    patch('x.y')\n    main.current_app.test_client()\n", []),
    ],
)
def test_loggers_that_tests_put_stand_ins_for_stay(test: str, codes: list[str]) -> None:
    source = (
        "from flask import current_app\n\n\n"
        "def f(x):\n    current_app.logger.info(f'Got it: {x.size}')\n"
    )
    draft = Draft(Tree.of({"main.py": source, "test_main.py": test}))
    project, service = service_of(draft)
    project.roles["test_main.py"] = Role.TEST  # type: ignore[index]

    outcomes = run([REWRITE], draft, lambda _: (project, service))

    assert [item.code for item in outcomes.abstained] == codes
    assert (draft.read("main.py").decode() == source) is bool(codes)


# ---- loguru --------------------------------------------------------------------------------------


def test_loguru_names_the_values_of_its_templates() -> None:
    check_transformed(
        REWRITE,
        """\
        from loguru import logger


        def f(user, took):
            logger.info(f"User {user.id} {{x}} in {took:.1f}s")
            logger.info("User {}", user.id)
            logger.opt(depth=1).info(f"User {user.id}")
        """,
        """\
        from loguru import logger


        def f(user, took):
            logger.info("User {user_id} {{x}} in {took:.1f}s", user_id=user.id, took=took)
            logger.info("User {}", user.id)
            logger.opt(depth=1).info("User {user_id}", user_id=user.id)
        """,
    )


def test_loguru_gets_tracebacks_only_where_they_show_no_values() -> None:
    handler = '    except Exception as e:\n        logger.error(f"Failed: {e}")\n'
    source = "def load():\n    try:\n        work()\n"
    plain = f"from loguru import logger\n\n\n{source}"
    careful = f"from loguru import logger\n\nlogger.add('x', diagnose=False)\n\n\n{source}"

    check_transformed(
        REWRITE,
        plain + handler,
        plain + '    except Exception as e:\n        logger.error("Failed: {error}", error=e)\n',
    )
    check_transformed(
        REWRITE,
        careful + handler,
        careful + '    except Exception:\n        logger.exception("Failed")\n',
    )
