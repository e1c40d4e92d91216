"""The keys of the JSON reports are those that ``docs/reference/json.md`` documents, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.cli.conftest import APP, Run, make_project

REFERENCE = Path(__file__).parents[2] / "docs/reference/json.md"
PILLARS = {"Architecture", "Security", "Testing", "Observability", "CI/CD", "Infrastructure"}


def documented(*sections: str) -> set[str]:
    """Return the keys in the tables of some sections."""
    parts = re.split(r"^## (.*)\n", REFERENCE.read_text("utf-8"), flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {
        key
        for name in sections
        for key in re.findall(r"^\| `([^`]+)` \|", texts[name], re.MULTILINE)
    }


def leaves(data: object, path: str = "") -> Iterator[str]:
    """Yield the path of every value, with lists as ``[]`` and pillars as ``*``."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, f"{path}.{'*' if key in PILLARS else key}".lstrip("."))
    elif isinstance(data, list):
        for item in data or [None]:
            yield from leaves(item, f"{path}[]")
    else:
        yield path


def groups(keys: set[str]) -> set[str]:
    """Return the keys that only hold others."""
    return {key for key in keys if any(re.match(re.escape(key) + r"[.\[]", k) for k in keys)}


def with_absent(found: set[str], known: set[str]) -> set[str]:
    """Return the keys found, with the documented parts of what was empty or null here."""
    empty = {key for key in found if any(other.startswith(f"{key}.") for other in known)}
    parts = {key for key in known if any(key.startswith(f"{whole}.") for whole in empty)}
    return (found - empty) | (parts - groups(known))


def test_the_keys_of_inspect_are_documented(run: Run, tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "project",
        {
            "main.py": APP,
            "requirements.txt": "fastapi\n",
            "x.py": "def (:\n",
            "web/package.json": '{"dependencies": {"vite": "7.0.0"}}\n',
            "web/Dockerfile": 'FROM node:24\nCMD ["npm", "start"]\n',
            "y.txt": "\0" * 2**21,
        },
    )

    report = json.loads(run("inspect", project, "--format", "json").out)

    known = documented("inspect", "score")
    services = {
        key.replace("service.", "services[].") for key in known if key.startswith("service.")
    }
    assert with_absent(set(leaves(report)), known) == (known | services) - groups(known | services)


def test_the_keys_of_harden_are_documented(run: Run, tmp_path: Path, installation: Path) -> None:
    code = f"{APP}\n\nother = FastAPI()\n"
    project = make_project(tmp_path / "project", {"main.py": code, "requirements.txt": "fastapi\n"})

    report = json.loads(
        run("apply", "logs", "--path", project, "-d", "logs_level=debug", "--json").out
    )

    known = documented("harden and apply")
    scores = {
        f"score.{when}.{key.removeprefix('score.')}"
        for when in ("before", "after")
        for key in documented("score")
    }
    found = set(leaves(report))
    for name in ("abstained", "left_out"):
        if not report[name]:
            found = (found - {f"{name}[]"}) | {k for k in known if k.startswith(f"{name}[].")}
    assert found == (known | scores) - groups(known | scores)
