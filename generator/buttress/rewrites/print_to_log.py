"""``print`` becomes a log event with fields.

Before::

    try:
        send(user.email)
    except SMTPError as e:
        print(f"❌ Could not mail {user.id}: {e}")

After::

    try:
        send(user.email)
    except SMTPError:
        logger.exception("Could not mail", user_id=user.id)

A printed line has no level, no time and no request ID, and nobody can search by what stands in it. The
level comes from the author's own words and marks and from the place: in an ``except`` block that
reports its exception it is ``exception``, which brings the traceback. What a command prints for its
user is left alone: ``click`` and ``typer`` commands, functions that ask with ``input``, code below
``if __name__ == "__main__"`` and what only that calls. So are tests and scripts.

A logger that is used while the module is imported, before the app has set up logging, is no problem:
``structlog.get_logger`` returns a proxy that looks its configuration up when it is used, and without
one it writes to standard output.
"""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.logs.printing import HINT
from buttress.rewrites.log_calls import outcome_of_call
from buttress.rewrites.log_planner import Planner
from buttress.rewrites.log_prints import outcome_of_print
from buttress.rewrites.outcomes import Outcome
from buttress.rewrites.registry import Context, service_rewrite


@service_rewrite("print-to-log")
def print_to_log(context: Context) -> Iterator[Outcome]:
    """Rewrite the prints of the app's modules."""
    planner = Planner(context, outcome_of_print, outcome_of_call)
    for module in context.modules(HINT):
        for call in planner.printed(module):
            yield planner.outcome_of(module, call)
