"""A print becomes an event; what is meant for a person at a terminal stays a print."""

import ast
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buttress.project.model import Role
from buttress.rewrites.engine import run
from buttress.source import Draft, Tree
from tests.rewrites.cases import check_noop, check_transformed, service_of

REWRITE = "print-to-log"
HEAD = """\
import structlog

logger = structlog.get_logger(__name__)


"""


def check_line(before: str, after: str) -> None:
    """Check one statement inside a function of a module that has a logger already."""
    check_transformed(
        REWRITE,
        f"{HEAD}def handle(user, items, data, x):\n    {before}\n",
        f"{HEAD}def handle(user, items, data, x):\n    {after}\n",
    )


# ---- the logger ----------------------------------------------------------------------------------


def test_the_logger_is_defined_behind_the_imports() -> None:
    check_transformed(
        REWRITE,
        """\
        import os

        from fastapi import FastAPI

        app = FastAPI()


        def start():
            print("Ready")
        """,
        """\
        import os

        import structlog
        from fastapi import FastAPI

        logger = structlog.get_logger(__name__)

        app = FastAPI()


        def start():
            logger.info("Ready")
        """,
    )


def test_two_prints_share_one_logger() -> None:
    check_transformed(
        REWRITE,
        """\
        import flask


        def f():
            print("one")


        def g():
            print("two")
        """,
        """\
        import flask
        import structlog

        logger = structlog.get_logger(__name__)


        def f():
            logger.info("one")


        def g():
            logger.info("two")
        """,
    )


def test_the_logger_that_is_there_is_used() -> None:
    check_transformed(
        REWRITE,
        """\
        import structlog

        log = structlog.get_logger()


        def f(x):
            print(f"Got {x.size}")
        """,
        """\
        import structlog

        log = structlog.get_logger()


        def f(x):
            log.info("Got", size=x.size)
        """,
    )


def test_a_standard_logger_becomes_a_structlog_logger() -> None:
    check_transformed(
        REWRITE,
        """\
        import logging

        import flask

        logger = logging.getLogger(__name__)


        def f(count):
            logger.info("started")
            print(f"Loaded {count} rows")
        """,
        """\
        import flask
        import structlog

        logger = structlog.get_logger(__name__)


        def f(count):
            logger.info("started")
            logger.info("Loaded rows", count=count)
        """,
    )


def test_a_standard_logger_that_has_to_stay_gets_a_template() -> None:
    check_transformed(
        REWRITE,
        """\
        import logging

        logger = logging.getLogger(__name__)
        logger.setLevel(logging.DEBUG)


        def f(count, took):
            print(f"✅ Loaded {count} rows in {took:.2f}s, 100%!")
        """,
        """\
        import logging

        logger = logging.getLogger(__name__)
        logger.setLevel(logging.DEBUG)


        def f(count, took):
            logger.info("Loaded %s rows in %.2fs, 100%%!", count, took)
        """,
    )


def test_loguru_stays_loguru_and_its_text_stays() -> None:
    check_transformed(
        REWRITE,
        """\
        from loguru import logger


        def f(items, took):
            logger.info("started")
            print(f"Loaded {len(items)} rows in {took:.2f}s {{ok}}")
        """,
        """\
        from loguru import logger


        def f(items, took):
            logger.info("started")
            logger.info(
                "Loaded {items_count} rows in {took:.2f}s {{ok}}",
                items_count=len(items),
                took=took,
            )
        """,
    )


def test_a_service_that_uses_loguru_gets_loguru_everywhere() -> None:
    check_transformed(
        REWRITE,
        """\
        import flask


        def f():
            print("Ready")
        """,
        """\
        import flask
        from loguru import logger


        def f():
            logger.info("Ready")
        """,
        others={"other.py": "from loguru import logger\n\nlogger.info('x')\n"},
    )


def test_another_name_is_found_where_logger_is_taken() -> None:
    check_transformed(
        REWRITE,
        """\
        import flask

        logger = flask.Blueprint("logger", __name__)


        def f():
            print("Ready")
        """,
        """\
        import flask
        import structlog

        log = structlog.get_logger(__name__)

        logger = flask.Blueprint("logger", __name__)


        def f():
            log.info("Ready")
        """,
    )


def test_a_logger_shared_by_modules_is_used_as_it_is() -> None:
    check_transformed(
        REWRITE,
        """\
        from core.log import logger


        def f(x):
            print(f"Loaded {x.name}")
        """,
        """\
        from core.log import logger


        def f(x):
            logger.info("Loaded %s", x.name)
        """,
        others={
            "core/__init__.py": "",
            "core/log.py": """\
                import logging

                logger = logging.getLogger("app")
                logger.addHandler(logging.StreamHandler())
                """,
        },
    )


# ---- event and fields ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # the text
        ('print("Ready")', 'logger.info("Ready")'),
        ('print("=== Ready! ===")', 'logger.info("Ready")'),
        ('print("🚀 Starting server...")', 'logger.info("Starting server")'),
        ('print("[OK] Database initialized")', 'logger.info("Database initialized")'),
        ('print("[1/4] Loading")', 'logger.info("Loading")'),
        ('print("\\nDone.\\n")', 'logger.info("Done")'),
        ('print("[Kafka] Connected")', 'logger.info("[Kafka] Connected")'),
        ('print("Ошибка: нет файла")', 'logger.error("Ошибка: нет файла")'),
        ("print('He said \"hi\"')", "logger.info('He said \"hi\"')"),
        ('print("Ready", flush=True)', 'logger.info("Ready")'),
        ('print("Ready", end="\\n\\n")', 'logger.info("Ready")'),
        ('print("Half", "way")', 'logger.info("Half way")'),
        ('print("100%")', 'logger.info("100%")'),
        ('print("Not in .env, a -> b")', 'logger.info("Not in .env, a -> b")'),
        ('print(f"Took {x.time} ms")', 'logger.info("Took", time=x.time)'),
        ('print(f"\\n{user.message}\\n")', "logger.info(user.message)"),
        # values
        ('print(f"User {user.id} logged in")', 'logger.info("User logged in", user_id=user.id)'),
        (
            'print(f"Found {len(items)} items")',
            'logger.info("Found items", items_count=len(items))',
        ),
        ('print("Count:", x)', 'logger.info("Count", count=x)'),
        ('print("User %s" % user.name)', 'logger.info("User", user_name=user.name)'),
        ('print("%s of %d" % (x.a, x.b))', 'logger.info("a, b", a=x.a, b=x.b)'),
        ('print("User {}".format(user.name))', 'logger.info("User", user_name=user.name)'),
        ('print("User " + user.name + " left")', 'logger.info("User left", user_name=user.name)'),
        ('print("Sum: " + str(x.sum))', 'logger.info("Sum", sum=x.sum)'),
        ('print(f"{user.name=}")', 'logger.info("user.name", user_name=user.name)'),
        (
            "print(f\"Task {data['title']} by {data.get('owner')}\")",
            'logger.info("Task", data_title=data["title"], owner=data.get("owner"))',
        ),
        (
            'print(f"Waiting for {x.delay:.1f}s (attempt {x.n + 1}/{x.total})")',
            'logger.info("Waiting", delay=x.delay, attempt=x.n + 1, total=x.total)',
        ),
        (
            'print(f"Saved {x.path} - Size: {x.size}, Type: {x.type}")',
            'logger.info("Saved", path=x.path, size=x.size, type=x.type)',
        ),
        ('print(f"Began at {x.now:%H:%M}")', 'logger.info("Began", now=f"{x.now:%H:%M}")'),
        ('print(f"Name {x.name!r:>10}")', 'logger.info("Name", name=x.name)'),
        # names that are taken
        ('print(f"Got {x.event}")', 'logger.info("Got", event_value=x.event)'),
        ('print(f"Now {x.level}")', 'logger.info("Now", level_value=x.level)'),
        ('print(f"{x.a} {user.a} differ")', 'logger.info("differ", a=x.a, a_2=user.a)'),
        ('print(f"{x.a} or {x.a} here")', 'logger.info("or here", a=x.a)'),
        # only a value: debugging output
        ("print(data)", 'logger.debug("data", data=data)'),
        ("print(len(items))", 'logger.debug("items_count", items_count=len(items))'),
        ("print(user.message)", "logger.info(user.message)"),
        ('print("yes" if x else "no")', 'logger.info("yes" if x else "no")'),
        # a value that changes something when it is read stays where it is
        ('print(f"Took {items.pop()}")', 'logger.info(f"Took {items.pop()}")'),
    ],
)
def test_text_becomes_an_event_and_values_become_fields(before: str, after: str) -> None:
    check_line(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('print("WARNING: no key")', 'logger.warning("no key")'),
        ('print("[DEBUG] here")', 'logger.debug("here")'),
        ('print("[ERR] broken")', 'logger.error("broken")'),
        ('print("CRITICAL: disk full")', 'logger.critical("disk full")'),
        ('print("Error saving file")', 'logger.error("Error saving file")'),
        ('print("Could not connect")', 'logger.error("Could not connect")'),
        ('print("❌ Nope")', 'logger.error("Nope")'),
        ('print("⚠️ Careful")', 'logger.warning("Careful")'),
        ('print("User not found")', 'logger.warning("User not found")'),
        ('print("No errors found")', 'logger.info("No errors found")'),
        ('print("Error handler registered")', 'logger.info("Error handler registered")'),
        ('print("Hm", file=sys.stderr)', 'logger.warning("Hm")'),
        ('print("DEBUG: hm", file=sys.stderr)', 'logger.debug("hm")'),
    ],
)
def test_the_level_comes_from_the_words(before: str, after: str) -> None:
    head = f"import sys\n\n{HEAD}"
    source = "def handle(x):\n    {}\n    return sys.path\n"
    check_transformed(REWRITE, head + source.format(before), head + source.format(after))


# ---- errors --------------------------------------------------------------------------------------


def check_handler(before: str, after: str) -> None:
    """Check an ``except`` block, given with its own indentation."""
    head = f"{HEAD}def load():\n    try:\n        work()\n"
    check_transformed(REWRITE, head + before, head + after)


def test_an_error_brings_its_traceback_and_its_name_goes() -> None:
    check_handler(
        '    except Exception as e:\n        print(f"Error loading: {e}")\n        raise\n',
        '    except Exception:\n        logger.exception("Error loading")\n        raise\n',
    )


def test_a_name_that_is_used_elsewhere_stays() -> None:
    check_handler(
        '    except Exception as e:\n        print("Failed:", str(e))\n        return str(e)\n',
        '    except Exception as e:\n        logger.exception("Failed")\n        return str(e)\n',
    )


def test_a_bare_error_is_named_after_the_function() -> None:
    check_handler(
        "    except Exception as e:\n        print(e)\n",
        '    except Exception:\n        logger.exception("Error in load")\n',
    )


def test_what_the_author_called_a_warning_keeps_the_text_of_the_error() -> None:
    check_handler(
        '    except OSError as e:\n        print(f"WARNING: no cache: {e}")\n',
        '    except OSError as e:\n        logger.warning("no cache", error=str(e))\n',
    )


def test_details_of_an_error_are_kept() -> None:
    check_handler(
        '    except OSError as e:\n        print(f"Failed with {e.errno}: {e}")\n',
        '    except OSError as e:\n        logger.exception("Failed", errno=e.errno)\n',
    )


def test_a_mark_is_no_event() -> None:
    check_handler(
        '    except Exception as e:\n        print(f"Error: {e}")\n        return 1\n',
        '    except Exception:\n        logger.exception("Error in load")\n        return 1\n',
    )


def test_what_the_author_called_information_stays_information() -> None:
    check_handler(
        '    except OSError as e:\n        print(f"[INFO] no cache yet: {e}")\n',
        '    except OSError as e:\n        logger.info("no cache yet", error=str(e))\n',
    )


def test_a_line_that_is_no_report_is_no_error() -> None:
    check_handler(
        '    except KeyError:\n        print("Using the default")\n',
        '    except KeyError:\n        logger.warning("Using the default")\n',
    )


def test_an_interrupt_is_no_error() -> None:
    check_handler(
        '    except KeyboardInterrupt:\n        print("Stopping")\n',
        '    except KeyboardInterrupt:\n        logger.info("Stopping")\n',
    )


def test_one_line_of_a_block_brings_the_traceback() -> None:
    check_handler(
        "    except Exception as e:\n"
        "        import traceback\n"
        '        print(f"Failed to load: {e}")\n'
        '        print("Please try again")\n'
        "        traceback.print_exc()\n"
        '        print(f"Full traceback: {traceback.format_exc()}")\n',
        "    except Exception:\n"
        '        logger.exception("Failed to load")\n'
        '        logger.info("Please try again")\n',
    )


def test_a_traceback_beside_a_log_line_that_brings_it_goes() -> None:
    check_handler(
        "    except Exception:\n"
        "        import traceback\n"
        '        logger.exception("Failed to load")\n'
        "        traceback.print_exc()\n",
        '    except Exception:\n        logger.exception("Failed to load")\n',
    )


def test_a_printed_traceback_is_logged() -> None:
    check_handler(
        "    except Exception:\n        import traceback\n        traceback.print_exc()\n",
        '    except Exception:\n        logger.exception("Error in load")\n',
    )


def test_a_handler_for_every_error_passes_its_exception_on() -> None:
    check_transformed(
        REWRITE,
        f"{HEAD}"
        "@app.exception_handler(Exception)\n"
        "async def unexpected(request, exc):\n"
        '    print(f"Unhandled: {exc}")\n',
        f"{HEAD}"
        "@app.exception_handler(Exception)\n"
        "async def unexpected(request, exc):\n"
        '    logger.error("Unhandled", exc_info=exc)\n',
    )


def test_loguru_brings_no_traceback_with_the_values_of_variables() -> None:
    check_transformed(
        REWRITE,
        """\
        from loguru import logger


        def f():
            try:
                work()
            except Exception as e:
                print(f"Failed: {e}")
        """,
        """\
        from loguru import logger


        def f():
            try:
                work()
            except Exception as e:
                logger.error("Failed: {error}", error=e)
        """,
    )


# ---- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'print(f"Login {user.name}: {user.password}")',
            'logger.info("Login", user_name=user.name)',
        ),
        ('print("Key", os.environ["API_KEY"])', 'logger.info("Key")'),
        ('print(f"Headers: {request.headers}")', 'logger.info("Headers")'),
        (
            'print("Has token", bool(user.token))',
            'logger.info("Has token", has_token=bool(user.token))',
        ),
        ('print(f"Starts with {x.token[:4]}")', 'logger.info("Starts", token=x.token[:4])'),
        (
            'print(f"Used {x.total_tokens} tokens")',
            'logger.info("Used tokens", total_tokens=x.total_tokens)',
        ),
    ],
)
def test_secrets_are_left_out(before: str, after: str) -> None:
    head = f"import os\n\n{HEAD}"
    source = "def handle(user, request, x):\n    {}\n    return os.path\n"
    check_transformed(REWRITE, head + source.format(before), head + source.format(after))


def test_a_line_that_is_nothing_but_a_secret_goes() -> None:
    outcomes = check_transformed(
        REWRITE,
        f"{HEAD}def f(token):\n    print(token)\n    return token\n",
        f"{HEAD}def f(token):\n    return token\n",
    )

    assert outcomes.changed[0].safety == "hardening"
    assert "`token`" in outcomes.changed[0].reason


# ---- lines that say nothing ----------------------------------------------------------------------


def test_rules_and_blank_lines_go() -> None:
    check_transformed(
        REWRITE,
        f'{HEAD}def f():\n    print("=" * 40)\n    print("Ready")\n    print()\n',
        f'{HEAD}def f():\n    logger.info("Ready")\n',
    )


@pytest.mark.parametrize(
    "body",
    [
        # nothing else in the block
        "    if True:\n        print()\n",
        # a comment would be left behind
        "    # a rule\n    print('-' * 40)\n    return 1\n",
        # something else on the line
        "    print(); work()\n",
    ],
)
def test_a_line_that_cannot_be_taken_away_cleanly_stays(body: str) -> None:
    check_noop(REWRITE, f"{HEAD}def f():\n{body}", "not-removable")


# ---- left alone ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        # below the main guard, and what only that calls
        'if __name__ == "__main__":\n    print("Listening")\n',
        'def main():\n    print("Hi")\n\n\nif __name__ == "__main__":\n    main()\n',
        'def show():\n    print("Hi")\n\n\ndef main():\n    show()\n\n\nif __name__ == "__main__":\n    main()\n',
        # commands
        'import click\n\n\n@click.command()\ndef run():\n    print("Hi")\n',
        'import typer\n\ncli = typer.Typer()\n\n\n@cli.command()\ndef run():\n    print("Hi")\n',
        'from app import app\n\n\n@app.cli.command("seed")\ndef seed():\n    print("Seeded")\n',
        'import argparse\n\n\ndef run():\n    argparse.ArgumentParser()\n    print("Hi")\n',
        "import django.core.management.base as m\n\n\nclass Command(m.BaseCommand):\n    def handle(self):\n        print(1)\n",
        # a dialogue
        'def ask():\n    print("Who?")\n    return input()\n',
        # not the builtin
        'from rich import print\n\n\ndef f():\n    print("Hi")\n',
        'def f(print):\n    print("Hi")\n',
        'def print(x): ...\n\n\ndef f():\n    print("Hi")\n',
        # no call
        "def f(items):\n    return map(print, items)\n",
        "def f(run):\n    run(callback=print)\n",
        # a file
        'def f(out):\n    print("row", file=out)\n',
        "def f(out, x):\n    import pprint\n    pprint.pprint(x, stream=out)\n",
        # text and comments
        '# print("Hi")\nx = "print()"\n',
    ],
)
def test_what_is_no_diagnostics_is_out_of_scope(source: str) -> None:
    check_noop(REWRITE, source)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('print("Loading", end="")', "partial-line"),
        ('print(x, end="\\r")', "partial-line"),
        ("print(x, end=x)", "partial-line"),
        ("print(x, sep=x)", "unclear-format"),
        ("print(*x)", "unpacked"),
        ("print(**x)", "unclear-format"),
        ('print("%(a)s" % x)', "unclear-format"),
        ('print("{0.a}".format(x))', "unclear-format"),
        ('print(f"{x:<10} {x:>5}")', "table"),
        ('print(f"{x:{x}}")', "dynamic-format"),
        ("y = print(x)", "used-as-value"),
        ("x and print(x)", "used-as-value"),
        ("return lambda: print(x)", "used-as-value"),
        ('print(\n        "a",  # why\n    )', "comment-inside"),
        ("print(f'Key {x.create_token()}')", "secret-in-call"),
        ("print(f'''{x.pop()}\n    rest''')", "side-effect"),
        (f'print("{"word " * 60}")', "long-text"),
    ],
)
def test_doubt_is_a_reason_to_leave_a_line_alone(line: str, code: str) -> None:
    check_noop(REWRITE, f"{HEAD}def f(x):\n    {line}\n", code)


@pytest.mark.parametrize(
    "source",
    [
        'print("Loading")\nimport flask\n',
        'try:\n    import redis\nexcept ImportError:\n    print("no redis")\n',
        'def load():\n    print("Loading")\n\n\nload()\n\nlog = structlog.get_logger()\n',
        "def load():\n    print('Loading')\n\n\ndef start():\n    load()\n\n\nX = start()\nlog = structlog.get_logger()\n",
        "class A:\n    def __init__(self):\n        print('Loading')\n\n\nA()\nlog = structlog.get_logger()\n",
        "def mark(f):\n    print('Loading')\n\n\n@mark\ndef g(): ...\n\n\nlog = structlog.get_logger()\n",
    ],
)
def test_a_line_that_runs_before_the_logger_is_there_stays(source: str) -> None:
    check_noop(REWRITE, f"import structlog\n\n{source}", "before-logger")


def test_a_line_that_runs_later_may_stand_above_the_logger() -> None:
    source = "import structlog\n\n\ndef f():\n    {}\n\n\nlog = structlog.get_logger()\nf()\n"

    check_transformed(REWRITE, source.format("print('Hi')"), source.format("log.info('Hi')"))


@pytest.mark.parametrize(
    "source",
    [
        "logger = 1\nlog = 2\n\n\ndef f():\n    print('Hi')\n",
        "structlog = 1\n\n\ndef f():\n    print('Hi')\n",
        "from helpers import *\n\n\ndef f():\n    print('Hi')\n",
        "import structlog\n\nlog = structlog.get_logger()\n\n\ndef f(log):\n    print('Hi')\n",
    ],
)
def test_names_that_are_taken_are_not_taken_away(source: str) -> None:
    check_noop(REWRITE, source, "name-taken")


def test_a_module_that_does_not_parse_is_left_alone() -> None:
    check_noop(REWRITE, "def f(:\n    print('Hi')\n")


@pytest.mark.parametrize(
    ("test", "code"),
    [
        ("from main import f\n\n\ndef test_f(capsys): ...\n", "tests-read-output"),
        ("def test_f(capsys):\n    assert 'Ready to go' in capsys\n", "tests-read-output"),
    ],
)
def test_lines_that_tests_look_at_stay(test: str, code: str) -> None:
    source = f"{HEAD}def f():\n    print('Ready to go')\n"
    draft = Draft(Tree.of({"main.py": source, "test_main.py": test}))
    project, service = service_of(draft)
    project.roles["test_main.py"] = Role.TEST  # type: ignore[index]

    outcomes = run([REWRITE], draft, lambda _: (project, service))

    assert [item.code for item in outcomes.abstained] == [code]
    assert not draft.changes()


def test_a_logger_of_another_module_is_waited_for() -> None:
    check_noop(
        REWRITE,
        "from core import logger\n\n\ndef f():\n    print('Hi')\n",
        "shared-logger",
        others={"core.py": "import logging\n\nlogger = logging.getLogger(__name__)\n"},
    )


# ---- properties ----------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    [
        "Loaded",
        "Error: ",
        "WARNING: ",
        "✅ ",
        " in ",
        "s, ",
        "[x] ",
        "{{",
        "}}",
        "%",
        "=== ",
        "\\n",
        "'",
        ": ",
    ]
)
_VALUES = st.sampled_from(
    [
        "{x}",
        "{x.id}",
        "{len(items)}",
        "{items[0]!r}",
        "{x.a:.2f}",
        "{x['k']}",
        "{x.pop()}",
        "{x.token}",
        "{e}",
    ]
)
_TEXTS = st.lists(st.one_of(_WORDS, _VALUES), max_size=6).map("".join)
_PLAIN = st.sampled_from(
    ["x", "items", "x.id", "e", "'text'", '"a" + str(x)', "'%s' % x", "'{}'.format(x)"]
)
_ARGUMENTS = st.lists(st.one_of(_TEXTS.map(lambda t: f'f"{t}"'), _PLAIN), max_size=3)
_OPTIONS = st.sampled_from(["", "sep=''", "end=''", "flush=True", "end='\\n\\n'", "file=x"])
_FRAMES: list[Callable[[str], str]] = [
    lambda line: f"def f(x, items, e):\n    # kept\n    {line}\n    return x  # kept, too\n",
    lambda line: f"def f(x, items):\n    try:\n        work()\n    except Exception as e:\n        {line}\n        raise\n",
    lambda line: f"x = items = e = 1\n{line}\n",
    lambda line: f"def f(x, items, e):\n\tif x: {line}\n",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_ARGUMENTS, min_size=1, max_size=3), _OPTIONS, st.sampled_from(_FRAMES), st.booleans()
)
def test_any_print_gives_a_module_that_parses_and_settles(
    calls: list[list[str]], option: str, frame: Callable[[str], str], windows: bool
) -> None:
    lines = [
        f"print({', '.join([*arguments, option] if option else arguments)})" for arguments in calls
    ]
    source = "import flask\n\nKEPT = [1,2 ,3]   \n\n\n" + "".join(frame(line) for line in lines)
    source = source.replace("\n", "\r\n") if windows else source
    draft = Draft(Tree.of({"main.py": source}))

    first = run([REWRITE], draft, service_of)
    after = draft.read("main.py").decode()
    second = run([REWRITE], draft, service_of)

    ast.parse(after)
    assert not second.changed
    assert draft.read("main.py").decode() == after
    assert len(first.changed) + len(first.abstained) + source.count("file=x") == len(lines)
    assert "KEPT = [1,2 ,3]   " in after
    assert source.count("# kept") == after.count("# kept")
    assert ("\n" in after.replace("\r\n", "")) is not windows
    if not first.changed:
        assert after == source
