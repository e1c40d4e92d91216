"""Parts of a request that templates print by themselves where it does harm."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.taint.printing import Printed
from buttress.analysis.taint.templates import Templates

_SENT = frozenset(["args", "values", "form", "GET", "POST", "query_params"])
_WRITTEN = frozenset(["urlencode"])


def printed_requests(templates: Templates) -> Iterator[Printed]:
    """Yield where a template prints a field of the request, which it knows without being given it."""
    for path in templates.paths:
        for printed in templates.page(path).printed:
            names = printed.names
            is_field = len(names) > 2 and names[0] == "request" and names[1] in _SENT
            if is_field and printed.is_whole and names[2] not in _WRITTEN:
                yield printed
