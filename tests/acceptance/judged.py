"""A project in memory, inspected and judged as on a given day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from buttress.acceptance.configuration import read_configuration
from buttress.acceptance.judging import judge, without
from buttress.checks.model import checks
from buttress.project import inspect_project
from buttress.scorecard import Located, Scorecard, inspect_service
from buttress.source import Tree

TODAY = date(2026, 11, 21)
HEAD = """\
from fastapi import FastAPI

app = FastAPI()


"""
ROUTES = "".join(f'@app.get("/{name}")\ndef {name}():\n    return 1\n\n\n' for name in "abc")


def judged(
    files: Mapping[str, str],
    today: date = TODAY,
    peers: Mapping[str, tuple[str, ...]] | None = None,
) -> Scorecard:
    """Return the scorecard of the main service.

    Args:
        files: Their texts by path.
        today: The day.
        peers: Rules of other tools by the check that finds the same, in place of its own.
    """
    catalogue = dict(checks())
    for name, rules in (peers or {}).items():
        catalogue[name] = replace(catalogue[name], peers=rules)
    tree = Tree.of({"requirements.txt": "fastapi==0.128.0\n", **files})
    configuration = read_configuration(tree)
    project = inspect_project(without(tree, configuration.exclude))
    card = inspect_service(project, project.services[0], catalogue)
    return judge(card, configuration, today)


def found(card: Scorecard, check: str) -> list[Located]:
    """Return the findings of one check."""
    return [finding for finding in card.everything if finding.check.id == check]


def acceptances(card: Scorecard, check: str) -> list[tuple[int, str, str]]:
    """Return line, origin and reason for each finding of a check; blanks where it is open."""
    return [
        (
            (f.place.line, str(f.acceptance.by), f.acceptance.reason)
            if f.acceptance
            else (f.place.line, "", "")
        )
        for f in found(card, check)
    ]


def remarks(card: Scorecard) -> list[str]:
    """Return what is wrong with the acceptances, each with its place."""
    return [f"{remark.place}: {remark.message}" for remark in card.remarks]
