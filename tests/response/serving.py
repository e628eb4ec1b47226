"""A whole commander within a test: posting alerts to it, and waiting for what comes of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar

import httpx

from incident_commander.composition import Commander, build, running
from incident_commander.domain.base import IncidentId, RunId
from incident_commander.domain.incident import Stage
from incident_commander.domain.settings import Settings
from incident_commander.response.desk import load_record
from incident_commander.response.record import IncidentRecord

from ..store.databases import Home

T = TypeVar("T")


@asynccontextmanager
async def commander(home: Home, **settings: float | str) -> AsyncIterator[Commander]:
    """One that serves from a home."""
    configured = Settings(
        data_dir=home.key.parent, database_url=home.url, workflow_database_url="", notify_urls=[]
    ).model_copy(update=settings)
    async with running(build(configured)) as serving:
        yield serving


async def post(serving: Commander, *labels: dict[str, str], status: str = "firing") -> list[IncidentId]:
    """Post one webhook with an alert for each set of labels; the incidents they are in."""
    now = datetime.now(UTC).isoformat()
    times = {"startsAt": now} if status == "firing" else {"startsAt": now, "endsAt": now}
    body = {"version": "4", "alerts": [{"status": status, "labels": each, **times} for each in labels]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(serving.api), base_url="http://test") as client:
        answer = await client.post("/api/alerts/alertmanager", json=body)
    assert answer.status_code == httpx.codes.OK, answer.text
    return [IncidentId(outcome["incident_id"]) for outcome in answer.json()["outcomes"]]


async def first(serving: Commander, answer: Callable[[], Awaitable[T | None]]) -> T:
    """The first answer that is not None, asked anew after every commit."""
    changed = asyncio.Event()
    stop = serving.database.subscribe(lambda _: changed.set())
    try:
        async with asyncio.timeout(60):
            while (found := await answer()) is None:
                await changed.wait()
                changed.clear()
            return found
    finally:
        stop()


async def ended(serving: Commander, incident_id: IncidentId) -> IncidentRecord:
    """The incident's record once its last stage has finished."""

    async def look() -> IncidentRecord | None:
        record = await load_record(serving.database, incident_id)
        return record if record.stage_event("stage.finished", "learn") else None

    return await first(serving, look)


async def begun(serving: Commander, run: RunId, stage: Stage) -> IncidentId:
    """The run's incident once a stage of it has begun."""

    async def look() -> IncidentId | None:
        incident = await serving.operations.incident_of(run)
        if incident is None:
            return None
        record = await load_record(serving.database, incident.id)
        return incident.id if record.stage_event("stage.started", stage) else None

    return await first(serving, look)
