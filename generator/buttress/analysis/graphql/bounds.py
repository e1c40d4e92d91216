"""What bounds a GraphQL query: its depth, cost, aliases or tokens, or the list of those that are allowed.

Known controls are ``depth_limit_validator`` of Graphene, ``QueryDepthLimiter``, ``MaxAliasesLimiter`` and
``MaxTokensLimiter`` of Strawberry, ``cost_validator`` of Ariadne and ``max_tokens`` of graphql-core. One
of the project's own is known by what it says it counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.analysis.graphql.serving import Serving, servings
from buttress.project.model import Project, Service
from buttress.source import Modules
from buttress.source.patterns import lazy_pattern

_KNOWN = (
    "depth_limit_validator", "QueryDepthLimiter", "MaxAliasesLimiter", "MaxTokensLimiter", "cost_validator",
)  # fmt: skip
_COUNTS = lazy_pattern(
    r"depth|(?:\b|_)cost|query_?cost|complexity|max_?alias|alias(?:es)?_?(?:count|limit|max)|max_?tokens_?limit|max_?token_?count|count_?alias|max_?(?:lexical_?)?tokens|breadth"
    r"|persisted|allow_?list|white_?list|trusted_?(?:document|quer)|safe_?list",
    re.IGNORECASE,
)


def unbounded(project: Project, service: Service, modules: Modules) -> Iterator[Serving]:
    """Yield the places that run whatever clients ask, however deep and however often.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
    """
    if next(modules.called(*_KNOWN), None) is not None:
        return
    for serving in servings(project, service, modules):
        if not serving.is_open and not _COUNTS.search(serving.text):
            yield serving
