"""Packages of JavaScript and TypeScript: what ``package.json``, lock files and workspaces say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from itertools import islice
from typing import Any

from buttress.project.documents import line_of, read_json, read_yaml, text_of
from buttress.project.folders import folder_of, is_inside, join, upwards
from buttress.project.model import Dependency, Package, Place
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

LOCKS: Mapping[str, str] = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
"""The manager that writes a lock file, by the name of the file."""

_FRAMEWORKS: Mapping[str, str] = {
    "next": "next",
    "nuxt": "nuxt",
    "react-scripts": "create-react-app",
    "@remix-run/react": "remix",
    "@sveltejs/kit": "sveltekit",
    "astro": "astro",
    "@angular/core": "angular",
    "react": "react",
    "vue": "vue",
    "svelte": "svelte",
    "preact": "preact",
    "solid-js": "solid",
    "expo": "expo",
    "react-native": "react-native",
    "electron": "electron",
    "vite": "vite",
    "webpack": "webpack",
    "express": "express",
    "fastify": "fastify",
    "@nestjs/core": "nest",
}
_MOST_DECLARED = 2000
_NOT_OURS = frozenset(
    ["node_modules", "fixtures", "__fixtures__", "testdata", "vendor", "third_party", "site-packages"]
)  # fmt: skip
_HIDDEN = lazy_pattern(r"(?:\A|/)\.[^/]+/")
_MANAGER = lazy_pattern(r"(npm|pnpm|yarn|bun)@")


def packages(tree: Tree, dockerfiles: tuple[str, ...]) -> tuple[Package, ...]:
    """Return the packages of a tree, the shallowest first; what is damaged declares nothing.

    Args:
        tree: The files.
        dockerfiles: Paths of all Dockerfiles.
    """
    manifests = {
        folder_of(path): read_json(tree, path)
        for path in tree.named("package.json")
        if not _NOT_OURS & set(path.split("/")) and not _HIDDEN.search(path)
    }
    large = {item.path for item in tree.skipped if item.reason in {"large", "binary"}}
    found = []
    for root, data in manifests.items():
        if not data:
            continue
        workspace = _workspace(tree, manifests, root)
        lock = _lock(tree, large, root)
        if lock is None and workspace is not None:
            lock = _lock(tree, large, workspace)
        dependencies = tuple(_dependencies(tree, join(root, "package.json"), data))
        names = {item.name for item in dependencies}
        is_typed = "typescript" in names or join(root, "tsconfig.json") in tree
        found.append(
            Package(
                language="typescript" if is_typed else "javascript",
                root=root,
                manifest=join(root, "package.json"),
                manager=_manager(data, manifests.get(workspace or ""), lock),
                lock=lock,
                workspace=None if workspace is None else join(workspace, "package.json"),
                frameworks=tuple(kind for name, kind in _FRAMEWORKS.items() if name in names),
                dependencies=dependencies,
                scripts=dict(_scripts(data)),
                dockerfiles=_own_dockerfiles(root, manifests, dockerfiles),
            )
        )
    return tuple(found)


def _own_dockerfiles(
    root: str, manifests: Mapping[str, object], dockerfiles: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the Dockerfiles whose nearest package is this one; those at the top are nobody's own."""
    deeper = [other for other in manifests if other != root and is_inside(other, root)]
    return tuple(
        path
        for path in dockerfiles
        if root and is_inside(path, root) and not any(is_inside(path, other) for other in deeper)
    )


def _dependencies(tree: Tree, path: str, data: Mapping[str, Any]) -> Iterator[Dependency]:
    text = text_of(tree, path)
    for key, group in (("dependencies", ""), ("devDependencies", "dev")):
        declared = data.get(key)
        named = islice(declared.items(), _MOST_DECLARED) if isinstance(declared, Mapping) else ()
        for name, specifier in named:
            place = Place(path, line_of(text, f'"{key}"', f'"{name}"'))
            yield Dependency(str(name), str(specifier), place, group)


def _scripts(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    scripts = data.get("scripts")
    for name, command in scripts.items() if isinstance(scripts, Mapping) else ():
        if isinstance(command, str):
            yield str(name), command


def _lock(tree: Tree, large: set[str], root: str) -> str | None:
    for name in LOCKS:
        path = join(root, name)
        if path in tree or path in large:
            return path
    return None


def _manager(data: Mapping[str, Any], above: Mapping[str, Any] | None, lock: str | None) -> str:
    for manifest in (data, above or {}):
        match = _MANAGER.match(str(manifest.get("packageManager", "")))
        if match:
            return match[1]
    return LOCKS[lock.rpartition("/")[2]] if lock is not None else "npm"


def _workspace(tree: Tree, manifests: Mapping[str, Mapping[str, Any]], root: str) -> str | None:
    """Return the folder above whose workspace a package belongs to."""
    if not root:
        return None
    for folder in upwards(folder_of(root)):
        if folder in manifests:
            inside = root.removeprefix(folder + "/") if folder else root
            patterns = _patterns(tree, manifests[folder], folder)
            if any(fnmatch(inside, pattern.removeprefix("./").rstrip("/")) for pattern in patterns):
                return folder
    return None


def _patterns(tree: Tree, data: Mapping[str, Any], folder: str) -> list[str]:
    listed = data.get("workspaces")
    if isinstance(listed, Mapping):
        listed = listed.get("packages")
    if not isinstance(listed, list):
        path = join(folder, "pnpm-workspace.yaml")
        listed = read_yaml(tree, path).get("packages") if path in tree else None
    return [str(pattern) for pattern in listed] if isinstance(listed, list) else []
