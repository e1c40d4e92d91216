"""Values in the text of log calls become fields, and errors bring their traceback.

Before::

    logger = logging.getLogger(__name__)

    logger.info(f"Found {len(users)} users for tenant {tenant.id}")

After::

    logger = structlog.get_logger(__name__)

    logger.info("Found users for tenant", users_count=len(users), tenant_id=tenant.id)

A constant event can be counted and alerted on, and a field can be searched by. The standard library's
loggers take no fields (``extra`` is lost by most formats), so a module's logger becomes a structlog
logger where all that is done with it works there, too. Where it is set up by hand, handed around, or
looked at by tests it stays, and its lines are bridged as they are. Loguru keeps its loggers: its
templates name their values, which makes them fields and leaves the text as it was.

``logger.error(f"... {e}")`` in an ``except`` block becomes ``logger.exception``; the text of the
exception comes with the traceback and is not repeated. Lower levels keep it as ``error=str(e)``: the
author expected that error.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.logs.loggers import Binding, Logger
from buttress.rewrites.log_calls import outcome_of_call
from buttress.rewrites.log_planner import Planner
from buttress.rewrites.log_prints import outcome_of_print
from buttress.rewrites.log_targets import Target
from buttress.rewrites.outcomes import Changed, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Module

_HINT = ("log", "Log")


@service_rewrite("log-fields")
def log_fields(context: Context) -> Iterator[Outcome]:
    """Rewrite the log calls of the app's modules."""
    planner = Planner(context, outcome_of_print, outcome_of_call)
    shared: dict[str, Logger] = {}
    for module in context.modules(*_HINT):
        for call in planner.log_calls(module):
            yield planner.outcome_of(module, call)
        for logger in _imported_for_fields(planner, module):
            shared[logger.path] = logger
    for path in sorted(shared):
        if path not in context.owned:
            yield from _converted(planner, context.draft.module(path))


def _imported_for_fields(planner: Planner, module: Module) -> Iterator[Logger]:
    """Yield the standard loggers of other modules through which this one wants to pass fields."""
    wants = [call.logger for call in planner.log_calls(module).values() if _has_values(call.call)]
    main = planner.loggers.at_top(module)
    if main is not None and planner.printed(module):
        wants.append(main)
    for logger in wants:
        if logger.binding is Binding.IMPORTED and logger.maker is not None:
            yield logger


def _has_values(call: ast.Call) -> bool:
    return not all(isinstance(argument, ast.Constant) for argument in call.args)


def _converted(planner: Planner, module: Module) -> Iterator[Outcome]:
    logger = planner.loggers.at_top(module)
    if logger is None or logger.maker is None or logger.path != module.path:
        return
    target = planner.targets.for_prints(module)
    if isinstance(target, Target) and target.edits:
        yield Changed(
            module.path,
            logger.maker.lineno,
            target.edits,
            Safety.SAFE,
            "The modules that share this logger pass fields, which a standard logger does not take.",
            target.imports,
        )
