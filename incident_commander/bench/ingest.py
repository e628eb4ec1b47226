"""How fast alerts become durable, over HTTP: one after another, each a new incident, and a storm into one incident."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from secrets import token_hex

import httpx

from ..api.incidents import IncidentPage
from ..domain.base import JsonObject
from .figures import Figure, figure

ANSWER_LIMIT_MS = 50.0
DOOR = "/api/alerts/alertmanager"
STORM_BATCH = 20
"""Alerts in one webhook of the storm."""
STORM_CLIENTS = 8
"""Webhooks under way at once in the storm."""


QUIET_SECONDS = 120.0


class StillBusy(Exception):
    """The server did not come to rest."""


class NotAccepted(Exception):
    """The server refused an alert; the message holds its answer."""


async def ingest_figures(url: str, *, singles: int, incidents: int, storm: int) -> tuple[Figure, ...]:
    """Post alerts to a running server and time its answers; an answer means durable.

    Args:
        singles: Alerts posted one by one that join one open incident.
        incidents: Alerts posted one by one that each open an incident: once all at a stretch, so that the responses
            to the first run beside, and once each after the response to the one before has ended.
        storm: Alerts of one service, posted in batches by several clients at once.

    Raises:
        NotAccepted: the server did not take an alert.
        StillBusy: it did not come to rest in between.
        httpx.HTTPError: it does not answer.
    """
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await _post(client, [_alert(_service(), "warm-up")])
        joining = await _one_by_one(client, [_service()] * singles)
        await quiet(client)
        busy = await _one_by_one(client, [_service() for _ in range(incidents)])
        opening = []
        for _ in range(incidents):
            await quiet(client)
            opening += await _one_by_one(client, [_service()])
        await quiet(client)
        service = _service()
        begun = time.perf_counter()
        answers = await _storm(client, service, storm)
        seconds = time.perf_counter() - begun
        opened = await _incidents_of(client, service)
    limit = ANSWER_LIMIT_MS
    return (
        figure("an alert of an open incident durable and answered", "p50", joining, "ms"),
        figure("an alert of an open incident durable and answered", "p95", joining, "ms", limit),
        figure("an alert that opens an incident durable and answered", "p50", opening, "ms"),
        figure("an alert that opens an incident durable and answered", "p95", opening, "ms", limit),
        figure("the same, while others are being answered", "p95", busy, "ms", detail=f"{incidents} incidents at once"),
        figure("storm: alerts accepted durably", "value", [storm / seconds], "/s", detail=f"{storm} alerts"),
        figure("storm: a webhook answered", "p95", answers, "ms", detail=f"of {STORM_BATCH}, {STORM_CLIENTS} at once"),
        figure("storm: incidents opened", "value", [float(opened)], "", 1, "one storm is one incident"),
    )  # fmt: skip


async def quiet(client: httpx.AsyncClient) -> None:
    """Return once no response is under way.

    Raises:
        StillBusy: one is after two minutes.
    """
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        answer = await client.get("/api/incidents", params={"status": "open", "limit": 1})
        if IncidentPage.model_validate_json(answer.raise_for_status().content).total == 0:
            return
        await asyncio.sleep(0.1)
    raise StillBusy(f"responses were still under way after {QUIET_SECONDS:g} s; measure on a server left alone")


async def _one_by_one(client: httpx.AsyncClient, services: Sequence[str]) -> list[float]:
    answers = []
    for number, service in enumerate(services):
        begun = time.perf_counter()
        await _post(client, [_alert(service, f"instance-{number}")])
        answers.append((time.perf_counter() - begun) * 1000)
    return answers


async def _storm(client: httpx.AsyncClient, service: str, alerts: int) -> list[float]:
    batches = [
        [_alert(service, f"instance-{number}") for number in range(start, min(start + STORM_BATCH, alerts))]
        for start in range(0, alerts, STORM_BATCH)
    ]
    answers: list[float] = []
    turn = asyncio.Semaphore(STORM_CLIENTS)

    async def send(batch: list[JsonObject]) -> None:
        async with turn:
            begun = time.perf_counter()
            await _post(client, batch)
            answers.append((time.perf_counter() - begun) * 1000)

    await asyncio.gather(*(send(batch) for batch in batches))
    return answers


async def _post(client: httpx.AsyncClient, alerts: list[JsonObject]) -> None:
    body: JsonObject = {
        "version": "4",
        "groupKey": "bench",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "bench",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "",
        "alerts": [*alerts],
    }
    answer = await client.post(DOOR, json=body)
    if not answer.is_success:
        raise NotAccepted(f"{answer.url} answered {answer.status_code}: {answer.text[:300]}")


def _alert(service: str, instance: str) -> JsonObject:
    labels: JsonObject = {
        "alertname": "BenchErrorRatio",
        "service": service,
        "instance": instance,
        "severity": "warning",
    }
    return {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": "an alert of the ingest benchmark"},
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
    }


def _service() -> str:
    """A name no other alert shares, so that nothing joins by chance."""
    return f"bench-{token_hex(6)}"


async def _incidents_of(client: httpx.AsyncClient, service: str) -> int:
    """How many incidents name the service."""
    answer = await client.get("/api/incidents", params={"limit": 100})
    page = IncidentPage.model_validate_json(answer.raise_for_status().content)
    return sum(service in incident.services for incident in page.incidents)
