"""Checks of what a service tells about itself: its log lines, and the requests they belong to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from buttress.analysis.errors.caught import handler_around
from buttress.analysis.errors.lost_traces import is_named, loses_traceback
from buttress.analysis.logs.correlation import has_request_id
from buttress.analysis.logs.log_output import (
    is_set_up_by_file,
    redacts_fields,
    writes_structured_lines,
)
from buttress.analysis.logs.loggers import METHODS, Loggers
from buttress.analysis.logs.printing import HINT, Printed, mentioned_elsewhere, prints
from buttress.analysis.logs.sensitive import secret_in
from buttress.analysis.logs.traced_statements import traced_statements
from buttress.analysis.taint import Kind as Sink
from buttress.analysis.taint.log_lines import count_log_calls
from buttress.analysis.wiring import Wiring
from buttress.checks.injection import client_flows
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Share,
    Subject,
    check,
)
from buttress.project.literals import written
from buttress.project.model import Framework, Role
from buttress.project.modules import called_name, own_modules
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_LOUD = frozenset(["error", "critical", "fatal"])
_LOG = lazy_pattern("log", re.IGNORECASE)


def _wiring_of(subject: Subject) -> Wiring:
    """Return what is wired in a service."""
    own = own_modules(subject.project.tree)
    return Wiring(subject.wired(), own, subject.service)


def _require_http(subject: Subject) -> None:
    """Leave out services that answer no HTTP requests of their own.

    Raises:
        NotApplicable: For those.
    """
    if subject.service.framework is Framework.STREAMLIT:
        raise NotApplicable("Streamlit serves the requests")


@check(
    "OBS-PRINT",
    "print() is used for diagnostics",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.MEDIUM,
    kind=Kind.RATIO,
    recipe="structured-logging",
    standards=("12factor XI",),
    peers=(
        "ruff:T201",
        "ruff:T203",
    ),
)
def print_used(subject: Subject) -> Iterator[Finding]:
    """The app prints where it should log.

    A printed line has no level, no time and no request ID, and is lost where standard output is not
    kept. Commands, scripts, tests and what runs below ``__main__`` may print.

    Bad::

        print(f"Error sending mail to {user.id}: {e}")

    Good::

        logger.exception("could not send mail", user_id=user.id)
    """
    for module, printed in _diagnostics(subject):
        what = "A traceback is" if printed.kind == "traceback" else "Diagnostics are"
        yield subject.finding(module, printed.call, f"{what} printed instead of logged.")


def _diagnostics(subject: Subject) -> Iterator[tuple[Module, Printed]]:
    own = own_modules(subject.project.tree)
    for module in subject.modules(Role.APP).having(HINT):
        is_mentioned = mentioned_elsewhere(own, module.path, subject.service.import_root)
        for printed in prints(module, is_mentioned):
            if not printed.exempt:
                yield module, printed


@check(
    "OBS-LOGS-UNSTRUCTURED",
    "Log lines have no structure",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    recipe="structured-logging",
    standards=(
        "12factor XI",
        "OWASP A09:2025",
        "CWE-778",
    ),
)
def logs_unstructured(subject: Subject) -> Iterator[Finding]:
    """Nothing that runs writes log lines as events with fields.

    Lines of text cannot be filtered by user, route or outcome when it matters. The set-up has to run:
    a dependency that is declared, or a function that nobody calls, does not count.

    Bad::

        logging.basicConfig(level=logging.INFO)

    Good::

        install_logging(app)  # structlog: JSON in production, readable lines on a terminal
    """
    is_by_file = is_set_up_by_file(subject.project.tree)
    if not is_by_file and not writes_structured_lines(_wiring_of(subject)):
        app = subject.service.app.place
        yield Finding(app, "Nothing sets up log lines with fields (JSON) for this app.")


@check(
    "OBS-EXC-NO-TRACE",
    "Errors are logged without the traceback",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    recipe="structured-logging",
    peers=("ruff:TRY400",),
)
def exception_without_trace(subject: Subject) -> Iterator[Finding]:
    """An ``except`` block logs the text of an error, and not where it came from.

    ``'NoneType' object has no attribute 'id'`` tells nobody which line to look at. Lower levels are
    left out: there the author expected the error.

    Bad::

        except Exception as e:
            logger.error(f"Could not load the order: {e}")

    Good::

        except Exception:
            logger.exception("could not load the order", order_id=order_id)
    """
    loggers = _loggers_of(subject)
    for module, call in subject.modules(Role.APP).having("except").spelling(_LOG).called(*_LOUD):
        if not loses_traceback(module, call) or _is_of_app(subject, module, call):
            continue
        if loggers.log_call(module, call) is not None:
            yield subject.finding(module, call, "The error is logged without its traceback.")


def _is_of_app(subject: Subject, module: Module, call: ast.Call) -> bool:
    """Whether all that is caught are errors of the app itself: it raises them, and words them."""
    handler = handler_around(module, call)
    caught = handler.type if handler is not None else None
    if caught is None or not is_named(module, caught):
        return False
    own, root = own_modules(subject.project.tree), subject.service.import_root
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return all(own.defined_at(module, kind, root) is not None for kind in kinds)


@check(
    "OBS-NO-CORRELATION-ID",
    "Requests have no ID in logs and answers",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    recipe="structured-logging",
    standards=("OWASP A09:2025",),
)
def no_correlation_id(subject: Subject) -> Iterator[Finding]:
    """No middleware or hook gives a request an ID and returns it.

    Without one the lines of a request cannot be told from those of the others, and a caller has
    nothing to name. A header that CORS allows, or a middleware that nobody attaches, does not count.

    Bad::

        app = FastAPI()

    Good::

        app = FastAPI()
        install_logging(app)  # accepts and returns X-Request-ID
    """
    _require_http(subject)
    if not has_request_id(_wiring_of(subject)):
        yield Finding(
            subject.service.app.place, "No request has an ID in its log lines and its answer."
        )


@check(
    "SEC-LOG-SENSITIVE",
    "A secret is logged",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    recipe="structured-logging",
    standards=(
        "CWE-532",
        "OWASP A09:2025",
    ),
    peers=(
        "semgrep:python.lang.security.audit.logging.logger-credential-leak.python-logger-credential-disclosure",
    ),
)
def secret_logged(subject: Subject) -> Iterator[Finding]:
    """A log line or a print shows a password, token, key, cookie or one-time code.

    Logs are copied, searched and kept by more people and systems than the secret was meant for (CWE-532,
    OWASP A09:2025). Whether it is set, how long it is or how it begins is fine. A field whose name says
    that it is a secret is fine where log fields are redacted.

    Bad::

        logger.info(f"Login of {user.id} with {password}")

    Good::

        logger.info("login", user_id=user.id)
    """
    loggers = _loggers_of(subject)
    has_redaction = redacts_fields(_wiring_of(subject))
    for module, printed in _diagnostics(subject):
        if _is_for_development(module, printed.call):
            continue
        for value, name in _secrets_in(module, printed.call, printed.call.keywords):
            yield subject.finding(module, value, f"The value of `{name}` goes into the log.")
    for module, call in subject.modules(Role.APP).called(*METHODS):
        shown = list(_secrets_in(module, call, [] if has_redaction else call.keywords))
        if not shown or _is_for_development(module, call):
            continue
        if loggers.log_call(module, call) is not None:
            for value, name in shown:
                yield subject.finding(module, value, f"The value of `{name}` goes into the log.")
    for module, value in traced_statements(subject.modules(Role.APP)):
        message = "Every statement goes into the log, with the values it is given."
        yield subject.finding(module, value, message)


@check(
    "SEC-LOG-INJECTION",
    "Clients can forge lines of the log",
    pillar=Pillar.SECURITY,
    risk=Risk.LOW,
    kind=Kind.INSTANCE,
    confidence=Confidence.LOW,
    recipe="structured-logging",
    standards=("CWE-117", "OWASP A09:2025"),
)
def log_injection(subject: Subject) -> Iterator[Finding]:
    """What a client sends stands in lines of plain text, with the line breaks that it holds.

    Behind a line break a client writes what looks like a line of the app: a login that never was, the
    action of somebody else. Lines of JSON, ``repr``, numbers and headers hold no line break. One
    finding stands for all places.

    Bad::

        logging.info(f"Login of {name}")

    Good::

        logging.info("Login of %r", name)
    """
    modules = subject.modules(Role.APP)
    is_structured = is_set_up_by_file(subject.project.tree) or writes_structured_lines(
        _wiring_of(subject)
    )
    found = [
        flow
        for flow in client_flows(subject, Sink.LOG)
        if isinstance(flow.node, ast.Call) and not (is_structured and _is_record(flow.node))
    ]
    of = max(count_log_calls(modules), len(found))
    for flow in found:
        finding = subject.finding(flow.module, flow.node, "A client can forge lines here.")
        name = f"{flow.module.path}:{flow.node.lineno}"
        share = Share(name, of, "Clients can forge lines after", "log statements")
        yield replace(finding, share=share)


def _is_record(call: ast.Call) -> bool:
    """Whether a call gives a line to logging, which decides how it is written."""
    return called_name(call) not in {"print", "write"}


def _is_for_development(module: Module, call: ast.Call) -> bool:
    """Whether a call runs only where the app's settings say that this is no production (``settings.DEBUG``)."""
    child: ast.AST = call
    for above in module.ancestors(call):
        if isinstance(above, ast.If) and child in above.body:
            joined = isinstance(above.test, ast.BoolOp) and isinstance(above.test.op, ast.And)
            parts = getattr(above.test, "values", ()) if joined else [above.test]
            if any(written(part).lower().endswith("settings.debug") for part in parts):
                return True
        child = above
    return False


def _secrets_in(
    module: Module, call: ast.Call, fields: list[ast.keyword]
) -> Iterator[tuple[ast.expr, str]]:
    for value in [*call.args, *(keyword.value for keyword in fields)]:
        name = secret_in(module, value)
        if name is not None:
            yield value, name


def _loggers_of(subject: Subject) -> Loggers:
    tree = subject.project.tree
    return Loggers(tree, subject.project, subject.service, own_modules(tree))
