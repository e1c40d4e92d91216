"""The findings of a scorecard in the order in which every report shows them: open, to review, accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from buttress.checks.model import Check
from buttress.project.model import Place
from buttress.scorecard import Acceptance, Located, Scorecard


@dataclass(frozen=True, slots=True)
class Cause:
    """One check that fails, with every place where it does; at least one."""

    check: Check
    findings: tuple[Located, ...]

    @property
    def message(self) -> str:
        """What all places have in common: their message, or else the title of the check."""
        messages = {finding.message for finding in self.findings}
        return self.findings[0].message if len(messages) == 1 else f"{self.check.title}."

    @property
    def recipe(self) -> str | None:
        """The recipe that mends at least one of its places."""
        return next((finding.recipe for finding in self.findings if finding.recipe), None)

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place once."""
        return tuple(dict.fromkeys(at for finding in self.findings for at in finding.places))


@dataclass(frozen=True, slots=True)
class Overview:
    """All findings, those that matter most first.

    Attributes:
        open: What lowers the score.
        to_review: What has low confidence: listed, not scored.
        accepted: What somebody accepted, with a reason.
    """

    open: tuple[Cause, ...]
    to_review: tuple[Cause, ...]
    accepted: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a report says beyond the scorecard.

    Attributes:
        prefix: Where the inspected folder lies in its repository, with ``/`` at the end; ``""`` for
            the repository itself. Reports for platforms give paths relative to the repository.
        source_url: The address below which the repository's files can be read, with ``/`` at the
            end; ``""`` where none is known.
        next_step: The command that makes it better; may be empty.
        whole: The command that reads the repository around the folder, too; ``""`` for the
            repository itself.
    """

    prefix: str = ""
    source_url: str = ""
    next_step: str = ""
    whole: str = ""

    @property
    def unread(self) -> str:
        """What was not read because only a folder of a repository was named, as a sentence."""
        if not self.whole:
            return ""
        return f"The repository around {self.prefix} was not read: no workflow, image or Terraform above it."


ALONE = Setting()
"""Nothing beyond the scorecard is known."""


def overview(card: Scorecard) -> Overview:
    """Return the findings by what is to be done about them."""
    return Overview(_causes(card.open), _causes(card.to_review), _causes(card.accepted))


def counts(card: Scorecard) -> list[str]:
    """Return how many findings are open, to review, accepted and known before; a phrase each."""
    new = "new " if card.compared_with else ""
    phrases = [number(len(card.open), f"{new}finding")]
    if card.to_review:
        phrases.append(f"{len(card.to_review):,} to review")
    if card.accepted:
        strict = "" if card.strict is None else f" (strict score {card.strict:.0f})"
        phrases.append(f"{len(card.accepted):,} accepted{strict}")
    if card.known:
        phrases.append(f"{len(card.known):,} known before ({card.compared_with})")
    return phrases


def score_in_words(card: Scorecard) -> str:
    """Return the score as a phrase, or why there is none."""
    if card.total is not None:
        return f"{card.total:.0f} of 100"
    return "too small for a score" if card.results else "no check was chosen"


def number(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 finding``, ``2 findings``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def why_accepted(acceptance: Acceptance) -> str:
    """Return who accepted a finding and why, as one line: ``configuration: behind a VPN (ops)``."""
    until = f"until {acceptance.expires.isoformat()}" if acceptance.expires else ""
    terms = ", ".join(filter(None, [acceptance.owner, until]))
    by = acceptance.by.value
    said = f"{by}: {acceptance.reason}" if acceptance.reason else by
    return f"{said} ({terms})" if terms else said


def _causes(findings: Iterable[Located]) -> tuple[Cause, ...]:
    found: dict[str, list[Located]] = {}
    for finding in findings:
        found.setdefault(finding.check.id, []).append(finding)
    return tuple(Cause(items[0].check, tuple(items)) for items in found.values())
