"""The image of a front end beside the app runs without root, where that is known to work.

Before::

    FROM node:22-slim
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build && npm install --global serve
    EXPOSE 3000
    CMD ["serve", "-s", "dist", "-l", "3000"]

After::

    FROM node:22-slim
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build && npm install --global serve

    # The user `node` of the base image.
    RUN chown -R 1000:1000 /app
    USER 1000:1000
    EXPOSE 3000
    CMD ["serve", "-s", "dist", "-l", "3000"]

Only a server of finished files is known to need nothing else: what scripts of a ``package.json``
write, and where, cannot be told from here, and tools for development write into ``node_modules``.
The official images of Node bring the user ``node`` with the number 1000 (``nodejs/docker-node``,
BestPractices.md). ``.env`` files are not taken out of the build, because bundlers read them: Vite and
Create React App put what they say into the pages.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from buttress.analysis.delivery.images import (
    Image,
    copies_everything,
    deployed_stage,
    ignores_secrets,
    runs_as_root,
    unpinned_bases,
)
from buttress.project.model import Project
from buttress.rewrites.image_facts import ImageFacts
from buttress.rewrites.image_layers import package_lists, secrets
from buttress.rewrites.image_reading import (
    FILES_OF_ROOT,
    MAKES_USER,
    ROOT_WORK,
    DeployedImage,
    own_folders,
)
from buttress.rewrites.outcomes import Abstained, Changed, Good, Outcome, Safety
from buttress.source.dockerfile import Instruction
from buttress.source.patterns import lazy_pattern

_NODE = lazy_pattern(r"(?:docker\.io/)?(?:library/)?node\Z")
_OWNER = "1000:1000"
_FOR_ROOT = lazy_pattern(r"\b(?:yarn global|pnpm (?:add|install|i) (?:-g|--global)|bun)\b")
_RUNNERS = ("npm", "npx", "pnpm", "yarn", "bun")
_LISTENS = ("-l", "--listen", "-p", "--port")


def harden_javascript(project: Project, image: Image, facts: ImageFacts) -> Iterator[Outcome]:
    """Yield an outcome for every place of a front end's Dockerfile that hardening is about.

    Args:
        project: For the files beside the Dockerfile.
        image: What the Dockerfile builds.
        facts: What the rest of the project says about the image.
    """
    stage = deployed_stage(image.dockerfile, facts.target)
    deployed = DeployedImage(image.path, image.dockerfile, stage, facts)
    for base in unpinned_bases(image):
        yield deployed.abstained(
            base,
            "unpinned-image",
            f"`{base.command}` is another image every few weeks, and nothing here says which "
            "version the front end needs",
            "Name a version in the tag.",
        )
    yield from secrets(deployed)
    for each in image.dockerfile.stages:
        yield from package_lists(deployed, each)
    everything = copies_everything(image)
    if everything is not None and not ignores_secrets(project, image):
        yield deployed.abstained(
            everything,
            "env-in-image",
            "`.env` files get into the image with everything else (CWE-538), and the build of a "
            "front end may read them",
            "If the build reads none, write `.env*` into the .dockerignore beside the Dockerfile.",
        )
    if runs_as_root(project, image) is None:
        yield Good(image.path, (image.last("USER") or stage.from_).line)
    else:
        yield _user(deployed)


def _user(image: DeployedImage) -> Outcome:
    user = image.last("USER")
    start = image.last("CMD") or image.last("ENTRYPOINT") or image.stage.from_
    obstacle = _needs_root(image, user)
    if obstacle is not None:
        reason = f"the container runs as root: {obstacle}"
        return Abstained(image.path, start.line, "runs-as-root", reason, _UNLOCK)
    last = [i for i in image.stage.instructions if i.keyword in (*ROOT_WORK, "FROM")][-1]
    edit = image.dockerfile.line_after(
        last,
        "",
        "# The user `node` of the base image.",
        f"RUN chown -R {_OWNER} {' '.join(own_folders(image))}",
        f"USER {_OWNER}",
    )
    safety = Safety.REVIEW if image.facts.has_mounts else Safety.HARDENING
    reason = "Whoever breaks out of the server would be root in the container (CWE-250)."
    return Changed(image.path, start.line, (edit,), safety, reason)


_UNLOCK = "Make the user `node` the owner of what the container writes to, and end with USER node."


def _needs_root(image: DeployedImage, user: Instruction | None) -> str | None:
    """Return what stands against another user, as the rest of a sentence."""
    base = image.base.image
    runs = [i.value for i in image.lineage if i.keyword == "RUN"]
    words = _served(image.command.words)
    port = _port(image, words)
    if user is not None:
        return "it says so itself"
    if not _NODE.match(base.name):
        return "what its base image needs is not known"
    if image.facts.has_socket:
        return "it controls the container engine"
    if image.facts.has_other_command:
        return "a compose file starts something else in it"
    if any(MAKES_USER.search(text) for text in runs):
        return "it makes a user, but never becomes it"
    if any(FILES_OF_ROOT.search(text) or _FOR_ROOT.search(text) for text in runs):
        return "files are installed for root alone"
    if not words:
        return f"what `{_named(image.command.words)}` writes is not known"
    if port is None or port < 1024:
        return "it is not known to listen on a port above 1023"
    if own_folders(image) == ():
        return "the folder of the app is not known"
    return None


def _named(words: tuple[str, ...]) -> str:
    """Return how a command starts; what is handed to it may be secret."""
    return " ".join(words[: 3 if words[0] in _RUNNERS else 1]) if words else "its start"


def _served(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the options of ``serve``, a server of finished files; nothing for other programs."""
    rest = words[1:] if words[:1] == ("npx",) else words
    return rest if rest[:1] == ("serve",) and "--ssl-cert" not in rest else ()


def _port(image: DeployedImage, words: tuple[str, ...]) -> int | None:
    for option, value in itertools.pairwise(words):
        if option in _LISTENS and (match := re.search(r"(?:\A|:)(\d{2,5})\Z", value)):
            return int(match.group(1))
    return image.port
