"""Markdown for a pull request or a job summary; never longer than a comment on GitHub may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from buttress.checks.model import Risk
from buttress.project.model import Place
from buttress.reports.overview import (
    Cause,
    Setting,
    counts,
    number,
    overview,
    score_in_words,
    why_accepted,
)
from buttress.reports.unparsed import unparsed
from buttress.reports.visible import shown
from buttress.scorecard import Located, PillarScore, Scorecard, Status, why
from buttress.source.patterns import lazy_pattern

LONGEST = 65_000
"""Characters; a comment may have 65,536, a job summary 1 MiB."""

_BAR = 10
_MOST_PLACES = 5
_SPECIAL = lazy_pattern(r"[\\`*_\[\]|~$&]")
_CODE = lazy_pattern(r"(`[^`]+`)")
_CALLS = lazy_pattern(r"[@#](?=\w)")
_MARK = {Risk.CRITICAL: "🔴", Risk.HIGH: "🟠", Risk.MEDIUM: "🟡", Risk.LOW: "⚪"}


def markdown(card: Scorecard, setting: Setting) -> str:
    """Return the scorecard as Markdown: verdict, pillars, what to mend first."""
    seen = overview(card)
    lines = [*_headline(card), "", *_pillars(card.pillars), ""]
    lines += _counts(card)
    sections = [
        *_section("What matters most", seen.open, setting, is_folded=False),
        *_section("To review", seen.to_review, setting, is_folded=True),
        *_accepted([f for cause in seen.accepted for f in cause.findings], setting),
        *_notes(card, setting),
    ]
    foot = ["", f"Next: `{setting.next_step}`"] if setting.next_step else []
    return _fitted([*lines, *sections], foot)


def text(words: str) -> str:
    """Return words of a project so that nothing but words is seen in them, and code between backquotes.

    An empty comment keeps ``@app.get`` from calling a person, and ``#12`` from naming an issue.
    """
    parts = _CODE.split(shown(words))
    return "".join(
        code(part[1:-1]) if number % 2 else _plain(part) for number, part in enumerate(parts)
    )


def _plain(words: str) -> str:
    escaped = _SPECIAL.sub(lambda found: "\\" + found.group(), words)
    escaped = escaped.replace("<", "&lt;").replace(">", "&gt;")
    return _CALLS.sub(lambda found: found.group() + "<!-- -->", escaped)


def code(words: str) -> str:
    """Return words in backquotes, whatever backquotes they hold."""
    plain = shown(words)
    runs = [len(run) for run in re.findall(r"`+", plain)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if runs else ""
    return f"{fence}{pad}{plain}{pad}{fence}".replace("|", "\\|")


def _headline(card: Scorecard) -> list[str]:
    score = score_in_words(card)
    service = card.service
    facts = [service.framework.value, code(service.app.target)]
    facts.append(number(len(service.routes), "route"))
    where = [code(f"{service.root}/")] if service.root else []
    reason = why(card)
    because = [f"{card.verdict.value.capitalize()} because {reason}."] if reason else []
    return [
        f"## Production readiness: {card.verdict.value}, {score}",
        "",
        " · ".join([*where, *facts]),
        *(["", *because] if because else []),
    ]


def _pillars(pillars: Iterable[PillarScore]) -> list[str]:
    rows = ["| pillar | | score | checks that pass |", "|---|---|--:|--:|"]
    for item in pillars:
        score = "-" if item.score is None else f"{item.score:.0f}"
        full = round((item.score or 0) / 100 * _BAR)
        bar = "█" * full + "░" * (_BAR - full)
        passed = f"{item.passed} of {item.passed + item.failed}"
        rows.append(f"| {item.pillar.value} | {bar} | {score} | {passed} |")
    return rows


def _counts(card: Scorecard) -> list[str]:
    open_, *others = map(text, counts(card))
    unknown = sum(result.status is Status.UNKNOWN for result in card.results)
    if unknown:
        others.append(f"{number(unknown, 'check')} could not be decided")
    return [" · ".join([f"**{open_}**", *others])]


def _section(
    title: str, causes: Sequence[Cause], setting: Setting, *, is_folded: bool
) -> list[str]:
    if not causes:
        return []
    rows = ["", "| risk | finding | where |", "|---|---|---|"]
    rows += [_row(cause, setting) for cause in causes]
    if not is_folded:
        return ["", f"### {title}", *rows]
    found = number(sum(len(cause.places) for cause in causes), "place")
    return ["", "<details>", f"<summary>{title}: {found}</summary>", *rows, "", "</details>"]


def _row(cause: Cause, setting: Setting) -> str:
    check = cause.check
    recipe = f" → `{cause.recipe}`" if cause.recipe else ""
    where = ", ".join(_link(at, setting) for at in cause.places[:_MOST_PLACES])
    more = len(cause.places) - _MOST_PLACES
    if more > 0:
        where += f" and {more:,} more"
    risk = f"{_MARK[check.risk]} {check.risk.value}"
    return f"| {risk} | {text(cause.message)} `{check.id}`{recipe} | {where} |"


def _link(at: Place, setting: Setting) -> str:
    label = code(str(at))
    if not setting.source_url:
        return label
    return f"[{label}]({setting.source_url}{quote(setting.prefix + at.path)}#L{at.line})"


def _accepted(findings: Sequence[Located], setting: Setting) -> list[str]:
    if not findings:
        return []
    rows = [
        f"| `{finding.check.id}` | {_link(finding.place, setting)} | {text(why_accepted(acceptance))} |"
        for finding in findings
        if (acceptance := finding.acceptance) is not None
    ]
    summary = f"<summary>Accepted: {number(len(findings), 'place')}</summary>"
    head = ["", "| check | where | why |", "|---|---|---|"]
    return ["", "<details>", summary, *head, *rows, "", "</details>"]


def _notes(card: Scorecard, setting: Setting) -> list[str]:
    lines = [f"- {text(setting.unread)} With it: {code(setting.whole)}"] if setting.whole else []
    lines += [f"- {code(str(remark.place))} {text(remark.message)}" for remark in card.remarks]
    lines += [
        f"- {code(str(where))} does not parse: {text(message)}"
        for where, message in unparsed(card.project.tree)
    ]
    return ["", "### Look at these, too", "", *lines] if lines else []


def _fitted(lines: Sequence[str], foot: Sequence[str]) -> str:
    """Return as many whole lines as a comment holds, and say how many are left out."""
    end = "\n".join(foot)
    room = LONGEST - len(end) - 200
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    left = len(lines) - len(kept)
    if left:
        opened = sum(line == "<details>" for line in kept)
        closed = sum(line == "</details>" for line in kept)
        kept += ["", "</details>"] if opened > closed else []
        kept += ["", f"{number(left, 'line')} more did not fit; the other formats hold all."]
    return "\n".join([*kept, *foot]) + "\n"
