"""The files that declare what a service needs, and the package manager that reads them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from buttress.project.documents import read_toml, table, text_of
from buttress.project.folders import Listing, folder_of, join, name_of, upwards
from buttress.project.model import Dependency, Manager, Manifest, Place
from buttress.project.requirements import (
    canonical,
    group_of_file,
    read_requirement,
    read_requirements,
)
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_REQUIREMENTS = lazy_pattern(r"requirements?[\w.-]*\.(?:txt|in)\Z", re.IGNORECASE)
_MAIN = (
    "requirements.txt",
    "requirements/base.txt",
    "requirements/prod.txt",
    "requirements/production.txt",
    "requirements/requirements.txt",
    "requirements.in",
)
_LOCKS = {
    "uv.lock": Manager.UV,
    "poetry.lock": Manager.POETRY,
    "pdm.lock": Manager.PDM,
    "Pipfile.lock": Manager.PIPENV,
}
_INSTALLS = {
    Manager.UV: lazy_pattern(r"\buv (?:sync|run|export)\b"),
    Manager.POETRY: lazy_pattern(r"\bpoetry (?:install|export|sync)\b"),
    Manager.PDM: lazy_pattern(r"\bpdm (?:install|sync|export)\b"),
    Manager.PIPENV: lazy_pattern(r"\bpipenv (?:install|sync)\b"),
}
_MOST_DECLARED = 2000
_PIP_INSTALLS_FILE = lazy_pattern(r"\bpip3? install [^\n]*(?:-r|--requirement)\b")
_PIP_INSTALLS_PROJECT = lazy_pattern(r"\bpip3? install (?:-\S+ )*\.")


def manifests_in(listing: Listing, folder: str) -> tuple[Manifest, ...]:
    """Return the manifests of one folder that declare dependencies, or could.

    A ``pyproject.toml`` that only configures tools is none.
    """
    tree = listing.tree
    found: list[Manifest] = []
    pyproject = join(folder, "pyproject.toml")
    if pyproject in tree:
        manifest = _pyproject(tree, pyproject, folder)
        if manifest is not None:
            found.append(manifest)
    if join(folder, "Pipfile") in tree:
        found.append(_pipfile(tree, join(folder, "Pipfile"), folder))
    requirements = _requirements(listing, folder)
    if requirements is not None:
        found.append(requirements)
    for name in ("setup.py", "setup.cfg"):
        path = join(folder, name)
        if path in tree:
            dependencies = tuple((_setup_py if name == "setup.py" else _setup_cfg)(tree, path))
            if dependencies:
                found.append(Manifest(path, "setup", Manager.PIP, None, dependencies))
    return tuple(found)


def manifest_for(
    listing: Listing, folder: str, framework: str, install_lines: Mapping[str, list[str]]
) -> Manifest | None:
    """Return the manifest that an app in ``folder`` really uses.

    The nearest folder upwards with a manifest that declares the framework counts, else the
    nearest with any. Among several in one folder, the one that declares the framework wins, then
    the one that an image installs, then one with a lock file.

    Args:
        listing: The files.
        folder: Where the app object is made.
        framework: The distribution that must be declared somewhere.
        install_lines: ``RUN`` lines of images by the folder of their Dockerfile or context.
    """
    nearest: Manifest | None = None
    for above in upwards(folder):
        manifests = manifests_in(listing, above)
        if not manifests:
            continue
        lines = "\n".join(install_lines.get(above, ()))

        def weight(manifest: Manifest, lines: str = lines) -> tuple[bool, bool, bool, bool]:
            return (
                manifest.declares(framework) is not None,
                _is_installed(manifest, lines),
                manifest.lock is not None,
                manifest.kind != "setup",
            )

        best = _as_installed(listing.tree, max(manifests, key=weight), lines)
        if best.declares(framework) is not None:
            return best
        if nearest is None and best.dependencies:
            nearest = best
    return nearest


def _as_installed(tree: Tree, manifest: Manifest, lines: str) -> Manifest:
    """Return a manifest with the manager and lock that its own folder does not tell."""
    if manifest.kind not in {"pep621", "pdm"} or manifest.lock is not None:
        return manifest
    for folder in upwards(folder_of(folder_of(manifest.path))):
        lock, above = join(folder, "uv.lock"), join(folder, "pyproject.toml")
        if lock in tree and table(read_toml(tree, above), "tool", "uv", "workspace"):
            return replace(manifest, manager=Manager.UV, lock=lock)
    used = [manager for manager, pattern in _INSTALLS.items() if pattern.search(lines)]
    return replace(manifest, manager=used[0]) if used else manifest


def _is_installed(manifest: Manifest, lines: str) -> bool:
    if manifest.kind == "requirements":
        pattern = _PIP_INSTALLS_FILE
    else:
        pattern = _INSTALLS.get(manifest.manager, _PIP_INSTALLS_PROJECT)
    return pattern.search(lines) is not None


# -- pyproject.toml ------------------------------------------------------------------------------


def _pyproject(tree: Tree, path: str, folder: str) -> Manifest | None:
    data = read_toml(tree, path)
    text = text_of(tree, path)
    poetry = table(data, "tool", "poetry")
    project = table(data, "project")
    lock = next((join(folder, name) for name in _LOCKS if join(folder, name) in tree), None)
    locked = _LOCKS[name_of(lock)] if lock is not None and name_of(lock) in _LOCKS else None
    if table(poetry, "dependencies") and "dependencies" not in project:
        dependencies = tuple(_poetry(path, text, poetry))
        lock = lock if locked is Manager.POETRY else None
        return Manifest(path, "poetry", Manager.POETRY, lock, dependencies)
    if not project and not table(data, "dependency-groups"):
        return None
    dependencies = tuple(_pep621(path, text, data))
    pdm = table(data, "tool", "pdm")
    if locked is Manager.PIPENV:
        locked = lock = None
    manager = locked or _manager(data)
    kind = "pdm" if manager is Manager.PDM and pdm else "pep621"
    return Manifest(path, kind, manager, lock, dependencies)


def _manager(data: Mapping[str, Any]) -> Manager:
    for name, manager in (("uv", Manager.UV), ("pdm", Manager.PDM), ("poetry", Manager.POETRY)):
        if table(data, "tool", name):
            return manager
    return Manager.PIP


def _pep621(path: str, text: str, data: Mapping[str, Any]) -> Iterator[Dependency]:
    groups: list[tuple[str, object]] = [("", table(data, "project").get("dependencies"))]
    groups += table(data, "project", "optional-dependencies").items()
    groups += table(data, "dependency-groups").items()
    groups += [(g, v) for g, v in table(data, "tool", "pdm", "dev-dependencies").items()]
    groups.append(("dev", table(data, "tool", "uv").get("dev-dependencies")))
    for group, values in groups:
        for value in values[:_MOST_DECLARED] if isinstance(values, list) else []:
            if isinstance(value, str):
                dependency = read_requirement(value, _quoted(path, text, value), group)
                if dependency is not None:
                    yield dependency
    yield from _poetry(path, text, table(data, "tool", "poetry"))


def _quoted(path: str, text: str, value: str) -> Place:
    for quoted in (f'"{value}"', f"'{value}'", value):
        at = text.find(quoted)
        if at >= 0:
            start = text.rfind("\n", 0, at) + 1
            return Place(path, text.count("\n", 0, at) + 1, at - start + 1)
    return Place(path)


def _poetry(path: str, text: str, poetry: Mapping[str, Any]) -> Iterator[Dependency]:
    groups = [
        ("", "dependencies", table(poetry, "dependencies")),
        ("dev", "dev-dependencies", table(poetry, "dev-dependencies")),
    ]
    groups += [
        (name, f"group.{name}.dependencies", table(group, "dependencies"))
        for name, group in table(poetry, "group").items()
        if isinstance(group, Mapping)
    ]
    for group, header, values in groups:
        yield from _pairs(path, text, f"[tool.poetry.{header}]", group, values)


def _pairs(
    path: str, text: str, header: str, group: str, values: Mapping[str, Any]
) -> Iterator[Dependency]:
    start = max(text.find(header), 0)
    for name, given in islice(values.items(), _MOST_DECLARED):
        if name.lower() in {"python", "python_version"}:
            continue
        value = given[0] if isinstance(given, list) and given else given
        listed = table(value).get("extras")
        extras = tuple(sorted(map(str, listed))) if isinstance(listed, list) else ()
        if isinstance(value, Mapping):
            value = value.get("version", "")
        match = re.compile(rf"^\s*[\"']?{re.escape(name)}[\"']?\s*=", re.MULTILINE).search(
            text, start
        )
        at = match.end() - 1 if match else start
        specifier = str(value) if value != "*" else ""
        place = Place(path, text.count("\n", 0, at) + 1)
        yield Dependency(canonical(name), specifier, place, group, extras)


# -- the others ----------------------------------------------------------------------------------


def _pipfile(tree: Tree, path: str, folder: str) -> Manifest:
    data = read_toml(tree, path)
    text = text_of(tree, path)
    dependencies = [
        *_pairs(path, text, "[packages]", "", table(data, "packages")),
        *_pairs(path, text, "[dev-packages]", "dev", table(data, "dev-packages")),
    ]
    lock = join(folder, "Pipfile.lock")
    return Manifest(
        path, "pipfile", Manager.PIPENV, lock if lock in tree else None, tuple(dependencies)
    )


def _requirements(listing: Listing, folder: str) -> Manifest | None:
    tree, inner = listing.tree, join(folder, "requirements")
    main = next((join(folder, name) for name in _MAIN if join(folder, name) in tree), None)
    beside = [path for path in listing.in_folder(folder) if _REQUIREMENTS.match(name_of(path))]
    beside += [path for path in listing.in_folder(inner) if path.endswith((".txt", ".in"))]
    if main is None:
        main = next((path for path in beside if not group_of_file(path)), None)
    if main is None:
        return None
    dependencies = list(read_requirements(tree, main))
    for path in beside:
        group = group_of_file(path)
        if path != main and group:
            known = {(item.name, item.place) for item in dependencies}
            dependencies += [
                item
                for item in read_requirements(tree, path, group)
                if (item.name, item.place) not in known
            ]
    return Manifest(main, "requirements", Manager.PIP, None, tuple(dependencies))


def _setup_py(tree: Tree, path: str) -> Iterator[Dependency]:
    module = tree.module(path)
    for call in module.nodes(ast.Call):
        for keyword in call.keywords:
            if keyword.arg == "install_requires" and isinstance(keyword.value, ast.List):
                for item in keyword.value.elts:
                    if isinstance(item, ast.Constant) and isinstance(item.value, str):
                        dependency = read_requirement(item.value, Place(path, item.lineno))
                        if dependency is not None:
                            yield dependency


def _setup_cfg(tree: Tree, path: str) -> Iterator[Dependency]:
    inside = False
    section = ""
    for number, line in enumerate(text_of(tree, path).splitlines(), 1):
        if line.startswith("["):
            section = line.strip()
        text = line.strip()
        if re.match(r"install_requires\s*=", line) and section == "[options]":
            inside, text = True, line.partition("=")[2].strip()
        elif inside and not line.startswith((" ", "\t")):
            inside = False
        if inside and text and not text.startswith("#"):
            dependency = read_requirement(text, Place(path, number))
            if dependency is not None:
                yield dependency
