"""Floor 1: what the project is: services, frameworks, manifests, runtime, CI and containers."""

from buttress.project.inspection import inspect_project
from buttress.project.selection import select_service

__all__ = ["inspect_project", "select_service"]
