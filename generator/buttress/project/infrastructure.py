"""Files of a project that are no Python: CI, compose, Terraform, platforms, other languages."""

from __future__ import annotations

from buttress.project.folders import folder_of, name_of
from buttress.project.images import COMPOSE
from buttress.project.model import Fact, Place
from buttress.project.start_files import PLATFORM_FILES
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_WORKFLOWS = lazy_pattern(
    r"(?:\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|\.circleci/config\.ya?ml"
    r"|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|Jenkinsfile|\.travis\.ya?ml"
    r"|\.drone\.ya?ml|\.woodpecker(?:\.ya?ml|/[^/]+\.ya?ml)|\.buildkite/pipeline\.ya?ml"
    r"|\.forgejo/workflows/[^/]+\.ya?ml|\.gitea/workflows/[^/]+\.ya?ml"
    r"|(?:[^/]+/)*(?:cloudbuild|buildspec)[\w.-]*\.ya?ml)\Z"
)
_ECOSYSTEMS = {
    "package.json": "javascript",
    "deno.json": "javascript",
    "go.mod": "go",
    "Cargo.toml": "rust",
    "pom.xml": "java",
    "build.gradle": "java",
    "build.gradle.kts": "java",
    "Gemfile": "ruby",
    "composer.json": "php",
    "pubspec.yaml": "dart",
    "mix.exs": "elixir",
    "Package.swift": "swift",
}


def workflows(tree: Tree) -> tuple[str, ...]:
    """Return the paths of CI definitions."""
    return tuple(path for path in tree.paths if _WORKFLOWS.match(path))


def compose_files(tree: Tree) -> tuple[str, ...]:
    """Return the paths of compose files."""
    return tuple(path for path in tree.paths if COMPOSE.match(name_of(path).lower()))


def terraform(tree: Tree) -> tuple[str, ...]:
    """Return the paths of Terraform files."""
    return tuple(path for path in tree.paths if path.endswith((".tf", ".tf.json")))


def deploy_files(tree: Tree) -> tuple[str, ...]:
    """Return the paths of files that a platform starts services from."""
    return tuple(path for path in tree.paths if name_of(path).lower() in PLATFORM_FILES)


def other_ecosystems(tree: Tree) -> tuple[Fact, ...]:
    """Return the manifests of other languages."""
    found = []
    for path in tree.paths:
        language = _ECOSYSTEMS.get(name_of(path))
        if path.endswith((".csproj", ".sln")):
            language = "dotnet"
        if language is not None and "node_modules" not in folder_of(path).split("/"):
            found.append(Fact(language, Place(path), name_of(path)))
    return tuple(found)
