"""Floor 7: the command line. One thin module per command; nothing heavy is imported to print help."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from pathlib import Path

import typer

from buttress.cli import ending
from buttress.cli.commands import app
from buttress.errors import UserError

_INTERRUPTED = 130
_FULL = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EIO])


def main() -> None:
    """Run the command line. What the user can put right is one sentence; a traceback is a defect."""
    import gc

    # trees of syntax are many small objects that live to the end: collecting them costs more than all else
    gc.disable()
    if isinstance(sys.stdout, io.TextIOWrapper):
        if not sys.stdout.encoding.lower().startswith("utf"):
            # a bar or an arrow that the terminal's encoding does not have is no reason to fail
            from buttress.cli.plain_output import plain_signs

            sys.stdout.reconfigure(errors=plain_signs())
        else:
            sys.stdout.reconfigure(errors="replace")
    try:
        # typer.Exit comes back as its code, and so does Ctrl-C
        code = _run()
        if code == _INTERRUPTED:
            _say("Interrupted; nothing was changed.")
        sys.exit(code if isinstance(code, int) else 0)
    except (typer.Abort, KeyboardInterrupt):
        _say("Interrupted; nothing was changed.")
        sys.exit(_INTERRUPTED)
    except UserError as problem:
        _say(str(problem))
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        # who reads the output has had enough
        _discard_output()
        sys.exit(0)
    except OSError as problem:
        if problem.errno not in _FULL or problem.filename is not None:
            _end(problem)
        _discard_output()
        _say(f"The output could not be written: {problem.strerror}.")
        sys.exit(2)
    except Exception as problem:  # noqa: BLE001 - the last resort: told apart in _end
        _end(problem)


def command() -> None:
    """Run the command line as a process of its own."""
    ending.begin()
    try:
        main()
    except SystemExit as left:
        ending.end(left.code if isinstance(left.code, int) else 0)
        raise


def _discard_output() -> None:
    # what is still buffered is written once more when the process ends
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run() -> object:
    try:
        return app(standalone_mode=False)
    except SystemExit:
        # click and rich end so, and only then, when who reads the output has had enough
        return 0


def _end(problem: Exception) -> None:
    """End for a usage error of the command line, or for a defect of our own."""
    show = getattr(problem, "format_message", None)
    if show is not None:
        said = str(show()).rstrip()
        if said:
            _say(said + ("" if said.endswith((".", "?")) else ".") + " Try --help.")
        sys.exit(2)
    if os.environ.get("BUTTRESS_DEBUG"):
        raise problem
    place = problem.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
    _say(
        f"A defect in buttress ({type(problem).__name__} at {where}); nothing was written."
        " Set BUTTRESS_DEBUG=1 to see the traceback, and please report it."
    )
    sys.exit(4)


def _say(message: str) -> None:
    from buttress.reports.visible import safe

    # a line feed inside a file's name is shown as one, not obeyed
    lines = re.split(r"\n(?=  |/)", message)
    head = typer.style("error:", fg="red", bold=True) if sys.stderr.isatty() else "error:"
    typer.echo(f"{head} {safe(lines[0])}", err=True)
    for line in lines[1:]:
        typer.echo(safe(line), err=True)
