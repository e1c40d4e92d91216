"""Ask a person: one question at a time, in the terminal."""

from __future__ import annotations

from buttress.planning.questions import Prompt
from buttress.planning.templating import environment


def put(prompt: Prompt) -> object:
    """Ask one question and return the answer.

    Raises:
        KeyboardInterrupt: If the person presses Ctrl-C.
    """
    import questionary

    def check(given: object) -> bool | str:
        reason = prompt.refusal(given)
        return True if reason is None else reason

    if prompt.choices:
        return _put_choices(prompt, check)
    if prompt.kind == "bool":
        return questionary.confirm(prompt.message, default=bool(prompt.default)).unsafe_ask()
    if prompt.question.details.get("secret"):
        return questionary.password(prompt.message, validate=check).unsafe_ask()
    return questionary.text(prompt.message, default=_as_text(prompt), validate=check).unsafe_ask()


def _put_choices(prompt: Prompt, check: object) -> object:
    import questionary

    taken = prompt.default if isinstance(prompt.default, list) else [prompt.default]
    choices = [
        questionary.Choice(
            item.title,
            item.value,
            disabled=item.disabled or None,
            checked=prompt.several and item.value in taken,
        )
        for item in prompt.choices
    ]
    if prompt.several:
        return questionary.checkbox(
            prompt.message,
            choices=choices,
            validate=check,  # type: ignore[arg-type]
        ).unsafe_ask()
    usable = [choice for choice in choices if not choice.disabled]
    default = next((choice for choice in usable if choice.value == prompt.default), None)
    return questionary.select(prompt.message, choices=choices, default=default).unsafe_ask()


def _as_text(prompt: Prompt) -> str:
    if prompt.default is None:
        return ""
    if prompt.kind in {"yaml", "json"}:
        return str(environment().filters["to_json"](prompt.default))
    return str(prompt.default)
