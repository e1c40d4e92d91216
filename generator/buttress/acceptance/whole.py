"""A whole inspection in one call: what ``buttress.inspect`` does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from buttress.acceptance.baseline import only_new, read_baseline
from buttress.acceptance.inspection import Overrides, read, scored
from buttress.project import select_service
from buttress.scorecard import Scorecard


def inspect_folder(
    path: str | os.PathLike[str],
    *,
    service: str | None,
    select: Iterable[str] | None,
    ignore: Iterable[str] | None,
    exclude: Iterable[str] | None,
    baseline: str | os.PathLike[str] | None,
    diff_base: str | None,
    today: date | None,
) -> Scorecard:
    """Return the scorecard of a folder; the arguments are those of ``buttress.inspect``."""
    overrides = Overrides(
        _several(select),
        _several(ignore),
        _several(exclude),
        None if baseline is None else Path(baseline),
    )
    inspected = read(Path(path), overrides)
    services = inspected.project.services
    chosen = services[0] if service is None and services else None
    if chosen is None:
        chosen = select_service(inspected.project, service)
    day = today or datetime.now().astimezone().date()
    card = scored(inspected, chosen, day, diff_base=diff_base)
    if inspected.baseline is not None:
        card = only_new(card, read_baseline(inspected.baseline), inspected.baseline.name)
    return card


def _several(words: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return words as they were given; one text is what the command line would be given."""
    if words is None:
        return None
    return tuple(words.split(",") if isinstance(words, str) else words)
