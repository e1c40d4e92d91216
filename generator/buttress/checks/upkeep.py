"""Checks of how a repository is looked after: who reviews, and what keeps dependencies fresh."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.analysis.delivery.reviews import (
    asks_for_review,
    checks_before_commit,
    runs_on_pull_requests,
)
from buttress.checks.cicd import readable
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check
from buttress.project.documents import read_json, read_yaml, text_of

_PYTHON_ECOSYSTEMS = frozenset({"pip", "uv", "poetry", "pipenv"})
_RENOVATE = ("renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json")


@check(
    "CICD-NO-DEP-UPDATES",
    "Nothing updates the dependencies",
    pillar=Pillar.CICD,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
    recipe="ci",
    standards=(
        "OWASP A03:2025",
        "CWE-1104",
    ),
    peers=(
        "scorecard:Dependency-Update-Tool",
        "repo-review:GH200",
    ),
)
def no_updates(subject: Subject) -> Iterator[Finding]:
    """Neither Dependabot nor Renovate proposes new versions of the Python packages.

    A security fix arrives the day somebody thinks of it.

    Bad::

        updates: []

    Good::

        updates:
          - package-ecosystem: pip
            directory: /
            schedule: {interval: weekly}
    """
    tree = subject.project.tree
    for path in (".github/dependabot.yml", ".github/dependabot.yaml"):
        updates = read_yaml(tree, path).get("updates") if path in tree else None
        for update in updates if isinstance(updates, list) else ():
            ecosystem = update.get("package-ecosystem") if isinstance(update, dict) else None
            if ecosystem in _PYTHON_ECOSYSTEMS or subject.service.manifest is None:
                return
    for name in _RENOVATE:
        for path in (name, f".github/{name}"):
            if path in tree and re.search(
                r"extends|packageRules|enabledManagers", text_of(tree, path)
            ):
                return
    if "renovate" in read_json(tree, "package.json"):
        return
    yield Finding(subject.anchor, "Neither Dependabot nor Renovate updates the Python packages.")


@check(
    "CICD-NO-REVIEW-GATE",
    "Nothing asks for review and checks before a merge",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.RATIO,
    confidence=Confidence.MEDIUM,
    peers=(
        "scorecard:Branch-Protection",
        "scorecard:Code-Review",
    ),
)
def no_review_gate(subject: Subject) -> Iterator[Finding]:
    """Nothing in the repository says who reviews a change, or checks it before it is merged.

    Rules of the host cannot be seen from the files: attest them where they exist. In files, owners of
    code, a ruleset or branch protection as code count as the first, checks that run on pull requests,
    or hooks that run before a commit, as the second.

    Bad::

        # .github/CODEOWNERS
        # TODO

    Good::

        # .github/CODEOWNERS
        *       @acme/backend
        /infra  @acme/platform
    """
    tree = subject.project.tree
    if not asks_for_review(subject.project):
        message = "No file says who has to review a change before it is merged."
        yield Finding(subject.anchor, message, "", "review")
    if not runs_on_pull_requests(readable(subject)) and not checks_before_commit(tree):
        message = "Nothing checks a change before it is merged: no pull request starts a pipeline."
        yield Finding(subject.anchor, message, "", "checks")
