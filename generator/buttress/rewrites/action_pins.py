"""The commits of release tags of GitHub Actions, from ``action_pins.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Pin:
    """One release of an action.

    Attributes:
        action: ``owner/repository``, as its owner writes it.
        tag: The release.
        sha: The commit that the tag named.
        date: The day of that commit.
        is_verified: Whether the commit was read in the action's own repository.
    """

    action: str
    tag: str
    sha: str
    date: str
    is_verified: bool


@cache
def pins() -> Mapping[str, Pin]:
    """Return the known releases by the lower-case name of the action."""
    text = resources.files("buttress.rewrites").joinpath("action_pins.json").read_text("utf-8")
    return {
        name.lower(): Pin(name, item["tag"], item["sha"], item["date"], item["verified"])
        for name, item in json.loads(text)["actions"].items()
    }
