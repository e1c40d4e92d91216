"""Exception text stays inside; what the author wrote for the client stays as it is."""

import pytest

from buttress.project.model import Framework
from buttress.rewrites.outcomes import Safety
from tests.rewrites.cases import check_noop, check_transformed

FASTAPI = "from fastapi import FastAPI, HTTPException\n\napp = FastAPI()\n\n\n"
FLASK = "from flask import Flask, jsonify\n\napp = Flask(__name__)\n\n\n"
LOGGED_FASTAPI = (
    "import structlog\nfrom fastapi import FastAPI, HTTPException\n\n"
    "logger = structlog.get_logger(__name__)\n\napp = FastAPI()\n\n\n"
)
LOGGED_FLASK = (
    "import structlog\nfrom flask import Flask, jsonify\n\n"
    "logger = structlog.get_logger(__name__)\n\napp = Flask(__name__)\n\n\n"
)


def fastapi(handler: str, head: str = FASTAPI) -> str:
    return f"{head}def load_items():\n    try:\n        return read()\n{handler}"


def flask(handler: str, head: str = FLASK) -> str:
    return f"{head}def load_items():\n    try:\n        return read()\n{handler}"


def test_the_text_goes_to_the_log_and_the_authors_words_to_the_client() -> None:
    outcomes = check_transformed(
        "error-text",
        fastapi(
            "    except Exception as e:\n"
            '        raise HTTPException(status_code=500, detail=f"Could not load items: {str(e)}")\n'
        ),
        fastapi(
            "    except Exception:\n"
            '        logger.exception("Could not load items")\n'
            '        raise HTTPException(status_code=500, detail="Could not load items")\n',
            LOGGED_FASTAPI,
        ),
    )

    assert [made.safety for made in outcomes.changed] == [Safety.HARDENING]


def test_where_no_word_is_left_the_client_is_told_that_it_is_internal() -> None:
    check_transformed(
        "error-text",
        flask("    except Exception as e:\n        return jsonify({'error': str(e)}), 500\n"),
        flask(
            "    except Exception:\n"
            "        logger.exception('load items failed')\n"
            "        return jsonify({'error': 'Internal server error'}), 500\n",
            LOGGED_FLASK,
        ),
    )


@pytest.mark.parametrize(
    ("expression", "replaced"),
    [
        ('f"Upload failed - {e}"', '"Upload failed"'),
        ('"Upload failed: " + str(e)', '"Upload failed"'),
        ('"Upload failed: %s" % e', '"Upload failed"'),
        ('"Upload failed: {}".format(e)', '"Upload failed"'),
        ('f"Upload failed ({e})"', '"Upload failed"'),
        ('f"<h4>Upload failed: {e}</h4>"', '"<h4>Upload failed</h4>"'),
        ('f"Upload failed -> {e}"', '"Upload failed"'),
        ('f"{e}"', '"Internal server error"'),
        ("str(e)", '"Internal server error"'),
        ("repr(e)", '"Internal server error"'),
        ("e.args[0]", '"Internal server error"'),
        ('f"Upload of {name} failed: {e}"', 'f"Upload of {name} failed"'),
        ('f"Upload failed: {e}. Try again."', '"Upload failed. Try again."'),
        ('f"Upload failed ({e})! Try again."', '"Upload failed! Try again."'),
        ('f"Upload failed: {e}, again"', '"Upload failed again"'),
        ('f"{e}. Try again later."', '"Try again later."'),
        ("traceback.format_exc()", '"Internal server error"'),
    ],
)
def test_every_way_to_build_the_text(expression: str, replaced: str) -> None:
    log = (
        f"import logging\nimport traceback  # {'-' * 80}\n\nfrom fastapi import HTTPException\n\n"
        "log = logging.getLogger(__name__)\n\n\ndef f(name):\n    try:\n        run()\n"
        "    except Exception as e:\n        log.error(e)\n"
        '        raise HTTPException(500, detail={"code": "E1", "message": MESSAGE})\n\n\n'
        "traceback.print_stack()\n"
    )

    check_transformed(
        "error-text", log.replace("MESSAGE", expression), log.replace("MESSAGE", replaced)
    )


def test_an_error_that_is_logged_already_is_not_logged_twice() -> None:
    head = FLASK.replace("from flask", "import logging\n\nfrom flask")
    body = (
        "    except Exception as e:\n"
        "        logging.error(f'failed: {e}')\n"
        "        return jsonify(error=MESSAGE), 500\n"
    )

    check_transformed(
        "error-text",
        flask(body.replace("MESSAGE", "str(e)"), head),
        flask(body.replace("MESSAGE", "'Internal server error'"), head),
    )


@pytest.mark.parametrize(
    ("lead", "logged"),
    [
        (
            "        # put it back\n        undo()\n",
            '        logger.exception("Bad")\n        # put it back\n        undo()\n',
        ),
        (
            "\n        # put it back\n        undo()\n",
            '        logger.exception("Bad")\n\n        # put it back\n        undo()\n',
        ),
        ("        undo()\n", '        logger.exception("Bad")\n        undo()\n'),
        ("\n        undo()\n", '\n        logger.exception("Bad")\n        undo()\n'),
    ],
)
def test_a_comment_stays_with_what_it_is_about(lead: str, logged: str) -> None:
    end = "        raise HTTPException(status_code=500, detail={})\n"

    check_transformed(
        "error-text",
        fastapi("    except Exception as e:  # all\n" + lead + end.format('f"Bad: {e}"')),
        fastapi("    except Exception:  # all\n" + logged + end.format('"Bad"'), LOGGED_FASTAPI),
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("traceback", '""'), ("stack", '""'), ("details", '"Internal server error"')],
)
def test_a_field_for_the_trace_is_empty(key: str, value: str) -> None:
    head = FLASK.replace("from flask", "import traceback\n\nfrom flask")
    logged = LOGGED_FLASK.replace("import structlog\n", "import traceback\n\nimport structlog\n")
    show = "\n\ntraceback.print_stack()\n"
    end = '        return jsonify({"error": "Bad", "' + key + '": %s}), 500\n' + show

    check_transformed(
        "error-text",
        flask("    except Exception:\n" + end % "traceback.format_exc()", head),
        flask(
            '    except Exception:\n        logger.exception("load items failed")\n' + end % value,
            logged,
        ),
    )


def test_errors_of_drivers_and_clients_are_internal_too() -> None:
    head = "import sqlite3\n\n" + LOGGED_FASTAPI
    check_transformed(
        "error-text",
        fastapi("    except sqlite3.Error as e:\n        raise HTTPException(500, str(e))\n", head),
        fastapi(
            "    except sqlite3.Error:\n"
            '        logger.exception("load items failed")\n'
            '        raise HTTPException(500, "Internal server error")\n',
            head,
        ),
    )


def test_a_catch_all_error_handler_answers_without_the_text() -> None:
    before = (
        LOGGED_FLASK + "@app.errorhandler(Exception)\ndef on_error(error):\n"
        "    return jsonify({'error': str(error)}), 500\n"
    )
    after = (
        LOGGED_FLASK + "@app.errorhandler(Exception)\ndef on_error(error):\n"
        "    logger.error('unhandled error', exc_info=error)\n"
        "    return jsonify({'error': 'Internal server error'}), 500\n"
    )

    check_transformed("error-text", before, after)


def test_a_bare_4xx_message_is_replaced_after_review_only() -> None:
    before = fastapi(
        "    except Exception as e:\n        raise HTTPException(400, str(e))\n", LOGGED_FASTAPI
    )

    check_noop("error-text", before, "needs-review")
    check_transformed(
        "error-text",
        before,
        fastapi(
            "    except Exception:\n"
            '        logger.exception("load items failed")\n'
            '        raise HTTPException(400, "Bad Request")\n',
            LOGGED_FASTAPI,
        ),
        review=True,
    )


@pytest.mark.parametrize(
    "handler",
    [
        # written for the client: the code names the error
        "    except ValueError as e:\n        raise HTTPException(400, str(e))\n",
        "    except NotEnoughCredit as e:\n        raise HTTPException(402, detail=str(e))\n",
        "    except (KeyError, ValueError) as e:\n        raise HTTPException(400, f'{e}')\n",
        "    except HTTPException as e:\n        raise HTTPException(e.status_code, e.detail)\n",
        # a constant already
        "    except Exception as e:\n        raise HTTPException(500, 'failed') from e\n",
        "    except Exception:\n        raise\n",
        # not sent to a client
        "    except Exception as e:\n        raise RuntimeError(str(e))\n",
        "    except Exception as e:\n        logging.error(str(e))\n",
        "    except Exception as e:\n        report(str(e))\n",
        "    except Exception as e:\n        message = str(e)\n        store(message)\n",
        # another meaning of the name
        "    except Exception:\n        e = 'text'\n        raise HTTPException(500, str(e))\n",
        "    except Exception as e:\n        raise HTTPException(500, type(e).__name__)\n",
        # not even an exception
        "    finally:\n        raise HTTPException(500, str(read()))\n",
    ],
)
def test_what_is_no_leak_stays(handler: str) -> None:
    head = "import logging\n\n" + FASTAPI

    check_noop("error-text", fastapi(handler, head), framework=Framework.FASTAPI)


def test_a_returned_text_of_a_plain_function_is_its_callers_business() -> None:
    check_noop(
        "error-text", fastapi("    except Exception as e:\n        return {'error': str(e)}\n")
    )


def test_a_file_without_a_free_name_for_a_logger_is_left_alone() -> None:
    source = fastapi("    except Exception as e:\n        raise HTTPException(500, str(e))\n")

    check_noop("error-text", source + "\n\nlogger = None\nprint(logger)\n", "no-logger")


def test_a_text_that_cannot_be_separated_is_left_alone() -> None:
    source = fastapi(
        "    except Exception as e:\n        raise HTTPException(500, '%s failed: %s' % (name, e))\n"
    )

    check_noop("error-text", source, "unclear-text")


def test_windows_line_ends_and_one_line_handlers_are_kept() -> None:
    source = LOGGED_FASTAPI + (
        "def f():\n    try:\n        run()\n    except Exception as e: raise HTTPException(500, str(e))\n"
    )
    result = LOGGED_FASTAPI + (
        "def f():\n    try:\n        run()\n"
        '    except Exception:\n        logger.exception("f failed")\n'
        '        raise HTTPException(500, "Internal server error")\n'
    )

    check_transformed("error-text", source.replace("\n", "\r\n"), result.replace("\n", "\r\n"))
