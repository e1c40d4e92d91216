"""One HTML page that needs nothing beside it: no network, no server, no other file.

The page's own style and script are named by their hashes in its content security policy, so nothing else can run in
it, whatever an inspected project holds.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from buttress import __version__
from buttress.checks.model import Check, Pillar, Risk
from buttress.project.model import Place
from buttress.reports.badge import LABEL
from buttress.reports.excerpts import Excerpts, Line
from buttress.reports.explained import Explained, explained
from buttress.reports.overview import Cause, Setting, counts, overview, why_accepted
from buttress.reports.unparsed import unparsed
from buttress.reports.visible import shown
from buttress.reports.ways import Way, ways_to_accept, ways_to_fix
from buttress.scorecard import Located, PillarScore, Scorecard, Status, why
from buttress.source.patterns import lazy_pattern

_MOST_EXCERPTS = 12
"""For each cause: what is wrong is clear by then, and a page has to load."""

_CODE = lazy_pattern(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Spot:
    """A finding as the page shows it; ``others`` are further places of it, each with its address."""

    anchor: str
    place: str
    href: str
    others: tuple[tuple[str, str], ...]
    message: str
    accepted: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one cause as the page shows them.

    Attributes:
        check: What fails.
        message: What is wrong.
        state: ``open``, ``review`` or ``accepted``.
        words: The documentation of the check.
        fix: How to mend it.
        accept: How to accept it; nothing for what is accepted.
        spots: Where.
    """

    check: Check
    message: str
    state: str
    words: Explained
    fix: str
    accept: tuple[Way, ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A pillar as the chart shows it; ``tone`` says how good it is."""

    pillar: str
    score: str
    width: float
    tone: str
    passed: int
    failed: int
    unknown: int


def html(card: Scorecard, setting: Setting) -> str:
    """Return the scorecard as a page of its own."""
    style, script = _part("report.css"), _part("report.js")
    page = Environment(
        loader=DictLoader({"page": _part("report.html.jinja")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page.filters["code_spans"] = _code_spans
    return page.get_template("page").render(
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        label=LABEL,
        version=__version__,
        risks=[risk.value for risk in Risk],
        pillars=[pillar.value for pillar in Pillar],
        bars=[_bar(pillar) for pillar in card.pillars],
        groups=_groups(card, setting),
        counts=[shown(phrase) for phrase in counts(card)],
        next_step=shown(setting.next_step),
        unread=shown(setting.unread),
        whole=shown(setting.whole),
        **_facts(card),
    )


def _facts(card: Scorecard) -> dict[str, Any]:
    service = card.service
    where = f"{service.root}/ · " if service.root else ""
    # who gets the page has nothing else that says which project it is about
    root = card.project.tree.root
    name = f"{root.name} · " if root is not None and root.name else ""
    broken = unparsed(card.project.tree)
    undecided = [result for result in card.results if result.status is Status.UNKNOWN]
    return {
        "verdict": card.verdict.value,
        "because": why(card),
        "tone": card.verdict.name.lower().replace("_", "-"),
        "total": None if card.total is None else f"{card.total:.0f}",
        "subject": shown(f"{name}{where}{service.framework.value} · {service.app.target}"),
        "routes": len(service.routes),
        "catalogue": card.catalogue_version,
        "remarks": [_remark(item.place, item.message) for item in card.remarks],
        "broken": [_remark(place, message) for place, message in broken],
        "undecided": [(item.check, shown(item.reason)) for item in undecided],
        "skipped": len(card.skipped),
    }


def _remark(place: Place, message: str) -> tuple[str, str]:
    return shown(str(place)), shown(message)


def _bar(pillar: PillarScore) -> Bar:
    score = pillar.score
    tone = "none" if score is None else "bad" if score < 40 else "fair" if score < 60 else "good"
    label = "-" if score is None else f"{score:.0f}"
    return Bar(
        pillar.pillar.value, label, score or 0.0, tone, pillar.passed, pillar.failed, pillar.unknown
    )


def _groups(card: Scorecard, setting: Setting) -> list[Group]:
    excerpts = Excerpts(card.project.tree)
    seen = overview(card)
    return [
        _group(cause, state, excerpts, setting)
        for state, causes in (
            ("open", seen.open),
            ("review", seen.to_review),
            ("accepted", seen.accepted),
        )
        for cause in causes
    ]


def _group(cause: Cause, state: str, excerpts: Excerpts, setting: Setting) -> Group:
    spots = [
        _spot(finding, excerpts.around(finding.place) if number < _MOST_EXCERPTS else (), setting)
        for number, finding in enumerate(cause.findings)
    ]
    check = replace(cause.check, recipe=cause.recipe)
    return Group(
        check,
        shown(cause.message),
        state,
        explained(check),
        ways_to_fix(check),
        () if state == "accepted" else ways_to_accept(check),
        tuple(spots),
    )


def _spot(finding: Located, lines: Sequence[Line], setting: Setting) -> Spot:
    at = finding.place
    return Spot(
        f"f-{finding.fingerprint}",
        shown(str(at)),
        _href(at, setting),
        tuple((shown(str(other)), _href(other, setting)) for other in finding.others),
        shown(finding.message),
        "" if finding.acceptance is None else shown(why_accepted(finding.acceptance)),
        tuple(lines),
    )


def _href(at: Place, setting: Setting) -> str:
    path = quote(setting.prefix + at.path)
    return f"{setting.source_url}{path}#L{at.line}" if setting.source_url else ""


def _code_spans(words: str) -> Markup:
    """Return words with what stands in backquotes as code, everything escaped."""
    parts: Iterable[tuple[int, str]] = enumerate(_CODE.split(words))
    return Markup().join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in parts
    )


def _part(name: str) -> str:
    return (files("buttress.reports") / "page" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
