"""The words and marks of a message say how severe it is."""

import pytest

from buttress.analysis.logs.severity import Level, level_of, marks_of


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("[ERROR] x", Level.ERROR),
        ("(warn) x", Level.WARNING),
        ("Warning: x", Level.WARNING),
        ("ERROR x", Level.ERROR),
        ("🔍 DEBUG: x", Level.DEBUG),
        ("INFO - x failed", Level.INFO),
        ("FATAL: x", Level.CRITICAL),
        ("❌ x", Level.ERROR),
        ("⚠️ x", Level.WARNING),
        ("[!] x", Level.WARNING),
        ("[FAIL] x", Level.ERROR),
        ("❌ not found", Level.WARNING),
        ("Upload failed", Level.ERROR),
        ("Could not read", Level.ERROR),
        ("Konnte nicht lesen: Fehler", Level.ERROR),
        ("Erro inesperado", Level.ERROR),
        ("User does not exist", Level.WARNING),
        ("Retrying", Level.WARNING),
        ("No module found", Level.WARNING),
    ],
)
def test_a_level_is_read_from_the_text(text: str, level: Level) -> None:
    assert level_of(text) is level


@pytest.mark.parametrize(
    "text",
    [
        "Ready",
        "✅ Ready",
        "[OK] Ready",
        "No errors",
        "Finished without any failures",
        "0 errors in 3 files",
        "Errors: 0",
        "Error handler installed",
        "Information about x",
        "Debugger attached",
        "Terror",
        "",
    ],
)
def test_other_texts_say_nothing(text: str) -> None:
    assert level_of(text) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("[ERROR] Could not load", "Could not load"),
        ("[1/4] [OK] Loaded", "Loaded"),
        ("DEBUG: [DEBUG] x", "x"),
        ("Error loading x", "Error loading x"),
        ("[Kafka] Connected", "[Kafka] Connected"),
    ],
)
def test_marks_stand_in_front(text: str, rest: str) -> None:
    assert text[marks_of(text).length :] == rest
