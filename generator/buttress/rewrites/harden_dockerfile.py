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

from buttress.analysis.delivery.images import service_images
from buttress.rewrites.image_command import SERVERS, from_shell, json_form, without_reload
from buttress.rewrites.image_facts import ImageFacts, image_facts
from buttress.rewrites.image_reading import DeployedImage, deployed_stage, own_folders
from buttress.rewrites.outcomes import Abstained, Good, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Edit
from buttress.source.dockerfile import Instruction, Stage, parse

UID = "10001"
OWNER = f"{UID}:{UID}"
_ROOT_WORK = ("RUN", "COPY", "ADD", "WORKDIR", "VOLUME", "SHELL")
_FILES_OF_ROOT = re.compile(
    r"/root\b|~/|\$HOME|--user\b|playwright install|nltk|spacy download|huggingface|whisper"
    r"|virtualenvs\.(?!in-project)|\bpipenv install(?!.*--system)|\bsudo\b"
)
_MAKES_USER = re.compile(r"\b(useradd|adduser|groupadd|addgroup)\b")
_INSTALLS = re.compile(r"\bapt(-get)?( -\S+)* install\b")
_UPDATES = re.compile(r"\bapt(-get)?( -\S+)* update\b")
_PIP = re.compile(r"\bpip(?:3(?:\.\d+)?)? install\b(?![^&|;]*--no-cache-dir)")
_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:secret(?:_key|_access_key)?|passw(?:or)?d|token|api_?key|private_?key"
    r"|credentials?)\Z"
)
_HEALTH = (
    "import http.client as h; c = h.HTTPConnection('127.0.0.1', {port}, timeout=4); "
    "c.request('GET', '/'); raise SystemExit(c.getresponse().status >= 500)"
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


def harden(path: str, text: str, facts: ImageFacts) -> Iterator[Outcome]:
    """Yield an outcome for every place of a Dockerfile that hardening is about.

    Args:
        path: For the outcomes.
        text: The Dockerfile.
        facts: What the rest of the project says about the image.
    """
    dockerfile = parse(text)
    if dockerfile.problem is not None:
        yield Abstained(path, 1, "not-a-dockerfile", f"{dockerfile.problem}")
        return
    image = DeployedImage(path, dockerfile, deployed_stage(dockerfile, facts.target), facts)
    yield from _bases(image)
    yield from _secrets(image)
    for stage in dockerfile.stages:
        yield from _pip(image, stage)
        yield from _apt(image, stage)
    yield from _command(image)
    yield from _user(image)
    yield from _health(image)


def _bases(image: DeployedImage) -> Iterator[Outcome]:
    names = {stage.name for stage in image.dockerfile.stages if stage.name}
    for stage in image.dockerfile.stages:
        reference, base = stage.reference, stage.image
        if reference.lower() in names or reference == "scratch" or base.digest or "$" in reference:
            continue
        if re.search(r"\d", base.tag):
            yield Good(image.path, stage.from_.line)
            continue
        is_python = base.name in ("python", "docker.io/python", "library/python")
        if not is_python or image.facts.python is None:
            yield image.abstained(
                stage.from_,
                "unpinned-image",
                f"`{reference}` is another image every few weeks, and nothing here says which "
                "version the app needs",
                "Name a version in the tag.",
            )
            continue
        variant = f"-{base.tag}" if base.tag not in ("", "latest") else ""
        start = stage.from_.value.index(reference)
        span = stage.from_.span(start, start + len(reference))
        yield image.changed(
            stage.from_,
            (Edit(*span, f"{base.name}:{image.facts.python}{variant}"),),
            Safety.REVIEW,
            f"`{reference}` moves to the next Python by itself; the project is written for "
            f"{image.facts.python}.",
        )


def _secrets(image: DeployedImage) -> Iterator[Outcome]:
    for instruction in image.dockerfile.instructions:
        words = instruction.words
        if instruction.keyword in ("COPY", "ADD") and "from" not in instruction.flags:
            files = [posixpath.basename(word) for word in words[:-1]]
            if any(re.fullmatch(r"\.env(\.(?!example|sample)\w+)?", file) for file in files):
                yield image.abstained(
                    instruction,
                    "secret-in-image",
                    "an environment file is copied into the image, where everyone who pulls it can "
                    "read it (CWE-538)",
                    "Hand the variables in when the container starts, then delete this line.",
                )
        elif instruction.keyword in ("ENV", "ARG"):
            pairs = re.findall(r"(\w+)(?:=|\s+)(\"[^\"]*\"|'[^']*'|\S+)", instruction.value)
            for name, value in pairs:
                bare = value.strip("\"'")
                if _SECRET_NAME.search(name) and bare and "$" not in bare and not bare.isdigit():
                    yield image.abstained(
                        instruction,
                        "secret-in-image",
                        f"{name} has a value in the image, where everyone who pulls it can read it "
                        "(CWE-798)",
                        "Hand it in when the container starts, and change it where it is used.",
                    )


def _pip(image: DeployedImage, stage: Stage) -> Iterator[Outcome]:
    sets_off = any(
        i.keyword == "ENV" and re.search(r"PIP_NO_CACHE_DIR[= ]\"?(1|true|yes|on|off)", i.value)
        for s in image.dockerfile.lineage(stage)
        for i in s.instructions
    )
    for run in stage.all("RUN"):
        if run.heredocs or run.exec_form is not None or sets_off:
            continue
        if "type=cache" in run.value[: run.command_index]:
            continue
        edits = []
        for match in _PIP.finditer(run.value):
            end = run.span(match.start(), match.end())[1]
            edits.append(Edit(end, end, " --no-cache-dir"))
        if edits:
            reason = "pip's cache would stay in the layer and is never used again."
            yield image.changed(run, tuple(edits), Safety.SAFE, reason)


def _apt(image: DeployedImage, stage: Stage) -> Iterator[Outcome]:
    for run in stage.all("RUN"):
        command = run.command
        if run.heredocs or run.exec_form is not None or not _INSTALLS.search(command):
            continue
        if re.search(r"/var/lib/apt/lists", run.value):
            yield Good(image.path, run.line)
            continue
        if not _UPDATES.search(command):
            continue  # the lists are in an earlier layer: removing them here frees nothing
        later = [
            i.command
            for i in image.dockerfile.instructions
            if i.keyword == "RUN" and i.start > run.start and _INSTALLS.search(i.command)
        ]
        needs_lists = any(not _UPDATES.search(text) for text in later)
        if needs_lists or re.search(r"[;|#]|\b(if|for|while)\b", command):
            yield image.abstained(
                run,
                "apt-lists",
                "the package lists stay in the layer, and it cannot be told that nothing after "
                "needs them",
                "End the line with `&& rm -rf /var/lib/apt/lists/*`.",
            )
            continue
        text, newline = image.dockerfile.text, image.dockerfile.newline
        written = text[run.start : run.end]
        joint = " && "
        if "\n" in written:
            last = written.rpartition("\n")[2]
            indent = last[: len(last) - len(last.lstrip())] or "    "
            escape = "`" if image.dockerfile.directives.get("escape") == "`" else "\\"
            joint = f" {escape}{newline}{indent}&& "
        end = run.offsets[-1] + 1
        yield image.changed(
            run,
            (Edit(end, end, f"{joint}rm -rf /var/lib/apt/lists/*"),),
            Safety.SAFE,
            "The package lists would stay in the layer and are out of date at the next build.",
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
    last = [i for i in image.stage.instructions if i.keyword in (*_ROOT_WORK, "FROM")][-1]
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
    if any(_MAKES_USER.search(text) for text in runs):
        return "it makes a user, but never becomes it"
    if any(_FILES_OF_ROOT.search(text) for text in runs):
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
    asked = json_form(["python", "-c", _HEALTH.format(port=image.port)])
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
