"""Put the templates into what is built: as files, and as a bundle of every release.

A wheel has no git repository, and without one nothing that it rendered could ever be updated. So the wheel
carries `releases.bundle`: a git bundle with one commit for each released version of the templates, under the
version's tag. The source distribution carries it, too, because wheels are usually built from that, where there
is no git any more. Its bytes depend on the tags alone: the same on every machine.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PARTS = ("copier.yml", "templates", "recipes")
BUNDLE = "releases.bundle"
SOURCE = "source.json"
SOURCE_STORE = "generator/_store"
WHEEL_STORE = "buttress/_store"


class CustomBuildHook(BuildHookInterface):
    """Adds the store to wheels and source distributions; an editable install reads the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Prepare the store in a scratch folder and have it included."""
        self.scratch = Path(tempfile.mkdtemp(prefix="buttress-build-"))
        if version == "editable":
            return
        root = Path(self.root)
        inside = WHEEL_STORE if self.target_name == "wheel" else SOURCE_STORE
        for name in (BUNDLE, SOURCE):
            path = prepared(root, self.scratch, name)
            if path is not None:
                build_data["force_include"][str(path)] = f"{inside}/{name}"
        if self.target_name == "wheel":
            for part in PARTS:
                build_data["force_include"][str(root / part)] = f"{inside}/{part}"

    def finalize(self, *_: object) -> None:
        """Remove the scratch folder."""
        shutil.rmtree(self.scratch, ignore_errors=True)


def prepared(root: Path, scratch: Path, name: str) -> Path | None:
    """Return one file of the store: as a source distribution brought it, else made from git."""
    brought = root / SOURCE_STORE / name
    if brought.is_file():
        return brought
    path = scratch / name
    if not path.exists() and is_checkout(root):
        tags = released(root)
        if tags:
            write_bundle(root, tags, scratch / BUNDLE)
        commit = unchanged_release(root, tags)
        (scratch / SOURCE).write_text(json.dumps({"commit": commit}) + "\n")
    return path if path.exists() else None


def git(folder: Path, *arguments: str, **environment: str) -> bytes:
    """Run git and return what it prints.

    The configuration and the environment of whoever builds must not change a byte.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    settings = ["core.autocrlf=false", "core.hooksPath=/dev/null", "safe.directory=*"]
    command = ["git", *(word for setting in settings for word in ("-c", setting)), *arguments]
    done = subprocess.run(
        command, cwd=folder, env={**kept, **own, **environment}, capture_output=True, check=True
    )
    return done.stdout


def is_checkout(root: Path) -> bool:
    """Whether the folder is the top of a git repository, and git can be run."""
    try:
        top = git(root, "rev-parse", "--show-toplevel").decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return False
    return Path(top).resolve() == root.resolve()


def released(root: Path) -> list[str]:
    """Return the release tags that this commit stands on, the oldest first."""
    try:
        out = git(root, "tag", "--list", "v[0-9]*", "--merged", "HEAD", "--sort=v:refname")
    except subprocess.CalledProcessError:
        return []
    return [tag for tag in out.decode().split() if git(root, "ls-tree", tag, PARTS[0])]


def unchanged_release(root: Path, tags: list[str]) -> str | None:
    """Return the release whose templates are exactly those of the working tree, if there is one."""
    for tag in reversed(tags):
        if not git(root, "diff", "--name-only", tag, "--", *PARTS):
            dirty = git(root, "status", "--porcelain", "--", *PARTS)
            return None if dirty else tag
    return None


def write_bundle(root: Path, tags: list[str], target: Path) -> None:
    """Write a bundle with one commit for each tag, made from its files, date and name alone."""
    with tempfile.TemporaryDirectory(prefix="buttress-releases-") as scratch:
        repository = Path(scratch)
        git(repository, "init", "-q", "--initial-branch=main")
        for tag in tags:
            for entry in repository.iterdir():
                if entry.name != ".git":
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            held = [part for part in PARTS if git(root, "ls-tree", tag, part)]
            with tarfile.open(fileobj=io.BytesIO(git(root, "archive", tag, *held))) as archive:
                archive.extractall(repository, filter="data")
            date = git(root, "log", "-1", "--format=%cI", tag).decode().strip()
            person = {
                f"GIT_{role}_{key}": value
                for role in ("AUTHOR", "COMMITTER")
                for key, value in (("NAME", "buttress"), ("EMAIL", "buttress"), ("DATE", date))
            }
            git(repository, "add", "--all", "--force")
            git(repository, "commit", "-q", "--allow-empty", "--no-gpg-sign", "-m", tag, **person)
            git(repository, "tag", tag)
        git(repository, "-c", "pack.threads=1", "bundle", "create", str(target), "--all")
