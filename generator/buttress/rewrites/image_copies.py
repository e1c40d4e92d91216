"""An image that copies the app's files by name gets the new modules of a recipe, too.

Before::

    COPY app.py .

After::

    COPY app.py settings.py .

Without it, the app would not start in its image: the module that it imports is not there. Where a
folder is copied as a whole, the new modules come with it. They go beside the files that import them, in
every stage that copies such a file by its name; where that folder is not clear, nothing is changed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from buttress.analysis.delivery.images import Image, service_images
from buttress.rewrites.image_facts import build_context
from buttress.rewrites.outcomes import Abstained, Changed, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source import Edit
from buttress.source.dockerfile import Dockerfile, Instruction, Stage, parse
from buttress.source.ignore_file import Dialect, covers


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
        yield from _added(context, image, parse(text.content), modules)


def _added(
    context: Context, image: Image, dockerfile: Dockerfile, modules: list[str]
) -> Iterator[Outcome]:
    above = build_context(context.project, image.path)
    names = [posixpath.relpath(path, above or ".") for path in modules]
    users = {
        posixpath.relpath(file, above or "."): {
            posixpath.relpath(path, above or ".") for path in imported
        }
        for file, imported in _users(context, modules).items()
    }
    edits: list[Edit] = []
    line = dockerfile.stages[-1].from_.line
    for stage in dockerfile.stages:
        before = [i for s in dockerfile.lineage(stage) for i in s.instructions]
        wanted = [path for path in names if not _is_copied(before, path)]
        beside = _beside(stage, users) if wanted else None
        folder = _folder(context, before, beside, modules[0]) if beside else None
        if beside is None or folder is None or _is_ignored(context, image, above, wanted):
            continue
        line = line if edits else beside.line
        edits.append(_with(dockerfile, beside, wanted, folder))
    if edits:
        reason = "The image copies files by name, and the app imports the new modules."
        yield Changed(image.path, line, tuple(edits), Safety.SAFE, reason)
        return
    inside = {file for file in users if _is_copied(dockerfile.instructions, file)}
    using = [
        path
        for path in names
        if not _is_copied(dockerfile.instructions, path)
        and any(path in users[file] for file in inside)
    ]
    if using:
        yield Abstained(
            image.path,
            line,
            "not-copied",
            f"the image holds code that imports {', '.join(using)}, and it is not clear where to copy that to.",
            f"Copy {'it' if len(using) == 1 else 'them'} into the image as well.",
        )


def _users(context: Context, modules: list[str]) -> dict[str, set[str]]:
    """Return which files import which of the modules; the file of the app is among them."""
    dotted = {context.service.dotted(path): path for path in modules}
    words = {name.rpartition(".")[2] for name in dotted}
    found: dict[str, set[str]] = {app.place.path: set() for app in context.service.apps[:1]}
    for module in context.modules(*sorted(words)):
        for binding in module.imports:
            for name, path in dotted.items():
                if binding.target == name or binding.target.startswith(f"{name}."):
                    found.setdefault(module.path, set()).add(path)
    return found


def _copies(instructions: Iterable[Instruction]) -> Iterator[Instruction]:
    for copy in instructions:
        is_copy = copy.keyword in ("COPY", "ADD") and not copy.is_onbuild
        if is_copy and "from" not in copy.flags and len(copy.words) > 1:
            yield copy


def _sources(copy: Instruction) -> list[str]:
    return [posixpath.normpath(source).lstrip("/") or "." for source in copy.words[:-1]]


def _is_copied(instructions: Iterable[Instruction], path: str) -> bool:
    return any(_covers(source, path) for copy in _copies(instructions) for source in _sources(copy))


def _covers(source: str, path: str) -> bool:
    if source in (".", path) or path.startswith(f"{source}/"):
        return True
    parts = path.split("/")
    ways = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return any(fnmatchcase(way, source) and way.count("/") == source.count("/") for way in ways)


def _beside(stage: Stage, users: dict[str, set[str]]) -> Instruction | None:
    """Return the last instruction that copies a file by its name that imports the modules.

    Where none does, it is the one that copies the file of the app.
    """
    found = None
    for copy in _copies(stage.instructions):
        named = [source for source in _sources(copy) if source.endswith(".py")]
        taken = [user for user in users if any(_covers(source, user) for source in named)]
        if taken and (found is None or any(users[user] for user in taken)):
            found = copy
    return found


def _folder(
    context: Context, before: list[Instruction], copy: Instruction, module: str
) -> str | None:
    """Return the folder of the image that an instruction copies to; ``None`` where it is not clear.

    Without a slash at its end, Docker makes a file of one source, unless the folder is there already.
    """
    if copy.exec_form is not None or copy.heredocs or "'" in copy.command or '"' in copy.command:
        return None
    target = copy.words[-1]
    earlier = before[: before.index(copy)]
    known = [i.value.strip() + "/" for i in earlier if i.keyword == "WORKDIR"]
    known += [i.words[-1] for i in earlier if i.keyword in ("COPY", "ADD") and i.words]
    if target.endswith("/") or posixpath.basename(target) in (".", ".."):
        folder = target
    elif target.endswith(".py"):
        folder = posixpath.dirname(target) or "."
    elif target[0] in "/$" and any(path.startswith(f"{target}/") for path in known):
        folder = target
    else:
        return None
    # the modules of a package are found in a folder of its name alone
    package = context.service.dotted(module).split(".")[:-1]
    is_found = not package or posixpath.basename(folder.rstrip("/")) == package[-1]
    return folder if is_found else None


def _is_ignored(context: Context, image: Image, above: str, names: list[str]) -> bool:
    for path in (f"{image.path}.dockerignore", posixpath.join(above, ".dockerignore")):
        text = context.draft.text(path) if path in context.draft else None
        if text is not None:
            return any(covers(text.content, name, Dialect.DOCKER) for name in names)
    return False


def _with(dockerfile: Dockerfile, copy: Instruction, names: list[str], folder: str) -> Edit:
    start = copy.end - len(folder)
    if dockerfile.text[start : copy.end] == folder == copy.words[-1] and folder[-1] in "./":
        return Edit(start, start, " ".join(names) + " ")
    flags = copy.value[: copy.command_index].strip()
    words = (copy.keyword, *([flags] if flags else []), *names, f"{folder.rstrip('/')}/")
    return dockerfile.line_after(copy, " ".join(words))
