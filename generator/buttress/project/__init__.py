"""Floor 1: what the project is: services, frameworks, manifests, runtime, CI and containers."""

from buttress.project.model import Project
from buttress.project.selection import select_service
from buttress.source import Tree

__all__ = ["inspect_project", "select_service"]


def inspect_project(tree: Tree) -> Project:
    """Return what a tree is: its facts, each with the place it was read from.

    Args:
        tree: The files; none of them is run.
    """
    # imported here, because who knows the facts of a tree from an earlier run needs only their model
    from buttress.project.inspection import inspect_project as inspect

    return inspect(tree)
