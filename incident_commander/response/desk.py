"""The desk a stage works at: the incident's record, its environment, and the pen that writes to the ledger."""

import time
from datetime import datetime, timedelta
from typing import Literal

from pydantic import TypeAdapter

from ..domain.alert import Alert
from ..domain.ballot import Certificate
from ..domain.base import IncidentId, JsonObject, Value
from ..domain.event import Event, EventKind, NewEvent
from ..domain.findings import Verdict
from ..domain.incident import Incident, IncidentStatus, Stage
from ..domain.plan import Plan
from ..domain.ports import Environment, Environments
from ..domain.telemetry import Gap
from ..store import Database, Unit
from .record import IncidentRecord

Next = Literal["go_on", "ask", "again", "stop"]
"""What follows a stage: the next one, a person's answer, another round of voting, or the end of acting."""

_JSON = TypeAdapter(JsonObject)


class StillFiring(Exception):
    """An alert joined or fired again while its incident was about to end because none did; begin the stage again."""


class Desk:
    """One stage of one incident at work.

    Events are drafted with keys that a repetition of the stage drafts again, and a key once written is never written
    twice: a stage that was cut off anywhere can be begun again.

    Attributes:
        began_at: When the stage began on the incident's clock; a repeated stage keeps the first beginning.
        round: The round of voting it belongs to; 1 for a stage that runs once.
        gaps: What the stage could not see.
        error: Why the stage was left out; empty where it was not.
    """

    def __init__(
        self,
        database: Database,
        environment: Environment,
        record: IncidentRecord,
        stage: Stage,
        began_at: datetime,
        round: int = 1,
        part: str = "",
    ) -> None:
        self.environment = environment
        self.record = record
        self.stage = stage
        self.began_at = began_at
        self.round = round
        self._prefix = f"{record.incident.id}/{stage}{f'/{round}' if round > 1 else ''}{part}"
        self.gaps: tuple[Gap, ...] = ()
        self.error = ""
        self._database = database
        self._drafted: list[NewEvent] = []
        self._counts: dict[str, int] = {}
        self._status: tuple[IncidentStatus, str] | None = None
        self._until_clear = False
        self._verdict: Verdict | None = None
        self._certified: tuple[Certificate, Plan] | None = None
        self._wall_start = time.perf_counter()

    @property
    def incident(self) -> Incident:
        """The incident as it was when the stage began."""
        return self.record.incident

    async def note(
        self,
        kind: EventKind,
        actor: str,
        payload: Value | dict[str, object],
        name: str | None = None,
        of: IncidentId | None = None,
    ) -> None:
        """Draft an event, stamped with the incident's clock as it stands now.

        Args:
            name: Tells this event from others of its kind in the stage; None: they are numbered as they come.
            of: What it belongs to where that is not this incident: the installation.
        """
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._drafted.append(
            NewEvent(
                key=self._key(kind, name or str(self._counts[kind])),
                incident_id=of or self.incident.id,
                kind=kind,
                actor=actor,
                clock=self.environment.clock.kind,
                occurred_at=await self.environment.clock.now(),
                payload=payload.model_dump(mode="json") if isinstance(payload, Value) else _as_json(payload),
            )
        )

    def has_noted(self, kind: EventKind, name: str) -> bool:
        """Whether this stage wrote that event before it was cut off."""
        return self._key(kind, name) in self.record.keys

    async def set_status(self, status: IncidentStatus, reason: str, *, when_clear: bool = False) -> None:
        """Draft a change of status; it takes effect with the next flush. Saying the present status again is silent.

        Args:
            when_clear: The reason is that no alert fires: where one does by then, writing raises StillFiring instead.
        """
        self._until_clear = when_clear
        if status != self.incident.status:
            self._status = (status, reason)
            change: dict[str, object] = {"from": self.incident.status, "to": status, "reason": reason}
            await self.note("incident.status_changed", "response", change, name=status)

    def _key(self, kind: EventKind, name: str) -> str:
        return f"{self._prefix}/{kind}/{name}"

    def keep(self, certificate: Certificate, plan: Plan) -> None:
        """Store a certificate with its plan, with the next flush."""
        self._certified = (certificate, plan)

    def set_verdict(self, verdict: Verdict) -> None:
        """Set the verdict about the cause with the next flush."""
        self._verdict = verdict

    async def firing(self) -> tuple[Alert, ...]:
        """The incident's alerts that fire now."""
        async with self._database.read() as unit:
            return await unit.alerts.firing(self.incident.id)

    async def flush(self) -> None:
        """Write what was drafted, durably and in one transaction."""
        await self._flush()
        self.record = await load_record(self._database, self.incident.id)

    async def begin(self) -> None:
        """Write that the stage began. The record goes on from what was read a moment ago."""
        await self.note("stage.started", "response", {"stage": self.stage, "round": self.round})
        incident, events = await self._flush()
        self.record = IncidentRecord(incident, (*self.record.events, *events))

    async def _flush(self) -> tuple[Incident, list[Event]]:
        async with self._database.write() as unit:
            return await self._write(unit, stage=self.stage)

    async def finish(self, following: Next) -> None:
        """Charge the stage its time on the incident's clock, then write the rest of its events and its end."""
        charged = self.environment.stage_seconds.get(self.stage, 0.0)
        await self.environment.clock.advance_to(self.began_at + timedelta(seconds=charged))
        now = await self.environment.clock.now()
        await self.note(
            "stage.finished",
            "response",
            {
                "stage": self.stage,
                "round": self.round,
                "next": following,
                "wall_ms": round((time.perf_counter() - self._wall_start) * 1000, 3),
                "clock_seconds": (now - self.began_at).total_seconds(),
                "gaps": [gap.model_dump(mode="json") for gap in self.gaps],
                "error": self.error,
            },
        )
        async with self._database.write() as unit:
            await self._write(unit, stage=None)

    async def _write(self, unit: Unit, stage: Stage | None) -> tuple[Incident, list[Event]]:
        incident = await unit.incidents.get(self.incident.id)
        changes: dict[str, object] = {"stage": stage}
        if self._verdict is not None:
            changes["verdict"] = self._verdict
        if self._status is not None:
            if self._until_clear and await unit.alerts.firing(incident.id):
                raise StillFiring(f"an alert of {incident.id!r} began to fire before it could be {self._status[0]}")
            changes["status"] = self._status[0]
            ended = self._status[0] in ("resolved", "escalated", "closed")
            changes["ended_at"] = await self.environment.clock.now() if ended else None
        updated = incident.model_copy(update=changes)
        if updated != incident:
            await unit.incidents.update(updated)
        written = [await unit.ledger.append(event) for event in self._drafted if event.key not in self.record.keys]
        if self._certified is not None:
            await unit.certificates.save(*self._certified)
        self._drafted.clear()
        self._status = None
        return updated, written


async def open_desk(
    database: Database,
    environments: Environments,
    record: IncidentRecord,
    stage: Stage,
    round: int = 1,
    part: str = "",
) -> Desk:
    """Begin a stage, or begin it again after it was cut off.

    Args:
        part: Tells the later part of a stage that was interrupted by a person's answer from its first.
    """
    environment = await environments.environment(record.incident.practice_run)
    started = record.stage_event("stage.started", stage, round)
    began_at = started.occurred_at if started else await environment.clock.now()
    desk = Desk(database, environment, record, stage, began_at, round, part)
    if started is None:
        await desk.begin()
    return desk


async def load_record(database: Database, incident_id: IncidentId) -> IncidentRecord:
    """Read an incident with all its events.

    Raises:
        UnknownIncident: there is none of that id.
    """
    async with database.read() as unit:
        incident = await unit.incidents.get(incident_id)
        return IncidentRecord(incident, await unit.ledger.of_incident(incident_id))


def _as_json(payload: dict[str, object]) -> JsonObject:
    """Plain JSON from a payload that may hold domain values, times and enums."""
    return _JSON.validate_json(TypeAdapter(dict[str, object]).dump_json(payload))
