"""The code of a tree, with what was read from it so far: each thing is read once."""

from __future__ import annotations

from dataclasses import dataclass, field

from buttress.project.deployment import Deployment
from buttress.project.folders import Listing
from buttress.project.modules import OwnModules
from buttress.project.reachability import ImportGraphs
from buttress.project.routers import RouteReader
from buttress.source import Tree


@dataclass(frozen=True)
class Codebase:
    """What all parts of an inspection share.

    Attributes:
        modules: The project's own modules.
        deployment: What starts them.
        listing: All files by their folder.
        graphs: What they import, by import root.
        routes: What they answer.
    """

    modules: OwnModules
    deployment: Deployment
    listing: Listing = field(init=False)
    graphs: ImportGraphs = field(init=False)
    routes: RouteReader = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "listing", Listing(self.modules.tree))
        object.__setattr__(self, "graphs", ImportGraphs(self.modules))
        object.__setattr__(self, "routes", RouteReader(self.modules))

    @property
    def tree(self) -> Tree:
        """The files."""
        return self.modules.tree
