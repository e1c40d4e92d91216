"""Checks of how errors are handled: who hears of them, and what a client is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from buttress.analysis.errors.app_handlers import handles_everything
from buttress.analysis.errors.handed_on import handed_on
from buttress.analysis.errors.leaks import leaks
from buttress.analysis.errors.swallowed import swallowed
from buttress.analysis.graphql.tracing_errors import traced_errors
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    check,
)
from buttress.project.model import Framework, Role


@check(
    "ARCH-SWALLOWED-EXCEPTION",
    "Errors are caught and disappear",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    recipe="error-handling",
    standards=(
        "CWE-390",
        "CWE-396",
        "OWASP A10:2025",
    ),
    peers=(
        "bandit:B110",
        "bandit:B112",
        "ruff:S110",
        "ruff:S112",
        "ruff:E722",
        "ruff:BLE001",
    ),
)
def swallowed_exception(subject: Subject) -> Iterator[Finding]:
    """An ``except`` block hides every error, only prints it, or is bare.

    Nobody hears of a failure, or only who looks at the terminal, and the code goes on as if all were
    well. A bare ``except`` also holds back ``KeyboardInterrupt``, ``SystemExit`` and the cancellation
    of a task (CWE-390, CWE-396). A block that names the error it
    expects, does something about it, or raises again is fine.

    Bad::

        try:
            cache.delete(key)
        except Exception:
            pass

    Good::

        try:
            cache.delete(key)
        except CacheError:
            logger.warning("cache not cleared", key=key, exc_info=True)
    """
    for module in subject.modules(Role.APP):
        for item in swallowed(module):
            if item.is_silent:
                message = "An error is caught here and nobody hears of it."
            elif item.is_printed:
                message = "An error is only printed here, and the code goes on as if all were well."
            else:
                message = (
                    "A bare except also catches KeyboardInterrupt, SystemExit and cancellation."
                )
            yield subject.finding(module, item.handler, message)


@check(
    "ARCH-NO-ERROR-HANDLER",
    "Unexpected errors have no handler",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    recipe="error-handling",
    standards=(
        "CWE-755",
        "OWASP A10:2025",
        "OWASP ASVS 16.5",
    ),
)
def no_error_handler(subject: Subject) -> Iterator[Finding]:
    """No handler of the app turns an unexpected error into one kind of answer with a log line.

    Each client then sees another shape of error, or the framework's own page, and the log has no
    request to go with the traceback (OWASP ASVS 16.5). A handler for 404 alone does not count.

    Bad::

        app = FastAPI()

    Good::

        @app.exception_handler(Exception)
        async def unexpected(request: Request, error: Exception) -> JSONResponse: ...
    """
    service = subject.service
    if service.framework not in {Framework.FASTAPI, Framework.FLASK, Framework.STARLETTE}:
        raise NotApplicable(f"{service.framework} brings a handler of its own")
    if handles_everything(subject.modules(Role.APP)):
        return
    yield Finding(service.app.place, "No handler catches what no route expects.")


@check(
    "SEC-ERROR-LEAK",
    "Exception text is sent to the client",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.HIGH,
    recipe="error-handling",
    standards=(
        "CWE-209",
        "OWASP A10:2025",
        "OWASP ASVS 16.5.1",
    ),
)
def error_leak(subject: Subject) -> Iterator[Finding]:
    """The text of an unexpected error is part of a response.

    It names tables, hosts, paths and sometimes keys (CWE-209, OWASP ASVS 16.5.1). Text of errors that
    the code names itself, such as ``except ValueError``, is taken as written for the client.

    Bad::

        except Exception as e:
            raise HTTPException(status_code=500, detail=str(e))

    Good::

        except Exception:
            logger.exception("could not load the order")
            raise HTTPException(status_code=500, detail="Could not load the order")
    """
    for module in subject.modules(Role.APP):
        for leak in leaks(module, subject.service):
            yield subject.finding(
                module, leak.text, "The text of an unexpected error is sent to the client."
            )
    for module, text in handed_on(subject.project, subject.service, subject.modules(Role.APP)):
        message = "The text of an unexpected error is given back here, and a handler sends it."
        yield replace(subject.finding(module, text, message), by_hand=True)
    for module, trace in traced_errors(subject.project, subject.service, subject.wired()):
        message = "Errors of this schema are sent with their trace."
        yield replace(subject.finding(module, trace, message), by_hand=True)
