"""How the Dockerfiles of a service are used: which stage, with what mounted into it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from buttress.analysis.delivery.images import copied_paths
from buttress.project.model import Framework, Project, Role, Service
from buttress.source import Tree
from buttress.source.dockerfile import parse
from buttress.source.patterns import lazy_pattern
from buttress.source.refusal import RefusedError
from buttress.source.yaml_editor import YamlText

_HEALTH = frozenset({"livez", "live", "healthz", "health", "healthcheck", "health-check", "ping"})
_ABSOLUTE_DATA = lazy_pattern(
    r"sqlite(?:\+\w+)?:////(?!app/|tmp/|code/|src/)|[\"']/(?:data|var|mnt|srv)/"
)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known about an image beside its Dockerfile.

    Attributes:
        target: The stage that a compose file builds; empty if none says so.
        python: The version of Python that the service declares, as ``3.12``.
        port: The port that the service listens on, as other files say.
        has_mounts: Whether a compose file mounts folders or volumes into the container.
        has_other_command: Whether a compose file starts something else in the container.
        has_socket: Whether a compose file hands the socket of the container engine in.
        writes_elsewhere: Whether the code names absolute folders for its data.
        start_file: The file that starts Flask's development server when it is run.
        health_path: What a health check asks for.
    """

    target: str = ""
    python: str | None = None
    port: int | None = None
    has_mounts: bool = False
    has_other_command: bool = False
    has_socket: bool = False
    writes_elsewhere: bool = False
    start_file: str = ""
    health_path: str = "/"


def image_facts(project: Project, service: Service, tree: Tree, path: str) -> ImageFacts:
    """Return what the rest of the project says about one Dockerfile of the service."""
    facts = ImageFacts(
        python=service.python.value if service.python else None,
        port=int(service.port.value) if service.port and service.port.value.isdigit() else None,
        writes_elsewhere=any(
            _ABSOLUTE_DATA.search(text.content)
            for file in service.files(Role.APP)
            if (text := tree.text(file)) is not None
        ),
        start_file=(
            posixpath.basename(service.start_file.path)
            if service.start_file and service.framework is Framework.FLASK
            else ""
        ),
        health_path=health_path(service),
    )
    for compose in project.compose_files:
        for use in _uses(tree, compose, path):
            facts = replace(
                facts,
                target=facts.target or use.target,
                has_mounts=facts.has_mounts or any(not v.endswith(":ro") for v in use.volumes),
                has_other_command=facts.has_other_command or use.has_command,
                has_socket=facts.has_socket or any("docker.sock" in v for v in use.volumes),
            )
    return facts


def health_path(service: Service) -> str:
    """Return the path of a health route without parameters, else the root of the site."""
    for route in service.routes:
        last = route.path.rstrip("/").rpartition("/")[2]
        if last in _HEALTH and "GET" in route.methods and re.fullmatch(r"[/\w.~-]+", route.path):
            return route.path if route.path.startswith("/") else f"/{route.path}"
    return "/"


def build_context(project: Project, path: str) -> str:
    """Return the folder that a Dockerfile is built from: as compose says, else its own.

    Where it copies what only the root of the repository has, that is the root (``""``).
    """
    for compose in project.compose_files:
        for use in _uses(project.tree, compose, path):
            return use.context
    folder = posixpath.dirname(path)
    text = project.tree.text(path)
    sources = copied_paths(parse(text.content)) if text is not None else []
    here = [s for s in sources if _stands(project.tree, posixpath.join(folder, s))]
    above = [s for s in sources if _stands(project.tree, s)]
    return "" if len(above) > len(here) else folder


def _stands(tree: Tree, path: str) -> bool:
    clean = posixpath.normpath(path)
    return clean == "." or clean in tree or bool(tree.below(clean))


@dataclass(frozen=True, slots=True)
class _Use:
    """How one service of a compose file uses an image that it builds."""

    context: str
    target: str
    volumes: tuple[str, ...]
    has_command: bool


def _uses(tree: Tree, compose: str, dockerfile: str) -> Iterator[_Use]:
    text = tree.text(compose)
    if text is None:
        return
    document = YamlText(text.content)
    try:
        names = document.keys(("services",))
    except RefusedError:
        return
    folder = posixpath.dirname(compose)
    for name in names:
        here = ("services", name)
        context = document.scalar((*here, "build")) or document.scalar((*here, "build", "context"))
        if context is None and not document.keys((*here, "build")):
            continue
        file = document.scalar((*here, "build", "dockerfile")) or "Dockerfile"
        at = posixpath.normpath(posixpath.join(folder, context or ".", file))
        if at != dockerfile:
            continue
        volumes = []
        for index in range(document.items((*here, "volumes"))):
            long = (*here, "volumes", index)
            read_only = ":ro" if document.scalar((*long, "read_only")) == "true" else ""
            volume = document.scalar(long) or f"{document.scalar((*long, 'source'))}{read_only}"
            volumes.append(volume)
        inside = posixpath.normpath(posixpath.join(folder, context or "."))
        yield _Use(
            "" if inside == "." else inside,
            document.scalar((*here, "build", "target")) or "",
            tuple(volumes),
            document.node((*here, "command")) is not None
            or document.node((*here, "entrypoint")) is not None,
        )
