"""What inspection found out: findings, what was accepted, results per check, the card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import groupby

from buttress.checks.model import Check, Confidence, Pillar, Risk, Share
from buttress.project.model import Place, Project, Service
from buttress.source import Skipped

CATALOGUE_VERSION = "2026.11"

_RISK_ORDER = list(Risk)
_MOST_NAMES = 3
_CONFIDENCE_ORDER = list(Confidence)


class Status(StrEnum):
    """What became of a check.

    ``accepted``: all of its findings were accepted; ``attested``: somebody states that the control
    exists outside the repository. Both count as fine in the effective score and as failed in the
    strict one.
    """

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    ACCEPTED = "accepted"
    ATTESTED = "attested"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """The headline."""

    NOT_READY = "not ready"
    AT_RISK = "at risk"
    FOLLOW_UPS = "ready with follow-ups"
    READY = "ready"


class AcceptedBy(StrEnum):
    """What says that a finding is accepted."""

    INLINE = "inline"
    CONFIGURATION = "configuration"
    NOQA = "noqa"
    NOSEC = "nosec"
    NOSEMGREP = "nosemgrep"
    ATTESTATION = "attestation"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Why a finding is not to be mended.

    Attributes:
        by: What says so.
        reason: Why, in the words of who accepted it; the evidence of an attestation.
        owner: Who answers for it.
        expires: The last day on which it holds.
        place: The comment or the configuration that says so.
    """

    by: AcceptedBy
    reason: str = ""
    owner: str = ""
    expires: date | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the acceptances themselves that somebody has to look at.

    Attributes:
        place: The comment or the configuration.
        message: One sentence: expired, matches nothing any more, unknown id, no reason.
    """

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with the check it belongs to and an identity that survives moved lines.

    Attributes:
        check: The check that failed.
        place: Where.
        message: One sentence.
        fingerprint: Hash of check, path, symbol, normalised code and ordinal; no line number.
        acceptance: Who accepted it and why; ``None`` while it is open.
        is_new: ``False`` for what the baseline knows or the compared revision had already: it counts
            in the score, is not reported, and no gate looks at it.
        share: What it is a part of, where many places are one finding to their reader.
        others: Further places of the same finding, once they are one.
        by_hand: Whether the recipe of the check cannot mend it.
    """

    check: Check
    place: Place
    message: str
    fingerprint: str
    acceptance: Acceptance | None = None
    is_new: bool = True
    share: Share | None = None
    others: tuple[Place, ...] = ()
    by_hand: bool = False

    @property
    def recipe(self) -> str | None:
        """The recipe that mends it, if there is one."""
        return None if self.by_hand else self.check.recipe

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place that it is about, the first one first."""
        return (self.place, *self.others)

    @property
    def is_open(self) -> bool:
        """Whether nobody accepted it."""
        return self.acceptance is None


@dataclass(frozen=True, slots=True)
class Result:
    """One check with its outcome.

    Attributes:
        check: The check.
        status: What became of it.
        findings: Where it fails, accepted or not, new or not.
        reason: Why it does not apply or cannot be told; the evidence of an attestation.
    """

    check: Check
    status: Status
    findings: tuple[Located, ...] = ()
    reason: str = ""

    @property
    def open(self) -> tuple[Located, ...]:
        """The findings that nobody accepted."""
        return tuple(finding for finding in self.findings if finding.is_open)


@dataclass(frozen=True, slots=True)
class PillarScore:
    """A pillar from 0 to 100; ``None`` when nothing applies or too much is unknown.

    Attributes:
        pillar: Which.
        score: The effective score.
        failed: How many of its scored checks fail.
        passed: How many pass, are accepted or attested.
        unknown: How many could not be decided.
        strict: The score with everything that was accepted counted as failing.
    """

    pillar: Pillar
    score: float | None
    failed: int
    passed: int
    unknown: int = 0
    strict: float | None = None


@dataclass(frozen=True)
class Scorecard:
    """What inspection found out about one service.

    Attributes:
        total: The effective score from 0 to 100, where what was accepted counts as fine; ``None``
            for a project too small to judge.
        strict: The same with everything accepted, attested or deselected counted as failing.
        verdict: The headline, by the effective score.
        pillars: In the order of ``Pillar``.
        results: One for every check that was selected, by id.
        project: What was inspected.
        service: The service that was judged.
        catalogue_version: Version of the set of checks and weights: scores of one version compare.
        deselected: Results of the checks that ``select`` and ``ignore`` left out; they count in
            ``strict`` alone.
        remarks: What is wrong with the acceptances themselves.
        compared_with: What "new" means here: the baseline or the revision; empty if all is new.
    """

    total: float | None
    strict: float | None
    verdict: Verdict
    pillars: tuple[PillarScore, ...]
    results: tuple[Result, ...]
    project: Project
    service: Service
    catalogue_version: str = CATALOGUE_VERSION
    deselected: tuple[Result, ...] = ()
    remarks: tuple[Remark, ...] = ()
    compared_with: str = ""

    @property
    def findings(self) -> tuple[Located, ...]:
        """What is reported: all new findings, those that matter most first, whatever their pillar.

        Open places that share what has to be mended are one finding.
        """
        return self._merged(finding for finding in self.everything if finding.is_new)

    @property
    def everything(self) -> tuple[Located, ...]:
        """Every place where a check fails, also those that are not new, those that matter most first."""
        found = [finding for result in self.results for finding in result.findings]
        return tuple(sorted(found, key=_rank))

    @property
    def open(self) -> tuple[Located, ...]:
        """New findings that nobody accepted and that count: what is to be done."""
        return tuple(f for f in self.findings if f.is_open and is_scored(f.check))

    @property
    def to_review(self) -> tuple[Located, ...]:
        """New findings of low confidence that nobody accepted: listed, never scored."""
        return tuple(f for f in self.findings if f.is_open and not is_scored(f.check))

    @property
    def accepted(self) -> tuple[Located, ...]:
        """New findings that were accepted."""
        return tuple(finding for finding in self.findings if not finding.is_open)

    @property
    def known(self) -> tuple[Located, ...]:
        """Findings that are not new."""
        return self._merged(finding for finding in self.everything if not finding.is_new)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Files that were passed over."""
        return self.project.tree.skipped

    def recommended(self) -> tuple[str, ...]:
        """Return the recipes that open findings point to, the highest risk first."""
        found = [f for f in self.findings if f.is_open]
        return tuple(dict.fromkeys(f.recipe for f in found if f.recipe))

    def _merged(self, findings: Iterable[Located]) -> tuple[Located, ...]:
        return tuple(merged(findings, self.service.root))


def merged(findings: Iterable[Located], where: str) -> Iterator[Located]:
    """Yield findings with the open places of a check that share a cause as one, where the first stands.

    Args:
        findings: Those of a check together.
        where: The root of the service, for the name of what becomes one.
    """
    for id_, found in groupby(findings, key=lambda finding: finding.check.id):
        alike: dict[tuple[str, str], list[tuple[Located, Share]]] = {}
        for finding in found:
            if finding.share is None or not finding.is_open:
                yield finding
            else:
                alike.setdefault((finding.share.claim, finding.share.kind), []).append(
                    (finding, finding.share)
                )
        for key, parts in alike.items():
            yield _one(parts, "\0".join((id_, where, *key)))


def _one(parts: Sequence[tuple[Located, Share]], identity: str) -> Located:
    (first, share), *others = parts
    names = [each.name for _, each in parts]
    message = first.message
    if share.of > 1:
        many = "any of the" if len(parts) == share.of else f"{len(parts):,} of"
        left = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        some = ", ".join(names[:_MOST_NAMES])
        message = f"{share.claim} {many} {share.of:,} {share.kind}: {some}{left}."
    return replace(
        first,
        message=message,
        # it stays the same finding while its places become fewer
        fingerprint=hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:20],
        others=tuple(part.place for part, _ in others),
    )


def is_scored(check: Check) -> bool:
    """Whether findings of a check count; those of low confidence are listed for review."""
    return check.confidence is not Confidence.LOW


def _rank(finding: Located) -> tuple[int, bool, int, bool, str, Place]:
    check = finding.check
    return (
        _RISK_ORDER.index(check.risk),
        # of two high risks, the one that somebody can use today
        check.pillar is not Pillar.SECURITY,
        _CONFIDENCE_ORDER.index(check.confidence),
        finding.recipe is None,
        check.id,
        finding.place,
    )
