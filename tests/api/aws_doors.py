"""The API with an SNS of the test's own, whose live world reads the changes that are reported."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from incident_commander.actions.policy import DenyAll
from incident_commander.api import ApiServices, build_api
from incident_commander.domain.base import IncidentId, JsonObject, RunId
from incident_commander.domain.incident import Incident
from incident_commander.domain.ports import Environment
from incident_commander.ingest import Intake, SnsTrust
from incident_commander.store import Database
from incident_commander.telemetry.recorded_changes import RecordedChanges
from incident_commander.telemetry.unconfigured import live_environment

from ..ingest.sns_sender import SnsSender
from ..store.databases import opened
from .acting import authenticator
from .test_api import Exporter, PracticeOperations


@dataclass
class AwsDoors:
    """The doors for AWS with a client, and what stands behind them."""

    client: httpx.AsyncClient
    database: Database
    sender: SnsSender
    environment: Environment
    called: list[IncidentId] = field(default_factory=list)

    async def sns(self, body: JsonObject) -> httpx.Response:
        """Post an envelope as SNS does."""
        headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": str(body.get("Type"))}
        return await self.client.post(
            "/api/alerts/sns", content=httpx.Request("POST", "http://x", json=body).content, headers=headers
        )

    async def eventbridge(self, body: object) -> httpx.Response:
        """Post an event."""
        return await self.client.post("/api/alerts/eventbridge", json=body)

    async def incidents(self) -> tuple[Incident, ...]:
        """All incidents, the oldest first."""
        async with self.database.read() as unit:
            return tuple(reversed(await unit.incidents.recent(100)))


@asynccontextmanager
async def aws_doors(folder: Path, *topics: str) -> AsyncIterator[AwsDoors]:
    """The doors over a database in a folder, taking these topics alone where some are named."""
    async with opened(folder) as database:
        live = live_environment(DenyAll(), RecordedChanges(database))
        sender = SnsSender()
        called: list[IncidentId] = []

        async def note(incident_id: IncidentId) -> None:
            called.append(incident_id)

        intake = Intake(database, _Live(live), note)
        trust = SnsTrust(sender, topics)
        app = build_api(ApiServices(intake, database, PracticeOperations(), Exporter(), authenticator(), sns=trust))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            yield AwsDoors(client, database, sender, live, called)


class _Live:
    """There is the live world only."""

    def __init__(self, live: Environment) -> None:
        self._live = live

    async def environment(self, run: RunId | None) -> Environment:
        return self._live
