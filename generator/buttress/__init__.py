"""Buttress hardens an existing Python web prototype in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from datetime import date

    from buttress.scorecard import Scorecard

__all__ = ["__version__", "inspect"]

# read from here, because asking the installed package for it takes longer than starting does
__version__ = "0.1.0"


def inspect(
    path: str | os.PathLike[str] = ".",
    *,
    service: str | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] | None = None,
    exclude: Iterable[str] | None = None,
    baseline: str | os.PathLike[str] | None = None,
    diff_base: str | None = None,
    today: date | None = None,
) -> Scorecard:
    """Inspect a project and return its scorecard; nothing of the project is run, nothing is written.

    What is not given is read from the project's configuration, as ``buttress inspect`` does.

    Args:
        path: Root folder of the project.
        service: Root of the service, where there are several; the likeliest main one by default.
        select: Ids or first words (``SEC``) of the checks that count.
        ignore: Ids or first words of the checks that do not.
        exclude: Globs of paths that are not read.
        baseline: A baseline file; what it knows is in ``known`` and not in ``findings``.
        diff_base: A revision; only what came since the merge base with it is in ``findings``.
        today: The day by which acceptances expire; today by default.

    Raises:
        buttress.errors.UserError: If the folder, the configuration or an argument is wrong.
        buttress.errors.NothingToInspectError: If there is no Python web service.
    """
    # imported here, so that reading the version costs nothing
    from buttress.acceptance.whole import inspect_folder

    return inspect_folder(
        path,
        service=service,
        select=select,
        ignore=ignore,
        exclude=exclude,
        baseline=baseline,
        diff_base=diff_base,
        today=today,
    )
