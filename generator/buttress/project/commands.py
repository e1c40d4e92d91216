"""Commands that start a server, read from the words that a shell would see."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from buttress.source.patterns import lazy_pattern

_TARGET = lazy_pattern(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_][\w.]*)(\(.*\))?\Z")
_MODULE = lazy_pattern(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_PORT = lazy_pattern(r"(?:.*:)?(?:\$\{\w+:-)?(\d{2,5})\}?\Z")
_SERVERS = frozenset(
    [
        "uvicorn",
        "gunicorn",
        "hypercorn",
        "granian",
        "daphne",
        "waitress-serve",
        "uwsgi",
        "flask",
        "fastapi",
        "streamlit",
        "celery",
        "meinheld",
        "quart",
    ]
)
_PYTHON = lazy_pattern(r"(?:python|pypy|py)[\d.]*(?:\.exe)?\Z")
_PORT_OPTIONS = frozenset(["-p", "--port", "-b", "--bind", "--listen", "--server.port", "--http"])
_FOLDER_OPTIONS = frozenset(["--app-dir", "--chdir", "--working-dir"])
_OPERATORS = frozenset(["&&", "||", ";", "|", "&", "\n"])


@dataclass(frozen=True, slots=True)
class Command:
    """One command that starts Python code.

    Attributes:
        text: The command as written, without what stands before the server's name.
        server: ``uvicorn``, ``gunicorn``, ``flask``, ``python``, ...
        module: Dotted module that it names.
        attribute: The name inside that module, if given.
        script: The file that it names, as the command writes it.
        is_factory: Whether it says that the attribute is to be called.
        folder: The folder it changes to before (``--app-dir``, ``cd backend &&``).
        port: The port that it names.
    """

    text: str
    server: str
    module: str | None = None
    attribute: str | None = None
    script: str | None = None
    is_factory: bool = False
    folder: str = ""
    port: int | None = None

    @property
    def is_web_server(self) -> bool:
        """Whether the command cannot be anything but a web server."""
        return self.server not in {"python", "celery", ""}


def split_words(text: str) -> list[str]:
    """Split a command line as a shell does, operators as words of their own; never fails."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return text.split()


def read_command(
    text: str, environment: Mapping[str, str] | None = None, words: list[str] | None = None
) -> list[Command]:
    """Return the commands of a command line that start Python code, in their order.

    Args:
        text: The command line.
        environment: Variables that are known to be set (``FLASK_APP``).
        words: The command line where it is a list already.
    """
    found: list[Command] = []
    folder = ""
    segment: list[str] = []
    variables = dict(environment or {})
    for word in [*(words if words is not None else split_words(text)), ";"]:
        if word not in _OPERATORS:
            segment.append(word)
            continue
        if segment[:1] == ["cd"] and len(segment) > 1:
            folder = segment[1] if segment[1].startswith("/") else _below(folder, segment[1])
        elif segment[:1] == ["export"]:
            variables.update(_assigned(segment[1:]))
        else:
            inner = _nested(segment)
            if inner is not None:
                found += [
                    replace(command, folder=_below(folder, command.folder))
                    for command in read_command(inner, variables)
                ]
            elif segment:
                command = _read_segment(segment, {**variables, **_assigned(segment)})
                if command is not None:
                    found.append(replace(command, folder=_below(folder, command.folder)))
        segment = []
    return found


def _below(folder: str, inner: str) -> str:
    if not inner or inner == ".":
        return folder
    return inner if inner.startswith("/") or not folder else f"{folder}/{inner}"


def _assigned(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words if re.match(r"[A-Za-z_]\w*=", word)]
    return {name: value for name, _, value in pairs}


def _nested(segment: list[str]) -> str | None:
    for position, word in enumerate(segment[:-1]):
        if word in {"-c", "-lc", "-ec", "-exc", "-xc"} and position:
            shell = segment[position - 1].rpartition("/")[2]
            if shell in {"sh", "bash", "ash", "dash", "zsh"}:
                return segment[position + 1]
    for word in segment:
        if " " in word and any(f"{server} " in word for server in _SERVERS):
            return word
    return None


def _read_segment(words: list[str], variables: Mapping[str, str]) -> Command | None:
    for position, word in enumerate(words):
        name = word.rpartition("/")[2].rpartition("\\")[2].lower().removesuffix(".exe")
        if name in _SERVERS:
            if position + 1 == len(words) and name not in {"flask", "gunicorn"}:
                return None
            return _read_server(name, words[position:], variables)
        if _PYTHON.match(name):
            rest = words[position + 1 :]
            text = " ".join(words[position:])
            if "-m" in rest[:4] and len(rest) > rest.index("-m") + 1:
                after = rest.index("-m") + 1
                if rest[after].partition(".")[0] in _SERVERS:
                    return _read_server(rest[after].partition(".")[0], rest[after:], variables)
                return _with_port(Command(text, "python", module=rest[after]), rest)
            scripts = [item for item in rest if item.endswith(".py")]
            if not scripts or (rest and rest[0] == "-c"):
                return None
            return _with_port(Command(text, "python", script=scripts[0]), rest)
    for word in words:
        match = _TARGET.match(word)
        if match and not word.startswith(("http:", "https:")):
            command = Command(" ".join(words), "", match[1], match[2], is_factory=bool(match[3]))
            return _with_port(command, words)
        if word.endswith(".py") and words.index(word) == 0:
            return Command(" ".join(words), "python", script=word)
    return None


def _read_server(name: str, words: list[str], variables: Mapping[str, str]) -> Command | None:
    options = _options(words)
    command = _with_port(Command(" ".join(words), name), words)
    folder = next((options[option] for option in _FOLDER_OPTIONS if option in options), "")
    is_factory = "--factory" in words or "--call" in words
    command = replace(command, folder=folder, is_factory=is_factory)
    if name in {"fastapi", "streamlit"}:
        return _with_script(command, words, options)
    target = options.get("--app") or options.get("-A")
    if name == "flask":
        target = target or variables.get("FLASK_APP")
        if "run" not in words:
            return None
        return _with_target(command, target) if target else command
    if name == "celery":
        return _with_target(command, target) if target else None
    return _with_object(command, words[1:])


def _options(words: list[str]) -> dict[str, str]:
    """Return the options of a command with their values, be they given with ``=`` or without."""
    found = dict(pairwise(words))
    for word in words:
        option, equals, value = word.partition("=")
        if equals and option.startswith("--"):
            found.setdefault(option, value)
    return found


def _with_script(command: Command, words: list[str], options: Mapping[str, str]) -> Command | None:
    scripts = [word for word in words[1:] if word.endswith(".py")]
    if scripts:
        return replace(command, script=scripts[0])
    if command.server == "fastapi" and {"run", "dev"} & {*words}:
        target = options.get("--entrypoint") or options.get("-e")
        return _with_target(command, target) if target else command
    return None


def _with_object(command: Command, words: list[str]) -> Command | None:
    for word in words:
        match = _TARGET.match(word)
        if match:
            is_factory = command.is_factory or bool(match[3])
            return replace(command, module=match[1], attribute=match[2], is_factory=is_factory)
    plain = [word for word in words if _MODULE.match(word) and "." in word]
    if command.server == "gunicorn" and plain:
        # gunicorn takes `application` where no name is given
        return replace(command, module=plain[-1], attribute="application")
    return None


def _with_target(command: Command, target: str) -> Command:
    module, _, attribute = target.partition(":")
    called = attribute.endswith(")")
    attribute = attribute.partition("(")[0]
    if module.endswith(".py"):
        return replace(command, script=module, attribute=attribute or None, is_factory=called)
    if not _MODULE.match(module):
        return command
    return replace(command, module=module, attribute=attribute or None, is_factory=called)


def _with_port(command: Command, words: list[str]) -> Command:
    previous = ""
    for word in words:
        option, equals, value = word.partition("=")
        if previous in _PORT_OPTIONS or (equals and option in _PORT_OPTIONS):
            match = _PORT.match(word if previous in _PORT_OPTIONS else value)
            if match and 0 < int(match[1]) < 65536:
                return replace(command, port=int(match[1]))
        previous = word
    return command
