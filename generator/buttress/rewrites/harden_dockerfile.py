"""An image runs without root, says whether it is healthy, and starts what it is meant to start.

Before::

    FROM python:3.12-slim
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    CMD uvicorn main:app --host 0.0.0.0 --port 8000 --reload

After::

    FROM python:3.12-slim
    WORKDIR /app
    COPY . .
    RUN pip install --no-cache-dir -r requirements.txt
    # The app may write to its folder, and to nothing else of the image.
    RUN useradd --uid 10001 --create-home app && chown -R 10001:10001 /app
    USER 10001:10001
    HEALTHCHECK CMD ["python", "-c", "..."]
    CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]

Only the stage that is deployed is changed, and only where the effect is known; what is not is left
alone with its reason. See CIS Docker Benchmark 4.1, 4.6; hadolint DL3002, DL3009, DL3025, DL3042.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from buttress.analysis.delivery.images import (
    built_image,
    deployed_stage,
    service_images,
    unbuildable,
)
from buttress.analysis.javascript import package_images
from buttress.project.model import Place
from buttress.rewrites.image_command import SERVERS, from_shell, json_form, without_reload
from buttress.rewrites.image_facts import ImageFacts, image_facts
from buttress.rewrites.image_layers import bases, package_lists, pip_caches, secrets
from buttress.rewrites.image_reading import (
    FILES_OF_ROOT,
    MAKES_USER,
    ROOT_WORK,
    DeployedImage,
    own_folders,
)
from buttress.rewrites.javascript_image import harden_javascript
from buttress.rewrites.outcomes import Abstained, Good, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Edit
from buttress.source.dockerfile import Instruction, parse

UID = "10001"
OWNER = f"{UID}:{UID}"
_HEALTH = (
    "import http.client as h; c = h.HTTPConnection('127.0.0.1', {port}, timeout=4); "
    "c.request('GET', '{path}'); raise SystemExit(c.getresponse().status >= 500)"
)


@service_rewrite("harden-dockerfile")
def harden_dockerfiles(context: Context) -> Iterator[Outcome]:
    """Harden the project's own Dockerfiles of the service."""
    for image in service_images(context.project, context.service):
        path = image.path
        text = context.draft.text(path)
        if path in context.owned or text is None:
            continue
        facts = image_facts(context.project, context.service, context.draft, path)
        yield from harden(path, text.content, facts)
    yield from _front_ends(context)
    for place, problem in unbuildable(context.project, context.service):
        if place.path not in context.owned:
            yield _unbuildable(place, problem)


def _front_ends(context: Context) -> Iterator[Outcome]:
    own = {image.path for image in service_images(context.project, context.service)}
    for found in package_images(context.project, context.service):
        image = built_image(context.draft, found.path)
        if image is not None and found.path not in own | context.owned:
            facts = image_facts(context.project, context.service, context.draft, found.path)
            yield from harden_javascript(context.project, image, replace(facts, port=None))


def harden(path: str, text: str, facts: ImageFacts) -> Iterator[Outcome]:
    """Yield an outcome for every place of a Dockerfile that hardening is about.

    Args:
        path: For the outcomes.
        text: The Dockerfile.
        facts: What the rest of the project says about the image.
    """
    dockerfile = parse(text)
    if dockerfile.problem is not None:
        yield _unbuildable(Place(path, dockerfile.problem_line), dockerfile.problem)
        return
    image = DeployedImage(path, dockerfile, deployed_stage(dockerfile, facts.target), facts)
    yield from bases(image)
    yield from secrets(image)
    for stage in dockerfile.stages:
        yield from pip_caches(image, stage)
        yield from package_lists(image, stage)
    yield from _command(image)
    yield from _user(image)
    yield from _health(image)


def _unbuildable(place: Place, problem: str) -> Abstained:
    return Abstained(
        place.path, place.line, "not-a-dockerfile", f"Docker cannot build it: {problem}"
    )


def _command(image: DeployedImage) -> Iterator[Outcome]:
    entry, command = image.last("ENTRYPOINT"), image.last("CMD")
    at = command if entry is None else (command if entry.exec_form is not None else entry)
    if at is None or at not in image.stage.instructions:
        return
    program = image.command.program
    if program == "flask" or (program == "python" and _runs(image, image.facts.start_file)):
        yield image.abstained(
            at,
            "dev-server",
            "the container starts Flask's development server, which is neither fast nor safe in "
            "production",
            "Add gunicorn to the dependencies and start `gunicorn --bind 0.0.0.0:PORT module:app`.",
        )
    if at.exec_form is not None:
        yield from _without_reload(image, at)
    elif entry is not None:
        yield _left_in_shell(image, at)
    else:
        yield _in_exec_form(image, at)


def _runs(image: DeployedImage, file: str) -> bool:
    return bool(file) and any(posixpath.basename(word) == file for word in image.command.words)


def _without_reload(image: DeployedImage, at: Instruction) -> Iterator[Outcome]:
    words = at.exec_form or ()
    if image.command.program not in SERVERS or without_reload(words) == words:
        yield Good(image.path, at.line)
        return
    edits = [
        Edit(*at.span(match.start(), match.end()), "")
        for match in re.finditer(r",\s*\"--reload\"(?=\s*[,\]])", at.value)
    ]
    if len(edits) != len(words) - len(without_reload(words)):
        yield image.abstained(at, "reload", "the server is told which files to watch for changes")
        return
    yield image.changed(at, tuple(edits), _reload_safety(image), _RELOAD)


_RELOAD = "Files in an image do not change: watching them costs a process and hides crashes."


def _reload_safety(image: DeployedImage) -> Safety:
    """Mounted code is what reloading is for, so its developers have to agree."""
    return Safety.REVIEW if image.facts.has_mounts else Safety.HARDENING


def _left_in_shell(image: DeployedImage, at: Instruction) -> Abstained:
    return image.abstained(
        at,
        "shell-form",
        "the command runs below a shell, which does not pass on the signal to stop; what the shell "
        "does here cannot be told",
        'Write it as a JSON list, or end it in `exec`: CMD ["sh", "-c", "... && exec server"].',
    )


def _in_exec_form(image: DeployedImage, at: Instruction) -> Outcome:
    read = from_shell(at.command)
    has_shell = any(i.keyword == "SHELL" for i in image.lineage)
    if read.exec_form is None or (has_shell and read.needs_shell):
        return _left_in_shell(image, at)
    words, safety = read.exec_form, Safety.SAFE
    reason = "The server gets the signal to stop itself, so it can finish its requests."
    if read.program in SERVERS and not read.needs_shell and without_reload(words) != words:
        safety = _reload_safety(image)
        words, reason = without_reload(words), f"{reason} {_RELOAD}"
    start, end = at.span(at.command_index, len(at.value))
    return image.changed(at, (Edit(start, end, json_form(words)),), safety, reason)


def _user(image: DeployedImage) -> Iterator[Outcome]:
    user = image.last("USER")
    if user is not None and user.command.split(":")[0] not in ("root", "0"):
        yield Good(image.path, user.line)
        return
    start = image.last("CMD") or image.last("ENTRYPOINT") or image.stage.from_
    obstacle = _needs_root(image, user)
    if obstacle is not None:
        yield image.abstained(
            start, "runs-as-root", f"the container runs as root: {obstacle}", _UNLOCK
        )
        return
    folders = own_folders(image)
    is_alpine = "alpine" in image.base.image.tag
    add = f"adduser -D -u {UID} app" if is_alpine else (f"useradd --uid {UID} --create-home app")
    last = [i for i in image.stage.instructions if i.keyword in (*ROOT_WORK, "FROM")][-1]
    lines = (
        "",
        "# The app may write to its folder, and to nothing else of the image.",
        f"RUN {add} && chown -R {OWNER} {' '.join(folders)}",
        f"USER {OWNER}",
    )
    edit = image.dockerfile.line_after(last, *lines)
    safety = Safety.REVIEW if image.facts.has_mounts else Safety.HARDENING
    reason = "Whoever breaks out of the app would be root in the container (CWE-250)."
    if image.facts.has_mounts:
        reason += f" What compose mounts has to be writable for user {UID}."
    yield image.changed(start, (edit,), safety, reason)


_UNLOCK = "Create a user, give it the folders that the app writes to, and end with USER."


def _needs_root(image: DeployedImage, user: Instruction | None) -> str | None:
    """Return what stands against another user, as the rest of a sentence."""
    command = image.command
    runs = [i.value for i in image.lineage if i.keyword == "RUN"]
    if user is not None:
        return "it says so itself"
    if not image.is_python:
        return "what its base image needs is not known"
    if image.facts.has_socket:
        return "it controls the container engine"
    if any(MAKES_USER.search(text) for text in runs):
        return "it makes a user, but never becomes it"
    if any(FILES_OF_ROOT.search(text) for text in runs):
        return "files are installed for root alone"
    if command.program not in SERVERS and command.program != "python":
        return f"what `{command.program or 'its start'}` needs is not known"
    if (image.port or 8000) < 1024:
        return "it listens on a port below 1024"
    if image.facts.writes_elsewhere:
        return "the code writes to folders outside of its own"
    if own_folders(image) == ():
        return "the folder of the app is not known"
    return None


def _health(image: DeployedImage) -> Iterator[Outcome]:
    check = image.last("HEALTHCHECK")
    if check is not None:
        yield Good(image.path, check.line)
        return
    start = image.last("CMD") or image.last("ENTRYPOINT")
    if start is None:
        yield image.abstained(
            image.stage.from_, "no-command", "nothing says what the container runs"
        )
        return
    serves = image.command.program in SERVERS or _runs(image, image.facts.start_file)
    has_place = start in image.stage.instructions and not image.facts.has_other_command
    if not image.is_python or not serves or image.port is None or not has_place:
        yield image.abstained(
            start,
            "no-health-check",
            "nothing says on which port the container answers, or whether it has Python to ask with",
            "Add a HEALTHCHECK that asks the app.",
        )
        return
    first = next(i for i in image.stage.instructions if i.keyword in ("CMD", "ENTRYPOINT"))
    asked = json_form(
        ["python", "-c", _HEALTH.format(port=image.port, path=image.facts.health_path)]
    )
    escape = "`" if image.dockerfile.directives.get("escape") == "`" else "\\"
    edit = image.dockerfile.line_before(
        first,
        "# Healthy as long as the server answers at all: an error of the server (5xx) or silence is not.",
        f"HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 {escape}",
        f"    CMD {asked}",
        "",
    )
    yield image.changed(
        start, (edit,), Safety.HARDENING, "A server that hangs would pass for one that runs."
    )
