"""Errors are not swallowed, and what is handled on purpose stays as it is."""

import pytest

from tests.rewrites.cases import check_noop, check_transformed

HEAD = "import structlog\n\nlogger = structlog.get_logger(__name__)\n\n\n"


def function(body: str, head: str = HEAD) -> str:
    return head + "def refresh(value):\n" + body


def test_a_silent_bare_except_is_narrowed_and_logs() -> None:
    check_transformed(
        "swallowed-errors",
        "def refresh(value):\n    try:\n        run(value)\n    except:\n        pass\n",
        "import structlog\n\nlogger = structlog.get_logger(__name__)\n\n\n"
        "def refresh(value):\n    try:\n        run(value)\n    except Exception:\n"
        '        logger.warning("refresh: ignored an error", exc_info=True)\n',
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "    try:\n        run(value)\n    except Exception:\n        pass\n",
            (
                "    try:\n        run(value)\n    except Exception:\n"
                '        logger.warning("refresh: ignored an error", exc_info=True)\n'
            ),
        ),
        (
            "    for item in value:\n        try:\n            run(item)\n        except:\n            continue\n",
            (
                "    for item in value:\n        try:\n            run(item)\n        except Exception:\n"
                '            logger.warning("refresh: ignored an error", exc_info=True)\n            continue\n'
            ),
        ),
        (
            "    try:\n        run(value)\n    except:  # never mind\n        return None\n",
            "    try:\n        run(value)\n    except Exception:  # never mind\n        return None\n",
        ),
        (
            "    try: run(value)\n    except: pass\n",
            (
                "    try: run(value)\n"
                '    except Exception: logger.warning("refresh: ignored an error", exc_info=True)\n'
            ),
        ),
        (
            "    try:\n        number = int(value)\n    except:\n        pass\n",
            "    try:\n        number = int(value)\n    except (TypeError, ValueError, OverflowError):\n        pass\n",
        ),
        (
            "    try:\n        return float(value)\n    except Exception as e:\n        pass\n",
            "    try:\n        return float(value)\n    except (TypeError, ValueError, OverflowError):\n        pass\n",
        ),
        (
            "    try:\n        return float(value)\n    except(Exception):\n        pass\n",
            "    try:\n        return float(value)\n    except (TypeError, ValueError, OverflowError):\n        pass\n",
        ),
    ],
)
def test_hidden_errors_are_seen(before: str, after: str) -> None:
    check_transformed("swallowed-errors", function(before), function(after))


@pytest.mark.parametrize(
    "body",
    [
        # named on purpose
        "    try:\n        run(value)\n    except KeyError:\n        pass\n",
        "    try:\n        run(value)\n    except (OSError, ValueError):\n        pass\n",
        # cleans up and goes on raising
        "    try:\n        run(value)\n    except:\n        undo()\n        raise\n",
        # does something about it
        "    try:\n        run(value)\n    except Exception:\n        return None\n",
        "    try:\n        run(value)\n    except Exception as e:\n        handle(e)\n",
        "    with suppress(Exception):\n        run(value)\n",
    ],
)
def test_what_is_handled_stays(body: str) -> None:
    check_noop("swallowed-errors", function(body))


LOGGED = 'logger.warning("refresh: ignored an error", exc_info=True)'


@pytest.mark.parametrize(
    ("comment", "after"),
    [
        (
            "# best effort, the job itself is done",
            "        # best effort, the job itself is done\n        {}\n",
        ),
        ("# fine", "        {}  # fine\n"),
        (
            "# noqa: S110 - best effort, the job is done",
            "        {}  # noqa: S110 - best effort, the job is done\n",
        ),
    ],
)
def test_a_long_remark_stands_above_the_line(comment: str, after: str) -> None:
    block = f"    # {'-' * 114}\n    try:\n        run(value)\n    except Exception:\n"

    check_transformed(
        "swallowed-errors",
        function(f"{block}        pass  {comment}\n"),
        function(block + after.format(LOGGED)),
    )


@pytest.mark.parametrize(
    "body",
    [
        "import fast_json",
        "from fast_json import dumps\n    HAS_FAST = True",
    ],
)
def test_looking_for_a_package_hides_no_error(body: str) -> None:
    check_noop(
        "swallowed-errors", f"try:\n    {body}\nexcept Exception:\n    pass\n", "optional-import"
    )


def test_a_package_that_is_used_in_the_block_may_fail() -> None:
    block = "try:\n    import tracker\n    tracker.start()\nexcept Exception:\n"

    check_transformed(
        "swallowed-errors",
        f"{HEAD}{block}    pass\n",
        f'{HEAD}{block}    logger.warning("ignored an error", exc_info=True)\n',
    )


def test_a_block_that_leaves_the_program_is_left_alone() -> None:
    check_noop(
        "swallowed-errors",
        "import sys\n\n\ndef f():\n    try:\n        sys.exit(1)\n    except:\n        pass\n",
        "may-exit",
    )


def test_what_is_only_printed_is_left_alone() -> None:
    body = "    try:\n        run(value)\n    except Exception as e:\n        print(e)\n"

    check_noop("swallowed-errors", function(body), "only-printed")


def test_a_conversion_inside_more_code_is_not_taken_for_known() -> None:
    check_transformed(
        "swallowed-errors",
        function("    try:\n        return int(value.strip())\n    except:\n        pass\n"),
        function(
            "    try:\n        return int(value.strip())\n    except Exception:\n"
            '        logger.warning("refresh: ignored an error", exc_info=True)\n'
        ),
    )


def test_a_shadowed_name_is_not_taken_for_the_builtin() -> None:
    body = "    int = value\n    try:\n        return int(value)\n    except Exception:\n        pass\n"
    logged = body.replace("pass", 'logger.warning("refresh: ignored an error", exc_info=True)')

    check_transformed("swallowed-errors", function(body), function(logged))
