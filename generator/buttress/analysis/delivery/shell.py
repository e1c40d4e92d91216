"""Commands that a shell runs: taken apart as far as it takes to know which program does what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.documents import text_of
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_SEPARATOR = lazy_pattern(r"(\|\||&&|;|\||\n|&(?!\d))")
_ASSIGNMENT = lazy_pattern(r"[A-Za-z_]\w*=\S*\Z")
_WRAPPERS = (
    lazy_pattern(
        r"(?:uv|poetry|pdm|pipenv|hatch|rye|pixi)\s+run\s+(?:--?\S+(?:\s+(?!-)[^\s]+==\S+)?\s+)*"
    ),
    lazy_pattern(r"(?:uvx|pipx\s+run|uv\s+tool\s+run)\s+(?:--?\S+\s+)*"),
    lazy_pattern(r"python[\d.]*\s+(?:-[A-Zu]+\s+\S*\s*)*-m\s+"),
    lazy_pattern(r"coverage\s+run\s+(?:(?!-m\b)-\S+\s+)*-m\s+"),
    lazy_pattern(
        r"(?:sudo|time|nice|exec|xvfb-run|env|command|if|then|else|do|!|\(|\{|set\s+-\w+\s*;)\s+(?:-\S+\s+)*"
    ),
    lazy_pattern(r"timeout\s+\S+\s+"),
    lazy_pattern(r"dotenv\s+(?:-\S+\s+\S+\s+)*run\s+(?:--\s+)?"),
    lazy_pattern(
        r"docker(?:-compose|\s+compose)?\s+(?:-\S+\s+\S+\s+)*(?:run|exec)\s+"
        # flags with a value have to take it along, so nothing is given back
        r"(?>(?:-[evpwu]|--(?:env|volume|publish|workdir|user|name|network|env-file|mount|platform))(?:\s+|=)\S+\s+"
        r"|--?\S+\s+)*+[^\s-]\S*\s+(?=\S)"
    ),
    lazy_pattern(r"(?:/\S*/)?(?:bash|sh)\s+-\w*c\s+"),
    lazy_pattern(r"(?:\S*/)?\.?venv/bin/"),
)
_SOFT = lazy_pattern(r"(?:true|:|echo|exit\s+0|printf)\b")
_IDLE = lazy_pattern(r"\S+\s+(?:--version|--help|-h|-V)\s*\Z")
_ZERO = lazy_pattern(r"\s--(?:exit-zero|soft-fail)\b")
_SCRIPT = lazy_pattern(
    r"(?:(?:bash|sh)\s+(?:-\w+\s+)*)?(?:\./)?([\w./-]+\.sh|scripts?/[\w./-]+)(?:\s|\Z)"
)
_MAKE = lazy_pattern(r"(?:make|just)\s+(?:-\S+\s+(?:\S+\s+)?)*?([\w.-]*\w)")
_HOOKS = lazy_pattern(r"pre-commit\s+run\b|prek\s+run\b")
_ENTRY = lazy_pattern(r"^\s*entry:\s*['\"]?(.*?)['\"]?\s*$", re.MULTILINE)
_HOOK = lazy_pattern(r"^\s*-\s*id:\s*([\w-]+)", re.MULTILINE)
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Simple:
    """One command.

    Attributes:
        text: Without variables in front and programs that only wrap it.
        line: Of the text it stands in, from 0.
        is_soft: Whether what follows it hides its failure.
    """

    text: str
    line: int = 0
    is_soft: bool = False


def simple_commands(text: str) -> Iterator[Simple]:
    """Yield the commands of a script in order; heredocs and quotes are not understood in full.

    What can never run (``true || pytest``, ``false && pytest``) and what only names itself
    (``pytest --version``) is left out.
    """
    ignores_errors = False
    for number, line in _logical_lines(text):
        pieces = _SEPARATOR.split(_masked(line))
        position, fate = 0, ""
        for index in range(0, len(pieces), 2):
            written = line[position : position + len(pieces[index])]
            position += len(pieces[index]) + (
                len(pieces[index + 1]) if index + 1 < len(pieces) else 0
            )
            command = _unwrapped(written.strip())
            before = pieces[index - 1] if index else ""
            fate = _fate(command, before, fate)
            if re.match(r"set\s+\+\w*e", command):
                ignores_errors = True
            elif re.match(r"set\s+-\w*e", command):
                ignores_errors = False
            elif command and fate != "never" and not _IDLE.match(command):
                after = pieces[index + 1] if index + 1 < len(pieces) else ""
                rest = line[position:].lstrip()
                hidden = after == "||" and _SOFT.match(rest) is not None
                hidden = hidden or (
                    after == ";" and re.match(r"(?:true|:|exit 0)\s*\Z", rest) is not None
                )
                hidden = hidden or ignores_errors
                # what was in quotes, behind `sh -c`, may be several commands
                parts = (
                    list(simple_commands(command)) if _SEPARATOR.search(_masked(command)) else []
                )
                for part in parts or [Simple(command, 0, bool(_ZERO.search(command)))]:
                    yield Simple(part.text, number, hidden or part.is_soft)


def _fate(command: str, before: str, fate: str) -> str:
    """Return how a command ends that stands behind an operator and another command.

    Args:
        command: The command.
        before: The operator in front of it.
        fate: How the one before it ends: ``true``, ``false``, ``never`` (run), or ``""`` (open).
    """
    if (before == "||" and fate == "true") or (before == "&&" and fate in {"false", "never"}):
        return "never"
    if re.fullmatch(r"true|:|echo\b.*", command):
        return "true"
    return "false" if command == "false" else ""


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    kept, start = "", 0
    for number, line in enumerate(text.splitlines()):
        if not kept:
            start = number
        if line.lstrip().startswith("#"):
            continue
        bare = re.sub(r"\s#\s.*\Z", "", line)
        if bare.endswith("\\"):
            kept += bare[:-1] + " "
            continue
        yield start, kept + bare
        kept = ""
    if kept:
        yield start, kept


def _masked(line: str) -> str:
    """Return the line with quoted parts made harmless, at the same length."""
    return re.sub(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", lambda match: "_" * len(match.group()), line)


def _unwrapped(command: str) -> str:
    for _ in range(8):
        before = command
        first, _, rest = command.partition(" ")
        if _ASSIGNMENT.match(first) and rest:
            command = rest.strip()
        for wrapper in _WRAPPERS:
            match = wrapper.match(command)
            if match and match.end() < len(command):
                command = command[match.end() :].strip().strip("'\"")
        if command == before:
            break
    return command


def expand(tree: Tree, simple: Simple, depth: int = 0) -> Iterator[Simple]:
    """Yield a command, and those that it leads to: targets of make, scripts, hooks."""
    yield simple
    if depth >= _DEEPEST:
        return
    for inner in _inner(tree, simple.text):
        yield from expand(tree, inner, depth + 1)


def _inner(tree: Tree, command: str) -> Iterator[Simple]:
    made = _MAKE.match(command)
    if made:
        for path in tree.named("Makefile", "makefile", "justfile")[:5]:
            yield from simple_commands(_recipe(text_of(tree, path), made[1]))
        return
    if _HOOKS.match(command):
        for path in tree.named(".pre-commit-config.yaml")[:3]:
            text = text_of(tree, path)
            yield from (Simple(match[1]) for match in _HOOK.finditer(text))
            for match in _ENTRY.finditer(text):
                yield from simple_commands(match[1])
        return
    script = _SCRIPT.match(command)
    if script:
        name = script[1].removeprefix("./")
        paths = [path for path in tree.named(name.rpartition("/")[2]) if path.endswith(name)]
        for path in paths[:2]:
            yield from simple_commands(text_of(tree, path))


def _recipe(text: str, target: str) -> str:
    """Return the lines below a target of a Makefile, with those of the targets it needs first."""
    lines = text.splitlines()
    found: list[str] = []
    for index, line in enumerate(lines):
        match = re.match(r"([\w.-]+(?:\s+[\w.-]+)*)\s*:(?![=:])\s*([\w .-]*)", line)
        if match is None or target not in match[1].split():
            continue
        found += [f"make {needed}" for needed in match[2].split() if needed != target]
        for below in lines[index + 1 :]:
            if below.strip() and not below.startswith(("\t", " ")):
                break
            found.append(below.strip().lstrip("@-"))
    return "\n".join(found)
