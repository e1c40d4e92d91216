"""``buttress`` and ``python -m buttress``."""

from __future__ import annotations

import sys


def command() -> None:
    """Run the command line. Who presses Ctrl-C while it is still being read is answered as later on."""
    try:
        from buttress.cli import command as run
    except KeyboardInterrupt:
        sys.stderr.write("error: Interrupted; nothing was changed.\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    command()
