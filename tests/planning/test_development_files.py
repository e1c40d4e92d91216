"""Requirements files that only development installs."""

from __future__ import annotations

import pytest

from buttress.planning.development_files import development_files


@pytest.mark.parametrize(
    ("files", "folder", "found"),
    [
        (["requirements.txt", "requirements-dev.txt"], "", ["requirements-dev.txt"]),
        (
            ["backend/requirements/test.txt", "backend/requirements/dev.txt"],
            "backend",
            ["backend/requirements/dev.txt", "backend/requirements/test.txt"],
        ),
        (["requirements.txt", "requirements/prod.txt"], "", []),
        (["backend/requirements-dev.txt"], "", []),
    ],
)
def test_names_that_say_what_a_file_is_for(files: list[str], folder: str, found: list[str]) -> None:
    assert development_files(files, folder) == found
