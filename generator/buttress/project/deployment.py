"""Everything that says how a project is started, the strongest evidence first."""

from __future__ import annotations

from dataclasses import dataclass

from buttress.project.folders import folder_of
from buttress.project.images import ImageReader, Images
from buttress.project.modules import OwnModules
from buttress.project.start_files import StartFiles
from buttress.project.starts import Resolver, Start


@dataclass(frozen=True)
class Deployment:
    """What was found.

    Attributes:
        starts: Commands, those that say most first.
        images: Dockerfiles, and how they are built.
    """

    starts: tuple[Start, ...]
    images: Images


def read_deployment(modules: OwnModules) -> Deployment:
    """Read all start commands of a tree, hidden folders aside."""
    resolver = Resolver(modules)
    paths = [path for path in modules.tree.paths if not _is_hidden(path)]
    images = ImageReader(resolver, paths)
    files = StartFiles(resolver)
    starts = [*images.starts(), *(start for path in paths for start in files.starts(path))]
    return Deployment(tuple(sorted(starts, key=lambda item: -item.strength)), images.found)


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in folder_of(path).split("/") if part)
