"""Requirements files that only development installs, under the names that they usually have."""

from __future__ import annotations

import posixpath
from collections.abc import Container

_NAMES = (
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "requirements/dev.txt",
    "requirements/development.txt",
    "requirements-test.txt",
    "requirements_test.txt",
    "test-requirements.txt",
    "requirements/test.txt",
)


def development_files(files: Container[str], folder: str) -> list[str]:
    """Return the paths of those that a folder has, those for development before those for tests."""
    paths = [posixpath.join(folder, name) for name in _NAMES]
    return [path for path in paths if path in files]
