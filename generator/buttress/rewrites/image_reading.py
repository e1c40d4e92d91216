"""One image of a Dockerfile: the stage that is deployed, what it runs, and where the app lives in it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from buttress.rewrites.image_command import Command, from_shell
from buttress.rewrites.image_facts import ImageFacts
from buttress.rewrites.outcomes import Abstained, Changed, Safety
from buttress.source import Edit
from buttress.source.dockerfile import Dockerfile, Instruction, Stage
from buttress.source.patterns import lazy_pattern

ROOT_WORK = ("RUN", "COPY", "ADD", "WORKDIR", "VOLUME", "SHELL")
"""Instructions that have to stay in front of another user."""
FILES_OF_ROOT = lazy_pattern(
    r"/root\b|~/|\$HOME|--user\b|playwright install|nltk|spacy download|huggingface|whisper"
    r"|virtualenvs\.(?!in-project)|\bpipenv install(?!.*--system)|\bsudo\b"
)
"""What puts files where root alone finds them."""
MAKES_USER = lazy_pattern(r"\b(useradd|adduser|groupadd|addgroup)\b")
"""What makes another user."""

# Folders that hold more than an app.
_SYSTEM = frozenset({"/", "/home", "/opt", "/root", "/srv", "/tmp", "/var"})  # noqa: S108 - a name
_FOREIGN = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/proc",
    "/root/",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
)


@dataclass(frozen=True)
class DeployedImage:
    """The image that the deployed stage of a Dockerfile becomes."""

    path: str
    dockerfile: Dockerfile
    stage: Stage
    facts: ImageFacts

    @property
    def lineage(self) -> tuple[Instruction, ...]:
        """All instructions that end up in the image, in order."""
        return tuple(i for stage in self.dockerfile.lineage(self.stage) for i in stage.instructions)

    def last(self, keyword: str) -> Instruction | None:
        """Return the last instruction of a kind that ends up in the image."""
        return next((i for i in reversed(self.lineage) if i.keyword == keyword), None)

    @property
    def base(self) -> Stage:
        """The stage that starts from an image of a registry."""
        return self.dockerfile.lineage(self.stage)[0]

    @property
    def is_python(self) -> bool:
        """Whether it is an official image of Python 3."""
        image = self.base.image
        name = image.name.removeprefix("docker.io/").removeprefix("library/")
        return name == "python" and not image.tag.startswith("2")

    @property
    def command(self) -> Command:
        """What it runs, as far as that is known."""
        entry, command = self.last("ENTRYPOINT"), self.last("CMD")
        if entry is not None and entry.exec_form is not None:
            tail = command.exec_form if command is not None else ()
            if tail is None:
                return Command((), None)
            return Command((*entry.exec_form, *tail), None)
        start = entry or command
        if start is None:
            return Command((), None)
        if start.exec_form is None:
            return from_shell(start.command)
        words = start.exec_form
        if words[:2] in (("sh", "-c"), ("/bin/sh", "-c"), ("bash", "-c")) and len(words) == 3:
            return Command(from_shell(words[2]).words, None, needs_shell=True)
        return Command(words, words)

    @property
    def port(self) -> int | None:
        """The port that the container listens on, where all that is said about it agrees."""
        if self.command.port:
            return self.command.port
        exposed = {
            int(word.split("/")[0])
            for i in self.lineage
            if i.keyword == "EXPOSE"
            for word in i.words
            if word.split("/")[0].isdigit()
        }
        known = exposed or ({self.facts.port} if self.facts.port else set())
        if self.facts.port and exposed and self.facts.port not in exposed:
            return None
        return known.pop() if len(known) == 1 else None

    def changed(
        self, at: Instruction, edits: tuple[Edit, ...], safety: Safety, reason: str
    ) -> Changed:
        """Return a change of this Dockerfile at an instruction."""
        return Changed(self.path, at.line, edits, safety, reason)

    def abstained(self, at: Instruction, code: str, reason: str, unlock: str = "") -> Abstained:
        """Return an abstention at an instruction."""
        return Abstained(self.path, at.line, code, reason, unlock)


def own_folders(image: DeployedImage) -> tuple[str, ...]:
    """Return the folders that the app was put into and its volumes; nothing if one is not known."""
    folder, found = "/", []
    for i in image.lineage:
        if i.keyword == "WORKDIR":
            folder = posixpath.normpath(posixpath.join(folder, i.command.strip("\"'")))
            found.append(folder)
        elif i.keyword in ("COPY", "ADD") and i.words and "from" not in i.flags:
            target = i.words[-1].strip("\"'")
            is_file = not target.endswith("/") and "." in posixpath.basename(target).strip(".")
            whole = posixpath.normpath(posixpath.join(folder, target))
            found.append(posixpath.dirname(whole) if is_file else whole)
        elif i.keyword == "VOLUME":
            found += [posixpath.normpath(word) for word in i.words]
        elif i.keyword == "RUN":
            for match in re.finditer(r"\bmkdir (?:-p )?((?:/[\w./-]+\s*)+)", i.command):
                found += [posixpath.normpath(word) for word in match.group(1).split()]
    if folder in _SYSTEM or any("$" in f or f in _SYSTEM or f.startswith(_FOREIGN) for f in found):
        return ()
    kept = [
        f for f in dict.fromkeys(found) if not any(f.startswith(other + "/") for other in found)
    ]
    return tuple(kept)
