"""Everything that says how a project is started: images, platforms, process managers, scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from buttress.project.commands import split_words
from buttress.project.dockerfile import (
    Dockerfile,
    default_context,
    exec_form,
    is_dockerfile,
    read_dockerfile,
)
from buttress.project.documents import line_of, read_json, read_toml, read_yaml, table, text_of
from buttress.project.folders import folder_of, join, name_of, normalized
from buttress.project.model import Place
from buttress.project.modules import OwnModules
from buttress.project.starts import (
    DEPLOYED,
    MANAGED,
    SCRIPTED,
    WRITTEN,
    Evidence,
    Resolver,
    Start,
    World,
    folder_world,
    image_world,
    logical_lines,
)
from buttress.source import Tree

COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml\Z")
_SERVER_LINE = re.compile(
    r"\b(?:uvicorn|gunicorn|hypercorn|granian|daphne|waitress-serve|flask (?:--?\w+[ =]\S+ )*run|fastapi (?:run|dev)"
    r"|streamlit run|python3? (?!-m (?:pip|venv|pytest|unittest))\S)"
)
_SCRIPT_TABLES = (("pdm", "scripts"), ("poe", "tasks"), ("taskipy", "tasks"))
_FOR_DEVELOPMENT = re.compile(r"dev|test|debug|local|lint", re.IGNORECASE)
_FOR_PRODUCTION = re.compile(r"prod|release", re.IGNORECASE)
_LONGEST_LINE = 400
_TARGET_TEXT = re.compile(r"[\"']([A-Za-z_][\w.]*:[A-Za-z_]\w*(?: [^\"'\n]*)?)[\"']")


@dataclass(frozen=True)
class Build:
    """How a Dockerfile is built and run: with which context, stage and ports."""

    context: str
    target: str = ""
    ports: tuple[int, ...] = ()
    place: Place | None = None


@dataclass
class Deployment:
    """What was found.

    Attributes:
        starts: Commands, in the order in which they were read.
        dockerfiles: By path.
        builds: By the path of the Dockerfile, as compose files say.
    """

    starts: list[Start] = field(default_factory=list)
    dockerfiles: dict[str, Dockerfile] = field(default_factory=dict)
    builds: dict[str, list[Build]] = field(default_factory=dict)

    def contexts(self, path: str) -> tuple[str, ...]:
        """Return the build contexts that a Dockerfile may have, likeliest first."""
        known = [build.context for build in self.builds.get(path, ())]
        return tuple(dict.fromkeys([*known, default_context(path), ""]))


def read_deployment(modules: OwnModules) -> Deployment:
    """Read all start commands of a tree."""
    return _Reader(modules).read()


class _Reader:
    def __init__(self, modules: OwnModules) -> None:
        self.modules = modules
        self.tree: Tree = modules.tree
        self.resolver = Resolver(modules)
        self.found = Deployment()

    def read(self) -> Deployment:
        paths = [path for path in self.tree.paths if not _is_hidden(path)]
        for path in paths:
            if is_dockerfile(path):
                self.found.dockerfiles[path] = read_dockerfile(self.tree, path)
        for path in paths:
            if COMPOSE.match(name_of(path).lower()):
                self.found.starts += self._compose(path)
        for path in self.found.dockerfiles:
            self.found.starts += self._image(path)
        for path in paths:
            reader = _READERS.get(name_of(path).lower()) or _by_ending(path)
            if reader is not None:
                self.found.starts += reader(self, path)
        self.found.starts.sort(key=lambda start: -start.strength)
        return self.found

    # -- images ----------------------------------------------------------------------------

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
            words = [*_words(service.get("entrypoint")), *_words(service.get("command"))]
            if words:
                key = "command:" if service.get("command") else "entrypoint:"
                line = line_of(text, "services:", f"{name}:", key)
                world = self._compose_world(path, build, service)
                evidence = Evidence(Place(path, line), "compose command", DEPLOYED)
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
            for start in self._aliased(words[0], world, evidence):
                yield replace(start, port=start.port or (ports[0] if ports else None))

    def _aliased(self, words: list[str], world: World, evidence: Evidence) -> Iterator[Start]:
        """Yield the starts of a command, also of one that stands under a name in a manifest."""
        found = list(self.resolver.starts(" ".join(words), world, evidence, words))
        if not found and "run" in words[:-1]:
            alias = words[words.index("run") + 1]
            for manifest in ("pyproject.toml", "Pipfile"):
                path = world.file(manifest)
                for name, text in _toml_scripts(self.tree, path) if path else ():
                    if name == alias:
                        found += self.resolver.starts(text, world, evidence)
        yield from found

    # -- one line per process ----------------------------------------------------------------

    def _flaskenv(self, folder: str) -> dict[str, str]:
        text = text_of(self.tree, join(folder, ".flaskenv"))
        pairs = (line.partition("=") for line in text.splitlines())
        return {
            name.removeprefix("export ").strip(): value.strip().strip("\"'")
            for name, _, value in pairs
            if "FLASK_APP" in name
        }

    def procfile(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path), self._flaskenv(folder_of(path)))
        for number, line in logical_lines(text_of(self.tree, path)):
            kind, _, text = line.partition(":")
            if kind.strip() != "release":
                evidence = Evidence(Place(path, number), "Procfile", DEPLOYED)
                yield from self._aliased(split_words(text), world, evidence)

    def _texts(self, path: str, texts: Iterator[str] | list[str], reason: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path))
        whole = text_of(self.tree, path)
        for text in texts:
            line = line_of(whole, text.strip().partition("\n")[0][:40])
            yield from self.resolver.starts(
                text, world, Evidence(Place(path, line), reason, DEPLOYED)
            )

    def fly(self, path: str) -> Iterator[Start]:
        data = read_toml(self.tree, path)
        texts = [str(text) for text in table(data, "processes").values()]
        yield from self._texts(path, texts, "fly.toml")

    def railway(self, path: str) -> Iterator[Start]:
        data = read_json(self.tree, path) if path.endswith("json") else read_toml(self.tree, path)
        texts = [table(data, "deploy").get("startCommand"), table(data, "start").get("cmd")]
        yield from self._texts(
            path, [text for text in texts if isinstance(text, str)], name_of(path)
        )

    def render(self, path: str) -> Iterator[Start]:
        data = read_yaml(self.tree, path)
        whole = text_of(self.tree, path)
        services = data.get("services")
        for service in services if isinstance(services, list) else []:
            text = service.get("startCommand") if isinstance(service, Mapping) else None
            if isinstance(text, str):
                folder = normalized(folder_of(path), str(service.get("rootDir") or "."))
                world = folder_world(self.tree, folder or "")
                place = Place(path, line_of(whole, "startCommand", text[:30]))
                evidence = Evidence(place, "render.yaml", DEPLOYED)
                yield from self.resolver.starts(text, world, evidence)

    def app_engine(self, path: str) -> Iterator[Start]:
        text = read_yaml(self.tree, path).get("entrypoint")
        yield from self._texts(path, [text] if isinstance(text, str) else [], "app.yaml")

    def replit(self, path: str) -> Iterator[Start]:
        data = read_toml(self.tree, path)
        for run in (table(data, "deployment").get("run"), data.get("run")):
            words = _words(run)
            if words:
                world = folder_world(self.tree, folder_of(path))
                place = Place(path, line_of(text_of(self.tree, path), "run", words[0]))
                evidence = Evidence(place, ".replit", DEPLOYED)
                yield from self.resolver.starts(" ".join(words), world, evidence, words)

    def vercel(self, path: str) -> Iterator[Start]:
        data = read_json(self.tree, path)
        sources = [
            item.get("src")
            for item in (data.get("builds") if isinstance(data.get("builds"), list) else []) or []
            if isinstance(item, Mapping)
        ]
        texts = [f"python {src}" for src in sources if isinstance(src, str) and src.endswith(".py")]
        world = folder_world(self.tree, folder_of(path))
        for text in texts:
            place = Place(path, line_of(text_of(self.tree, path), text.removeprefix("python ")))
            evidence = Evidence(place, "vercel.json", DEPLOYED)
            yield from self.resolver.starts(text, world, evidence)

    # -- process managers, scripts, prose ------------------------------------------------------

    def pm2(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path), or_above=True)
        text = text_of(self.tree, path)
        for match in _TARGET_TEXT.finditer(text):
            place = Place(path, text.count("\n", 0, match.start()) + 1)
            evidence = Evidence(place, name_of(path), MANAGED)
            yield from self.resolver.starts(match[1], world, evidence)

    def unit(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path), or_above=True)
        for number, line in logical_lines(text_of(self.tree, path)):
            key, _, text = line.partition("=")
            if key.strip() in {"ExecStart", "command"}:
                evidence = Evidence(Place(path, number), name_of(path), MANAGED)
                yield from self.resolver.starts(text, world, evidence)

    def package_json(self, path: str) -> Iterator[Start]:
        scripts = table(read_json(self.tree, path), "scripts")
        whole = text_of(self.tree, path)
        world = folder_world(self.tree, folder_of(path))
        for name, text in scripts.items():
            if isinstance(text, str) and _SERVER_LINE.search(text):
                place = Place(path, line_of(whole, '"scripts"', f'"{name}"'))
                evidence = Evidence(place, "package.json script", SCRIPTED)
                yield from self.resolver.starts(text, world, evidence)

    def pyproject(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path))
        whole = text_of(self.tree, path)
        for name, text in _toml_scripts(self.tree, path):
            if _SERVER_LINE.search(text):
                place = Place(path, line_of(whole, text[:40]))
                evidence = Evidence(place, f"script {name}", SCRIPTED)
                yield from self.resolver.starts(text, world, evidence)

    def shell(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path))
        evidence = Evidence(Place(path), name_of(path), SCRIPTED)
        for start in self.resolver.script(path, world, evidence):
            if start.command.is_web_server:
                yield start

    def makefile(self, path: str) -> Iterator[Start]:
        yield from self._server_lines(path, "Makefile", SCRIPTED)

    def readme(self, path: str) -> Iterator[Start]:
        yield from self._server_lines(path, "README", WRITTEN)

    def _server_lines(self, path: str, reason: str, strength: int) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path))
        for number, line in enumerate(text_of(self.tree, path).splitlines(), 1):
            match = _SERVER_LINE.search(line) if len(line) < _LONGEST_LINE else None
            if match is None:
                continue
            before = re.search(r"\bcd \S+ *(?:&&|;)", line[: match.start()])
            text = line[before.start() if before else match.start() :].partition("`")[0]
            evidence = Evidence(Place(path, number), reason, strength)
            for start in self.resolver.starts(text, world, evidence):
                if start.path is not None:
                    yield start


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


_READERS = {
    "procfile": _Reader.procfile,
    "fly.toml": _Reader.fly,
    "railway.json": _Reader.railway,
    "railway.toml": _Reader.railway,
    "nixpacks.toml": _Reader.railway,
    "render.yaml": _Reader.render,
    "app.yaml": _Reader.app_engine,
    ".replit": _Reader.replit,
    "vercel.json": _Reader.vercel,
    "package.json": _Reader.package_json,
    "pyproject.toml": _Reader.pyproject,
    "pipfile": _Reader.pyproject,
    "makefile": _Reader.makefile,
    "readme.md": _Reader.readme,
    "readme.rst": _Reader.readme,
    "readme.txt": _Reader.readme,
    "readme": _Reader.readme,
}

PLATFORM_FILES = frozenset(
    [
        "procfile",
        "fly.toml",
        "railway.json",
        "railway.toml",
        "nixpacks.toml",
        "render.yaml",
        "app.yaml",
        ".replit",
        "vercel.json",
        "heroku.yml",
        "netlify.toml",
        "serverless.yml",
        "zappa_settings.json",
        "apprunner.yaml",
    ]
)
"""Lower-case names of files that a platform reads to start services."""


def _by_ending(path: str) -> Any:
    name = name_of(path).lower()
    if name.endswith(".sh"):
        return _Reader.shell
    if name.startswith(("ecosystem.config.", "pm2.config.", "process.json")):
        return _Reader.pm2
    if name.endswith(".service") or (name.startswith("supervisor") and name.endswith(".conf")):
        return _Reader.unit
    return _Reader.unit if "supervisor" in folder_of(path) and name.endswith(".conf") else None


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in folder_of(path).split("/") if part)


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return exec_form(value)
    return [str(word) for word in value] if isinstance(value, list) else []


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


def _toml_scripts(tree: Tree, path: str) -> Iterator[tuple[str, str]]:
    data = read_toml(tree, path)
    for keys in (("scripts",), *(("tool", *keys) for keys in _SCRIPT_TABLES)):
        for name, value in table(data, *keys).items():
            text = value
            if isinstance(value, Mapping):
                text = value.get("cmd") or value.get("shell")
            if isinstance(text, str):
                yield name, text
