"""Images: what Dockerfiles and compose files start, in the file system that they build."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from buttress.project.dockerfile import (
    Dockerfile,
    command_words,
    default_context,
    is_dockerfile,
    read_dockerfile,
)
from buttress.project.documents import line_of, read_yaml, table, text_of
from buttress.project.folders import folder_of, name_of, normalized
from buttress.project.model import Place
from buttress.project.starts import (
    DEPLOYED,
    MANAGED,
    SCRIPTED,
    Evidence,
    Resolver,
    Start,
    World,
    folder_world,
    image_world,
)
from buttress.source.patterns import lazy_pattern

COMPOSE = lazy_pattern(r"(?:docker-)?compose[\w.-]*\.ya?ml\Z")
"""Lower-case names of compose files."""

_FOR_DEVELOPMENT = lazy_pattern(r"dev|test|debug|local|lint|override", re.IGNORECASE)
_FOR_PRODUCTION = lazy_pattern(r"prod|release", re.IGNORECASE)
_RELOADING = lazy_pattern(r"--reload\b|--debug\b|\bfastapi dev\b|\brunserver\b")


@dataclass(frozen=True)
class Build:
    """How a Dockerfile is built and run: with which context, stage and ports."""

    context: str
    target: str = ""
    ports: tuple[int, ...] = ()
    place: Place | None = None


@dataclass
class Images:
    """What was found.

    Attributes:
        dockerfiles: By path.
        builds: By the path of the Dockerfile, as compose files say.
    """

    dockerfiles: dict[str, Dockerfile] = field(default_factory=dict)
    builds: dict[str, list[Build]] = field(default_factory=dict)

    def contexts(self, path: str) -> tuple[str, ...]:
        """Return the build contexts that a Dockerfile may have, likeliest first."""
        known = [build.context for build in self.builds.get(path, ())]
        return tuple(dict.fromkeys([*known, default_context(path), ""]))


class ImageReader:
    """Reads Dockerfiles and compose files.

    Args:
        resolver: Finds the files that commands name.
        paths: Files that may be any of them.
    """

    def __init__(self, resolver: Resolver, paths: list[str]) -> None:
        self.resolver = resolver
        self.tree = resolver.tree
        self.compose_files = [path for path in paths if COMPOSE.match(name_of(path).lower())]
        self.found = Images()
        for path in paths:
            if is_dockerfile(path):
                self.found.dockerfiles[path] = read_dockerfile(self.tree, path)

    def starts(self) -> Iterator[Start]:
        """Yield what compose files and images start."""
        for path in self.compose_files:
            yield from self._compose(path)
        for path in self.found.dockerfiles:
            yield from self._image(path)

    def _compose(self, path: str) -> Iterator[Start]:
        text = text_of(self.tree, path)
        for name, service in table(read_yaml(self.tree, path), "services").items():
            if not isinstance(service, Mapping):
                continue
            build = self._build(path, service)
            ports = tuple(_container_ports(service.get("ports")))
            if build is not None:
                file, context, target = build
                place = Place(path, line_of(text, "services:", f"{name}:"))
                if file in self.found.dockerfiles:
                    self.found.builds.setdefault(file, []).append(
                        Build(context, target, ports, place)
                    )
            words = [
                *command_words(service.get("entrypoint")),
                *command_words(service.get("command")),
            ]
            if words:
                key = "command:" if service.get("command") else "entrypoint:"
                line = line_of(text, "services:", f"{name}:", key)
                world = self._compose_world(path, build, service)
                strength = _compose_strength(path, " ".join(words))
                evidence = Evidence(Place(path, line), "compose command", strength)
                for start in self.resolver.starts(" ".join(words), world, evidence, words):
                    yield replace(start, port=start.port or (ports[0] if ports else None))

    def _build(self, path: str, service: Mapping[str, Any]) -> tuple[str, str, str] | None:
        build = service.get("build")
        if isinstance(build, str):
            build = {"context": build}
        if not isinstance(build, Mapping):
            return None
        context = normalized(folder_of(path), str(build.get("context") or "."))
        if context is None:
            return None
        file = normalized(context, str(build.get("dockerfile") or "Dockerfile"))
        return (file, context, str(build.get("target") or "")) if file is not None else None

    def _compose_world(
        self, path: str, build: tuple[str, str, str] | None, service: Mapping[str, Any]
    ) -> World:
        environment = _environment(service.get("environment"))
        if build is not None and build[0] in self.found.dockerfiles:
            file, context, target = build
            dockerfile = self.found.dockerfiles[file]
            stage = dockerfile.stage(target)
            if stage is not None:
                world = image_world(self.tree, stage, [context])
                return replace(world, environment={**world.environment, **environment})
        folder = build[1] if build is not None else folder_of(path)
        return folder_world(self.tree, folder, environment)

    def _image(self, path: str) -> Iterator[Start]:
        dockerfile = self.found.dockerfiles[path]
        builds = self.found.builds.get(path, [])
        strengths = _stage_strengths(dockerfile, builds)
        for stage in dockerfile.stages:
            words = stage.start_words()
            if words is None:
                continue
            ports = [port for build in builds for port in build.ports]
            ports += [port for port, _ in stage.ports]
            world = image_world(self.tree, stage, self.found.contexts(path))
            place, name = Place(path, words[1].line), words[1].name
            evidence = Evidence(place, f"Dockerfile {name}", strengths.get(stage.line, SCRIPTED))
            for start in self.resolver.aliased(words[0], world, evidence):
                yield replace(start, port=start.port or (ports[0] if ports else None))


def _compose_strength(path: str, command: str) -> int:
    """Return how much a compose command says: most compose files are for one's own machine."""
    if _FOR_DEVELOPMENT.search(name_of(path)):
        return SCRIPTED
    return MANAGED if _RELOADING.search(command) else DEPLOYED


def _stage_strengths(dockerfile: Dockerfile, builds: list[Build]) -> dict[int, int]:
    """Return how much the start command of each stage says, by the line of the stage.

    The last stage is built by default, others where a compose file asks for them; among those, a
    stage for development or tests says less than one for production.
    """
    chosen = {build.target for build in builds if build.target}
    last = dockerfile.stages[-1].line if dockerfile.stages else 0
    found = {
        stage.line: MANAGED if _FOR_DEVELOPMENT.search(stage.name) else DEPLOYED
        for stage in dockerfile.stages
        if stage.line == last or stage.name in chosen or _FOR_PRODUCTION.search(stage.name)
    }
    if DEPLOYED not in found.values():
        found[last] = DEPLOYED
    return found


def _environment(value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {str(name): str(text) for name, text in value.items()}
    pairs = [str(item).partition("=") for item in value] if isinstance(value, list) else []
    return {name: text for name, _, text in pairs}


def _container_ports(value: object) -> Iterator[int]:
    for item in value if isinstance(value, list) else []:
        port = item.get("target") if isinstance(item, Mapping) else item
        text = str(port).rpartition(":")[2].partition("/")[0]
        if text.isdecimal() and 0 < int(text[:6]) < 65536:
            yield int(text)
