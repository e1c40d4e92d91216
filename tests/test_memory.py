"""A process that inspects one project after another keeps none of them."""

from __future__ import annotations

import gc
from pathlib import Path

import buttress
from buttress.source import Tree

PROTOTYPE = Path(__file__).parent / "prototypes" / "tracker"


def test_a_project_that_was_inspected_is_forgotten() -> None:
    gc.collect()
    before = sum(isinstance(item, Tree) for item in gc.get_objects())

    buttress.inspect(PROTOTYPE)
    gc.collect()

    assert sum(isinstance(item, Tree) for item in gc.get_objects()) <= before
