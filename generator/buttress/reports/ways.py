"""What can be done about a check: mend what it finds, or accept it with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from buttress.checks.model import Check, Confidence, Kind

_KINDS = {
    Kind.PRESENCE: "a control that must exist",
    Kind.RATIO: "a control that must be everywhere",
    Kind.INSTANCE: "a hazard that must not exist",
}


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that can be done.

    Attributes:
        when: In which case, as a phrase that ends with a colon.
        code: What to type or to write.
        language: Of the code.
    """

    when: str
    code: str
    language: str


def nature(check: Check) -> str:
    """Return what kind of thing a check asks for, and how far it is to be trusted."""
    sure = {
        Confidence.HIGH: "high confidence",
        Confidence.MEDIUM: "medium confidence",
        Confidence.LOW: "low confidence: listed for review, not scored",
    }
    return f"{check.risk.value} risk · {sure[check.confidence]} · {_KINDS[check.kind]}"


def ways_to_fix(check: Check) -> str:
    """Return how to mend what a check finds, as one sentence."""
    if check.recipe:
        return f"`buttress apply {check.recipe}` shows the change and makes it."
    if check.kind is Kind.PRESENCE:
        return "By hand, as in the good example; it counts once the running app reaches it."
    return "By hand, at each place, as in the good example."


def ways_to_accept(check: Check) -> tuple[Way, ...]:
    """Return how to accept what a check finds."""
    until = 'owner = "who answers for it"\nexpires = 2027-12-31'
    accept = f'[[tool.buttress.accept]]\ncheck = "{check.id}"\n'
    if check.kind is Kind.PRESENCE:
        attest = f'[[tool.buttress.attest]]\ncheck = "{check.id}"\n'
        attest += 'evidence = "what shows that it exists elsewhere: a sentence or a link"\n'
        without = f'{accept}reason = "why this project does without it"\n{until}'
        return (
            Way(
                "Where it exists outside the repository, in pyproject.toml:", attest + until, "toml"
            ),
            Way("Where it is not wanted:", without, "toml"),
        )
    comment = f"# buttress: ignore[{check.id}] why this is fine here"
    many = f'{accept}path = "app/legacy/*.py"\nreason = "why"\n{until}'
    return (
        Way("At one place, in the file itself:", comment, "python"),
        Way("For many places, in pyproject.toml:", many, "toml"),
    )
