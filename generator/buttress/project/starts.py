"""Which file a start command names: resolved in the folder or the image that it runs in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from buttress.project.commands import Command, read_command
from buttress.project.dockerfile import Stage, file_in_image, image_path
from buttress.project.documents import read_toml, table
from buttress.project.folders import folder_of, join, normalized, upwards
from buttress.project.model import Place
from buttress.project.modules import OwnModules
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

DEPLOYED, MANAGED, SCRIPTED, WRITTEN = 5, 4, 3, 1
"""How much a command says: what a platform runs, a process manager, a script, a README."""

_SCRIPT_TABLES = (("pdm", "scripts"), ("poe", "tasks"), ("taskipy", "tasks"))
_DEFAULT_FILES = {
    "flask": ("wsgi.py", "app.py"),
    "fastapi": ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py"),
}
_INTERESTING = lazy_pattern(
    r"uvicorn|gunicorn|hypercorn|granian|daphne|waitress|uwsgi|flask|fastapi|streamlit|celery"
    r"|python|\.py\b|\.sh\b|\w:\w"
)


@dataclass(frozen=True)
class Start:
    """A command that starts something, with where it stands and what it names.

    Attributes:
        command: As read.
        place: Where it is written.
        reason: What kind of place that is (``Dockerfile CMD``).
        strength: ``DEPLOYED`` to ``WRITTEN``.
        path: The Python file of the tree that it names, if that is known.
        root: The folder that must be on ``sys.path`` for it to work, if that is known.
        port: The port that the command or its surroundings name.
    """

    command: Command
    place: Place
    reason: str
    strength: int
    path: str | None = None
    root: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a command is written and how much that says.

    Attributes:
        place: The line.
        reason: What kind of place it is (``Dockerfile CMD``).
        strength: ``DEPLOYED`` to ``WRITTEN``.
    """

    place: Place
    reason: str
    strength: int


@dataclass(frozen=True)
class World:
    """The file system that a command sees.

    Attributes:
        file: Returns the path of the tree for a path that a command names.
        python_path: Folders on ``sys.path`` beside the current one, as a command names them.
        environment: Variables that are set.
    """

    file: Callable[[str], str | None]
    python_path: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def folder_world(
    tree: Tree, folder: str, environment: dict[str, str] | None = None, *, or_above: bool = False
) -> World:
    """Return the world of a command that runs in a folder of the tree, or in one above it."""
    folders = list(upwards(folder)) if or_above else [folder]

    def file(path: str) -> str | None:
        for base in folders:
            found = normalized(base, path.lstrip("/"))
            if found is not None and found in tree:
                return found
        return None

    return World(file, ("src",), environment or {})


def image_world(tree: Tree, stage: Stage, contexts: Sequence[str]) -> World:
    """Return the world of a command that runs in an image; the first fitting context counts."""

    def file(path: str) -> str | None:
        inside = image_path(stage, path)
        for context in contexts:
            found = file_in_image(tree, stage, context, inside)
            if found is not None:
                return found
        return None

    path = stage.environment.get("PYTHONPATH", "")
    return World(file, tuple(part for part in path.split(":") if part), dict(stage.environment))


class Resolver:
    """Turns commands into starts.

    Args:
        modules: The project's own modules.
    """

    def __init__(self, modules: OwnModules) -> None:
        self.modules = modules
        self.tree = modules.tree

    def starts(
        self, text: str, world: World, evidence: Evidence, words: list[str] | None = None
    ) -> Iterator[Start]:
        """Yield what a command line starts, also through shell scripts that it calls.

        Args:
            text: The command line.
            world: What it sees.
            evidence: Where it is written.
            words: The command line where it is a list already.
        """
        commands = read_command(text, world.environment, words)
        for command in commands:
            yield self.resolve(command, world, evidence)
        if not commands:
            for word in words or text.split():
                if word.endswith(".sh"):
                    script = world.file(word)
                    if script is not None:
                        yield from self.script(script, world, evidence)

    def aliased(self, words: list[str], world: World, evidence: Evidence) -> Iterator[Start]:
        """Yield the starts of a command, also of one that stands under a name in a manifest."""
        found = list(self.starts(" ".join(words), world, evidence, words))
        if not found and "run" in words[:-1]:
            alias = words[words.index("run") + 1]
            for manifest in ("pyproject.toml", "Pipfile"):
                path = world.file(manifest)
                for name, text in manifest_scripts(self.tree, path) if path else ():
                    if name == alias:
                        found += self.starts(text, world, evidence)
        yield from found

    def script(self, path: str, world: World, evidence: Evidence) -> Iterator[Start]:
        """Yield what the lines of a shell script start."""
        text = self.tree.text(path)
        if text is None:
            return
        before = ""
        for number, line in logical_lines(text.content):
            if line.startswith("cd ") and "&&" not in line and ";" not in line:
                before = line + " && "
            elif _INTERESTING.search(line) and not line.startswith(("echo", "printf", "pip ")):
                here = replace(evidence, place=Place(path, number))
                for command in read_command(before + line, world.environment):
                    yield self.resolve(command, world, here)

    def resolve(self, command: Command, world: World, evidence: Evidence) -> Start:
        """Find the file that a command names."""
        path = root = None
        place = evidence.place
        if command.script:
            path, root = self._script(command, world, place)
        elif command.module:
            path, root = self._module(command.module, command.folder, world, place)
        elif command.server in _DEFAULT_FILES:
            path, root, command = self._by_default(command, world, place)
        return Start(command, place, evidence.reason, evidence.strength, path, root, command.port)

    def _by_default(
        self, command: Command, world: World, place: Place
    ) -> tuple[str | None, str | None, Command]:
        """Find what ``flask run`` and ``fastapi run`` start when they are told nothing."""
        manifest = world.file(posixpath.join(command.folder, "pyproject.toml"))
        if command.server == "fastapi" and manifest is not None:
            # https://fastapi.tiangolo.com/fastapi-cli/: the entry point that the manifest gives
            given = table(read_toml(self.tree, manifest), "tool", "fastapi").get("entrypoint")
            module, _, name = str(given or "").partition(":")
            if module and name:
                path, root = self._module(module, command.folder, world, place)
                return path, root, replace(command, module=module, attribute=name)
        for name in _DEFAULT_FILES[command.server]:
            if world.file(posixpath.join(command.folder, name)) is not None:
                return *self._script(replace(command, script=name), world, place), command
        return None, None, command

    def _script(
        self, command: Command, world: World, place: Place
    ) -> tuple[str | None, str | None]:
        script = command.script or ""
        found = world.file(posixpath.join(command.folder, script))
        if found is None:
            found = self._by_suffix(re.sub(r"\A(\./|/.*/)", "", script), place)
        if found is None or found not in self.modules:
            return None, None
        root = folder_of(found)
        if command.server in {"fastapi", "flask"}:
            # both climb out of packages before they import
            root = next(f for f in upwards(root) if join(f, "__init__.py") not in self.modules)
        return found, root

    def _module(
        self, dotted: str, folder: str, world: World, place: Place
    ) -> tuple[str | None, str | None]:
        inside = dotted.replace(".", "/")
        for base in (folder, *world.python_path):
            for tail in (inside + "/__init__.py", inside + ".py"):
                found = world.file(posixpath.join(base, tail))
                if found is not None and found in self.modules:
                    return found, _without(found, tail)
        for tail in (inside + "/__init__.py", inside + ".py"):
            found = self._by_suffix(join(folder.strip("/."), tail), place) or self._by_suffix(
                tail, place
            )
            if found is not None:
                return found, _without(found, tail)
        return None, None

    def _by_suffix(self, tail: str, place: Place) -> str | None:
        tail = posixpath.normpath(tail).lstrip("/")
        fitting = [p for p in self.modules.paths if p == tail or p.endswith("/" + tail)]
        if not fitting:
            return None
        near = {folder: n for n, folder in enumerate(upwards(folder_of(place.path)))}

        def distance(path: str) -> tuple[int, int, str]:
            nearest = next(near[f] for f in upwards(folder_of(path)) if f in near)
            return nearest, path.count("/"), path

        return min(fitting, key=distance)


def _without(path: str, tail: str) -> str | None:
    if path == tail:
        return ""
    return path.removesuffix("/" + tail) if path.endswith("/" + tail) else None


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a script with their numbers, continued ones joined, comments left out."""
    pending, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#"):
            continue
        first = first or number
        if stripped.endswith("\\"):
            pending += stripped[:-1] + " "
            continue
        yield first, pending + stripped
        pending, first = "", 0


def manifest_scripts(tree: Tree, path: str) -> Iterator[tuple[str, str]]:
    """Yield the commands that a ``pyproject.toml`` or ``Pipfile`` gives names to."""
    data = read_toml(tree, path)
    for keys in (("scripts",), *(("tool", *keys) for keys in _SCRIPT_TABLES)):
        for name, value in table(data, *keys).items():
            text = value
            if isinstance(value, Mapping):
                text = value.get("cmd") or value.get("shell")
            if isinstance(text, str):
                yield name, text
