"""Declare what a recipe needs, in the manifest that the service really uses and in its style.

Nothing is looked up: a manifest of exact pins gets the version that the recipe was tested with where that goes
with the other lines, any other one the recipe's range. What cannot be declared by an edit (hashes, ``setup.py``, no manifest at all) becomes a
note that says what to install. Lock files are left to their own tool: its command is returned.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from buttress.planning.changes import AddedDependency
from buttress.planning.development_files import development_files
from buttress.planning.recipe import Bound, Recipe, Requirement
from buttress.planning.templating import holds
from buttress.planning.versions import EXACT, conflict, excludes
from buttress.project.model import Dependency, Manager, Manifest, Service
from buttress.source import Draft
from buttress.source.patterns import lazy_pattern
from buttress.source.refusal import RefusedError

_LOCK_COMMANDS = {
    Manager.UV: "uv lock",
    Manager.POETRY: "poetry lock",
    Manager.PDM: "pdm lock",
    Manager.PIPENV: "pipenv lock",
}
_COMPILE_COMMAND = lazy_pattern(r"^#\s+((?:uv pip compile|pip-compile)\b[^\r\n]*)", re.MULTILINE)


@dataclass(frozen=True)
class Needed:
    """A requirement as this service would declare it.

    Attributes:
        name: As the recipe writes it.
        specifier: In the style of the manifest.
        extras: Extras of the package.
        group: Empty for run time, else ``dev``.
        bound: The range that the recipe declares for this Python.
        enough: The versions that the recipe's code works with.
    """

    name: str
    specifier: str
    extras: tuple[str, ...]
    group: str
    bound: str
    enough: str

    @property
    def written(self) -> str:
        """The requirement on one line, as pip takes it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier or self.bound}"


@dataclass(frozen=True)
class Declared:
    """What became of a recipe's requirements.

    Attributes:
        added: Those that the recipe brings; without a manifest if they are declared nowhere.
        notes: What a person has to install or raise, as sentences.
    """

    added: tuple[AddedDependency, ...] = ()
    notes: tuple[str, ...] = ()


def declare(
    draft: Draft, service: Service, recipe: Recipe, values: Mapping[str, object]
) -> Declared:
    """Add what a recipe needs to the service's manifest.

    Args:
        draft: The files; changed in place.
        service: The service.
        recipe: The recipe.
        values: Its answers, which conditions are about.
    """
    added: list[AddedDependency] = []
    notes: list[str] = []
    missing: list[str] = []
    for needed in _needed(service, recipe, values):
        known = _known(service.manifest, needed)
        if known is not None:
            if excludes(known.specifier, needed.enough):
                notes.append(
                    f"{known.place} declares `{known.name}{known.specifier}`, and this recipe's code "
                    f"needs {needed.enough}: raise it."
                )
            continue
        if service.manifest is None:
            missing.append(f"`{needed.written}`")
            name = canonicalize_name(needed.name)
            added.append(AddedDependency(name, needed.bound, needed.group, None, recipe.id))
            continue
        try:
            added.append(_declare(draft, service.manifest, needed, recipe.id))
        except RefusedError as reason:
            notes.append(
                f"{service.manifest.path} was left alone, because {reason}. Declare "
                f"`{needed.written}` yourself{' for development' if needed.group else ''}."
            )
    if missing:
        notes.append(
            f"This service declares its dependencies nowhere: install {', '.join(missing)} "
            "wherever it runs."
        )
    return Declared(tuple(added), tuple(notes))


def _needed(service: Service, recipe: Recipe, values: Mapping[str, object]) -> Iterable[Needed]:
    dependencies = recipe.dependencies
    groups = (("", dependencies.runtime), ("dev", dependencies.dev))
    for group, requirements in groups:
        for item in requirements:
            where = f"recipes/{recipe.id}/recipe.yml: `{item.name}`"
            if item.framework and service.framework not in item.framework:
                continue
            if not holds(item.when, values, where) or _is_covered(service.manifest, item):
                continue
            bound = _bound(item, service)
            specifier = _pin(bound, item, service) or _floor(item, service) or bound.specifier
            enough = item.enough or bound.specifier
            yield Needed(item.name, specifier, item.extras, group, bound.specifier, enough)


def _is_covered(manifest: Manifest | None, item: Requirement) -> bool:
    return manifest is not None and any(
        manifest.declares(canonicalize_name(name)) for name in item.unless
    )


def _bound(item: Requirement, service: Service) -> Requirement | Bound:
    """Return the versions for the service's Python."""
    if service.python is not None:
        for bound in item.older:
            if SpecifierSet(bound.python).contains(service.python.value):
                return bound
    return item


def _pin(bound: Requirement | Bound, item: Requirement, service: Service) -> str | None:
    """Return the specifier of one exact version, where the manifest pins and that version fits.

    Where the Python is not known, that is the version for the oldest one: newer ones run it as well.
    A range lets the installer find an older version that goes with the rest, so there is no pin if
    the pinned version asks for more than other lines allow.
    """
    manifest = service.manifest
    if service.python is None and item.older:
        bound = item.older[0]
    if manifest is None or not _pins(manifest) or bound.pin is None:
        return None
    if any(conflict(manifest, name, wanted) for name, wanted in bound.needs.items()):
        return None
    return f"=={bound.pin}"


def _floor(item: Requirement, service: Service) -> str | None:
    """Return the start of a caret's range, where the manifest writes carets.

    A caret ends with the major version that it names. So it names a current one, which the oldest
    Python runs as well: what the lock file is made for is not known here.
    """
    manifest = service.manifest
    bound = item.older[0] if item.older else item
    if manifest is None or bound.pin is None or not _writes_carets(manifest):
        return None
    if any(conflict(manifest, name, wanted) for name, wanted in bound.needs.items()):
        return None
    return f">={bound.pin}"


def _writes_carets(manifest: Manifest) -> bool:
    own = [item.specifier for item in manifest.dependencies if item.place.path == manifest.path]
    return sum(specifier.startswith("^") for specifier in own) * 2 > len(own)


def _pins(manifest: Manifest) -> bool:
    """Whether most requirements of the manifest name one exact version."""
    own = [item for item in manifest.dependencies if item.place.path == manifest.path]
    return sum(bool(EXACT.match(item.specifier)) for item in own) * 2 > len(own)


def _known(manifest: Manifest | None, needed: Needed) -> Dependency | None:
    """Return what declares a package already: for run time, only what is installed there counts."""
    name = canonicalize_name(needed.name)
    for item in manifest.dependencies if manifest else ():
        if item.name == name and (not item.group or needed.group):
            return item
    return None


def _declare(draft: Draft, manifest: Manifest, needed: Needed, recipe: str) -> AddedDependency:
    path, command = _target(draft, manifest, needed)
    text = draft.text(path)
    if text is None:
        raise RefusedError("it is no text")
    if path.endswith((".txt", ".in")):
        from buttress.source.requirements import add

        content = add(text.content, needed.name, needed.specifier, extras=needed.extras)
    elif manifest.kind == "setup":
        raise RefusedError("it is code")
    else:
        from buttress.source.toml_dependencies import add_dependency

        content = add_dependency(
            text.content,
            needed.name,
            needed.specifier,
            kind=manifest.kind,
            group=needed.group,
            extras=needed.extras,
        )
    draft.write(path, text.with_content(content))
    name = canonicalize_name(needed.name)
    return AddedDependency(name, needed.specifier, needed.group, path, recipe, command)


def _target(draft: Draft, manifest: Manifest, needed: Needed) -> tuple[str, str]:
    """Return the file to edit, and the command that brings what is made from it up to date."""
    folder = posixpath.dirname(manifest.path)
    inside = f"cd {folder} && " if folder else ""
    if manifest.kind != "requirements":
        command = _LOCK_COMMANDS.get(manifest.manager, "") if manifest.lock else ""
        return manifest.path, inside + command if command else ""
    path = manifest.path
    if needed.group:
        listed = [item.place.path for item in manifest.dependencies if item.group]
        found = development_files(draft, folder)
        if not listed and not found:
            raise RefusedError("it is installed in production and there is none for development")
        path = (listed or found)[0]
    source = posixpath.splitext(path)[0] + ".in"
    text = draft.text(path)
    compiled = _COMPILE_COMMAND.search(text.content) if text is not None else None
    if compiled and source in draft:
        return source, inside + compiled[1].strip()
    return path, ""
