"""How a process ends that has nothing else to do.

Taking apart the syntax trees of a large project, object by object, takes a fifth of the time of inspecting it. A process
whose output is all written leaves that to the system.
"""

from __future__ import annotations

import os
import sys

_kept: list[object] = []
_is_own_process = False


def begin() -> None:
    """Say that this process runs one command and then ends."""
    global _is_own_process  # noqa: PLW0603 - a fact about the process
    _is_own_process = True


def keep(value: object) -> None:
    """Keep what was read to the end of the process; elsewhere it goes when nobody needs it."""
    if _is_own_process:
        _kept.append(value)


def end(code: int) -> None:
    """End at once if something was kept."""
    if not _kept:
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        # who reads the output has had enough
        code = 0
    os._exit(code)
