"""What is worked out about a file or a tree is kept with it, and goes with it."""

from __future__ import annotations

from functools import cached_property
from typing import Any


class Keeping:
    """Something that others keep their results with, each under a key of its own.

    A dictionary beside it, even one of weak keys, would hold a result that leads back to its key for ever.
    """

    @cached_property
    def kept(self) -> dict[object, Any]:
        """The results by their keys; the function that works one out is a good key."""
        return {}
