"""Lines that say too little or too much are found; controls count where they are attached."""

from __future__ import annotations

import pytest
from tests.checks.running import places
from tests.rewrites.cases import service_of

from buttress.checks.model import Subject, checks
from buttress.project.model import Framework
from buttress.rewrites.engine import run
from buttress.source import Draft, Tree


def found(check: str, source: str, **others: str) -> list[int]:
    """Return the lines of main.py at which a check fails; other modules by name, without .py."""
    files = {"main.py": source, **{f"{name}.py": text for name, text in others.items()}}
    subject = Subject(*service_of(Draft(Tree.of(dict(files))), Framework.FASTAPI))
    return [finding.place.line for finding in checks()[check].function(subject)]


# ---- OBS-PRINT -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    print("x")\n',
        "import pprint\npprint.pprint(1)\n",
        "import traceback\ntraceback.print_exc()\n",
    ],
)
def test_prints_of_the_app_are_found(source: str) -> None:
    assert found("OBS-PRINT", source) == [2]


@pytest.mark.parametrize(
    "source",
    [
        'if __name__ == "__main__":\n    print("x")\n',
        'import click\n\n@click.command()\ndef run():\n    print("x")\n',
        "from rich import print\n\nprint(1)\n",
        "run(callback=print)\n",
        "# print(1)\n",
    ],
)
def test_prints_for_a_person_are_not(source: str) -> None:
    assert found("OBS-PRINT", source) == []


# ---- OBS-LOGS-UNSTRUCTURED -----------------------------------------------------------------------

STRUCTURED = {
    "structlog": "import structlog\n\nstructlog.configure(processors=[])\n",
    "in a function that is called": (
        "import structlog\n\n\ndef setup():\n    structlog.configure()\n\n\nsetup()\n"
    ),
    "in a lifespan": (
        "import structlog\n\n\nasync def lifespan(app):\n    structlog.configure()\n\n\n"
        "app = FastAPI(lifespan=lifespan)\n"
    ),
    "at start-up": (
        "import structlog\n\n\n@app.on_event('startup')\ndef setup():\n    structlog.configure()\n"
    ),
    "loguru": "from loguru import logger\n\nlogger.add('x', serialize=True)\n",
    "json formatter": (
        "from pythonjsonlogger import jsonlogger\n\nhandler.setFormatter(jsonlogger.JsonFormatter())\n"
    ),
    "own formatter": (
        "import json\nimport logging\n\n\nclass Lines(logging.Formatter):\n    def format(self, record):\n"
        "        return json.dumps({'a': 1})\n\n\nhandler.setFormatter(Lines())\n"
    ),
    "mapping": (
        "import logging.config\n\nlogging.config.dictConfig(\n"
        "    {'formatters': {'json': {'()': 'pythonjsonlogger.jsonlogger.JsonFormatter'}}}\n)\n"
    ),
}
PLAIN = {
    "nothing": "app = FastAPI()\n",
    "text": "import logging\n\nlogging.basicConfig(level=logging.INFO)\n",
    "nobody calls it": "import structlog\n\n\ndef setup():\n    structlog.configure()\n",
    "only each other call it": (
        "import structlog\n\n\ndef a():\n    structlog.configure()\n    b()\n\n\ndef b():\n    a()\n"
    ),
    "only mentioned": "# structlog.configure()\nNAME = 'structlog.configure'\n",
    "imported": "import structlog\nfrom pythonjsonlogger.jsonlogger import JsonFormatter\n",
    "loguru as text": "from loguru import logger\n\nlogger.add('x', serialize=False)\n",
}


@pytest.mark.parametrize("source", STRUCTURED.values(), ids=STRUCTURED)
def test_lines_with_fields_count_where_they_are_set_up(source: str) -> None:
    assert found("OBS-LOGS-UNSTRUCTURED", source) == []


@pytest.mark.parametrize("source", PLAIN.values(), ids=PLAIN)
def test_lines_of_text_are_found(source: str) -> None:
    assert found("OBS-LOGS-UNSTRUCTURED", source) == [1]


def test_a_set_up_in_another_module_counts_if_it_is_called() -> None:
    setup = "import structlog\n\n\ndef install(app):\n    structlog.configure()\n"

    assert (
        found("OBS-LOGS-UNSTRUCTURED", "from log import install\n\ninstall(app)\n", log=setup) == []
    )
    assert found("OBS-LOGS-UNSTRUCTURED", "from log import install\n", log=setup) == [1]


# ---- OBS-EXC-NO-TRACE ----------------------------------------------------------------------------

HEAD = (
    "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef f():\n    try:\n        g()\n"
)


@pytest.mark.parametrize(
    "handler",
    [
        '    except Exception as e:\n        logger.error(f"Failed: {e}")\n',
        '    except Exception as e:\n        logger.error("Failed: %s", e)\n',
        "    except ValueError as e:\n        logger.critical(str(e))\n",
    ],
)
def test_errors_without_a_traceback_are_found(handler: str) -> None:
    assert found("OBS-EXC-NO-TRACE", HEAD + handler) == [10]


@pytest.mark.parametrize(
    "handler",
    [
        '    except Exception as e:\n        logger.exception(f"Failed: {e}")\n',
        '    except Exception as e:\n        logger.error(f"Failed: {e}", exc_info=True)\n',
        '    except Exception as e:\n        logger.warning(f"Odd: {e}")\n',
        '    except KeyError:\n        logger.error("No such user")\n',
        '    except Exception as e:\n        logger.exception("Failed")\n        logger.error(str(e))\n',
        "    except Exception as e:\n        import traceback\n        logger.error(traceback.format_exc())\n",
        '    except Exception as e:\n        def later():\n            logger.error("Failed", e)\n',
        '    except Exception as e:\n        client.error(f"Failed: {e}")\n',
    ],
)
def test_errors_with_a_traceback_and_errors_of_other_kinds_are_not(handler: str) -> None:
    assert found("OBS-EXC-NO-TRACE", HEAD + handler) == []


# ---- OBS-NO-CORRELATION-ID -----------------------------------------------------------------------

WITH_ID = {
    "ready made": (
        "from asgi_correlation_id import CorrelationIdMiddleware\n\n"
        "app.add_middleware(CorrelationIdMiddleware)\n"
    ),
    "hook of starlette": (
        "@app.middleware('http')\nasync def add_id(request, call_next):\n"
        "    response = await call_next(request)\n    response.headers['X-Request-ID'] = 'a'\n"
        "    return response\n"
    ),
    "hook of flask": (
        "@app.after_request\ndef add_id(response):\n"
        "    response.headers['x-correlation-id'] = g.id\n    return response\n"
    ),
    "own class": (
        "class RequestId(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n"
        "        response = await call_next(request)\n        response.headers['X-Request-ID'] = 'a'\n"
        "        return response\n\n\napp.add_middleware(RequestId)\n"
    ),
    "in the constructor": (
        "class RequestId:\n    async def __call__(self, scope, receive, send):\n"
        "        headers.append((b'x-request-id', b'a'))\n\n\n"
        "app = FastAPI(middleware=[Middleware(RequestId)])\n"
    ),
    "around the app": (
        "class RequestId:\n    def __call__(self, environ, start):\n"
        "        headers.append(('X-Request-ID', 'a'))\n\n\napp.wsgi_app = RequestId(app.wsgi_app)\n"
    ),
    "by a function": (
        "def install(app):\n    @app.after_request\n    def add_id(response):\n"
        "        response.headers['X-Request-ID'] = g.id\n        return response\n\n\ninstall(app)\n"
    ),
    "by a constant": (
        "HEADER = 'X-Request-ID'\n\n\n@app.after_request\ndef add_id(response):\n"
        "    response.headers[HEADER] = g.id\n    return response\n"
    ),
    "telemetry": (
        "from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor\n\n"
        "FastAPIInstrumentor.instrument_app(app)\n"
    ),
    "settings of django": "MIDDLEWARE = ['django_structlog.middlewares.RequestMiddleware']\n",
}
WITHOUT_ID = {
    "nothing": "app = FastAPI()\n",
    "allowed by CORS": (
        "app.add_middleware(CORSMiddleware, allow_headers=['X-Request-ID'], expose_headers=('X-Request-ID',))\n"
    ),
    "only read": (
        "@app.middleware('http')\nasync def read(request, call_next):\n"
        "    log(request.headers['X-Request-ID'], request.headers.get('X-Request-ID'))\n"
        "    return await call_next(request)\n"
    ),
    "not attached": (
        "class RequestId:\n    def __call__(self, environ, start):\n"
        "        headers.append(('X-Request-ID', 'a'))\n\n\napp = FastAPI()\n"
    ),
    "attached by nobody": (
        "class RequestId:\n    def __call__(self, environ, start):\n"
        "        headers.append(('X-Request-ID', 'a'))\n\n\n"
        "def install(app):\n    app.add_middleware(RequestId)\n"
    ),
    "only imported": "from asgi_correlation_id import CorrelationIdMiddleware\n",
    "only mentioned": "# X-Request-ID\nNOTE = 'django_structlog.middlewares.RequestMiddleware'\n",
    "a call to others": (
        "def f(item):\n    requests.get('x', headers={'X-Request-ID': 'a'})\n\n\nf(1)\n"
    ),
}


@pytest.mark.parametrize("source", WITH_ID.values(), ids=WITH_ID)
def test_an_id_counts_where_it_is_attached(source: str) -> None:
    assert found("OBS-NO-CORRELATION-ID", source) == []


@pytest.mark.parametrize("source", WITHOUT_ID.values(), ids=WITHOUT_ID)
def test_an_id_that_is_only_mentioned_does_not_count(source: str) -> None:
    assert found("OBS-NO-CORRELATION-ID", source) == [1]


# ---- SEC-LOG-SENSITIVE ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "logger.info(f'Login with {password}')",
        "logger.info('Login with %s', user.password)",
        "logger.info('login', token=token)",
        "logger.info('x', extra={'k': data['api_key']})",
        "print('token', str(token))",
        "print(os.environ)",
        "print(f'{request.headers}')",
        "logger.info('reset', code=user.otp_code)",
        "logger.debug(data.get('password'))",
        "logger.debug(create_access_token(user))",
    ],
)
def test_secrets_in_the_log_are_found(line: str) -> None:
    source = f"import logging, os\n\nlogger = logging.getLogger()\n\n\ndef f():\n    {line}\n"

    assert found("SEC-LOG-SENSITIVE", source) == [7]


@pytest.mark.parametrize(
    "line",
    [
        "logger.info('password changed')",
        "logger.info('has token', has_token=bool(token))",
        "logger.info(f'{len(password)} characters, starts with {token[:4]}')",
        "logger.info('set' if password else 'missing')",
        "logger.info(f'is set: {token is not None}')",
        "logger.info(f'used {total_tokens} of {max_tokens} tokens')",
        "logger.info('hash', digest=hash_password(password))",
        "logger.info(mask(token))",
        "logger.info(f'valid: {verify_token(token)}')",
        "client.info(token)",
        "if __name__ == '__main__': print(token)",
    ],
)
def test_what_only_speaks_of_secrets_is_not(line: str) -> None:
    source = f"import logging\n\nlogger = logging.getLogger()\n\n\nx = 1\n{line}\n"

    assert found("SEC-LOG-SENSITIVE", source) == []


def test_a_field_is_fine_where_fields_are_redacted() -> None:
    source = (
        "import structlog\n\n\ndef redact(logger, method, event): ...\n\n\n"
        "structlog.configure(processors=[redact])\nlogger = structlog.get_logger()\n"
        "logger.info('login', token=token)\n"
    )

    assert found("SEC-LOG-SENSITIVE", source) == []
    assert found("SEC-LOG-SENSITIVE", source.replace("'login', token=", "")) == [9]


# ---- what the rewrites leave ---------------------------------------------------------------------


def test_the_rewrites_fix_what_the_checks_find() -> None:
    source = (
        "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef f(token):\n"
        "    print(f'Token {token}')\n    try:\n        g()\n    except Exception as e:\n"
        "        logger.error(f'Failed: {e}')\n        return token\n"
    )
    draft = Draft(Tree.of({"main.py": source}))
    names = ["OBS-PRINT", "OBS-EXC-NO-TRACE", "SEC-LOG-SENSITIVE"]

    assert [len(found(name, source)) for name in names] == [1, 1, 1]
    run(["print-to-log", "log-fields"], draft, service_of)
    assert [found(name, draft.read("main.py").decode()) for name in names] == [[], [], []]


def test_the_rewrites_leave_no_line_that_a_client_can_forge() -> None:
    source = (
        "import logging\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"
        "logger = logging.getLogger(__name__)\n\n\n@app.get('/notes')\ndef notes(tag: str):\n"
        "    print(f'Asked for {tag}')\n    logger.info(f'Tag: {tag}')\n    return []\n"
    )
    draft = Draft(Tree.of({"main.py": source}))

    assert places("SEC-LOG-INJECTION", {"main.py": source}) == ["main.py:11", "main.py:12"]
    run(["print-to-log", "log-fields"], draft, service_of)
    assert places("SEC-LOG-INJECTION", {"main.py": draft.read("main.py").decode()}) == []
