"""Secrets are looked for before each commit: a hook is added to the project's pre-commit configuration.

Before::

    repos:
      - repo: https://github.com/psf/black

After::

    repos:
      - repo: https://github.com/psf/black
      - repo: https://github.com/gitleaks/gitleaks
        rev: v8.30.1
        hooks:
          - id: gitleaks
"""

from __future__ import annotations

from collections.abc import Iterator

from buttress.rewrites.outcomes import Abstained, Changed, Good, Outcome, Safety
from buttress.rewrites.registry import Context, service_rewrite
from buttress.source.refusal import RefusedError
from buttress.source.yaml_editor import YamlText

CONFIGURATION = ".pre-commit-config.yaml"
REPOSITORY = "https://github.com/gitleaks/gitleaks"
# the newest tag, read from the repository on 2026-11-21
REVISION = "v8.30.1"
_SCANNERS = ("gitleaks", "detect-secrets", "trufflehog", "ggshield", "talisman")


@service_rewrite("secret-hook")
def secret_hook(context: Context) -> Iterator[Outcome]:
    """Add the hook to a configuration at the root of the repository that has none of its kind."""
    text = context.draft.text(CONFIGURATION) if CONFIGURATION in context.draft else None
    if text is None or CONFIGURATION in context.owned:
        return
    if any(scanner in text.content for scanner in _SCANNERS):
        yield Good(CONFIGURATION, 1)
        return
    try:
        edit = YamlText(text.content).item_insertion(("repos",), _item())
    except RefusedError as problem:
        yield Abstained(CONFIGURATION, 1, "unclear-yaml", f"{problem}.", "Add the hook by hand.")
        return
    yield Changed(
        CONFIGURATION,
        text.content.count("\n", 0, edit.start) + 1,
        (edit,),
        Safety.SAFE,
        "A commit with a secret in it is stopped before it is made.",
    )


def _item() -> str:
    return f"repo: {REPOSITORY}\nrev: {REVISION}\nhooks:\n  - id: gitleaks"
