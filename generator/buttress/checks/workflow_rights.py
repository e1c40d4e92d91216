"""Checks of what a workflow may do, and of whose text and code it runs."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.delivery.workflows import Pipeline
from buttress.checks.cicd import readable
from buttress.checks.model import Finding, Kind, NotApplicable, Pillar, Risk, Subject, check
from buttress.project.model import Place
from buttress.source.patterns import lazy_pattern

_UNTRUSTED = lazy_pattern(
    r"\$\{\{[^}]*\b(?:github\.event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.ref|head\.label"
    r"|head\.repo\.default_branch)|comment\.body|review\.body|review_comment\.body|pages\[?\S*\.page_name"
    r"|head_commit\.(?:message|author\.(?:email|name))|commits\[?\S*\.(?:message|author\.(?:email|name))"
    r"|discussion\.(?:title|body)|workflow_run\.(?:head_branch|display_title|head_commit\.message))|github\.head_ref)\b"
)  # fmt: skip
_NOT_PINNED = "third-party-action-not-pinned-to-commit-sha"
_SHA = lazy_pattern(r"[0-9a-f]{40}\Z")


@check(
    "CICD-WORKFLOW-HARDENING",
    "A workflow has more rights than it needs",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    recipe="ci",
    standards=(
        "OWASP A03:2025",
        "CWE-829",
    ),
    peers=(
        "zizmor:unpinned-uses",
        "zizmor:excessive-permissions",
        "scorecard:Pinned-Dependencies",
        "scorecard:Token-Permissions",
        "checkov:CKV2_GHA_1",
        f"semgrep:yaml.github-actions.security.{_NOT_PINNED}.{_NOT_PINNED}",
        "semgrep:pull-request-target-code-checkout",
        "semgrep:workflow-run-target-code-checkout",
    ),
)
def workflow_hardening(subject: Subject) -> Iterator[Finding]:
    """A workflow does not limit its token, or runs what somebody else can replace behind a tag.

    An action whose tag was moved runs with the rights of the job and reads its secrets (OWASP
    A03:2025). Actions of GitHub itself (``actions/``, ``github/``) may stand on a tag.

    Bad::

        - uses: someone/action@v3

    Good::

        permissions: {contents: read}
        # ...
        - uses: someone/action@0f4a... # v3.1.2
    """
    for pipeline in _github_workflows(subject):
        if not pipeline.has_permissions:
            message = "The workflow's token has every right that the repository grants."
            yield Finding(Place(pipeline.path), message, "", "permissions")
        for use in pipeline.uses:
            own = use.name.startswith(("actions/", "github/", "./", "docker://"))
            if not own and not _SHA.match(use.version):
                message = f"{use.name}@{use.version} can be replaced behind its tag."
                yield Finding(use.place, message, "", f"{use.name}@{use.version}")


@check(
    "CICD-TEMPLATE-INJECTION",
    "A workflow runs text that strangers write",
    pillar=Pillar.CICD,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    recipe="ci",
    standards=(
        "OWASP A05:2025",
        "CWE-94",
    ),
    peers=(
        "zizmor:template-injection",
        "scorecard:Dangerous-Workflow",
        "semgrep:yaml.github-actions.security.run-shell-injection.run-shell-injection",
        "semgrep:yaml.github-actions.security.github-script-injection.github-script-injection",
    ),
)
def template_injection(subject: Subject) -> Iterator[Finding]:
    """The title, body or branch of an issue or pull request is pasted into a script.

    Whoever opens a pull request then runs commands with the workflow's rights and secrets (CWE-94).
    Through ``env`` the same text is only a value.

    Bad::

        - run: echo "${{ github.event.pull_request.title }}"

    Good::

        - run: echo "$TITLE"
          env: {TITLE: "${{ github.event.pull_request.title }}"}
    """
    for pipeline in _github_workflows(subject):
        for script in pipeline.scripts:
            for match in _UNTRUSTED.finditer(script.text):
                line = script.place.line + script.text.count("\n", 0, match.start())
                message = "Text that strangers write becomes part of a script."
                yield Finding(Place(pipeline.path, line), message, "", match.group())


def _github_workflows(subject: Subject) -> list[Pipeline]:
    """Return the GitHub workflows that have a job.

    Raises:
        NotApplicable: If there is none.
    """
    found = [p for p in readable(subject) if p.kind == "github" and p.jobs]
    if not found:
        raise NotApplicable("there is no GitHub workflow")
    return found
