"""The scorecard for machines: stable keys, documented in ``docs/reference/json.md``."""

from __future__ import annotations

from typing import Any

from buttress import __version__
from buttress.project.facts import package_as_json
from buttress.project.model import Service
from buttress.reports.overview import ALONE, Setting
from buttress.reports.unparsed import unparsed
from buttress.reports.visible import shown
from buttress.scorecard import Acceptance, Located, Result, Scorecard

SCHEMA_VERSION = 1


def scorecard_json(card: Scorecard, setting: Setting = ALONE) -> dict[str, Any]:
    """Return the scorecard as plain data; ``inspection_schema.schema()`` describes it."""
    around = {"folder": setting.prefix, "message": setting.unread, "command": setting.whole}
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "buttress", "version": __version__},
        "catalogue_version": card.catalogue_version,
        "score": score_json(card),
        "counts": {
            "open": len(card.open),
            "to_review": len(card.to_review),
            "accepted": len(card.accepted),
            "known": len(card.known),
        },
        "compared_with": card.compared_with,
        "findings": [_finding_json(finding) for finding in card.findings],
        "checks": [_check(result) for result in card.results],
        "deselected": [result.check.id for result in card.deselected],
        "remarks": [
            {
                "path": remark.place.path,
                "line": remark.place.line,
                "message": shown(remark.message),
            }
            for remark in card.remarks
        ],
        "service": _service_json(card.service),
        "services": [_service_json(service) for service in card.project.services],
        "repository": {key: shown(said) for key, said in around.items()} if setting.whole else None,
        "ecosystems": [package_as_json(package) for package in card.project.packages],
        "skipped": [{"path": item.path, "reason": item.reason} for item in card.skipped],
        "unparsed": [
            {"path": where.path, "line": where.line, "message": shown(message)}
            for where, message in unparsed(card.project.tree)
        ],
    }


def score_json(card: Scorecard) -> dict[str, Any]:
    """Return the score alone, as both ``inspect`` and ``harden`` report it."""
    return {
        "total": card.total,
        "strict": card.strict,
        "verdict": card.verdict.value,
        "pillars": {
            pillar.pillar.value: {
                "score": pillar.score,
                "strict": pillar.strict,
                "passed": pillar.passed,
                "failed": pillar.failed,
                "unknown": pillar.unknown,
            }
            for pillar in card.pillars
        },
    }


def _finding_json(finding: Located) -> dict[str, Any]:
    """Return one finding."""
    check = finding.check
    return {
        "check": check.id,
        "pillar": check.pillar.value,
        "risk": check.risk.value,
        "confidence": check.confidence.value,
        "path": finding.place.path,
        "line": finding.place.line,
        "column": finding.place.column,
        "places": [
            {"path": at.path, "line": at.line, "column": at.column} for at in finding.places
        ],
        "message": shown(finding.message),
        "recipe": finding.recipe,
        "fingerprint": finding.fingerprint,
        "acceptance": None if finding.acceptance is None else _acceptance(finding.acceptance),
    }


def _acceptance(acceptance: Acceptance) -> dict[str, Any]:
    return {
        "by": acceptance.by.value,
        "reason": shown(acceptance.reason),
        "owner": shown(acceptance.owner),
        "expires": None if acceptance.expires is None else acceptance.expires.isoformat(),
    }


def _check(result: Result) -> dict[str, Any]:
    check = result.check
    return {
        "id": check.id,
        "title": check.title,
        "pillar": check.pillar.value,
        "risk": check.risk.value,
        "confidence": check.confidence.value,
        "kind": check.kind.value,
        "standards": list(check.standards),
        "status": result.status.value,
        "reason": shown(result.reason),
    }


def _service_json(service: Service) -> dict[str, Any]:
    """Return what identifies a service."""
    return {
        "root": service.root or ".",
        "framework": service.framework.value,
        "app": service.app.target,
        "place": str(service.app.place),
        "import_root": service.import_root or ".",
        "routes": len(service.routes),
    }
