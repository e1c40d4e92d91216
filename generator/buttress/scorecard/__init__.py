"""Floor 4: the scorecard: findings and passes, weighed by risk, per pillar and in total."""

from buttress.scorecard.inspection import RECIPE_FRAMEWORKS, checks_for, inspect_service
from buttress.scorecard.model import (
    CATALOGUE_VERSION,
    Acceptance,
    AcceptedBy,
    Located,
    PillarScore,
    Remark,
    Result,
    Scorecard,
    Status,
    Verdict,
    is_scored,
)
from buttress.scorecard.weighing import weigh, why

__all__ = [
    "CATALOGUE_VERSION",
    "RECIPE_FRAMEWORKS",
    "Acceptance",
    "AcceptedBy",
    "Located",
    "PillarScore",
    "Remark",
    "Result",
    "Scorecard",
    "Status",
    "Verdict",
    "checks_for",
    "inspect_service",
    "is_scored",
    "weigh",
    "why",
]
