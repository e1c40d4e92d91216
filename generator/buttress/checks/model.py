"""What a check is and what it finds."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property

from buttress.analysis.normal_form import normal_form
from buttress.project.model import Place, Project, Role, Service
from buttress.source import Module, Modules


class Pillar(StrEnum):
    """What production readiness rests on."""

    ARCHITECTURE = "Architecture"
    SECURITY = "Security"
    TESTING = "Testing"
    OBSERVABILITY = "Observability"
    CICD = "CI/CD"
    INFRASTRUCTURE = "Infrastructure"


class Risk(StrEnum):
    """How much is at stake."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Confidence(StrEnum):
    """How often a finding is true: high 95 %, medium 80 %, low: listed for review, not scored."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Kind(StrEnum):
    """``presence``: a control exists or not; ``ratio``: share of places; ``instance``: a hazard."""

    PRESENCE = "presence"
    RATIO = "ratio"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class Share:
    """What many places have in common that are mended at another place, all together.

    They are shown as one finding, ``No test calls 9 of 14 routes: GET /, GET /items, ...``. Each of them
    still counts in the score, can be accepted, and is known to a baseline by itself.

    Attributes:
        name: What stands at this place (``GET /items``).
        of: How many of its kind there are, the good ones too.
        claim: What is wrong, up to the count (``No test calls``).
        kind: What is counted, as a plural (``routes``).
    """

    name: str
    of: int
    claim: str
    kind: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a check fails.

    Attributes:
        place: Path, line and column; a missing control is anchored at the manifest or the app.
        message: One sentence about this place. Never holds a secret.
        symbol: Dotted class and function that the place stands in, for the fingerprint.
        evidence: The normalised code (or text) at the place, for the fingerprint only.
        share: What it is a part of, where many places are one finding to their reader.
        by_hand: Whether the recipe of the check cannot mend this place.
    """

    place: Place
    message: str
    symbol: str = ""
    evidence: str = ""
    share: Share | None = None
    by_hand: bool = False


class NotApplicable(Exception):  # noqa: N818 - a result, not an error
    """Raised by a check whose subject the project does not have; the reason is a fact."""


class Unknown(Exception):  # noqa: N818 - a result, not an error
    """Raised by a check that cannot tell; it leaves the denominator of the score."""


@dataclass(frozen=True)
class Subject:
    """What a check looks at: one service of a project."""

    project: Project
    service: Service
    _modules: dict[Role, Modules] = field(default_factory=dict, repr=False, compare=False)

    def modules(self, role: Role) -> Modules:
        """Return the service's Python files of a role that parse, in the order of their paths."""
        found = self._modules.get(role)
        if found is None:
            files = map(self.project.tree.module, self.service.files(role))
            parsed = (module for module in files if module.problem is None)
            found = Modules(parsed, self.project.tree.words)
            self._modules[role] = found
        return found

    def wired(self) -> Modules:
        """Return the app's modules that its entry point imports: only there a control is at work."""
        return self._wired

    @cached_property
    def _wired(self) -> Modules:
        reached = self.service.reachable | {self.service.app.place.path}
        return self.modules(Role.APP).where(lambda module: module.path in reached)

    @property
    def anchor(self) -> Place:
        """Where a missing control is reported: the manifest, else the app object."""
        manifest = self.service.manifest
        return Place(manifest.path) if manifest is not None else self.service.app.place

    def finding(
        self, module: Module, node: ast.expr | ast.stmt | ast.ExceptHandler, message: str
    ) -> Finding:
        """Return a finding at a node, with what identifies it however lines move."""
        column = module.span(node)[0] - module.line_span(node.lineno)[0] + 1
        place = Place(module.path, node.lineno, column)
        return Finding(place, message, module.symbol(node), normal_form(node))


Function = Callable[[Subject], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """A registered check; the metadata is what the scorecard weighs and the docs print.

    Attributes:
        id: Stable id (``OBS-PRINT``).
        title: What is wrong when it fails, as a short statement.
        pillar: Where it counts.
        risk: How much.
        kind: How it counts.
        confidence: How often a finding is true.
        recipe: The recipe that fixes it, if there is one.
        function: Yields the findings of a subject.
        documentation: Why it matters, with a bad and a good example.
        standards: What it rests on (``CWE-89``, ``OWASP A05:2025``).
        peers: Rules of other tools that find the same (``bandit:B608``, ``ruff:S608``); where code
            carries their suppression comment, the finding counts as accepted.
    """

    id: str
    title: str
    pillar: Pillar
    risk: Risk
    kind: Kind
    confidence: Confidence
    recipe: str | None
    function: Function
    documentation: str
    standards: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()


_CHECKS: dict[str, Check] = {}


def check(
    id_: str,
    title: str,
    *,
    pillar: Pillar,
    risk: Risk,
    kind: Kind,
    confidence: Confidence = Confidence.HIGH,
    recipe: str | None = None,
    standards: tuple[str, ...] = (),
    peers: tuple[str, ...] = (),
) -> Callable[[Function], Function]:
    """Register a check.

    Args:
        id_: Stable id (``OBS-PRINT``).
        title: What is wrong when it fails, as a short statement.
        pillar: Where it counts.
        risk: How much.
        kind: How it counts.
        confidence: How often a finding is true.
        recipe: The recipe that fixes it, if there is one.
        standards: What it rests on.
        peers: Rules of other tools that find the same.
    """

    def register(function: Function) -> Function:
        if id_ in _CHECKS:
            raise ValueError(f"two checks are called {id_}")
        text = (function.__doc__ or "").strip()
        _CHECKS[id_] = Check(
            id_,
            title,
            pillar,
            risk,
            kind,
            confidence,
            recipe,
            function,
            text,
            standards,
            peers,
        )
        return function

    return register


@cache
def checks() -> Mapping[str, Check]:
    """Return all checks by id; the modules of this room are imported on the first call."""
    package = importlib.import_module("buttress.checks")
    for found in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"buttress.checks.{found.name}")
    return dict(sorted(_CHECKS.items()))
