"""What can go wrong, in the user's words: one base class, one exit code per kind."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right: what happened, where, and what to do next.

    Printed as one sentence without a traceback; the command ends with ``exit_code``.

    Args:
        message: One or two sentences that name the file or option and the way out.
    """

    exit_code = 2


class NothingToInspectError(UserError):
    """The path holds no Python web service: nothing was inspected and nothing changed."""

    exit_code = 3


class ChangedUnderneathError(UserError):
    """A file is not what it was when it was read: the run stops before anything is written."""
