"""An event keeps the author's words; values, signs and marks go."""

import ast

import pytest

from buttress.analysis.logs.messages import Message, joined, message_of
from buttress.rewrites.events import event_of, is_decoration, is_table, tidied
from buttress.source import Module, Text


def message(arguments: str) -> Message:
    module = Module("m.py", Text(f"print({arguments})\n"))
    call = module.nodes(ast.Call)[0]
    found = [message_of(module, argument) for argument in call.args]
    return joined([item for item in found if item is not None], " ")


@pytest.mark.parametrize(
    ("arguments", "event"),
    [
        # values go, and what only led to them
        ('f"Found {n} due reminders"', "Found due reminders"),
        ('f"Tool result for {name}: {result}"', "Tool result"),
        ('f"Vocabulary exported to {path}"', "Vocabulary exported"),
        ('f"Random word is {word}"', "Random word"),
        ('f"Copied {a} to {b} in {t:.1f}s"', "Copied"),
        ('f"Group {a} not found for draw {b}"', "Group not found for draw"),
        ('f"User {a} logged in from {b}"', "User logged in"),
        ("f\"Uploading '{name}' (type: {kind})\"", "Uploading"),
        ('f"Starting server at http://{host}:{port}/docs"', "Starting server"),
        ('f"Processed {a}/{b} ({p:.1f}%)"', "Processed"),
        ('f"called with user_id={a}, task_id={b}"', "called"),
        ('f"Session exchange error: {e}"', "Session exchange error"),
        ('"Bot:", reply', "Bot"),
        # a clause that only names a value goes with it, other clauses stay
        ('f"Failed - expected {a}, got {b}"', "Failed"),
        ('f"Connected, topics: {topics}"', "Connected"),
        ('f"Mail sent to {a}. Status: {b}"', "Mail sent"),
        ('f"Not sent. No assignee for {a}."', "Not sent. No assignee"),
        (
            'f"Quota exceeded after {n} attempts. Returning the fallback."',
            "Quota exceeded. Returning the fallback",
        ),
        ('f"Seeding complete: {a} created, {b} skipped"', "Seeding complete"),
        ("f\"REJECTED: Invalid extension '{ext}'\"", "REJECTED: Invalid extension"),
        # what only says which part speaks is no event by itself
        ('f"RAG DEBUG: Found {n} chunks"', "RAG DEBUG: Found chunks"),
        ('f"RAG DEBUG: Preview of chunk: {c}"', "RAG DEBUG: Preview of chunk"),
        ('f"auth: check of key failed: {a}: {b}"', "auth: check of key failed"),
        ('f"Upload done: size: {n}"', "Upload done"),
        # what failed is said by no name of a field
        ('f"skipping {t}: fetch failed: {e}"', "skipping: fetch failed"),
        ('f"loader - file {p} missing; trying another"', "loader - file missing; trying another"),
        ('f"loader - {n} missing; trying another"', "loader; trying another"),
        ('f"Waiting up to {t}s for {w} worker to end"', "Waiting for worker to end"),
        # brackets without a value stay, and stay whole
        ('f"skipping {t} (in use; harmless): {e}"', "skipping (in use; harmless)"),
        ('f"check() skipped for {t}"', "check() skipped"),
        ("f\"Asked: '{q}...'\"", "Asked"),
        ('f"it\'s {x}"', "it's"),
        # what somebody looks for in the logs
        ('f"cache length: {len(cache)} #debug-1200"', "cache length: #debug-1200"),
        ('f"#clean-up Deleted: {key}"', "#clean-up Deleted"),
        ('f"## Report for {name}"', "Report"),
        # decoration and marks
        ('"🚀 Starting..."', "Starting"),
        ('"=== Starting import ==="', "Starting import"),
        ('"\\n--- Turn 1 ---\\n"', "Turn 1"),
        ('"[2/4] [OK] Done!"', "Done"),
        ('"\\x1b[92mFound\\x1b[0m"', "Found"),
        ('"Line one\\nline two"', "Line one. line two"),
        ('"Loading DB... done"', "Loading DB... done"),
        ('"a -> b"', "a -> b"),
        ('"20 °C"', "20 °C"),
        # nothing is left: the names of the values stand for the event
        ('f"user_id={user_id}"', "user_id"),
        ('f"{a} - {b}"', ""),
        ('f"{a} of {b}"', ""),
    ],
)
def test_the_words_of_the_author_stay(arguments: str, event: str) -> None:
    assert event_of(message(arguments)).text == event


@pytest.mark.parametrize(
    ("arguments", "labels"),
    [
        ('f"Retrying (attempt {n + 1}/{total})"', {0: "attempt"}),
        ('f"Done. Status: {a}, Size: {b}"', {0: "Status", 1: "Size"}),
        ('f"x={a} y={b}"', {0: "x", 1: "y"}),
        ('f"Syncing data source {s}"', {0: "data source"}),
        ('"Count:", n', {0: "Count"}),
        ('f"jobs.run synced {n} rows"', {0: "synced"}),
        ('f"/items/new took {n}s"', {0: "took"}),
    ],
)
def test_what_stands_beside_a_value_is_kept_for_its_name(
    arguments: str, labels: dict[int, str]
) -> None:
    assert event_of(message(arguments)).labels == labels


def test_what_stands_in_front_of_an_exception_stays() -> None:
    text = message('f"Webhook ignored: bad signature: {e}"')

    assert event_of(text, [0]).text == "Webhook ignored: bad signature"
    assert event_of(text).text == "Webhook ignored"


@pytest.mark.parametrize("arguments", ['""', '"=" * 50', '"\\n"', '"---"', '"🎉"', "''"])
def test_rules_and_signs_say_nothing(arguments: str) -> None:
    assert is_decoration(message(arguments))


@pytest.mark.parametrize("arguments", ['"a"', '"1"', 'f"{x}"', '"-- a --"'])
def test_everything_else_says_something(arguments: str) -> None:
    assert not is_decoration(message(arguments))


def test_columns_are_a_table() -> None:
    assert is_table(message('f"{a:<10} | {b:>5}"'))
    assert not is_table(message('f"{a:<10}: {b:.2f}"'))


def test_a_template_keeps_its_values_and_loses_its_decoration() -> None:
    kept = tidied(message('f"\\n🚀 [INFO] Loaded {n} of {total}...\\n"'))

    assert [part if isinstance(part, str) else part.source for part in kept.parts] == [
        "Loaded ",
        "n",
        " of ",
        "total",
        "...",
    ]
