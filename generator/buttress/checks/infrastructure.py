"""Checks of what the app runs on: its image, its servers, and how they come about."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.delivery.images import (
    Image,
    copies_everything,
    ignores_secrets,
    images,
    runs_as_root,
    secrets_in_image,
    unbuildable,
    unpinned_bases,
)
from buttress.analysis.delivery.servers import development_starts, starts_by_buildpack
from buttress.analysis.javascript import loose_dependencies, package_images, packages_of
from buttress.analysis.secrecy.secret_files import holds_committed_key
from buttress.checks.model import (
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    check,
)
from buttress.project.documents import text_of
from buttress.project.model import Dependency, Manifest, Place
from buttress.source.dockerfile import Instruction

_CONTAINER = "container"


@check(
    "INFRA-DEPS-UNLOCKED",
    "Dependencies are not locked",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    standards=(
        "12factor II",
        "OWASP A03:2025",
    ),
    peers=("scorecard:Pinned-Dependencies",),
)
def dependencies_unlocked(subject: Subject) -> Iterator[Finding]:
    """No file says exactly which versions the app runs with.

    Two builds of the same commit then differ, and a broken or hijacked release arrives unseen
    (twelve-factor app, II; OWASP A03:2025). A lock file, or exact versions of all requirements, is
    fine. A ``package.json`` beside the app is asked the same.

    Bad::

        fastapi
        sqlalchemy>=2

    Good::

        fastapi==0.128.0
        sqlalchemy==2.0.45
    """
    yield from _unlocked_python(subject)
    for package in packages_of(subject.project, subject.service):
        # a workspace has one lock file, so its members are one finding
        inside = package.workspace is not None and package.lock is None
        loose = [] if inside else loose_dependencies(subject.project, package)
        if loose:
            message = (
                f"{package.manifest}: {_without_version(len(loose), len(package.dependencies))}, "
                f"and no lock file of {package.manager} gives one."
            )
            yield Finding(loose[0].place, message, "", package.manifest)


def _unlocked_python(subject: Subject) -> Iterator[Finding]:
    manifest = subject.service.manifest
    if manifest is None:
        yield Finding(subject.anchor, "No file declares what the app depends on.")
        return
    if manifest.lock is not None and _has_entries(subject, manifest):
        return
    needed = [dependency for dependency in manifest.dependencies if not dependency.group]
    loose = [dependency for dependency in needed if not _is_exact(dependency)]
    if not needed:
        yield Finding(subject.anchor, f"{manifest.path} declares no dependencies.")
    elif loose:
        said = _without_version(len(loose), len(needed))
        message = f"{said[0].upper()}{said[1:]}, and there is no lock file."
        yield Finding(loose[0].place, message)


def _without_version(loose: int, needed: int) -> str:
    if needed == 1:
        return "the only dependency has no exact version"
    return f"{loose} of {needed} dependencies {'has' if loose == 1 else 'have'} no exact version"


def _has_entries(subject: Subject, manifest: Manifest) -> bool:
    locked = text_of(subject.project.tree, manifest.lock or "").lower()
    # a lock of a large project may be too large to read, an empty one never is
    too_large = manifest.lock not in subject.project.tree or not locked
    names = [dependency.name for dependency in manifest.dependencies if not dependency.group]
    return too_large or any(name in locked for name in names)


def _is_exact(dependency: Dependency) -> bool:
    specifier = dependency.specifier.strip()
    return ("==" in specifier.split(",")[0] and "*" not in specifier) or "@" in specifier


@check(
    "INFRA-NO-CONTAINER",
    "There is no image to deploy",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    recipe=_CONTAINER,
    standards=("12factor X",),
)
def no_container(subject: Subject) -> Iterator[Finding]:
    """Nothing builds the same runtime for every machine: no Dockerfile starts the app.

    What runs on a laptop and what runs on the server are then different systems (twelve-factor app,
    X). A ``Procfile`` together with a pinned Python version counts too, as do the builders of Vercel
    and Replit.

    Bad::

        $ ssh server 'cd app && git pull && python main.py'

    Good::

        FROM python:3.12-slim
        COPY . .
        CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
    """
    project, service = subject.project, subject.service
    if images(project, service) or starts_by_buildpack(project, service):
        return
    broken = unbuildable(project, service)
    for place, problem in broken:
        yield Finding(place, f"Docker cannot build this: {problem}.")
    if not broken:
        yield Finding(subject.anchor, "No Dockerfile builds an image that starts the app.")


@check(
    "INFRA-CONTAINER-ROOT",
    "The container runs as root",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    recipe=_CONTAINER,
    standards=(
        "CWE-250",
        "CIS Docker 4.1",
    ),
    peers=(
        "hadolint:DL3002",
        "checkov:CKV_DOCKER_3",
        "checkov:CKV_DOCKER_8",
        "semgrep:dockerfile.security.missing-user.missing-user",
        "semgrep:missing-user-entrypoint",
        "semgrep:last-user-is-root",
    ),
)
def container_root(subject: Subject) -> Iterator[Finding]:
    """The last stage of a Dockerfile never becomes another user.

    Whoever takes over the app is root in the container, one flaw of the kernel away from the host
    (CWE-250, CIS Docker Benchmark 4.1). A base image whose user is not known is passed over.

    Bad::

        FROM python:3.12-slim
        CMD ["uvicorn", "main:app"]

    Good::

        FROM python:3.12-slim
        RUN useradd --uid 10001 app
        USER 10001
        CMD ["uvicorn", "main:app"]
    """
    for image in _all_images(subject):
        proof = runs_as_root(subject.project, image)
        if proof is not None:
            yield Finding(image.place(proof), "The container runs as root.", "", proof.value)


@check(
    "INFRA-IMAGE-HYGIENE",
    "The image is not pinned, or holds what does not belong in it",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    recipe=_CONTAINER,
    standards=(
        "CWE-538",
        "CIS Docker 4.10",
    ),
    peers=(
        "hadolint:DL3006",
        "hadolint:DL3007",
        "checkov:CKV_DOCKER_7",
        "semgrep:avoid-latest-version",
        "semgrep:missing-image-version",
        "semgrep:dockerfile-source-not-pinned",
    ),
)
def image_hygiene(subject: Subject) -> Iterator[Finding]:
    """A Dockerfile takes whatever base image is newest, or lets secrets into the image.

    The base changes from one build to the next, and everyone who pulls the image can read a ``.env``
    file in it (CWE-538, CIS Docker Benchmark 4.10).

    Bad::

        FROM python:latest
        COPY . .            # and no .dockerignore

    Good::

        FROM python:3.12-slim
        COPY . .            # .dockerignore: .env
    """
    for image in _all_images(subject):
        for base in unpinned_bases(image):
            message = "The base image has no version, so it changes from build to build."
            yield Finding(image.place(base), message, "", base.value)
        for instruction, name in secrets_in_image(image.dockerfile):
            at = _place_of(name, instruction, image)
            if holds_committed_key(subject.project.tree, at.path, at.line, at.line):
                continue  # it has to be revoked, and is reported as that
            message = f"{name} ends up in the image, where everyone who pulls it can read it."
            yield Finding(at, message, "", name)
        everything = copies_everything(image)
        if everything is not None and not ignores_secrets(subject.project, image):
            message = "Everything is copied into the image, and no .dockerignore leaves out .env."
            yield Finding(image.place(everything), message, "", "dockerignore")


def _place_of(name: str, instruction: Instruction, image: Image) -> Place:
    """Return the line of an instruction that names something."""
    start, _ = instruction.span(instruction.value.index(name), len(instruction.value))
    before = image.dockerfile.text[instruction.start : start]
    return Place(image.path, instruction.line + before.count("\n"))


@check(
    "INFRA-DEV-SERVER",
    "Production starts a development server",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    recipe=_CONTAINER,
    standards=("CWE-489",),
)
def dev_server(subject: Subject) -> Iterator[Finding]:
    """What is deployed starts with a server, or an option, that is made for development.

    Flask's and Django's own servers take one crash or slow client for all, and reloading watches
    files that never change. Compose files for local use are passed over.

    Bad::

        CMD ["flask", "run", "--host", "0.0.0.0"]

    Good::

        CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
    """
    starts = development_starts(subject.project, subject.service)
    if starts is None:
        raise NotApplicable("no file says how the app is started where it is deployed")
    for fact, why in starts:
        yield Finding(fact.place, why, "", fact.value)


def _all_images(subject: Subject) -> list[Image]:
    """Return the service's images, and those of the packages of JavaScript beside it."""
    found = images(subject.project, subject.service)
    paths = {image.path for image in found}
    beside = package_images(subject.project, subject.service)
    found += [image for image in beside if image.path not in paths]
    if not found:
        raise NotApplicable("there is no Dockerfile")
    return found
