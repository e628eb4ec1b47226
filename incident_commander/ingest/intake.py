"""The intake: what becomes of each alert that a door has read. Durable before it answers."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog

from ..domain.alert import SEVERITIES, Alert, AlertSource
from ..domain.base import Fingerprint, IncidentId, JsonObject, RunId, ServiceName, Value
from ..domain.change import ReportedChange
from ..domain.event import EventKind, NewEvent
from ..domain.incident import Incident
from ..domain.ports import Clock, Environment, Environments, SourceUnavailable, UnknownPracticeRun
from ..domain.telemetry import Topology
from ..store import Database, Door, StoredAlert, Unit
from .correlation import (
    RELATED_WITHIN,
    Match,
    correlate,
    correlate_by_group,
    correlate_by_place,
    has_place,
    may_be_of_group,
    within_reach,
)
from .merging import deliveries, merge, overtaken

ALERTS_PER_TRANSACTION = 10
"""Of a large post: others may write between."""

MAX_WAITING = 200
"""Posts in work at once; more are turned away, to be sent again, rather than kept until their senders give up."""

TOPOLOGY_WAIT_SECONDS = 1.0
"""How long an alert waits for a live topology; without one it is grouped by service and labels alone."""

ALERTS_COMPARED_BY_LABELS = 100
"""The newest ones: in an alert storm, those before tell nothing that these do not."""

_TITLE_CHARACTERS = 200
_log = structlog.get_logger(__name__)


class Overloaded(Exception):
    """Too many posts are in work; this one was not taken and should be sent again after `retry_after_seconds`."""

    retry_after_seconds = 5


class Outcome(Value):
    """What became of one alert.

    Attributes:
        became: `opened` a new incident, `grouped` into an unfinished one, `resent` (known and firing), `resolved`, or
            `recorded` and nothing else: a resolution of something that was never seen firing, or not any more, or
            word of it that came late.
        reason: In words.
    """

    fingerprint: Fingerprint
    incident_id: IncidentId | None
    became: Literal["opened", "grouped", "resent", "resolved", "recorded"]
    reason: str


class Acceptance(Value):
    """What became of a post's alerts, in their order. All of it is durable."""

    outcomes: tuple[Outcome, ...] = ()

    @property
    def opened(self) -> tuple[IncidentId, ...]:
        """The incidents that this post opened."""
        return tuple(o.incident_id for o in self.outcomes if o.became == "opened" and o.incident_id is not None)


class Intake:
    """Takes alerts in, one post at a time or many.

    Args:
        opened: Called for each new incident once it is durable. If it fails or the process dies before, the incident
            stands open in the database, for the lifecycle to take up.
        names: Which service an alert is of that names it as its sender calls it, such as by a stack's made-up name.
    """

    def __init__(
        self,
        database: Database,
        environments: Environments,
        opened: Callable[[IncidentId], Awaitable[None]],
        names: Mapping[str, ServiceName] | None = None,
    ) -> None:
        self._database = database
        self._names = names or {}
        self._environments = environments
        self._opened = opened
        self._waiting = 0

    async def accept(self, alerts: Sequence[Alert]) -> Acceptance:
        """Take alerts in: each opens an incident, joins one, updates what is known of it, or resolves it.

        Raises:
            Overloaded: too many posts are in work; nothing of this one was taken.
        """
        with self._in_work():
            return await self._accept(alerts)

    async def record_changes(self, changes: Sequence[ReportedChange]) -> tuple[bool, ...]:
        """Keep changes as evidence for diagnosis, durably; for each, in order, whether it was new here.

        Raises:
            Overloaded: too many posts are in work; nothing of this one was taken.
        """
        with self._in_work():
            async with self._database.write() as unit:
                new = [await unit.changes.add(change) for change in changes]
        return tuple(new)

    async def acknowledge(self, fingerprint: Fingerprint, source: AlertSource) -> IncidentId | None:
        """Note on its incident's timeline that somebody has taken a firing alert up; nothing else changes by it.

        Returns:
            The incident; None where no such alert fires: then there is nothing to note.

        Raises:
            Overloaded: too many posts are in work; nothing of this one was taken.
        """
        with self._in_work():
            async with self._database.read() as unit:
                firing = await _firing(unit, fingerprint)
                run = await _run_of(unit, firing.incident_id) if firing is not None else None
            if firing is None:
                return None
            world = await self._world(run, with_topology=False)
            async with self._database.write() as unit:
                return await _Taking(unit, world).acknowledge(fingerprint, source)

    async def expire(self) -> None:
        """Mark firing alerts as expired that were not sent again by their `ends_at`, each by its own world's clock."""
        async with self._database.read() as unit:
            ending = await unit.alerts.past_end()
            runs = {stored.incident_id: await _run_of(unit, stored.incident_id) for stored in ending}
        worlds = {run: await self._world(run, with_topology=False) for run in set(runs.values())}
        due = [stored for stored in ending if _is_past_end(stored, worlds[runs[stored.incident_id]].now)]
        if not due:
            return
        async with self._database.write() as unit:
            for seen in due:
                world = worlds[runs[seen.incident_id]]
                for stored in await unit.alerts.by_fingerprint(seen.alert.fingerprint):
                    # It may have been sent again between the two transactions.
                    if stored.incident_id == seen.incident_id and _is_past_end(stored, world.now):
                        await _Taking(unit, world).expire(stored)

    @contextmanager
    def _in_work(self) -> Iterator[None]:
        if self._waiting >= MAX_WAITING:
            raise Overloaded(f"{self._waiting} posts are in work; send this one again")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def _accept(self, sent: Sequence[Alert]) -> Acceptance:
        alerts = [self._named(alert) for alert in sent]
        worlds = {run: await self._world(run) for run in {alert.practice_run for alert in alerts}}
        outcomes: list[Outcome] = []
        for start in range(0, len(alerts), ALERTS_PER_TRANSACTION):
            async with self._database.write() as unit:
                taken = [
                    await _Taking(unit, worlds[alert.practice_run]).take(alert)
                    for alert in alerts[start : start + ALERTS_PER_TRANSACTION]
                ]
            outcomes += taken
            for incident_id in Acceptance(outcomes=tuple(taken)).opened:
                await self._tell(incident_id)
        return Acceptance(outcomes=tuple(outcomes))

    def _named(self, alert: Alert) -> Alert:
        """The alert of the service that telemetry and actions know, where its sender calls it otherwise."""
        known = self._names.get(alert.service or "")
        return alert if known is None or alert.practice_run is not None else alert.model_copy(update={"service": known})

    async def _tell(self, incident_id: IncidentId) -> None:
        try:
            await self._opened(incident_id)
        except Exception:  # noqa: BLE001 - the alert is durable: its sender must not be told otherwise and send it again
            _log.exception("incident=<%s> | the response to a new incident could not be started", incident_id)

    async def _world(self, run: RunId | None, *, with_topology: bool = True) -> "_World":
        note = ""
        try:
            environment = await self._environments.environment(run)
        except UnknownPracticeRun:
            note = f"it names the practice run {run!r}, which is not known here, so it is treated as a live alert"
            run, environment = None, await self._environments.environment(None)
        topology = Topology()
        if with_topology:
            topology, missing = await _topology(environment)
            note = "; ".join(part for part in (note, missing) if part)
        return _World(run, environment.clock, await environment.clock.now(), topology, note)


@dataclass(frozen=True, slots=True)
class _World:
    """The world an alert belongs to, as it stands when the alert is taken.

    Attributes:
        note: What a person should know about grouping in it; empty when nothing.
    """

    run: RunId | None
    clock: Clock
    now: datetime
    topology: Topology
    note: str


class _Taking:
    """One alert being taken in, within a transaction."""

    def __init__(self, unit: Unit, world: _World) -> None:
        self._unit = unit
        self._world = world

    async def take(self, sent: Alert) -> Outcome:
        alert = self._on_clock(sent)
        known = await self._unit.alerts.by_fingerprint(alert.fingerprint)
        if late := overtaken(known, alert):
            standing = next((stored.incident_id for stored in known if stored.incident_id), None)
            return Outcome(fingerprint=alert.fingerprint, incident_id=standing, became="recorded", reason=late)
        return await (self._fires(alert, known) if alert.status == "firing" else self._is_over(alert, known))

    async def acknowledge(self, fingerprint: Fingerprint, source: AlertSource) -> IncidentId | None:
        stored = await _firing(self._unit, fingerprint)
        if stored is None or stored.incident_id is None:
            return None
        alert = stored.alert
        payload: JsonObject = {
            "name": alert.name,
            "service": alert.service or "",
            "severity": alert.severity,
            "source": source,
            "fingerprint": fingerprint,
            "reason": f"{source} says that somebody has taken it up",
        }
        # Once for each time it fires: senders deliver at least once.
        key = f"{stored.incident_id}/alert.acknowledged/{fingerprint}/{alert.starts_at.isoformat()}"
        await self._append(key, "alert.acknowledged", stored.incident_id, payload)
        return stored.incident_id

    async def expire(self, stored: StoredAlert) -> None:
        alert = stored.alert.model_copy(update={"status": "expired"})
        doors = tuple(door.model_copy(update={"status": "expired"}) for door in stored.doors)
        await self._unit.alerts.save(alert, stored.incident_id, doors)
        if stored.incident_id is not None:
            reason = "it was not sent again by the time it was to end"
            await self._record("alert.expired", stored.incident_id, alert, doors, reason)

    def _on_clock(self, sent: Alert) -> Alert:
        """The alert with its times on the incident's clock. Prometheus says `resolved` by an end that has come."""
        translate = self._world.clock.translate
        ends_at = translate(sent.ends_at) if sent.ends_at is not None else None
        over = sent.source == "prometheus" and ends_at is not None and ends_at <= self._world.now
        # Alertmanager sends an end with a firing alert only when clocks disagree: its word counts, not the time.
        stale = sent.source != "prometheus" and sent.status == "firing" and ends_at and ends_at <= self._world.now
        return sent.model_copy(
            update={
                "starts_at": translate(sent.starts_at),
                "ends_at": None if stale else ends_at,
                "status": "resolved" if over else sent.status,
            }
        )

    async def _fires(self, alert: Alert, known: Sequence[StoredAlert]) -> Outcome:
        ended: Incident | None = None
        for stored in known:
            if stored.incident_id is None:
                continue
            incident = await self._unit.incidents.get(stored.incident_id)
            if await self._goes_on(stored, incident, alert):
                return await self._again(alert, stored, incident)
            ended = ended or incident
        match = await self._match(alert)
        before = f"it fired before in {ended.id}, which is {ended.status}, so this is a new episode" if ended else ""
        first = match.reason if match else "opens this incident"
        reason = "; ".join(part for part in (first, before, self._world.note) if part)
        if match is None:
            return await self._open(alert, reason)
        return await self._join(alert, await self._unit.incidents.get(match.incident_id), reason)

    async def _goes_on(self, stored: StoredAlert, incident: Incident, alert: Alert) -> bool:
        """Whether a firing alert goes on where it was, rather than being a new episode of the same condition."""
        if incident.ended_at is None:
            return True
        if incident.status == "escalated" and await self._unit.alerts.firing(incident.id):
            # A person has it and it is not over: whatever of it begins again meanwhile is theirs too.
            return True
        # The incident ended and left it firing: one that began later than that end is another.
        return stored.alert.status == "firing" and alert.starts_at <= incident.ended_at

    async def _match(self, alert: Alert) -> Match | None:
        run, alerts = self._world.run, self._unit.alerts
        match: Match | None = None
        if alert.service is not None:
            # Nothing is closer than the service itself, and in a storm that is where nearly all of them are.
            own = await alerts.nearest_of_service(run, alert.service, alert.starts_at)
            match = correlate(alert, own, self._world.topology)
            others = [name for name in within_reach(self._world.topology, alert.service) if name != alert.service]
            if match is None and others:
                start, end = alert.starts_at - RELATED_WITHIN, alert.starts_at + RELATED_WITHIN
                match = correlate(alert, await alerts.of_services(run, others, start, end), self._world.topology)
        if match is None and (has_place(alert) or may_be_of_group(alert)):
            start, end = alert.starts_at - RELATED_WITHIN, alert.starts_at + RELATED_WITHIN
            near = await self._unit.alerts.began_between(run, start, end, ALERTS_COMPARED_BY_LABELS)
            match = correlate_by_group(alert, near) or correlate_by_place(alert, near)
        return match

    async def _is_over(self, alert: Alert, known: Sequence[StoredAlert]) -> Outcome:
        firing = next((stored for stored in known if stored.alert.status == "firing"), None)
        stored = firing or next(iter(known), None)
        if stored is None:
            reason = "it was never seen firing here"
            await self._unit.alerts.save(alert, None)
            return Outcome(fingerprint=alert.fingerprint, incident_id=None, became="recorded", reason=reason)
        merged = merge(stored, alert)
        if firing is None:
            # Known to be over: the delivery is counted, the moment it ended stays.
            await self._unit.alerts.save(stored.alert, stored.incident_id, merged.doors)
            reason = f"it was {stored.alert.status} already"
            return Outcome(
                fingerprint=alert.fingerprint, incident_id=stored.incident_id, became="recorded", reason=reason
            )
        await self._unit.alerts.save(merged.alert, stored.incident_id, merged.doors)
        reason = f"{alert.source} says that it is over"
        if stored.incident_id is not None:
            await self._record(
                "alert.resolved", stored.incident_id, merged.alert, merged.doors, reason, source=alert.source
            )
            await self._add_source(stored.incident_id, alert)
        return Outcome(fingerprint=alert.fingerprint, incident_id=stored.incident_id, became="resolved", reason=reason)

    async def _open(self, alert: Alert, reason: str) -> Outcome:
        incident = Incident(
            id=IncidentId(f"inc-{secrets.token_hex(6)}"),
            title=_title(alert),
            status="open",
            severity=alert.severity,
            services=(alert.service,) if alert.service else (),
            sources=(alert.source,),
            clock=self._world.clock.kind,
            practice_run=self._world.run,
            began_at=alert.starts_at,
            opened_at=self._world.now,
        )
        await self._unit.incidents.add(incident)
        await self._append(
            f"{incident.id}/opened",
            "incident.opened",
            incident.id,
            {
                "title": incident.title,
                "severity": incident.severity,
                "service": alert.service or "",
                "practice_run": self._world.run,
                "began_at": incident.began_at.isoformat(),
                "reason": reason,
            },
        )
        await self._unit.alerts.save(alert, incident.id)
        await self._record("alert.grouped", incident.id, alert, (Door.of(alert),), reason, whole=True)
        return Outcome(fingerprint=alert.fingerprint, incident_id=incident.id, became="opened", reason=reason)

    async def _join(self, alert: Alert, incident: Incident, reason: str) -> Outcome:
        severity = min(incident.severity, alert.severity, key=SEVERITIES.index)
        services = incident.services
        if alert.service is not None and alert.service not in services:
            services = (*services, alert.service)
        changed = incident.model_copy(
            update={
                "severity": severity,
                "services": services,
                "sources": _with(incident.sources, alert.source),
                "began_at": min(incident.began_at, alert.starts_at),
            }
        )
        if changed != incident:
            await self._unit.incidents.update(changed)
        await self._unit.alerts.save(alert, incident.id)
        await self._record("alert.grouped", incident.id, alert, (Door.of(alert),), reason, whole=True)
        return Outcome(fingerprint=alert.fingerprint, incident_id=incident.id, became="grouped", reason=reason)

    async def _again(self, alert: Alert, stored: StoredAlert, incident: Incident) -> Outcome:
        merged = merge(stored, alert)
        await self._unit.alerts.save(merged.alert, incident.id, merged.doors)
        reason = "; ".join(merged.changes) or "sent again, nothing new"
        if merged.changes:
            await self._record("alert.resent", incident.id, merged.alert, merged.doors, reason, source=alert.source)
            await self._add_source(incident.id, alert)
        return Outcome(fingerprint=alert.fingerprint, incident_id=incident.id, became="resent", reason=reason)

    async def _add_source(self, incident_id: IncidentId, alert: Alert) -> None:
        incident = await self._unit.incidents.get(incident_id)
        sources = _with(incident.sources, alert.source)
        began_at = min(incident.began_at, alert.starts_at)
        severity = min(incident.severity, alert.severity, key=SEVERITIES.index)
        changed = incident.model_copy(update={"sources": sources, "began_at": began_at, "severity": severity})
        if changed != incident:
            await self._unit.incidents.update(changed)

    async def _record(
        self,
        kind: EventKind,
        incident_id: IncidentId,
        alert: Alert,
        doors: tuple[Door, ...],
        reason: str,
        *,
        source: str | None = None,
        whole: bool = False,
    ) -> None:
        """Append an alert's event: what is in `payload` below, and the whole alert where it is new here."""
        payload: JsonObject = {
            "name": alert.name,
            "service": alert.service or "",
            "severity": alert.severity,
            "source": source or alert.source,
            "fingerprint": alert.fingerprint,
            "starts_at": alert.starts_at.isoformat(),
            "ends_at": alert.ends_at.isoformat() if alert.ends_at else None,
            "reason": reason,
        }
        if whole:
            payload["alert"] = alert.model_dump(mode="json")
        # Each delivery leaves at most one event, and an expiry lies between two deliveries.
        key = f"{incident_id}/{kind}/{alert.fingerprint}/{deliveries(doors)}"
        await self._append(key, kind, incident_id, payload)

    async def _append(self, key: str, kind: EventKind, incident_id: IncidentId, payload: JsonObject) -> None:
        await self._unit.ledger.append(
            NewEvent(
                key=key,
                incident_id=incident_id,
                kind=kind,
                actor="ingest",
                clock=self._world.clock.kind,
                occurred_at=self._world.now,
                payload=payload,
            )
        )


def _is_past_end(stored: StoredAlert, now: datetime) -> bool:
    ends_at = stored.alert.ends_at
    return stored.alert.status == "firing" and ends_at is not None and ends_at <= now


async def _firing(unit: Unit, fingerprint: Fingerprint) -> StoredAlert | None:
    """How a condition stands in the incident in which it fires."""
    known = await unit.alerts.by_fingerprint(fingerprint)
    return next((stored for stored in known if stored.alert.status == "firing" and stored.incident_id), None)


async def _run_of(unit: Unit, incident_id: IncidentId | None) -> RunId | None:
    incident = await unit.incidents.find(incident_id) if incident_id is not None else None
    return incident.practice_run if incident is not None else None


async def _topology(environment: Environment) -> tuple[Topology, str]:
    """The topology, or an empty one and why."""
    try:
        async with asyncio.timeout(TOPOLOGY_WAIT_SECONDS):
            return await environment.topology.topology(), ""
    except SourceUnavailable as error:
        return Topology(), f"the topology could not be read: {error.gap.reason}"
    except TimeoutError:
        return Topology(), f"the topology did not answer within {TOPOLOGY_WAIT_SECONDS:g} s"


def _title(alert: Alert) -> str:
    title = f"{alert.name} on {alert.service}" if alert.service else alert.name
    return title if len(title) <= _TITLE_CHARACTERS else title[: _TITLE_CHARACTERS - 3] + "..."


def _with(sources: tuple[AlertSource, ...], source: AlertSource) -> tuple[AlertSource, ...]:
    return sources if source in sources else (*sources, source)
