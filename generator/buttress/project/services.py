"""Services: candidates grouped by the folder they are deployed from, the likeliest app first."""

from __future__ import annotations

from dataclasses import dataclass, field

from buttress.project.candidates import (
    Candidate,
    describe,
    handler_overlap,
    module_overlap,
    route_overlap,
    strongest,
)
from buttress.project.codebase import Codebase
from buttress.project.deployment import Deployment
from buttress.project.folders import folder_of, is_inside, join, name_of, upwards
from buttress.project.manifests import manifest_for
from buttress.project.model import AppObject, Framework, Manifest
from buttress.project.starts import DEPLOYED, SCRIPTED

_DISTRIBUTIONS = {
    Framework.FASTAPI: "fastapi",
    Framework.FLASK: "flask",
    Framework.DJANGO: "django",
    Framework.STARLETTE: "starlette",
    Framework.STREAMLIT: "streamlit",
}


@dataclass
class Group:
    """The candidates of one service, the deployed one first.

    Attributes:
        root: The service root.
        manifest: What declares its dependencies.
        candidates: At least one.
        beside: Apps that are started from the same code, and are not what is deployed.
    """

    root: str
    manifest: Manifest | None
    candidates: list[Candidate] = field(default_factory=list)
    beside: list[Candidate] = field(default_factory=list)

    @property
    def main(self) -> Candidate:
        """The candidate that is deployed."""
        return self.candidates[0]


def form_groups(
    codebase: Codebase, candidates: list[Candidate]
) -> tuple[list[Group], list[AppObject]]:
    """Group candidates into services and set the rest aside, each with its reason.

    What is set aside and yet started stands beside the service that it shares its code or folder with.
    """
    aside: list[AppObject] = []
    entries: list[tuple[Candidate, Candidate]] = []
    kept = _without_copies(candidates, aside, entries)
    lines = install_lines(codebase.deployment)
    groups: dict[str, Group] = {}
    for candidate in strongest(kept):
        folder = folder_of(candidate.path)
        name = _DISTRIBUTIONS[candidate.framework]
        manifest = manifest_for(codebase.listing, folder, name, lines)
        root = service_root(candidate.root, manifest)
        group = groups.setdefault(root, Group(root, manifest))
        group.candidates.append(candidate)
    formed = [part for group in groups.values() for part in _split(group, aside)]
    merged: dict[str, Group] = {}
    for group in formed:
        if group.root in merged:
            merged[group.root].candidates += group.candidates
            merged[group.root].beside += group.beside
        else:
            merged[group.root] = group
    for candidate, original in entries:
        for group in merged.values():
            if original in (*group.candidates, *group.beside):
                group.beside.append(candidate)
    return sorted(merged.values(), key=_rank), aside


def _rank(group: Group) -> tuple[bool, float, str]:
    return group.main.framework is Framework.STREAMLIT, -group.main.weight, group.root


def service_root(import_root: str, manifest: Manifest | None) -> str:
    """Return the folder that a service is deployed from.

    That is the manifest's folder, unless the imports need a folder above it; without a manifest
    it is the import root, or the folder above a ``src``.
    """
    if manifest is None:
        return folder_of(import_root) if name_of(import_root) == "src" else import_root
    folder = folder_of(manifest.path)
    if name_of(folder) == "requirements":
        folder = folder_of(folder)
    return folder if is_inside(import_root, folder) else import_root


def install_lines(deployment: Deployment) -> dict[str, list[str]]:
    """Return the ``RUN`` lines of images by the folders that they are built from."""
    found: dict[str, list[str]] = {}
    for path, dockerfile in deployment.images.dockerfiles.items():
        lines = [item.value for stage in dockerfile.stages for item in stage.commands]
        for folder in deployment.images.contexts(path)[:2]:
            found.setdefault(folder, []).extend(lines)
    return found


def _without_copies(
    candidates: list[Candidate],
    aside: list[AppObject],
    entries: list[tuple[Candidate, Candidate]],
) -> list[Candidate]:
    kept: list[Candidate] = []
    ordered = sorted(
        candidates,
        key=lambda item: (-len(item.routes) * 0.2 - item.weight, item.path.count("/"), item.path),
    )
    for candidate in ordered:
        original = next((other for other in kept if _is_copy(candidate, other)), None)
        if original is None:
            kept.append(candidate)
            continue
        is_entry = _shares(candidate, original) or handler_overlap(candidate, original) >= 0.5
        what = "second entry to the modules of" if is_entry else "copy of"
        named = f"; {candidate.reason}" if candidate.starts else ""
        reason = f"{what} {original.path}{named}"
        aside.append(describe(candidate, candidate.root, reason))
        if is_entry and candidate.is_started:
            entries.append((candidate, original))
    return kept


def _is_copy(candidate: Candidate, other: Candidate) -> bool:
    if candidate.path == other.path or candidate.framework is not other.framework:
        return False
    if candidate.path in other.reachable or other.path in candidate.reachable:
        return False
    if _shares(candidate, other):
        return True
    both_deployed = min(candidate.strength, other.strength) >= DEPLOYED
    return not both_deployed and route_overlap(candidate, other) >= 0.5


def _shares(candidate: Candidate, other: Candidate) -> bool:
    outside = not is_inside(candidate.path, other.root or "\0")
    return outside and candidate.root != other.root and module_overlap(candidate, other) >= 0.5


def _split(group: Group, aside: list[AppObject]) -> list[Group]:
    """Return a group, and services of their own for apps beside it that share nothing with it."""
    main = group.candidates[0]
    related: list[Candidate] = [main]
    islands: list[Candidate] = []
    second: list[Candidate] = []
    beside: list[Group] = []
    for candidate in group.candidates[1:]:
        (related if _related(candidate, main) else islands).append(candidate)
    for candidate in islands:
        own_folder = candidate.root not in {group.root, main.root}
        apart = own_folder and not is_inside(main.root, candidate.root)
        if candidate.framework is Framework.STREAMLIT:
            if candidate.is_started:
                second.append(candidate)
            aside.append(
                describe(candidate, candidate.root, "a Streamlit script beside the service")
            )
        elif apart and (candidate.strength >= SCRIPTED or candidate.routes):
            beside.append(Group(candidate.root, group.manifest, [candidate]))
        elif candidate.strength >= SCRIPTED:
            related.append(candidate)
        else:
            is_main_started = bool(main.starts or main.launches)
            is_rival = not is_main_started and bool(candidate.routes)
            if candidate.is_started or is_rival:
                second.append(candidate)
            reason = (
                f"nothing starts it, unlike {main.path}"
                if is_main_started and not candidate.is_started
                else f"less likely than {main.path}: {candidate.reason}"
            )
            aside.append(describe(candidate, candidate.root, reason))
    root = main.root if beside and is_inside(main.root, group.root) else group.root
    return [Group(root, group.manifest, related, second), *beside]


def _related(candidate: Candidate, main: Candidate) -> bool:
    return (
        candidate.parent is not None
        or candidate.path in main.reachable
        or main.path in candidate.reachable
    )


def package_of(import_root: str, app_path: str) -> tuple[str, str]:
    """Return the folder where new modules of an app go, and its dotted name.

    It is the top package that holds the app's module (``src/shop`` for ``src/shop/api/main.py``),
    because every other module of the app imports from there, and the import root where modules
    lie flat beside each other.
    """
    folder = folder_of(app_path)
    if folder == import_root:
        return import_root, ""
    inside = folder.removeprefix(import_root + "/") if import_root else folder
    top = inside.partition("/")[0]
    return join(import_root, top), top


def dockerfiles_of(group: Group, deployment: Deployment) -> list[str]:
    """Return the Dockerfiles that start a service, or that stand in its root and start nothing."""
    found = [
        s.place.path for s in group.main.starts if s.place.path in deployment.images.dockerfiles
    ]
    found += [
        path
        for path, builds in deployment.images.builds.items()
        for build in builds
        if any(start.place == build.place for start in group.main.starts)
    ]
    resolved = {start.place.path for start in deployment.starts if start.path is not None}
    found += [
        path
        for folder in upwards(group.root)
        for path in deployment.images.dockerfiles
        if folder_of(path) == folder and path not in resolved
    ]
    return list(dict.fromkeys(found))
