"""What an editor says when it will not make a change."""

from __future__ import annotations


class RefusedError(ValueError):
    """An editor leaves the text alone: the message is the reason, as the rest of a sentence.

    A caller turns it into an abstention (``f"{path}: {reason}"``) or a note; nothing was changed.
    """
