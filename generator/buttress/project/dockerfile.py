"""Dockerfiles: stages, what they copy, and which file of the tree a path in the image is."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from buttress.project.documents import text_of
from buttress.project.folders import folder_of, name_of, normalized
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_STAGE = lazy_pattern(r"(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?\s*\Z", re.IGNORECASE)
_VARIABLE = lazy_pattern(r"\$\{?(\w+)(?::?-([^}]*))?\}?")
_HEREDOC = lazy_pattern(r"<<-?\s*[\"']?(\w+)[\"']?")
_MOST_STAGES = 40
_MOST_READ = 400
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in upper case, the rest of the logical line, its first line."""

    name: str
    value: str
    line: int


@dataclass
class Stage:
    """One stage of a build.

    Attributes:
        image: What it starts from, with arguments of the build filled in.
        name: The name after ``AS``.
        line: The line of its ``FROM``.
        base: The earlier stage it starts from, if it does.
        environment: Variables that are set at its end.
        working_folder: At its end.
        copies: From where (``None``: the build context), source and destination.
        commands: ``RUN`` instructions.
        start: ``CMD`` and ``ENTRYPOINT``.
        ports: ``EXPOSE``.
    """

    image: str
    name: str
    line: int
    base: Stage | None = None
    environment: dict[str, str] = field(default_factory=dict)
    working_folder: str = "/"
    copies: list[tuple[Stage | None, str, str]] = field(default_factory=list)
    commands: list[Instruction] = field(default_factory=list)
    start: dict[str, Instruction] = field(default_factory=dict)
    ports: list[tuple[int, int]] = field(default_factory=list)

    def chain(self) -> Iterator[Stage]:
        """Yield the stage and those it starts from."""
        stage: Stage | None = self
        for _ in range(_MOST_STAGES):
            if stage is None:
                return
            yield stage
            stage = stage.base

    def start_words(self) -> tuple[list[str], Instruction] | None:
        """Return the words of ``ENTRYPOINT`` and ``CMD`` together, and where they stand."""
        entry, command = self.start.get("ENTRYPOINT"), self.start.get("CMD")
        place = command or entry
        if place is None:
            return None
        words = [*(exec_form(entry.value) if entry else [])]
        if command is not None and (entry is None or entry.value.lstrip().startswith("[")):
            words += exec_form(command.value)
        return words, place


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile as read.

    Attributes:
        path: Relative to the root of the tree.
        stages: In their order.
    """

    path: str
    stages: tuple[Stage, ...]

    def stage(self, name: str = "") -> Stage | None:
        """Return a stage by its name, the last one by default."""
        named = [stage for stage in self.stages if stage.name == name and name]
        if named:
            return named[0]
        return self.stages[-1] if self.stages else None


def is_dockerfile(path: str) -> bool:
    """Whether a path names a Dockerfile or Containerfile."""
    name = name_of(path).lower()
    if name.endswith((".dockerignore", ".md", ".py", ".sh", ".jinja", ".j2", ".tmpl")):
        return False
    return name.startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile")


def exec_form(value: str) -> list[str]:
    """Return the words of ``CMD``, be it a JSON list or a shell line."""
    if value.lstrip().startswith("["):
        try:
            words = json.loads(value)
        except (ValueError, RecursionError):
            words = None
        if isinstance(words, list):
            return [str(word) for word in words]
    return ["sh", "-c", value]


def command_words(value: object) -> list[str]:
    """Return the words of a command that YAML gives as a text or as a list; nothing for the rest."""
    if isinstance(value, str):
        return exec_form(value)
    return [str(word) for word in value] if isinstance(value, list) else []


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile, lines that are continued joined."""
    pending = ""
    first = 0
    until = ""
    for number, line in enumerate(text.splitlines(), 1):
        if until:
            until = "" if line.strip() == until else until
            continue
        stripped = line.strip()
        if stripped.startswith("#") or (not stripped and not pending):
            continue
        first = first or number
        if stripped.endswith("\\") or (stripped.endswith("`") and "escape=`" in text[:200]):
            pending += stripped[:-1] + " "
            continue
        name, _, value = (pending + stripped).partition(" ")
        heredoc = _HEREDOC.search(value) if name.upper() in {"RUN", "COPY"} else None
        until = heredoc[1] if heredoc else ""
        yield Instruction(name.upper(), value.strip(), first)
        pending, first = "", 0
    if pending:
        name, _, value = pending.partition(" ")
        yield Instruction(name.upper(), value.strip(), first)


def read_dockerfile(tree: Tree, path: str) -> Dockerfile:
    """Read a Dockerfile; what makes no sense in it is passed over."""
    stages: list[Stage] = []
    arguments: dict[str, str] = {}
    for item in instructions(text_of(tree, path)):
        if item.name == "ARG":
            name, _, value = item.value.partition("=")
            arguments.setdefault(name.strip(), value.strip().strip("\"'"))
        elif item.name == "FROM":
            if len(stages) == _MOST_READ:
                break
            stages.append(_stage(item, stages, arguments))
        elif stages:
            _add(stages[-1], item, stages, arguments)
    return Dockerfile(path, tuple(stages))


def _stage(item: Instruction, stages: list[Stage], arguments: Mapping[str, str]) -> Stage:
    match = _STAGE.match(item.value)
    image, name = (match[1], match[2] or "") if match else (item.value, "")
    image = _filled(image, arguments)
    base = next((stage for stage in stages if stage.name == image), None)
    if base is None:
        return Stage(image, name, item.line)
    return Stage(
        base.image,
        name,
        item.line,
        base,
        dict(base.environment),
        base.working_folder,
        start=dict(base.start),
        ports=list(base.ports),
    )


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    filled = _VARIABLE.sub(lambda match: arguments.get(match[1]) or match[2] or match[0], text)
    # variables that double each other
    return filled if len(filled) <= _LONGEST else text


def _add(
    stage: Stage, item: Instruction, stages: list[Stage], arguments: Mapping[str, str]
) -> None:
    known = {**arguments, **stage.environment}
    if item.name == "WORKDIR":
        folder = _filled(item.value.strip("\"'"), known)
        stage.working_folder = posixpath.normpath(posixpath.join(stage.working_folder, folder))
    elif item.name == "ENV":
        stage.environment.update(_variables(item.value, known))
    elif item.name in {"COPY", "ADD"}:
        _copy(stage, item.value, stages, known)
    elif item.name == "RUN":
        stage.commands.append(item)
    elif item.name in {"CMD", "ENTRYPOINT"}:
        if item.name == "ENTRYPOINT" and "CMD" in stage.start and stage.base is not None:
            # a new entry point resets the command that the base image brought
            stage.start.pop("CMD")
        stage.start[item.name] = item
    elif item.name == "EXPOSE":
        for word in _filled(item.value, known).split():
            port = word.partition("/")[0]
            if port.isdecimal() and 0 < int(port[:6]) < 65536:
                stage.ports.append((int(port), item.line))


def _variables(value: str, known: Mapping[str, str]) -> dict[str, str]:
    if not re.match(r"\w+=", value):
        name, _, text = value.partition(" ")
        return {name: _filled(text.strip().strip("\"'"), known)}
    pairs = re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)", value)
    return {name: _filled(text.strip("\"'"), known) for name, text in pairs}


def _copy(stage: Stage, value: str, stages: list[Stage], known: Mapping[str, str]) -> None:
    source: Stage | None = None
    while value.startswith("--"):
        option, _, value = value.partition(" ")
        value = value.strip()
        if option.startswith("--from="):
            name = option.removeprefix("--from=")
            source = next((item for item in stages[:-1] if item.name == name), None)
            if source is None and name.isdecimal() and int(name[:4]) < len(stages) - 1:
                source = stages[int(name[:4])]
            if source is None:
                return
    words = exec_form(value) if value.startswith("[") else value.split()
    if len(words) < 2 or words[0] == "sh":
        return
    target = posixpath.join(stage.working_folder, _filled(words[-1], known))
    for word in words[:-1]:
        stage.copies.append((source, _filled(word, known), target))


def file_in_image(tree: Tree, stage: Stage, context: str, path: str) -> str | None:
    """Return the file of the tree that a path in the image was copied from.

    Args:
        tree: The files.
        stage: The stage that the path is looked for in.
        context: The build context, relative to the root of the tree.
        path: Absolute, as the image sees it.
    """
    return _in_image(tree, stage, context, posixpath.normpath(path), 0)


def _in_image(tree: Tree, stage: Stage, context: str, path: str, depth: int) -> str | None:
    if depth > _MOST_STAGES:
        return None
    for item in stage.chain():
        for source, origin, target in reversed(item.copies):
            for candidate in _origins(origin, target, path):
                if source is not None:
                    found = _in_image(tree, source, context, candidate, depth + 1)
                else:
                    found = _in_context(tree, context, candidate)
                if found is not None:
                    return found
    return None


def _origins(origin: str, target: str, path: str) -> Iterator[str]:
    """Yield what a path may be called at the place that ``COPY origin target`` read from."""
    folder = posixpath.normpath(target)
    if path == folder:
        yield origin.rstrip("/") or "/"
    inside = (
        path[len(folder.rstrip("/")) + 1 :] if path.startswith(folder.rstrip("/") + "/") else ""
    )
    if inside:
        if "*" not in origin:
            yield posixpath.join(origin, inside)
        parent = posixpath.dirname(origin)
        if posixpath.basename(origin) == inside or "*" in origin:
            yield posixpath.join(parent, inside)


def _in_context(tree: Tree, context: str, path: str) -> str | None:
    found = normalized(context, path.lstrip("/"))
    return found if found in tree else None


def default_context(path: str) -> str:
    """Return the build context that a Dockerfile has when nothing says otherwise."""
    return folder_of(path)


def image_path(stage: Stage, *parts: str) -> str:
    """Return an absolute path in the image from one relative to the working folder."""
    return posixpath.normpath(posixpath.join(stage.working_folder, *parts))
