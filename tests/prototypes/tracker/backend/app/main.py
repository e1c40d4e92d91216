"""Tracker API."""

import logging
import os
import threading

from fastapi import BackgroundTasks, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.routers import habits

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger(__name__)


def send_mail(address: str) -> None:
    logger.info(f"Sending mail to {address}")


def recount() -> None:
    print("Recounting streaks")


def create_app() -> FastAPI:
    application = FastAPI(title="Tracker")
    application.add_middleware(
        CORSMiddleware,
        allow_origins=os.getenv("CORS_ORIGINS", "http://localhost:5173").split(","),
        allow_methods=["*"],
        allow_headers=["*"],
    )
    application.include_router(habits.router, prefix="/api/habits", tags=["habits"])

    @application.get("/api/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @application.post("/api/reminders")
    async def remind(address: str, tasks: BackgroundTasks) -> dict[str, bool]:
        tasks.add_task(send_mail, address)
        threading.Thread(target=recount).start()
        return {"queued": True}

    return application


app = create_app()
