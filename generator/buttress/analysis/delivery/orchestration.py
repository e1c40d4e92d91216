"""Manifests that tell an orchestrator what to run: workloads of Kubernetes with their containers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from buttress.project.documents import line_of, table
from buttress.project.model import Place
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_LARGEST = 128 * 1024
_WORKLOAD = lazy_pattern(r"^kind:\s*[\"']?(Deployment|StatefulSet|DaemonSet)\b", re.MULTILINE)
_LOCK = lazy_pattern(r"lock|compose|\.github/|workflows/")


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a workload.

    Attributes:
        place: Where it is described.
        name: Its name.
        has_limits: Whether it may only use so much memory.
        has_probe: Whether somebody asks whether it is alive or ready.
    """

    place: Place
    name: str
    has_limits: bool
    has_probe: bool


def manifests(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield the paths and texts of files that describe workloads."""
    for path in tree.paths:
        if path.endswith((".yml", ".yaml")) and not _LOCK.search(path):
            text = tree.text(path)
            if text is not None and len(text.content) <= _LARGEST and "kind:" in text.content:
                yield path, text.content


def containers(tree: Tree) -> list[Container]:
    """Return the containers of all workloads; templates that are no YAML are left out."""
    found: list[Container] = []
    for path, text in manifests(tree):
        if _WORKLOAD.search(text):
            found.extend(_containers(path, text))
    return found


def _containers(path: str, text: str) -> Iterator[Container]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="safe", pure=True)
    reader.allow_duplicate_keys = True
    try:
        documents = list(reader.load_all(text))
    except (YAMLError, RecursionError, ValueError, TypeError, KeyError, AttributeError):
        return
    for document in documents:
        if not isinstance(document, Mapping) or not _WORKLOAD.search(
            f"kind: {document.get('kind')}"
        ):
            continue
        pod = table(document, "spec", "template", "spec")
        listed = pod.get("containers")
        for container in listed if isinstance(listed, list) else ():
            if isinstance(container, Mapping):
                name = str(container.get("name", ""))
                limits = table(container, "resources", "limits")
                probes = {"livenessProbe", "readinessProbe"} & container.keys()
                place = Place(path, line_of(text, "containers:", name))
                yield Container(place, name, "memory" in limits, bool(probes))
