from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def test_a_habit_can_be_read_after_it_was_made():
    made = client.post("/api/habits", json={"name": "read", "goal": 3})

    assert made.status_code == 201
    assert client.get(f"/api/habits/{made.json()['id']}").json()["name"] == "read"


def test_an_unknown_habit_is_not_found():
    answer = client.get("/api/habits/99")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "Habit not found"
