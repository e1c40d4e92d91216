"""Where entries are kept: a folder of the user's own, of bounded size; what fails there is no failure."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from buttress.errors import UserError

VARIABLE = "BUTTRESS_CACHE_DIR"
LARGEST_ENTRY = 32 * 1024 * 1024
LARGEST_FOLDER = 128 * 1024 * 1024
_OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Folder:
    """Entries by their names.

    Args:
        path: The folder; it is made when the first entry is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes | None:
        """Return an entry; ``None`` where there is none that can be trusted and read."""
        try:
            if not self._is_own():
                return None
            with (self.path / name).open("rb") as handle:
                data = handle.read(LARGEST_ENTRY + 1)
        except OSError:
            return None
        return data if len(data) <= LARGEST_ENTRY else None

    def write(self, name: str, data: bytes) -> None:
        """Put an entry in place of an older one, all at once; a folder that cannot be written stays as it is."""
        if len(data) > LARGEST_ENTRY:
            return
        with contextlib.suppress(OSError):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._is_own():
                self._replace(name, data)
                self._shrink()

    def _replace(self, name: str, data: bytes) -> None:
        import tempfile  # only who writes an entry needs it

        handle, written = tempfile.mkstemp(prefix=".new-", dir=self.path)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(written).replace(self.path / name)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(written).unlink()
            raise

    def _is_own(self) -> bool:
        """Whether nobody else can put entries here."""
        if os.name != "posix":
            return True
        info = self.path.stat()
        return info.st_uid == os.geteuid() and not info.st_mode & _OPEN_TO_OTHERS

    def _shrink(self) -> None:
        """Remove what was written longest ago until the rest fits."""
        with os.scandir(self.path) as entries:
            held = [(entry.stat(follow_symlinks=False), entry.path) for entry in entries]
        size = 0
        for info, path in sorted(held, key=lambda item: -item[0].st_mtime_ns):
            size += info.st_size
            if size > LARGEST_FOLDER and stat.S_ISREG(info.st_mode):
                with contextlib.suppress(OSError):
                    Path(path).unlink()


def cache_folder(project: Path, environment: Mapping[str, str]) -> Folder | None:
    """Return the folder for inspections; ``None`` where the platform's own is inside the project.

    Args:
        project: The folder that is inspected. Its files could forge entries of a cache inside it.
        environment: ``BUTTRESS_CACHE_DIR`` names another folder than the platform's own.

    Raises:
        UserError: If the folder is inside the project.
    """
    named = environment.get(VARIABLE)
    if named:
        path = Path(named).expanduser().absolute()
    else:
        from platformdirs import user_cache_path

        path = user_cache_path("buttress", appauthor=False)
    if path.resolve().is_relative_to(project.resolve()):
        if not named:
            return None
        raise UserError(
            f"{VARIABLE}={named}: this folder is inside the project, whose files could forge what it holds. "
            "Choose a folder outside of the project, or use --no-cache."
        )
    return Folder(path / "inspections")
