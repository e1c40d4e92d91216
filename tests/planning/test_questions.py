"""Questions are worked out without asking: what comes up, what is allowed, what is the default."""

from pathlib import Path

import pytest

from buttress.errors import UserError
from buttress.planning.catalogue import load_catalogue
from buttress.planning.questions import (
    Prompt,
    Question,
    ask,
    check_given,
    parse_given,
    questions_of,
    read_answers,
    take_answers,
)
from buttress.planning.templating import yaml_value
from tests.planning.installation import install

COLOURS = """
shape: {type: str, default: round, choices: [round, square]}
size: {type: int, default: "{{ 2 if shape == 'round' else 3 }}"}
corners:
  type: int
  when: "{{ shape == 'square' }}"
  default: 4
  validator: "{% if corners != 4 %}A square has 4 corners.{% endif %}"
secretly: {type: str, ask: false, default: x}
colour:
  type: str
  help: Which colour for a {{ shape }} one
  default: red
  choices:
    Bright red: red
    Deep blue: {value: blue, validator: "{% if shape == 'square' %}only round ones are blue{% endif %}"}
sides: {type: yaml, default: [left]}
parts: {type: str, multiselect: true, choices: [a, b, c], default: "[a, b]"}
"""


def _questions(text: str = COLOURS) -> list[Question]:
    data = yaml_value(text)
    assert isinstance(data, dict)
    return [Question(name, details, "questions.yml") for name, details in data.items()]


def _asked(given: dict[str, object], **known: object) -> dict[str, Prompt]:
    """Return what is asked when everything is answered with its default."""
    seen: dict[str, Prompt] = {}

    def put(prompt: Prompt) -> object:
        seen[prompt.question.name] = prompt
        return prompt.default

    ask(_questions(), known, given, put)
    return seen


def test_what_is_not_open_or_never_asked_does_not_come_up() -> None:
    assert list(_asked({})) == ["shape", "size", "colour", "sides", "parts"]


def test_an_answer_opens_questions_and_changes_defaults() -> None:
    asked = _asked({"shape": "square"})

    assert list(asked) == ["size", "corners", "colour", "sides", "parts"]
    assert asked["size"].default == 3
    assert asked["colour"].message == "Which colour for a square one"


def test_defaults_have_the_type_of_their_question() -> None:
    asked = _asked({})

    assert asked["size"].default == 2
    assert asked["sides"].default == ["left"]
    assert asked["parts"].default == ["a", "b"]


def test_what_is_known_stands_in_for_the_default() -> None:
    assert _asked({}, size=9)["size"].default == 9


def test_answers_come_back_in_their_types() -> None:
    answers = ask(
        _questions(),
        {},
        {"shape": "round"},
        lambda prompt: "7" if prompt.kind == "int" else prompt.default,
    )

    assert answers == {"size": 7, "colour": "red", "sides": ["left"], "parts": ["a", "b"]}


def test_choices_tell_why_one_cannot_be_taken() -> None:
    choices = _asked({"shape": "square"})["colour"].choices

    assert [(c.title, c.value, c.disabled) for c in choices] == [
        ("Bright red", "red", ""),
        ("Deep blue", "blue", "only round ones are blue"),
    ]


@pytest.mark.parametrize(
    ("name", "answer", "reason"),
    [
        ("shape", "oval", "`oval` is none of: round, square."),
        ("size", "big", "this is no whole number"),
        ("corners", "5", "A square has 4 corners."),
        ("colour", "blue", "only round ones are blue"),
        ("parts", ["a", "z"], "`z` is none of: a, b, c."),
    ],
)
def test_a_refused_answer_gives_its_reason(name: str, answer: object, reason: str) -> None:
    given: dict[str, object] = {"shape": "square", name: answer}

    with pytest.raises(UserError) as caught:
        take_answers(_questions(), {}, given)
    assert reason in str(caught.value)
    assert f"`-d {name}=" in str(caught.value)


@pytest.mark.parametrize(("name", "answer"), [("size", "4"), ("colour", "red"), ("parts", ["c"])])
def test_a_fitting_answer_is_taken(name: str, answer: object) -> None:
    assert list(take_answers(_questions(), {}, {name: answer})) == [name]


def test_an_answer_to_a_question_that_does_not_come_up_is_refused() -> None:
    with pytest.raises(UserError, match="`-d corners=4`: this question does not come up here"):
        take_answers(_questions(), {}, {"corners": "4"})


def test_an_answer_to_no_question_is_told_the_nearest_one() -> None:
    with pytest.raises(UserError, match=r"No question .* `color`\. Did you mean `colour`\?"):
        check_given({"color": "red"}, _questions())


@pytest.mark.parametrize("name", ["unit", "keep"])
def test_what_the_tool_sets_cannot_be_given(tmp_path: Path, name: str) -> None:
    catalogue = load_catalogue(install(tmp_path))
    questions = questions_of(catalogue, catalogue["logs"])

    with pytest.raises(UserError, match=f"`{name}` is set by buttress itself"):
        check_given({name: "x"}, questions)


def test_a_recipe_has_the_common_questions_and_its_own(tmp_path: Path) -> None:
    catalogue = load_catalogue(install(tmp_path))

    names = [question.name for question in questions_of(catalogue, catalogue["logs"])]

    assert names[:2] == ["unit", "keep"]
    assert names[-2:] == ["logs_module", "logs_level"]
    assert "image_user" not in names
    assert not [name for name in names if name.startswith("_")]


def test_given_answers_are_split_at_the_first_equals_sign() -> None:
    assert parse_given(["a=1", "url=x?y=z", "empty="]) == {"a": "1", "url": "x?y=z", "empty": ""}


@pytest.mark.parametrize("pair", ["a", "=1", ""])
def test_what_is_no_pair_is_refused(pair: str) -> None:
    with pytest.raises(UserError, match="write it as KEY=VALUE"):
        parse_given([pair])


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(UserError, match="`a` is given twice"):
        parse_given(["a=1", "a=2"])


def test_answers_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text("_commit: v1\nport: 8080\nsides: [left, right]\n")

    assert read_answers(file) == {"port": 8080, "sides": ["left", "right"]}


@pytest.mark.parametrize(
    ("text", "message"), [("- a\n", "is a YAML mapping"), ("a: [", "answers.yml:.* is no YAML")]
)
def test_a_file_that_holds_no_answers_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "answers.yml"
    file.write_text(text)

    with pytest.raises(UserError, match=message):
        read_answers(file)
