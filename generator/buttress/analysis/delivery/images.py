"""Dockerfiles of a service: what they are built from, who they run as, what gets into them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from buttress.project.documents import read_yaml, table, text_of
from buttress.project.folders import below, folder_of, is_inside, join, normalized
from buttress.project.model import Place, Project, Service
from buttress.source import Tree
from buttress.source.dockerfile import Dockerfile, Instruction, Stage, parse
from buttress.source.ignore_spec import ignore_spec
from buttress.source.patterns import lazy_pattern

_LARGEST = 128 * 1024
_ROOT_BASES = frozenset(
    [
        *("python", "debian", "ubuntu", "alpine", "node", "pypy", "fedora", "rockylinux", "buildpack-deps"),
        *("tiangolo/uvicorn-gunicorn-fastapi", "tiangolo/uvicorn-gunicorn", "tiangolo/uwsgi-nginx-flask"),
        *("continuumio/miniconda3", "continuumio/anaconda3", "astral-sh/uv", "nvidia/cuda", "pytorch/pytorch"),
        *("tensorflow/tensorflow", "amazonlinux", "centos"),
    ]
)  # fmt: skip
"""Images that run as root unless told otherwise."""

_PYTHON = lazy_pattern(r"\b(?:pip3?|uv|poetry|pipenv|pdm|conda)\b")
_DEVELOPMENT = lazy_pattern(
    r"(?:.*[-_])?(?:dev|develop|development|devel|test|tests|testing|debug|lint|local|ci)(?:[-_].*)?\Z"
)
_DEPLOYED = lazy_pattern(r"prod|runtime|runner|release|final|deploy")
_UWSGI_USER = lazy_pattern(r"^\s*uid\s*=\s*(?!root\b|0\b)\w", re.MULTILINE)
_DROPS_ROOT = lazy_pattern(r"\b(?:gosu|su-exec|setpriv|runuser|chroot --userspec)\b")
_ROOT = lazy_pattern(r"(?:root|0)(?::|\Z)")
_SECRET_NAME = lazy_pattern(
    r"(?:^|_)(?:secret(?:_key|_access_key)?|passw(?:or)?d|token|api_?key|private_?key|credentials?)\Z",
    re.IGNORECASE,
)
_PAIR = lazy_pattern(r"(\w+)(?:=|\s+)(\"[^\"]*\"|'[^']*'|\S+)")
_REGISTRY = lazy_pattern(r"[\w.-]+\.[\w.-]+(?::\d+)?/(?:library/)?")


@dataclass(frozen=True, slots=True)
class Image:
    """What a Dockerfile builds in the end."""

    path: str
    dockerfile: Dockerfile
    stage: Stage

    @property
    def lineage(self) -> tuple[Instruction, ...]:
        """All instructions that end up in the image, in order."""
        return tuple(i for stage in self.dockerfile.lineage(self.stage) for i in stage.instructions)

    def last(self, *keywords: str) -> Instruction | None:
        """Return the last instruction of some kinds that ends up in the image."""
        found = (i for i in reversed(self.lineage) if i.keyword in keywords and not i.is_onbuild)
        return next(found, None)

    def place(self, instruction: Instruction) -> Place:
        """Return where an instruction stands."""
        return Place(self.path, instruction.line)


def images(project: Project, service: Service) -> list[Image]:
    """Return the images that start the service: those that hold it, and are told what to run."""
    has_compose = any(fact.reason.startswith("compose") for fact in service.entry_commands)
    starting = _starting(service)
    commanded = _commanded(project)
    return [
        image
        for image in service_images(project, service)
        if image.last("CMD", "ENTRYPOINT") is not None
        or has_compose
        or image.path in starting
        or image.path in commanded
    ]


def service_images(project: Project, service: Service) -> list[Image]:
    """Return the images that hold the service, whether or not anything says what they run.

    Those are the ones that start it, those with Python in its folder, and those with Python in a
    folder above that copy its files; none that starts another service. Those in its folder come
    first.
    """
    starting = _starting(service)
    foreign = {path for s in project.services if s is not service for path in _starting(s)}
    beside = set(_beside(project, service))
    found = []
    for path in project.dockerfiles:
        folder, near = folder_of(path), path in beside
        if path not in starting and (path in foreign or not (near or _is_above(folder, service))):
            continue
        image = built_image(project.tree, path)
        if image is not None and (
            path in starting
            or (_is_python(image) and (near or _copies(image.dockerfile, folder, service.root)))
        ):
            found.append(image)
    return sorted(found, key=lambda image: not is_inside(image.path, service.root))


def unbuildable(project: Project, service: Service) -> list[tuple[Place, str]]:
    """Return what keeps Docker from building images of Python in the service's folder, and where."""
    found = []
    for path in _beside(project, service):
        text = text_of(project.tree, path)
        is_about_python = "python" in text or _PYTHON.search(text)
        dockerfile = parse(text) if is_about_python and len(text) <= _LARGEST else None
        if dockerfile is not None and dockerfile.problem is not None:
            found.append((Place(path, dockerfile.problem_line), dockerfile.problem))
    return found


def _beside(project: Project, service: Service) -> list[str]:
    """Return the Dockerfiles in the service's folder that stand in no other service's."""
    others = project.roots_beside(service)
    return [
        path
        for path in project.dockerfiles
        if is_inside(folder_of(path), service.root)
        and not any(is_inside(folder_of(path), other) for other in others)
    ]


def _starting(service: Service) -> set[str]:
    return {fact.place.path for fact in service.entry_commands}


def _is_above(folder: str, service: Service) -> bool:
    return folder != service.root and is_inside(service.root, folder)


def _copies(dockerfile: Dockerfile, folder: str, root: str) -> bool:
    """Whether a Dockerfile in a folder above takes files out of a service's root."""
    wanted = below(root, folder)
    return any(is_inside(source, wanted) for source in copied_paths(dockerfile))


def copied_paths(dockerfile: Dockerfile) -> list[str]:
    """Return what is copied out of the build context, relative to it."""
    return [
        posixpath.normpath(word)
        for stage in dockerfile.stages
        for copy in stage.all("COPY", "ADD")
        if "from" not in copy.flags
        for word in copy.words[:-1]
    ]


def _commanded(project: Project) -> set[str]:
    """Return the Dockerfiles that a compose file builds and gives a command."""
    found = set()
    for path in project.compose_files:
        for service in table(read_yaml(project.tree, path), "services").values():
            if not isinstance(service, Mapping) or not (
                service.get("command") or service.get("entrypoint")
            ):
                continue
            build = service.get("build")
            context = build.get("context", ".") if isinstance(build, Mapping) else build
            name = build.get("dockerfile") if isinstance(build, Mapping) else None
            if isinstance(context, str):
                file = posixpath.join(context, str(name or "Dockerfile"))
                found.add(normalized(folder_of(path), file))
    return {path for path in found if path is not None}


def built_image(tree: Tree, path: str) -> Image | None:
    """Return what a Dockerfile builds; ``None`` where it cannot be read."""
    text = text_of(tree, path)
    dockerfile = parse(text) if len(text) <= _LARGEST else None
    if dockerfile is None or dockerfile.problem is not None:
        return None
    return Image(path, dockerfile, deployed_stage(dockerfile))


def deployed_stage(dockerfile: Dockerfile, target: str = "") -> Stage:
    """Return the stage that is deployed.

    Args:
        dockerfile: The Dockerfile.
        target: The stage that a compose file builds; it is taken unless it is for development.

    Returns:
        The last stage, or where that is for development the last one that is not: one that says what
        to run, else one whose name says that it is deployed.
    """
    others = [stage for stage in dockerfile.stages if not _is_for_development(stage)]
    wanted = [stage for stage in others if target and stage.name == target.lower()]
    started = [stage for stage in others if stage.all("CMD", "ENTRYPOINT")]
    named = [stage for stage in others if _DEPLOYED.search(stage.name)]
    last = dockerfile.stages[-1]
    if wanted or not _is_for_development(last):
        return (wanted or [last])[0]
    return (started or named or [last])[-1]


def _is_for_development(stage: Stage) -> bool:
    return bool(_DEVELOPMENT.match(stage.name))


def _is_python(image: Image) -> bool:
    return any(
        stage.image.name.rpartition("/")[2] == "python"
        or any(_PYTHON.search(i.command) for i in stage.all("RUN"))
        for stage in image.dockerfile.stages
    )


def runs_as_root(project: Project, image: Image) -> Instruction | None:
    """Return what shows that the container runs as root; ``None`` where it does not, or is unknown."""
    user = image.last("USER")
    if user is not None:
        return user if _ROOT.match(user.command.strip("\"'")) else None
    if _drops_root(project, image):
        return None
    base = image.dockerfile.lineage(image.stage)[0]
    name = _REGISTRY.sub("", base.image.name, count=1)
    if name not in _ROOT_BASES or "nonroot" in base.reference:
        return None
    return image.last("CMD", "ENTRYPOINT") or base.from_


def _drops_root(project: Project, image: Image) -> bool:
    for instruction in (image.last("ENTRYPOINT"), image.last("CMD")):
        if instruction is None:
            continue
        if _DROPS_ROOT.search(instruction.command):
            return True
        names = [word.rpartition("/")[2] for word in instruction.words if word.endswith(".sh")]
        scripts = project.tree.named(*names) if names else ()
        texts = [instruction.command, *(text_of(project.tree, path) for path in scripts)]
        if any(_DROPS_ROOT.search(text) or _uwsgi_user(project, text) for text in texts):
            return True
    return False


def _uwsgi_user(project: Project, start: str) -> bool:
    """Whether a command starts uWSGI, and its configuration names another user."""
    if "uwsgi" not in start:
        return False
    names = {match.rpartition("/")[2] for match in re.findall(r"[\w./-]+\.ini\b", start)}
    return any(
        _UWSGI_USER.search(text_of(project.tree, path)) for path in project.tree.named(*names)
    )


def unpinned_bases(image: Image) -> Iterator[Instruction]:
    """Yield each ``FROM`` that takes whatever is newest."""
    stages = {stage.name for stage in image.dockerfile.stages if stage.name}
    for stage in image.dockerfile.stages:
        reference, base = stage.reference, stage.image
        is_own = reference.lower() in stages or reference == "scratch"
        is_loose = base.tag in {"", "latest"} or (
            base.name.rpartition("/")[2] == "python" and not re.search(r"\d", base.tag)
        )
        if not is_own and is_loose and not base.digest and "$" not in reference:
            yield stage.from_


def secrets_in_image(dockerfile: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """Yield what puts a secret into the image, with the name of the variable or file."""
    for instruction in dockerfile.instructions:
        if instruction.keyword in {"COPY", "ADD"} and "from" not in instruction.flags:
            for word in instruction.words[:-1]:
                name = word.rpartition("/")[2]
                if re.fullmatch(r"\.env(\.(?!example|sample|template)\w+)?", name):
                    yield instruction, name
        elif instruction.keyword in {"ENV", "ARG"}:
            for name, value in _PAIR.findall(instruction.value):
                bare = value.strip("\"'")
                if _SECRET_NAME.search(name) and bare and "$" not in bare and not bare.isdigit():
                    yield instruction, name


def copies_everything(image: Image) -> Instruction | None:
    """Return the instruction that copies the whole build context into the image, if one does."""
    for instruction in image.lineage:
        if instruction.keyword in {"COPY", "ADD"} and "from" not in instruction.flags:
            words = [word for word in instruction.words[:-1] if not word.startswith("--")]
            if any(word in {".", "./", "./.", "*", "/"} for word in words):
                return instruction
    return None


def ignores_secrets(project: Project, image: Image) -> bool:
    """Whether a ``.dockerignore`` for the image leaves out ``.env`` files.

    It stands beside the Dockerfile, or in any folder above that may be the build context.
    """
    folder = folder_of(image.path)
    paths = [f"{image.path}.dockerignore", join(folder, ".dockerignore")]
    while folder:
        folder = folder_of(folder)
        paths.append(join(folder, ".dockerignore"))
    for path in paths:
        if path in project.tree:
            lines = text_of(project.tree, path).splitlines()
            return ignore_spec(lines).match_file(".env")
    return False
