"""JUnit XML: a test suite for every pillar, a test case for every check.

The elements and attributes are those of Jenkins' ``junit-10.xsd``, which GitLab, Azure and GitHub's
reporters read, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from buttress.checks.model import Pillar
from buttress.reports.overview import Setting, number, why_accepted
from buttress.reports.visible import shown
from buttress.scorecard import Located, Result, Scorecard, Status, is_scored

_MOST_PLACES = 100


def junit(card: Scorecard, setting: Setting) -> str:
    """Return the scorecard as JUnit XML."""
    root = ET.Element("testsuites", name="buttress")
    for pillar in Pillar:
        mine = [result for result in card.results if result.check.pillar is pillar]
        if mine:
            root.append(_suite(pillar, mine, setting))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return "<?xml version='1.0' encoding='UTF-8'?>\n" + ET.tostring(root, encoding="unicode") + "\n"


def _suite(pillar: Pillar, results: Iterable[Result], setting: Setting) -> ET.Element:
    suite = ET.Element("testsuite", name=pillar.value)
    for result in results:
        suite.append(_case(pillar, result, setting))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", "0")
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    return suite


def _case(pillar: Pillar, result: Result, setting: Setting) -> ET.Element:
    check = result.check
    family = pillar.value.lower().replace("/", "-")
    case = ET.Element("testcase", name=f"{check.id}: {check.title}", classname=f"buttress.{family}")
    if reason := _why_skipped(result):
        ET.SubElement(case, "skipped", message=shown(reason))
        return case
    new = [finding for finding in result.open if finding.is_new]
    if not new:
        return case
    message = f"{check.title} ({check.risk.value} risk, {number(len(new), 'place')})"
    failure = ET.SubElement(case, "failure", type=check.risk.value, message=message)
    failure.text = "\n".join(_places(new, setting))
    return case


def _why_skipped(result: Result) -> str:
    """Return why a check is neither passed nor failed; empty if it is."""
    if result.status is Status.NOT_APPLICABLE:
        return f"does not apply: {result.reason}"
    if result.status is Status.UNKNOWN:
        return f"cannot be decided: {result.reason}"
    if result.status is Status.ATTESTED:
        return f"attested: {result.reason}"
    if result.status is Status.ACCEPTED:
        found = (finding.acceptance for finding in result.findings)
        reasons = dict.fromkeys(why_accepted(item) for item in found if item is not None)
        return "accepted: " + "; ".join(reasons)
    if result.open and not is_scored(result.check):
        return f"to review: {number(len(result.open), 'place')} of low confidence"
    return ""


def _places(findings: list[Located], setting: Setting) -> list[str]:
    lines = [
        shown(f"{setting.prefix}{finding.place}: {finding.message}")
        for finding in findings[:_MOST_PLACES]
    ]
    if len(findings) > _MOST_PLACES:
        lines.append(f"and {len(findings) - _MOST_PLACES:,} more")
    recipe = next((finding.recipe for finding in findings if finding.recipe), None)
    return [*lines, f"buttress apply {recipe}"] if recipe else lines
