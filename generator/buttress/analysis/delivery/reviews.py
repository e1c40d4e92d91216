"""What a repository's files ask for before a change is merged: owners, rules, hooks, pipelines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from buttress.analysis.delivery.deployments import terraform_of
from buttress.analysis.delivery.gates import does_something, is_gate
from buttress.analysis.delivery.workflows import Pipeline
from buttress.project.documents import read_yaml, table, text_of
from buttress.project.model import Project
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_OWNERS_FILES = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_OWNED = lazy_pattern(r"^(?!\s*[#\[^])\s*\S+[ \t]+[^#\n]*?(?:@[\w-]{1,64}(?:/[\w.-]{1,64})?|[\w.+-]{1,64}@[\w-]{1,64}\.\w+)", re.MULTILINE)  # fmt: skip
_RULES = ("pull_request", "required_status_checks", "code_owner_review")
_PROTECTION = r"github_branch_protection(?:_v3)?|github_repository_ruleset|gitlab_branch_protection|gitlab_project_level_mr_approvals"
_SETTINGS = (".github/settings.yml", ".github/settings.yaml")
_HOOKS = (".pre-commit-config.yaml", ".pre-commit-config.yml")


def asks_for_review(project: Project) -> bool:
    """Whether a file names who reviews, or describes the protection of a branch."""
    tree = project.tree
    if any(_OWNED.search(text_of(tree, path)) for path in _OWNERS_FILES):
        return True
    if any(_protects(tree, path) for path in tree.below(".github/rulesets")):
        return True
    for path in _SETTINGS:
        branches = read_yaml(tree, path).get("branches") if path in tree else None
        for branch in branches if isinstance(branches, list) else ():
            protection = table(branch, "protection")
            if protection.get("required_pull_request_reviews"):
                return True
    return bool(terraform_of(project).of_type(_PROTECTION))


def _protects(tree: Tree, path: str) -> bool:
    try:
        data = json.loads(text_of(tree, path) or "{}")
    except (ValueError, RecursionError):
        return False
    rules = data.get("rules") if isinstance(data, dict) else None
    return isinstance(rules, list) and any(
        isinstance(rule, dict) and rule.get("type") in _RULES for rule in rules
    )


def checks_before_commit(tree: Tree) -> bool:
    """Whether hooks are configured that run before a commit."""
    for path in _HOOKS:
        repositories = read_yaml(tree, path).get("repos") if path in tree else None
        for repository in repositories if isinstance(repositories, list) else ():
            if isinstance(repository, dict) and repository.get("hooks"):
                return True
    husky = text_of(tree, ".husky/pre-commit")
    lefthook = read_yaml(tree, "lefthook.yml") if "lefthook.yml" in tree else {}
    return _runs_anything(husky) or bool(table(lefthook, "pre-commit"))


def _runs_anything(text: str) -> bool:
    lines = (line.strip() for line in text.splitlines())
    return any(line and not line.startswith(("#", ".", "exit", "echo")) for line in lines)


def runs_on_pull_requests(pipelines: Iterable[Pipeline]) -> bool:
    """Whether a pull request starts a pipeline that tests, lints or scans, or at least does something."""
    for pipeline in pipelines:
        asked = not pipeline.triggers or bool(
            pipeline.triggers & {"pull_request", "merge_group", "pull_request_target"}
        )
        if asked and does_something(pipeline):
            proves = any(is_gate(command) for command in pipeline.commands)
            if proves or pipeline.uses:
                return True
    return False
