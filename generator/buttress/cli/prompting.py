"""Questions of the command line itself, asked with questionary."""

from __future__ import annotations

from collections.abc import Sequence

from buttress.checks.model import Risk
from buttress.planning.catalogue import Catalogue
from buttress.planning.plan import applicable
from buttress.planning.presence import taken
from buttress.project.model import Project, Service
from buttress.reports.visible import safe
from buttress.scorecard import Scorecard


class Terminal:
    """Asks a person in the terminal; Ctrl-C ends the command."""

    def select(self, message: str, choices: Sequence[str]) -> str | None:
        """Ask for one of the choices."""
        import questionary

        answer: str | None = questionary.select(message, choices=list(choices)).unsafe_ask()
        return answer

    def checkbox(self, message: str, choices: Sequence[str]) -> list[str] | None:
        """Ask for any of the choices, all of them preselected."""
        import questionary

        items = [questionary.Choice(safe(name), name, checked=True) for name in choices]
        answer: list[str] | None = questionary.checkbox(message, choices=items).unsafe_ask()
        return answer

    def text(self, message: str, default: str) -> str | None:
        """Ask for a line of text."""
        import questionary

        answer: str | None = questionary.text(message, default=default).unsafe_ask()
        return answer

    def confirm(self, message: str) -> bool | None:
        """Ask for yes or no."""
        import questionary

        answer: bool | None = questionary.confirm(message).unsafe_ask()
        return answer


def choose_service(project: Project) -> Service:
    """Ask which service is meant."""
    import questionary

    choices = [
        questionary.Choice(
            safe(f"{service.root or '.'}  ({service.framework.value}, {service.app.place})"),
            service,
        )
        for service in project.services
    ]
    chosen: Service = questionary.select("Which service?", choices=choices).unsafe_ask()
    return chosen


def choose_recipes(catalogue: Catalogue, card: Scorecard, preselected: Sequence[str]) -> list[str]:
    """Ask which recipes to apply; those that fix an open finding are preselected by risk."""
    import questionary

    risks = {finding.check.id: finding.check.risk for finding in card.findings}
    order = list(Risk)

    def highest(fixes: Sequence[str]) -> Risk | None:
        found = [risks[name] for name in fixes if name in risks]
        return min(found, key=order.index, default=None)

    recipes = sorted(
        applicable(catalogue, card.service, taken(catalogue, card.project, card.service)),
        key=lambda item: (
            order.index(highest(item.fixes) or Risk.LOW),
            item.id not in preselected,
            item.order,
        ),
    )
    choices = [
        questionary.Choice(
            f"{item.id:22} {item.title}" + (f"  [{risk.value}]" if risk else ""),
            item.id,
            checked=item.id in preselected,
        )
        for item in recipes
        for risk in [highest(item.fixes)]
    ]
    answer: list[str] = questionary.checkbox("Which recipes?", choices=choices).unsafe_ask()
    return answer
