"""GitHub workflows as jobs and steps with their paths, and what is known about actions and scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.source.patterns import lazy_pattern
from buttress.source.yaml_editor import YamlText

Path = tuple[str | int, ...]

# Actions that read the repository at most, and leave its credentials alone.
READERS = frozenset(
    {
        "actions/cache",
        "actions/cache/restore",
        "actions/cache/save",
        "actions/checkout",
        "actions/download-artifact",
        "actions/setup-dotnet",
        "actions/setup-go",
        "actions/setup-java",
        "actions/setup-node",
        "actions/setup-python",
        "actions/upload-artifact",
        "astral-sh/ruff-action",
        "astral-sh/setup-uv",
        "aws-actions/amazon-ecr-login",
        "azure/setup-helm",
        "azure/setup-kubectl",
        "codecov/codecov-action",
        "docker/build-push-action",
        "docker/login-action",
        "docker/metadata-action",
        "docker/setup-buildx-action",
        "docker/setup-qemu-action",
        "hadolint/hadolint-action",
        "hashicorp/setup-terraform",
        "opentofu/setup-opentofu",
        "oven-sh/setup-bun",
        "pdm-project/setup-pdm",
        "pnpm/action-setup",
        "psf/black",
        "snok/install-poetry",
        "abatilo/actions-poetry",
    }
)
_TOKEN = lazy_pattern(r"secrets\.GITHUB_TOKEN|github\.token|\bACTIONS_ID_TOKEN|\bGITHUB_TOKEN\b")
_USES_GIT = lazy_pattern(
    r"\bgit\s+(?:-\S+\s+\S+\s+)*(push|pull|fetch|clone|submodule|lfs|ls-remote|remote)\b"
    r"|\bgh\s+\w|\bgh-deploy\b|semantic-release|\bmike deploy\b|\bchangeset\b|\bgh-pages\b"
    r"|\bnpx? (?:run )?(?:release|deploy)\b"
)

_OUTSIDE_TOOLS = lazy_pattern(
    r"(?:^|[;&|(]|\bsudo\b)[ \t]*(?:terraform|tofu|terragrunt|pulumi|cdk|cdktf|sam|serverless|sls|kubectl|helm|eksctl"
    r"|ansible(?:-playbook)?|flyctl|fly|vercel|netlify|railway|heroku|cf|az|gcloud|aws|alembic|docker\s+push)\s",
    re.MULTILINE,
)
_OUTSIDE_ACTIONS = lazy_pattern(
    r"deploy|terraform|opentofu|pulumi|kubectl|helm|aws-actions/(?!configure)|azure/|google-github-actions/(?!auth)"
)


@dataclass(frozen=True)
class Step:
    """One step of a job: where it stands, what it uses or runs."""

    path: Path
    uses: str
    run: str

    @property
    def action(self) -> str:
        """The name of the action in lower case, without its version."""
        return self.uses.partition("@")[0].lower()


@dataclass(frozen=True)
class Job:
    """One job with its steps."""

    path: Path
    steps: tuple[Step, ...]
    calls_workflow: bool

    @property
    def name(self) -> str:
        """Its key below ``jobs``."""
        return str(self.path[-1])


def jobs(document: YamlText) -> Iterator[Job]:
    """Yield the jobs of a workflow."""
    for name in document.keys(("jobs",)):
        path: Path = ("jobs", name)
        steps = tuple(
            Step(
                (*path, "steps", index),
                document.scalar((*path, "steps", index, "uses")) or "",
                document.scalar((*path, "steps", index, "run")) or "",
            )
            for index in range(document.items((*path, "steps")))
        )
        yield Job(path, steps, document.scalar((*path, "uses")) is not None)


def triggers(document: YamlText) -> frozenset[str]:
    """Return the events that start a workflow."""
    single = document.scalar(("on",))
    listed = [document.scalar(("on", index)) or "" for index in range(document.items(("on",)))]
    return frozenset([*([single] if single else []), *listed, *document.keys(("on",))])


def changes_the_world(document: YamlText, job: Job) -> bool:
    """Whether a job works on systems outside of its runner: it deploys, or holds a lock there."""
    if document.node((*job.path, "environment")) is not None:
        return True
    return any(
        _OUTSIDE_TOOLS.search(step.run + " ") or _OUTSIDE_ACTIONS.search(step.action)
        for step in job.steps
    )


def beyond_reading(document: YamlText, job: Job) -> str:
    """Return what a job may do with its token beyond reading the code; empty if nothing does."""
    if job.calls_workflow:
        return "it calls another workflow"
    start, end = document.span(job.path)
    if _TOKEN.search(document.text[start:end]):
        return "it uses its token"
    return needs_credentials(job.steps)


def needs_credentials(steps: tuple[Step, ...]) -> str:
    """Return what in some steps may use the repository's credentials; empty if nothing does."""
    for step in steps:
        if step.uses and step.action not in READERS:
            return f"what {step.action or 'an action'} needs is not known"
        if _USES_GIT.search(step.run):
            return "a script talks to the repository"
    return ""
