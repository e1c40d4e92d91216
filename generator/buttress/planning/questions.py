"""The questions of a recipe, worked out without asking: what is asked, what is allowed, what is default.

Copier has the last word when it renders. What is read here is what a person needs to see before that: which
questions come up, given the answers so far, their choices, and why an answer will be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from buttress.errors import UserError
from buttress.planning.catalogue import Catalogue, plain, read_yaml
from buttress.planning.nearest import nearest
from buttress.planning.recipe import Recipe
from buttress.planning.templating import environment, holds, render, value, yaml_value

_NEVER_GIVEN = frozenset(["unit", "keep"])
_TYPES = frozenset(["bool", "float", "int", "json", "str", "yaml", "path"])


@dataclass(frozen=True)
class Question:
    """One question as its file writes it.

    Attributes:
        name: The key of its answer.
        details: What the file says about it (``type``, ``default``, ``when``, ...).
        where: The file, for errors.
    """

    name: str
    details: Mapping[str, Any]
    where: str

    def is_open(self, answers: Mapping[str, object]) -> bool:
        """Whether the question has a meaning, given the answers so far."""
        return holds(self.details.get("when", True), answers, self._place)

    def is_asked(self, answers: Mapping[str, object]) -> bool:
        """Whether a person is asked, given the answers so far."""
        return self.is_open(answers) and holds(self.details.get("ask", True), answers, self._place)

    def type_name(self, answers: Mapping[str, object]) -> str:
        """Return the type of its answer (``str``, ``bool``, ``int``, ``yaml``, ...)."""
        written = self.details.get("type")
        if written is None:
            kind = type(self.details.get("default")).__name__
            return kind if kind in _TYPES else "yaml"
        return render(str(written), answers, self._place)

    def default(self, answers: Mapping[str, object]) -> object:
        """Return the default that its file gives, given the answers so far."""
        filled = value(self.details.get("default"), answers, self._place)
        if self.details.get("multiselect") and isinstance(filled, str):
            return yaml_value(filled)
        return self.cast(filled, answers)

    def cast(self, given: object, answers: Mapping[str, object]) -> object:
        """Return an answer in the type of the question.

        Raises:
            ValueError: If it has no such meaning; the message tells what is expected.
        """
        kind = self.type_name(answers)
        if isinstance(given, list) and self.details.get("multiselect"):
            return [self._cast_one(item, kind) for item in given]
        return self._cast_one(given, kind)

    def _cast_one(self, given: object, kind: str) -> object:
        if kind in {"yaml", "json"} and not isinstance(given, str):
            return given
        if kind == "bool":
            if isinstance(given, bool):
                return given
            try:
                return holds(str(given), {}, self._place)
            except UserError:
                raise ValueError("answer yes or no") from None
        try:
            return _CASTS[kind](given)
        except (TypeError, ValueError) as problem:
            raise ValueError(f"this is no {_WORDS[kind]} ({problem})") from None

    @property
    def _place(self) -> str:
        return f"{self.where}: `{self.name}`"


def _json(text: object) -> object:
    return environment().filters["from_json"](text)


def _whole_number(given: object) -> int:
    return int(str(given))


def _number(given: object) -> float:
    return float(str(given))


_CASTS: dict[str, Callable[[object], object]] = {
    "str": lambda given: "" if given is None else str(given),
    "path": str,
    "int": _whole_number,
    "float": _number,
    "yaml": lambda given: yaml_value(str(given)),
    "json": _json,
}
_WORDS = {
    "str": "text",
    "path": "path",
    "int": "whole number",
    "float": "number",
    "yaml": "YAML",
    "json": "JSON",
}


@dataclass(frozen=True)
class Choice:
    """One possible answer; ``disabled`` tells why it cannot be chosen now."""

    title: str
    value: object
    disabled: str = ""


@dataclass(frozen=True)
class Prompt:
    """A question that is ready to be asked.

    Attributes:
        question: What it is made from.
        kind: The type of its answer.
        message: What is printed.
        default: The answer that is taken when nothing is entered.
        choices: The possible answers; empty for free text.
        answers: The answers so far.
    """

    question: Question
    kind: str
    message: str
    default: object
    choices: tuple[Choice, ...]
    answers: Mapping[str, object]

    @property
    def several(self) -> bool:
        """Whether more than one choice may be taken."""
        return bool(self.question.details.get("multiselect"))

    def refusal(self, given: object) -> str | None:
        """Return why the question refuses an answer; ``None`` if it takes it."""
        question = self.question
        try:
            answer = question.cast(given, self.answers)
        except ValueError as problem:
            return str(problem)
        for item in answer if self.several and isinstance(answer, list) else [answer]:
            reason = self._refused_choice(item)
            if reason is not None:
                return reason
        validator = str(question.details.get("validator", ""))
        values = {**self.answers, question.name: answer}
        return render(validator, values, f"{question.where}: `{question.name}`").strip() or None

    def _refused_choice(self, answer: object) -> str | None:
        if not self.choices:
            return None
        for choice in self.choices:
            if choice.value == answer:
                return choice.disabled or None
        allowed = ", ".join(str(choice.value) for choice in self.choices if not choice.disabled)
        return f"`{answer}` is none of: {allowed}."


def questions_of(catalogue: Catalogue, recipe: Recipe) -> tuple[Question, ...]:
    """Return the questions that every unit has, and those of one recipe, in their order."""
    own = catalogue.folder(recipe) / "questions.yml"
    return (
        *_load(catalogue.root / "copier.yml"),
        *(_load(own) if own.is_file() else ()),
    )


def template_questions(catalogue: Catalogue) -> tuple[Question, ...]:
    """Return the questions of the template that a new project starts from, in their order."""
    return _load(catalogue.root / "copier.yml")


def _load(path: Path) -> tuple[Question, ...]:
    return _load_version(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _load_version(path: Path, _: int) -> tuple[Question, ...]:
    data = plain(read_yaml(path))
    if not isinstance(data, Mapping):
        raise UserError(f"{path}: must be a mapping of questions.")
    return tuple(
        Question(name, details if isinstance(details, Mapping) else {"default": details}, str(path))
        for name, details in data.items()
        if not name.startswith("_")
    )


def check_given(given: Mapping[str, object], questions: Iterable[Question]) -> None:
    """Make sure that every given answer belongs to a question.

    Raises:
        UserError: If one does not; the nearest name is suggested.
    """
    known = {question.name for question in questions} - _NEVER_GIVEN
    for name in given:
        if name in _NEVER_GIVEN:
            raise UserError(f"`{name}` is set by buttress itself; leave it out of the answers.")
        if name not in known:
            raise UserError(
                f"No question of these recipes is called `{name}`.{nearest(name, known)} "
                "`buttress recipes RECIPE` lists the questions of a recipe."
            )


def take_answers(
    questions: Iterable[Question], known: Mapping[str, object], given: Mapping[str, object]
) -> dict[str, object]:
    """Return the given answers in the types of their questions.

    Args:
        questions: All questions, in their order.
        known: What facts and stored answers give; it stands in for the defaults.
        given: Answers from the command line or a file; what belongs to no question is left out.

    Raises:
        UserError: If a question refuses its answer, or does not come up with these answers.
    """
    taken: dict[str, object] = {}
    for _ in _walk(questions, known, given, taken):
        pass
    return taken


def ask(
    questions: Iterable[Question],
    known: Mapping[str, object],
    given: Mapping[str, object],
    put: Callable[[Prompt], object],
) -> dict[str, object]:
    """Return the answers of a person to the questions that are open and not answered yet.

    Args:
        questions: All questions, in their order.
        known: What facts and stored answers give; it stands in for the defaults.
        given: Answers from the command line or a file; their questions are not asked.
        put: Asks one question and returns the answer.

    Raises:
        UserError: If a question refuses a given answer.
    """
    answered: dict[str, object] = {}
    for prompt, answers in _walk(questions, known, given, {}):
        name = prompt.question.name
        answer = prompt.question.cast(put(prompt), answers)
        answers[name] = answered[name] = answer
    return answered


def _walk(
    questions: Iterable[Question],
    known: Mapping[str, object],
    given: Mapping[str, object],
    taken: dict[str, object],
) -> Iterable[tuple[Prompt, dict[str, object]]]:
    """Yield what is to be asked, with the answers so far; who asks puts the answer into them.

    Given answers are put into ``taken``.
    """
    answers = dict(known)
    for question in questions:
        name = question.name
        if name in given:
            answers[name] = taken[name] = _take(question, answers, given[name])
            continue
        try:
            if name not in answers:
                answers[name] = question.default(answers)
            is_asked = question.is_asked(answers)
        except (UserError, ValueError):
            # it depends on what only rendering knows, as names of modules do: nobody is asked that
            continue
        if is_asked:
            yield _prompt(question, answers), answers


def _take(question: Question, answers: Mapping[str, object], given: object) -> object:
    place = f"`-d {question.name}={given}`"
    if not question.is_open(answers):
        raise UserError(
            f"{place}: this question does not come up here, because its condition "
            f"`{question.details.get('when')}` is false."
        )
    reason = _prompt(question, answers).refusal(given)
    if reason is not None:
        raise UserError(f"{place}: the question `{question.name}` refuses this answer: {reason}")
    return question.cast(given, answers)


def _prompt(question: Question, answers: Mapping[str, object]) -> Prompt:
    place = f"{question.where}: `{question.name}`"
    message = render(str(question.details.get("help", question.name)), answers, place)
    return Prompt(
        question,
        question.type_name(answers),
        message,
        answers.get(question.name),
        tuple(_choices(question, answers, place)),
        answers,
    )


def _choices(question: Question, answers: Mapping[str, object], place: str) -> Iterable[Choice]:
    written = question.details.get("choices", ())
    if isinstance(written, str):
        written = yaml_value(render(written, answers, place)) or ()
    items = written.items() if isinstance(written, Mapping) else written
    for item in items:
        title, content = item if isinstance(item, list | tuple) else (item, item)
        disabled = ""
        if isinstance(content, Mapping):
            disabled = render(str(content.get("validator", "")), answers, place).strip()
            content = content.get("value")
        filled = value(content, answers, place)
        yield Choice(render(str(title), answers, place), question.cast(filled, answers), disabled)


def parse_given(pairs: Iterable[str]) -> dict[str, object]:
    """Return the answers of ``KEY=VALUE`` arguments.

    Raises:
        UserError: If one has no ``=``, or a key is given twice.
    """
    given: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise UserError(f"`-d {pair}`: write it as KEY=VALUE.")
        if name.strip() in given:
            raise UserError(f"`-d {pair}`: `{name.strip()}` is given twice.")
        given[name.strip()] = text
    return given


def read_answers(path: Path) -> dict[str, object]:
    """Return the answers of a YAML file; keys that start with ``_`` are left out.

    Raises:
        UserError: If it cannot be read or is no mapping.
    """
    data = plain(read_yaml(path))
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise UserError(f"{path}: an answers file is a YAML mapping of question: answer.")
    return {name: item for name, item in data.items() if not name.startswith("_")}
