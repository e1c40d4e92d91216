"""Secrets that are made with a generator whose next number can be worked out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.taint import Flow, Kind, Sources, flows
from buttress.project.model import Project, Service
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_NAMES = (
    "random", "randint", "randrange", "choice", "choices", "sample", "uniform", "randbytes", "getrandbits",
    "normalvariate", "gauss", "shuffle", "triangular",
)  # fmt: skip
_WEAK = frozenset(
    [f"random.{name}()" for name in _NAMES]
    + [f"random.Random().{name}()" for name in _NAMES]
    + [f"numpy.random.{name}()" for name in (*_NAMES, "rand", "bytes")]
)
_SECRET = lazy_pattern(
    r"(?<![a-z])otp(?![a-z]{2})|(?<!max_)(?<!num_)(?<!n_)token(?!s\b|iz|_count|_limit|s_|_usage|_length)"
    r"|passw|secret(?!ary)|session_?(?:id|key|token)|session\w*\[|nonce|csrf|api_?key|(?:reset|verif\w*|auth(?:ori[sz]ation)?|login"
    r"|activation|confirm\w*|access|security|recovery|backup|one_?time|sms|email|invite?)_?code|captcha|remember_?me"
    r"|temp_?pass|(?:^|_)(?:pin(?:$|_|code)|cv[vc]2?(?![a-z0-9]))",
    re.IGNORECASE,
)  # fmt: skip


def _is_weak(module: Module, node: ast.expr, what: str) -> bool:  # noqa: ARG001 - see Sources
    return what in _WEAK


RANDOM = Sources("random", hints=("random.", "import random", "from random"), expression=_is_weak, names=_SECRET)  # fmt: skip
"""Numbers of a generator that is not made for secrets."""


_TELLS_APART = lazy_pattern(r"seed|colou?r|cache|etag|avatar|bucket|shard|trace|request_?id|filename|file_name|noise|dummy|fake|sample|mock", re.IGNORECASE)  # fmt: skip
_HASH = lazy_pattern(r"hashlib\.(?:md5|sha|blake|new)")


def hashed_numbers(modules: Modules) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the numbers of such a generator that are hashed right away: that is done to hide them.

    A hash makes nothing of what can be guessed: the same numbers come out of the same hash.
    """
    for module in modules.naming("random.*").having("hashlib"):
        for call in module.nodes(ast.Call):
            if not _HASH.match(module.resolve(call.func) or "") or not call.args:
                continue
            numbers = [
                node
                for argument in call.args
                for node in ast.walk(argument)
                if isinstance(node, ast.Call) and f"{module.resolve(node.func)}()" in _WEAK
            ]
            function = module.function(call)
            around = module.source(module.statement(call)) + (function.name if function else "")
            if numbers and not _TELLS_APART.search(around):
                yield module, numbers[0]


def guessable_secrets(project: Project, service: Service, modules: Modules) -> Iterator[Flow]:
    """Yield the values of such a generator that get the name of a secret, or are returned by one."""
    seen = set()
    for flow in flows(project, service, modules, RANDOM):
        cause = (flow.source[1], flow.entry)
        if flow.kind is Kind.SECRET and cause not in seen:
            seen.add(cause)  # what was made once may be kept in several places
            yield flow
