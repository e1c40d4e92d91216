"""SARIF 2.1.0 for code scanning: rules with their documentation, results, suppressions.

The properties are those that GitHub reads, and no limit of GitHub's is passed
(https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from buttress import __version__
from buttress.checks.model import Check, Confidence, Pillar, Risk
from buttress.project.model import Place
from buttress.reports.explained import explained
from buttress.reports.overview import Setting, number, why_accepted
from buttress.reports.unparsed import unparsed
from buttress.reports.visible import shown
from buttress.reports.ways import ways_to_accept, ways_to_fix
from buttress.scorecard import AcceptedBy, Located, Scorecard, is_scored
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "buttressFinding/v1"
MOST_RESULTS = 25_000
_MOST_TAGS = 10
_LONGEST = 1024
_ROOT = "%SRCROOT%"
_MOST_RELATED = 20
_BRACKET = lazy_pattern(r"[\\\[\]]")
_LEVEL = {
    Risk.CRITICAL: "error",
    Risk.HIGH: "error",
    Risk.MEDIUM: "warning",
    Risk.LOW: "note",
}
_PROBLEM = {"error": "error", "warning": "warning", "note": "recommendation"}
# GitHub reads over 9.0 as critical, from 7.0 as high, from 4.0 as medium
_SEVERITY = {Risk.CRITICAL: "9.5", Risk.HIGH: "8.0", Risk.MEDIUM: "5.5", Risk.LOW: "2.0"}
_OUTSIDE = frozenset([AcceptedBy.CONFIGURATION, AcceptedBy.ATTESTATION])


def sarif(card: Scorecard, setting: Setting) -> dict[str, Any]:
    """Return the findings of a scorecard as a SARIF log of one run."""
    checks = [result.check for result in card.results]
    index = {check.id: number for number, check in enumerate(checks)}
    findings = card.findings
    kept = findings[:MOST_RESULTS]
    notes = [
        _notification(where, f"This file does not parse: {message}", setting)
        for where, message in unparsed(card.project.tree)
    ]
    if setting.whole:
        said = shown(f"{setting.unread} With it: {setting.whole}")
        notes.append({"level": "note", "message": {"text": said}})
    if len(findings) > len(kept):
        left = number(len(findings) - len(kept), "result")
        notes.append({"level": "warning", "message": {"text": f"{left} left out: too many."}})
    run = {
        "tool": {
            "driver": {
                "name": "Buttress",
                "version": __version__,
                "rules": [_rule(check) for check in checks],
            }
        },
        "automationDetails": {"id": f"buttress/{_category(card, setting)}"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the repository that was inspected."}}
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": notes,
                "toolConfigurationNotifications": [
                    _notification(remark.place, remark.message, setting) for remark in card.remarks
                ],
            }
        ],
        "results": [_result(finding, index, card, setting) for finding in kept],
        "properties": {
            "catalogueVersion": card.catalogue_version,
            "verdict": card.verdict.value,
            "score": card.total,
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _category(card: Scorecard, setting: Setting) -> str:
    """Return what keeps the runs of several services of one repository apart."""
    folder = setting.prefix + (card.service.root + "/" if card.service.root else "")
    return quote(folder)


def _rule(check: Check) -> dict[str, Any]:
    words = explained(check)
    level = _level(check)
    properties: dict[str, Any] = {
        "tags": _tags(check),
        "precision": check.confidence.value,
        "problem.severity": _PROBLEM[level],
    }
    if check.pillar is Pillar.SECURITY:
        properties["security-severity"] = _SEVERITY[check.risk]
    return {
        "id": check.id,
        "name": "".join(part.capitalize() for part in check.id.split("-")),
        "shortDescription": {"text": _cut(check.title)},
        "fullDescription": {"text": _cut(" ".join([words.summary, *words.why]))},
        "help": {"text": _help(check), "markdown": _help_markdown(check)},
        "defaultConfiguration": {"level": level},
        "properties": properties,
    }


def _level(check: Check) -> str:
    return "note" if check.confidence is Confidence.LOW else _LEVEL[check.risk]


def _tags(check: Check) -> list[str]:
    """Return what GitHub lets people filter by; weaknesses in the form that it knows."""
    slug = check.pillar.value.lower().replace("/", "-")
    tags = [slug, *(_tag(name) for name in explained(check).standards)]
    return tags[:_MOST_TAGS]


def _tag(standard: str) -> str:
    plain = standard.lower().replace(" ", "-")
    return f"external/cwe/{plain}" if plain.startswith("cwe-") else plain


def _help(check: Check) -> str:
    words = explained(check)
    parts = [words.summary, *words.why]
    parts += [f"{'Good' if one.is_good else 'Bad'}:\n\n{one.code}" for one in words.examples]
    return "\n\n".join([*parts, *_remedies(check)])


def _help_markdown(check: Check) -> str:
    words = explained(check)
    parts = [f"**{check.title}.** {words.summary}", *words.why]
    for one in words.examples:
        fence = "~~~" if "```" in one.code else "```"
        parts.append(f"{'Good' if one.is_good else 'Bad'}:\n\n{fence}\n{one.code}\n{fence}")
    if words.standards:
        parts.append("Rests on " + ", ".join(words.standards) + ".")
    return "\n\n".join([*parts, *_remedies(check)])


def _remedies(check: Check) -> list[str]:
    """Return how to mend what a check finds, and how to accept it."""
    accept = [f"{way.when}\n\n```{way.language}\n{way.code}\n```" for way in ways_to_accept(check)]
    return [ways_to_fix(check), "To accept it with a reason:", *accept]


def _result(
    finding: Located, index: dict[str, int], card: Scorecard, setting: Setting
) -> dict[str, Any]:
    check = finding.check
    result: dict[str, Any] = {
        "ruleId": check.id,
        "ruleIndex": index[check.id],
        "level": _level(check),
        "kind": "fail" if is_scored(check) else "review",
        "message": {"text": shown(finding.message)},
        "locations": [_location(_anchored(finding.place, card), card.project.tree, setting)],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    }
    if finding.others:
        result |= _related(finding, card.project.tree, setting)
    if result["kind"] == "review":
        # whatever is no failure has no level (SARIF 2.1.0, 3.27.10)
        result["level"] = "none"
    if finding.recipe:
        result["properties"] = {"recipe": finding.recipe}
    if (acceptance := finding.acceptance) is not None:
        kind = "external" if acceptance.by in _OUTSIDE else "inSource"
        why = shown(why_accepted(acceptance))
        result["suppressions"] = [{"kind": kind, "status": "accepted", "justification": why}]
    if card.compared_with:
        result["baselineState"] = "new"
    return result


def _related(finding: Located, tree: Tree, setting: Setting) -> dict[str, Any]:
    """Return the further places, and the message with links to them: GitHub shows no others."""
    places = finding.others[:_MOST_RELATED]
    links = [f"[{_escaped(str(at))}]({number})" for number, at in enumerate(places, 1)]
    left = len(finding.others) - len(places)
    more = f" and {left:,} more" if left else ""
    said = f"{_escaped(finding.message)} Further places: {', '.join(links)}{more}."
    return {
        "message": {"text": said},
        "relatedLocations": [
            {"id": number, **_location(at, tree, setting)} for number, at in enumerate(places, 1)
        ],
    }


def _escaped(words: str) -> str:
    """Return words of a message that holds links, so that none of them is one (SARIF 2.1.0, 3.11.6)."""
    return _BRACKET.sub(lambda found: "\\" + found.group(), shown(words))


def _anchored(place: Place, card: Scorecard) -> Place:
    """Return a place that a platform can show: the app object for what stands in no file."""
    return place if place.path in card.project.tree else card.service.app.place


def _location(place: Place, tree: Tree, setting: Setting) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column}
    end = _line_length(tree, place) + 1
    if end >= place.column:
        region |= {"endLine": place.line, "endColumn": end}
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(setting.prefix + place.path), "uriBaseId": _ROOT},
            "region": region,
        }
    }


def _line_length(tree: Tree, place: Place) -> int:
    text = tree.text(place.path)
    lines: Sequence[str] = text.content.splitlines() if text is not None else ()
    return len(lines[place.line - 1]) if place.line <= len(lines) else 0


def _notification(where: Place, message: str, setting: Setting) -> dict[str, Any]:
    artifact = {"uri": quote(setting.prefix + where.path), "uriBaseId": _ROOT}
    location = {"artifactLocation": artifact, "region": {"startLine": where.line}}
    return {
        "level": "warning",
        "message": {"text": shown(message)},
        "locations": [{"physicalLocation": location}],
    }


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + " …"
