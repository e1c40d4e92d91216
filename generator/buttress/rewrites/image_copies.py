"""An image that copies the app's files by name gets the new modules of a recipe, too.

Before::

    COPY app.py .

After::

    COPY app.py settings.py .

Without it, the app would not start in its image: the module that it imports is not there. Where a
folder is copied as a whole, the new modules come with it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase

from buttress.analysis.delivery.images import Image, service_images
from buttress.project.model import Role
from buttress.rewrites.image_facts import build_context
from buttress.rewrites.outcomes import Abstained, Changed, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Edit
from buttress.source.dockerfile import Dockerfile, Instruction, parse


@service_rewrite("image-copies")
def image_copies(context: Context) -> Iterator[Outcome]:
    """Let the project's own images copy the modules that recipes brought."""
    folder = context.service.package_folder
    modules = sorted(
        path
        for path in context.owned
        if path.endswith(".py") and posixpath.dirname(path) == folder and path in context.draft
    )
    for image in service_images(context.project, context.service):
        text = context.draft.text(image.path)
        if image.path in context.owned or text is None or not modules:
            continue
        dockerfile = parse(text.content)
        above = build_context(context.project, image.path)
        inside = [posixpath.relpath(path, above or ".") for path in modules]
        missing = [path for path in inside if not _is_copied(dockerfile, path)]
        yield from _added(context, image, dockerfile, missing, above)


def _added(
    context: Context, image: Image, dockerfile: Dockerfile, missing: list[str], above: str
) -> Iterator[Outcome]:
    for folder in dict.fromkeys(map(posixpath.dirname, missing)):
        names = [path for path in missing if posixpath.dirname(path) == folder]
        beside = _beside(dockerfile, folder)
        if beside is None:
            using = [path for path in names if _is_imported(context, dockerfile, path, above)]
            if using:
                yield Abstained(
                    image.path,
                    dockerfile.stages[-1].from_.line,
                    "not-copied",
                    f"the image holds code that imports {', '.join(using)}, and copies no file of that folder",
                    f"Copy {'it' if len(using) == 1 else 'them'} into the image as well.",
                )
            continue
        yield Changed(
            image.path,
            beside.line,
            (_with(dockerfile, beside, names),),
            Safety.SAFE,
            "The image copies files by name, and the app imports the new modules.",
        )


def _copies(dockerfile: Dockerfile) -> Iterator[Instruction]:
    for stage in dockerfile.stages:
        for copy in stage.all("COPY", "ADD"):
            if "from" not in copy.flags and len(copy.words) > 1:
                yield copy


def _is_copied(dockerfile: Dockerfile, path: str) -> bool:
    return any(
        _covers(posixpath.normpath(source), path)
        for copy in _copies(dockerfile)
        for source in copy.words[:-1]
    )


def _covers(source: str, path: str) -> bool:
    source = source.lstrip("/") or "."
    if source in (".", path) or path.startswith(f"{source}/"):
        return True
    parts = path.split("/")
    ways = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return any(fnmatchcase(way, source) and way.count("/") == source.count("/") for way in ways)


def _beside(dockerfile: Dockerfile, folder: str) -> Instruction | None:
    """Return the last instruction that copies Python files of a folder by their names."""
    found = None
    for copy in _copies(dockerfile):
        sources = [posixpath.normpath(source).lstrip("/") for source in copy.words[:-1]]
        named = [s for s in sources if s.endswith(".py") and posixpath.dirname(s) == folder]
        if named and copy.exec_form is None and not copy.heredocs:
            found = copy
    return found


def _with(dockerfile: Dockerfile, copy: Instruction, names: list[str]) -> Edit:
    target = copy.words[-1]
    if target.endswith("/") or posixpath.basename(target) in (".", ".."):
        start = copy.end - len(target)
        if dockerfile.text[start : copy.end] == target:
            return Edit(start, start, " ".join(names) + " ")
    folder = target if not target.endswith(".py") else posixpath.dirname(target) or "."
    flags = "".join(f"--{name}={value} " for name, value in copy.flags.items())
    line = f"{copy.keyword} {flags}{' '.join(names)} {folder.rstrip('/')}/"
    return dockerfile.line_after(copy, line)


def _is_imported(context: Context, dockerfile: Dockerfile, path: str, above: str) -> bool:
    """Whether a file that the image holds imports a module."""
    whole = posixpath.normpath(posixpath.join(above, path))
    dotted = context.service.dotted(whole)
    word = dotted.rpartition(".")[2]
    for file in context.service.files(Role.APP):
        text = context.draft.text(file)
        inside = posixpath.relpath(file, above or ".")
        if text is None or word not in text.content or not _is_copied(dockerfile, inside):
            continue
        targets = [binding.target for binding in context.draft.module(file).imports]
        if any(target == dotted or target.startswith(f"{dotted}.") for target in targets):
            return True
    return False
