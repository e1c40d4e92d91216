"""Requirements in ``pyproject.toml`` and ``Pipfile``: which are declared, and adding one.

Knows the tables of PEP 621, PEP 735, Poetry (old and new), PDM, uv and Pipenv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from packaging.utils import canonicalize_name

from buttress.source.patterns import lazy_pattern
from buttress.source.refusal import RefusedError
from buttress.source.toml_editor import (
    add_key,
    add_to_list,
    as_mapping,
    at,
    read,
    requirement_name,
)

_CARET = lazy_pattern(r">=\s*([0-9][0-9A-Za-z.]*)(?:\s*,\s*<\s*[0-9][0-9A-Za-z.]*)?\Z")


def declared(text: str) -> dict[str, frozenset[str]]:
    """Return the canonical names of the requirements that each table of a manifest declares.

    The keys are dotted paths such as ``project.dependencies``, ``dependency-groups.dev``,
    ``tool.poetry.dependencies`` or ``packages``.
    """
    data = read(text)
    return {".".join(path): _names_in(at(data, path)) for path in _requirement_paths(data)}


def _names_in(table: object) -> frozenset[str]:
    if isinstance(table, Mapping):
        return frozenset(canonicalize_name(str(key)) for key in table)
    return frozenset(name for item in _as_list(table) if (name := requirement_name(item)))


def add_dependency(
    text: str,
    name: str,
    specifier: str = "",
    *,
    kind: str,
    group: str = "",
    extras: Sequence[str] = (),
) -> str:
    """Return the manifest with a requirement added where the project keeps such requirements.

    Args:
        text: The manifest, with its own line endings.
        name: The name as it should be written.
        specifier: The versions (PEP 440), may be empty. A Poetry table whose other entries use
            carets gets a caret, too.
        kind: ``pep621``, ``poetry``, ``pdm`` or ``pipfile``, as in ``Manifest.kind``.
        group: Empty for run time, else the group (``dev``): the group, extra or table of that name
            that is there, else a new dependency group (PEP 735).
        extras: Names of extras of the requirement.

    Raises:
        RefusedError: If the text is no TOML, the dependencies are dynamic, or there is no table.
    """
    data = read(text)
    wanted = canonicalize_name(name)
    for path in _requirement_paths(data):
        if _group_of(path) in ("", group) and wanted in _names_in(at(data, path)):
            return text
    if kind == "pipfile":
        table = ("dev-packages",) if group else ("packages",)
        return add_key(text, table, name, _pipfile_value(specifier, extras))
    if kind == "poetry":
        return _add_poetry(text, name, specifier, group=group, extras=extras)
    brackets = f"[{','.join(extras)}]" if extras else ""
    requirement = f"{name}{brackets}{specifier}"
    if group:
        return add_to_list(text, _group_path(data, group), requirement)
    project = data.get("project")
    if not isinstance(project, Mapping):
        raise RefusedError("it has no [project] table")
    if "dependencies" in _as_list(project.get("dynamic")):
        raise RefusedError("its dependencies are dynamic: the build back end reads them elsewhere")
    return add_to_list(text, ("project", "dependencies"), requirement)


_GROUPS: dict[tuple[str, ...], str] = {
    ("project", "dependencies"): "",
    ("tool", "poetry", "dependencies"): "",
    ("packages",): "",
    ("tool", "uv", "dev-dependencies"): "dev",
    ("tool", "poetry", "dev-dependencies"): "dev",
    ("dev-packages",): "dev",
}


def _group_of(path: tuple[str, ...]) -> str:
    """Return the group that a table's requirements belong to, empty for run time."""
    if path in _GROUPS:
        return _GROUPS[path]
    return path[3] if path[:3] == ("tool", "poetry", "group") else path[-1]


def _requirement_paths(data: Mapping[str, Any]) -> list[tuple[str, ...]]:
    parents: list[tuple[str, ...]] = [
        ("project", "optional-dependencies"),
        ("dependency-groups",),
        ("tool", "pdm", "dev-dependencies"),
    ]
    paths = [path for path in _GROUPS if at(data, path) is not None]
    for parent in parents:
        paths += [(*parent, key) for key in as_mapping(at(data, parent))]
    for key in as_mapping(at(data, ("tool", "poetry", "group"))):
        paths.append(("tool", "poetry", "group", key, "dependencies"))
    return paths


def _group_path(data: Mapping[str, Any], group: str) -> tuple[str, ...]:
    for parent in (
        ("dependency-groups",),
        ("tool", "pdm", "dev-dependencies"),
        ("project", "optional-dependencies"),
    ):
        if group in as_mapping(at(data, parent)):
            return (*parent, group)
    if group == "dev" and at(data, ("tool", "uv", "dev-dependencies")) is not None:
        return ("tool", "uv", "dev-dependencies")
    return ("dependency-groups", group)


def _add_poetry(text: str, name: str, specifier: str, *, group: str, extras: Sequence[str]) -> str:
    data = read(text)
    path: tuple[str, ...] = ("tool", "poetry", "dependencies")
    if group:
        old = ("tool", "poetry", "dev-dependencies")
        path = ("tool", "poetry", "group", group, "dependencies")
        if group == "dev" and at(data, old) is not None and at(data, path) is None:
            path = old
    elif at(data, path) is None:
        raise RefusedError("it has no [tool.poetry.dependencies] table")
    version = _poetry_version(specifier, as_mapping(at(data, ("tool", "poetry", "dependencies"))))
    value: object = {"extras": list(extras), "version": version} if extras else version
    return add_key(text, path, name, value)


def _poetry_version(specifier: str, table: Mapping[str, Any]) -> str:
    versions = [
        str(value.get("version", "")) if isinstance(value, Mapping) else str(value)
        for key, value in table.items()
        if key != "python"
    ]
    carets = sum(version.startswith("^") for version in versions)
    simple = _CARET.match(specifier)
    if simple and carets * 2 > len(versions):
        return f"^{simple.group(1)}"
    return specifier or "*"


def _pipfile_value(specifier: str, extras: Sequence[str]) -> object:
    version = specifier or "*"
    return {"extras": list(extras), "version": version} if extras else version


def _as_list(value: object) -> list[Any]:
    """Return a list, an empty one for what is none."""
    return value if isinstance(value, list) else []
