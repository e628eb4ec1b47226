"""A PostgreSQL server that restarts: alerts are turned away meanwhile, and nothing that was accepted is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from incident_commander.composition import Commander, build, running
from incident_commander.domain.settings import Settings

from ..postgres import PostgresServer, postgres_server


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test's own, since it is stopped."""
    with postgres_server() as server:
        yield server


@pytest.fixture
async def serving(server: PostgresServer, tmp_path: Path) -> AsyncIterator[Commander]:
    settings = Settings(data_dir=tmp_path, database_url=server.database(), workflow_database_url="", notify_urls=[])
    async with running(build(settings)) as commander:
        yield commander


async def test_alerts_are_turned_away_while_the_server_is_down_and_every_accepted_one_is_answered(
    serving: Commander, server: PostgresServer
) -> None:
    transport = httpx.ASGITransport(serving.api)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        accepted = [incident_of(await post(client, name)) for name in ("before-1", "before-2", "before-3")]
        server.stop()
        turned_away = await post(client, "meanwhile")
        assert turned_away.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert turned_away.headers["Retry-After"]
        health = (await client.get("/health")).json()
        states = {row["name"]: row["state"] for row in health["dependencies"]}
        assert (health["status"], states["database"]) == ("degraded", "down")
        server.start()
        async with asyncio.timeout(120):
            while not (answer := await post(client, "after")).is_success:
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
                await asyncio.sleep(0.05)
            accepted.append(incident_of(answer))
            for incident_id in accepted:
                while not await ended(client, incident_id):  # noqa: ASYNC110 - asked over HTTP, as a user does
                    await asyncio.sleep(0.05)
        assert (await client.get("/api/ledger/verify")).json()["valid"]


async def post(client: httpx.AsyncClient, name: str) -> httpx.Response:
    """Post one alert that opens an incident."""
    alert = {
        "status": "firing",
        "labels": {"alertname": name, "service": name},
        "startsAt": datetime.now(UTC).isoformat(),
    }
    return await client.post("/api/alerts/alertmanager", json={"version": "4", "alerts": [alert]})


def incident_of(answer: httpx.Response) -> str:
    """The incident that an accepted alert opened."""
    (outcome,) = answer.raise_for_status().json()["outcomes"]
    return str(outcome["incident_id"])


async def ended(client: httpx.AsyncClient, incident_id: str) -> bool:
    """Whether the last stage of its response has finished."""
    timeline = await client.get(f"/api/incidents/{incident_id}/timeline")
    if timeline.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return False
    events = timeline.raise_for_status().json()["events"]
    return any(event["kind"] == "stage.finished" and event["payload"]["stage"] == "learn" for event in events)
