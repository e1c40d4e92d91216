"""Packages of JavaScript beside the app: what builds them, what locks them, what they belong to."""

from __future__ import annotations

import json

import pytest

from buttress.project.facts import facts_as_json
from buttress.project.model import Package
from tests.project.trees import FASTAPI, project

REACT = '{"dependencies": {"react": "^19.2.0"}, "devDependencies": {"vite": "7.3.0"}}'


def packages(files: dict[str, str | bytes]) -> tuple[Package, ...]:
    return project({"main.py": FASTAPI, **files}).packages


def test_a_front_end() -> None:
    (found,) = packages(
        {
            "frontend/package.json": REACT,
            "frontend/tsconfig.json": "{}",
            "frontend/package-lock.json": "{}",
            "frontend/Dockerfile": "FROM node:24\n",
        }
    )

    assert (found.language, found.root, found.manager) == ("typescript", "frontend", "npm")
    assert found.frameworks == ("react", "vite")
    assert found.lock == "frontend/package-lock.json"
    assert found.dockerfiles == ("frontend/Dockerfile",)
    assert [(item.name, item.group) for item in found.dependencies] == [("react", ""), ("vite", "dev")]  # fmt: skip


@pytest.mark.parametrize(
    ("lock", "manager"),
    [
        ("package-lock.json", "npm"),
        ("npm-shrinkwrap.json", "npm"),
        ("pnpm-lock.yaml", "pnpm"),
        ("yarn.lock", "yarn"),
        ("bun.lock", "bun"),
        ("bun.lockb", "bun"),
    ],
)
def test_the_manager_is_told_by_its_lock_file(lock: str, manager: str) -> None:
    (found,) = packages({"web/package.json": REACT, f"web/{lock}": b"\x00\x01"})

    assert (found.lock, found.manager) == (f"web/{lock}", manager)


def test_the_manager_is_told_by_the_manifest() -> None:
    (found,) = packages({"package.json": '{"packageManager": "pnpm@10.2.0", "private": true}'})

    assert (found.manager, found.lock, found.language) == ("pnpm", None, "javascript")


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": '{"workspaces": ["apps/*"]}'},
        {"package.json": '{"workspaces": {"packages": ["./apps/web/"]}}'},
        {"package.json": '{"private": true}', "pnpm-workspace.yaml": "packages:\n  - apps/*\n"},
    ],
    ids=["a list", "a table", "pnpm"],
)
def test_a_workspace_locks_its_members(files: dict[str, str]) -> None:
    root, member = packages({**files, "yarn.lock": "#\n", "apps/web/package.json": REACT})

    assert (root.workspace, member.workspace) == (None, "package.json")
    assert member.lock == "yarn.lock"


def test_a_lock_file_above_is_not_that_of_a_stranger() -> None:
    found = packages({"package.json": '{"private": true}', "yarn.lock": "", "web/package.json": REACT})  # fmt: skip

    assert [item.lock for item in found] == ["yarn.lock", None]


@pytest.mark.parametrize(
    "path",
    ["web/node_modules/react/package.json", "tests/fixtures/package.json", ".vite/package.json"],
)
def test_what_is_not_of_the_project(path: str) -> None:
    assert packages({path: REACT}) == ()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"dependencies": [1], "scripts": 3, "workspaces": 7, "packageManager": {}}'],
)
def test_a_damaged_manifest_declares_nothing(text: str) -> None:
    assert all(item.dependencies == () for item in packages({"package.json": text}))


def test_packages_are_facts() -> None:
    facts = facts_as_json(project({"main.py": FASTAPI, "web/package.json": REACT}))

    assert json.loads(json.dumps(facts))["ecosystems"] == [
        {
            "language": "javascript",
            "root": "web",
            "manifest": "web/package.json",
            "manager": "npm",
            "lock": None,
            "workspace": None,
            "frameworks": ["react", "vite"],
            "dependencies": 2,
            "dockerfiles": [],
        }
    ]
