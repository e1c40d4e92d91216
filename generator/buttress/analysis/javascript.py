"""The packages of JavaScript that belong to a service: their tests, their lock files, their images."""

from __future__ import annotations

import re

from buttress.analysis.delivery.images import Image, built_image
from buttress.project.documents import text_of
from buttress.project.folders import is_inside, name_of
from buttress.project.model import Dependency, Package, Project, Service
from buttress.source.patterns import lazy_pattern

_TEST_FILE = lazy_pattern(
    r"(?:\.(?:test|spec|cy|e2e)\.[cm]?[jt]sx?|(?:\A|/)__tests__/.*\.[cm]?[jt]sx?)\Z"
)
_TEST = lazy_pattern(r"^\s*(?:it|test|Deno\.test)(?:\.\w+)*\s*\(", re.MULTILINE)
_ASSERTION = lazy_pattern(
    r"\b(?:expect\w*|assert\w*|should|cy\s*\.\s*\w+|t\.(?:is|deepEqual|true))\b"
)
_EXACT = lazy_pattern(r"v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?\Z")
_ELSEWHERE = ("file:", "link:", "workspace:", "portal:")
_PINNED_SOURCE = lazy_pattern(r"#[0-9a-f]{7,40}\Z")


def packages_of(project: Project, service: Service) -> list[Package]:
    """Return the packages that stand in no other service's folder."""
    others = project.roots_beside(service)
    return [
        package
        for package in project.packages
        if not any(is_inside(package.root, other) for other in others)
    ]


def test_file(project: Project, package: Package) -> str | None:
    """Return a file of tests that can fail, if a package has one."""
    for path in project.tree.below(package.root):
        if _TEST_FILE.search(path) and _nearest(project, path) is package:
            text = text_of(project.tree, path)
            if _TEST.search(text) and _ASSERTION.search(text):
                return path
    return None


def _nearest(project: Project, path: str) -> Package | None:
    around = [package for package in project.packages if is_inside(path, package.root)]
    return max(around, key=lambda package: len(package.root), default=None)


def loose_dependencies(project: Project, package: Package) -> list[Dependency]:
    """Return the dependencies whose versions nothing fixes: no lock file has them, nor an exact pin."""
    foreign = [item for item in package.dependencies if not item.specifier.startswith(_ELSEWHERE)]
    if package.lock is not None and _is_lock_of(project, package.lock, foreign):
        return []
    return [
        item
        for item in foreign
        if not _EXACT.match(item.specifier) and not _PINNED_SOURCE.search(item.specifier)
    ]


def _is_lock_of(project: Project, lock: str, dependencies: list[Dependency]) -> bool:
    text = text_of(project.tree, lock)
    # a lock file may be too large to read, or binary; an empty one is none
    unread = not text and (lock not in project.tree or bool(project.tree.read(lock)))
    return unread or any(item.name in text for item in dependencies)


def package_images(project: Project, service: Service) -> list[Image]:
    """Return the images that the Dockerfiles of the service's packages build and start."""
    found = []
    for package in packages_of(project, service):
        for path in package.dockerfiles:
            if "dev" in name_of(path).lower():
                continue
            image = built_image(project.tree, path)
            if image is not None and image.last("CMD", "ENTRYPOINT") is not None:
                found.append(image)
    return found
