"""The scorecard for machines: stable keys, documented in ``docs/reference/json.md``."""

from __future__ import annotations

from typing import Any

from buttress import __version__
from buttress.project.facts import package_as_json
from buttress.project.model import Service
from buttress.reports.unparsed import unparsed
from buttress.scorecard import Located, Scorecard

SCHEMA_VERSION = 1


def scorecard_json(card: Scorecard) -> dict[str, Any]:
    """Return the scorecard as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "buttress", "version": __version__},
        "catalogue_version": card.catalogue_version,
        "score": score_json(card),
        "findings": [finding_json(finding) for finding in card.findings],
        "checks": [
            {
                "id": result.check.id,
                "title": result.check.title,
                "pillar": result.check.pillar.value,
                "status": result.status.value,
                "reason": result.reason,
            }
            for result in card.results
        ],
        "service": service_json(card.service),
        "services": [service_json(service) for service in card.project.services],
        "ecosystems": [package_as_json(package) for package in card.project.packages],
        "skipped": [{"path": item.path, "reason": item.reason} for item in card.skipped],
        "unparsed": [
            {"path": where.path, "line": where.line, "message": message}
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
                "passed": pillar.passed,
                "failed": pillar.failed,
            }
            for pillar in card.pillars
        },
    }


def finding_json(finding: Located) -> dict[str, Any]:
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
        "message": finding.message,
        "recipe": check.recipe,
        "fingerprint": finding.fingerprint,
    }


def service_json(service: Service) -> dict[str, Any]:
    """Return what identifies a service."""
    return {
        "root": service.root or ".",
        "framework": service.framework.value,
        "app": service.app.target,
        "place": str(service.app.place),
        "import_root": service.import_root or ".",
        "routes": len(service.routes),
    }
