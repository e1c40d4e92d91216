"""Habits, kept in memory."""

from typing import Any

from fastapi import APIRouter, HTTPException

router = APIRouter()
HABITS: dict[int, dict[str, Any]] = {}


@router.get("")
async def list_habits() -> list[dict[str, Any]]:
    return list(HABITS.values())


@router.post("", status_code=201)
async def create_habit(payload: dict[str, Any]) -> dict[str, Any]:
    name = payload["name"]
    goal = int(payload.get("goal", 1))
    habit = {"id": len(HABITS) + 1, "name": name, "goal": goal}
    HABITS[habit["id"]] = habit
    print(f"Habit created: {name} (goal {goal})")
    return habit


@router.get("/{habit_id}")
async def read_habit(habit_id: int) -> dict[str, Any]:
    if habit_id not in HABITS:
        raise HTTPException(status_code=404, detail="Habit not found")
    return HABITS[habit_id]


@router.get("/{habit_id}/streak")
async def streak(habit_id: int) -> dict[str, int]:
    try:
        return {"streak": HABITS[habit_id]["streak"]}
    except Exception as exc:
        raise HTTPException(status_code=500, detail=str(exc))
