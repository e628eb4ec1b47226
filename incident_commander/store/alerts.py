"""Alerts as they stand, each within its incident and with every door it came in by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, SelectBase, and_, bindparam, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from ..domain.alert import Alert, AlertSource, AlertStatus
from ..domain.base import Fingerprint, IncidentId, RunId, ServiceName, UtcDatetime, Value
from .tables import AlertDoorRow, AlertRow, IncidentRow


class Door(Value):
    """What one door last said of an alert.

    Attributes:
        ends_at: As that door said: when it was resolved, or expires unless sent again.
        deliveries: How often the alert came in by it.
    """

    source: AlertSource
    status: AlertStatus
    ends_at: UtcDatetime | None
    first_received_at: UtcDatetime
    last_received_at: UtcDatetime
    deliveries: int = 1

    @classmethod
    def of(cls, alert: Alert) -> "Door":
        """The door of an alert that came in once."""
        return cls(
            source=alert.source,
            status=alert.status,
            ends_at=alert.ends_at,
            first_received_at=alert.received_at,
            last_received_at=alert.received_at,
        )


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert as it stands, the incident it belongs to (None: recorded without one), and its doors."""

    alert: Alert
    incident_id: IncidentId | None
    doors: tuple[Door, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """What tells of an alert's ties to others, without the whole of it."""

    incident_id: IncidentId
    fingerprint: Fingerprint
    name: str
    service: ServiceName | None
    status: AlertStatus
    starts_at: datetime


class Alerts:
    """The alerts within one transaction."""

    def __init__(self, session: AsyncSession, touch: Callable[[IncidentId], None]) -> None:
        self._session = session
        self._touch = touch

    async def save(self, alert: Alert, incident_id: IncidentId | None, doors: tuple[Door, ...] = ()) -> None:
        """Store how an alert stands now within an incident, in place of how it stood there before.

        Args:
            incident_id: None: it belongs to no incident.
            doors: All its doors; empty: the one that the alert itself names.
        """
        doors = doors or (Door.of(alert),)
        row = await self._row(alert.fingerprint, incident_id)
        if row is None:
            await self._add(alert, incident_id, doors)
        else:
            row.name, row.service, row.status = alert.name, alert.service, alert.status
            row.starts_at, row.ends_at = alert.starts_at, alert.ends_at
            row.document = alert.model_dump_json()
            await self._change_doors(row, doors)
        if incident_id is not None:
            self._touch(incident_id)

    async def of_incident(self, incident_id: IncidentId) -> tuple[Alert, ...]:
        """An incident's alerts, the one that began first first; one that came in by two doors is there for each."""
        return tuple(
            stored.alert.model_copy(update={"source": door.source, "received_at": door.last_received_at})
            for stored in await self.stored_of_incident(incident_id)
            for door in stored.doors
        )

    async def firing(self, incident_id: IncidentId) -> tuple[Alert, ...]:
        """Those of an incident's alerts that still fire, each once."""
        return await self._alerts(col(AlertRow.incident_id) == incident_id, col(AlertRow.status) == "firing")

    async def stored_of_incident(self, incident_id: IncidentId) -> tuple[StoredAlert, ...]:
        """An incident's alerts with their doors, the one that began first first."""
        return await self._stored(col(AlertRow.incident_id) == incident_id)

    async def by_fingerprint(self, fingerprint: Fingerprint) -> tuple[StoredAlert, ...]:
        """Every stored standing of one condition, the newest first."""
        return tuple(reversed(await self._stored(col(AlertRow.fingerprint) == fingerprint, oldest_by_id=True)))

    async def nearest_of_service(
        self, practice_run: RunId | None, service: ServiceName, at: datetime
    ) -> tuple[Member, ...]:
        """Of the alerts of one service that a new alert's incident may hold, those that began nearest to a time.

        One on each side of it, and one on each side that fires: at most four, the oldest incident's first where several
        began at once. "May hold": of incidents of one practice run, or live for None, that still take alerts.
        """
        given = {"run": practice_run, "service": service, "at": at}
        rows = (await self._session.execute(_NEAREST_OF_SERVICE, given)).mappings()
        found = [Member(**row) for row in rows]
        return tuple({(member.incident_id, member.fingerprint): member for member in found}.values())

    async def of_services(
        self, practice_run: RunId | None, services: Sequence[ServiceName], start: datetime, end: datetime
    ) -> tuple[Member, ...]:
        """The alerts of some services that began between two times, of incidents that still take alerts, as above."""
        query = _MEMBERS.where(col(AlertRow.service).in_(services), col(AlertRow.starts_at).between(start, end))
        query = query.order_by(col(IncidentRow.recorded_at), col(AlertRow.id))
        rows = (await self._session.execute(query, {"run": practice_run})).mappings()
        return tuple(Member(**row) for row in rows)

    async def began_between(
        self, practice_run: RunId | None, start: datetime, end: datetime, limit: int
    ) -> tuple[StoredAlert, ...]:
        """At most `limit` of those same alerts that began between two times, the newest first; without doors."""
        query = select(AlertRow).join(IncidentRow, col(IncidentRow.id) == col(AlertRow.incident_id))
        query = query.where(*still_taking_alerts(practice_run), col(AlertRow.starts_at).between(start, end))
        query = query.order_by(col(AlertRow.id).desc()).limit(limit)
        return tuple(
            StoredAlert(Alert.model_validate_json(row.document), _incident_id(row), ())
            for row in (await self._session.execute(query)).scalars()
        )

    async def past_end(self) -> tuple[StoredAlert, ...]:
        """The firing alerts that expire some time unless they are sent again."""
        return await self._stored(col(AlertRow.status) == "firing", col(AlertRow.ends_at).is_not(None))

    async def unfinished_without_firing(self) -> tuple[IncidentId, ...]:
        """The incidents that have not ended and none of whose alerts fires any more."""
        firing = select(col(AlertRow.incident_id)).where(
            col(AlertRow.incident_id) == col(IncidentRow.id), col(AlertRow.status) == "firing"
        )
        query = select(col(IncidentRow.id)).where(col(IncidentRow.ended_at).is_(None), ~firing.exists())
        return tuple(IncidentId(row) for row in (await self._session.execute(query)).scalars())

    async def recent(self, limit: int) -> tuple[StoredAlert, ...]:
        """At most `limit` alerts, the one that was stored last first."""
        query = select(AlertRow).order_by(col(AlertRow.id).desc()).limit(limit)
        return await self._with_doors(list((await self._session.execute(query)).scalars()))

    async def _row(self, fingerprint: Fingerprint, incident_id: IncidentId | None) -> AlertRow | None:
        query = select(AlertRow).where(col(AlertRow.fingerprint) == fingerprint)
        incident = col(AlertRow.incident_id)
        query = query.where(incident.is_(None) if incident_id is None else incident == incident_id)
        return (await self._session.execute(query)).scalars().first()

    async def _add(self, alert: Alert, incident_id: IncidentId | None, doors: tuple[Door, ...]) -> None:
        row = AlertRow(
            fingerprint=alert.fingerprint,
            name=alert.name,
            service=alert.service,
            incident_id=incident_id,
            status=alert.status,
            starts_at=alert.starts_at,
            ends_at=alert.ends_at,
            document=alert.model_dump_json(),
        )
        self._session.add(row)
        await self._session.flush()
        self._session.add_all([_door_row(row, door) for door in doors])
        await self._session.flush()

    async def _change_doors(self, row: AlertRow, doors: tuple[Door, ...]) -> None:
        query = select(AlertDoorRow).where(col(AlertDoorRow.alert_id) == row.id)
        known = {door.source: door for door in (await self._session.execute(query)).scalars()}
        for door in doors:
            present = known.pop(door.source, None)
            if present is None:
                self._session.add(_door_row(row, door))
            else:
                present.status, present.ends_at, present.deliveries = door.status, door.ends_at, door.deliveries
                present.first_received_at = door.first_received_at
                present.last_received_at = door.last_received_at
        for gone in known.values():
            await self._session.delete(gone)
        await self._session.flush()

    async def _alerts(self, *conditions: ColumnElement[bool]) -> tuple[Alert, ...]:
        query = select(col(AlertRow.document)).where(*conditions).order_by(col(AlertRow.starts_at), col(AlertRow.id))
        return tuple(Alert.model_validate_json(row) for row in (await self._session.execute(query)).scalars())

    async def _stored(self, *conditions: ColumnElement[bool], oldest_by_id: bool = False) -> tuple[StoredAlert, ...]:
        query = select(AlertRow).where(*conditions)
        query = (
            query.order_by(col(AlertRow.id))
            if oldest_by_id
            else query.order_by(col(AlertRow.starts_at), col(AlertRow.id))
        )
        return await self._with_doors(list((await self._session.execute(query)).scalars()))

    async def _with_doors(self, rows: list[AlertRow]) -> tuple[StoredAlert, ...]:
        if not rows:
            return ()
        query = select(AlertDoorRow).where(col(AlertDoorRow.alert_id).in_([row.id for row in rows]))
        query = query.order_by(col(AlertDoorRow.first_received_at), col(AlertDoorRow.source))
        doors: dict[int, list[Door]] = {}
        for door in (await self._session.execute(query)).scalars():
            doors.setdefault(door.alert_id, []).append(Door.model_validate(door.model_dump(exclude={"alert_id"})))
        return tuple(
            StoredAlert(
                alert=Alert.model_validate_json(row.document),
                incident_id=_incident_id(row),
                doors=tuple(doors.get(row.id or 0, ())),
            )
            for row in rows
        )


def _door_row(row: AlertRow, door: Door) -> AlertDoorRow:
    if row.id is None:
        raise RuntimeError(f"the database gave the alert {row.fingerprint!r} no id")
    return AlertDoorRow(alert_id=row.id, **door.model_dump())


def _incident_id(row: AlertRow) -> IncidentId | None:
    return None if row.incident_id is None else IncidentId(row.incident_id)


def still_taking_alerts(practice_run: RunId | None) -> tuple[ColumnElement[bool], ...]:
    """The condition on an incident that a new alert of a practice run, or a live one for None, may still join it.

    It is unfinished, or handed to a person while some of its alerts still fire.
    """
    run = col(IncidentRow.practice_run)
    return _TAKING_ALERTS, run.is_(None) if practice_run is None else run == practice_run


_OTHER = aliased(AlertRow)
_OTHER_FIRES = select(col(_OTHER.id)).where(
    col(_OTHER.incident_id) == col(IncidentRow.id), col(_OTHER.status) == "firing"
)
_TAKING_ALERTS = or_(
    col(IncidentRow.ended_at).is_(None),
    and_(col(IncidentRow.status) == "escalated", _OTHER_FIRES.correlate(IncidentRow).exists()),
)

_MEMBER = (
    col(AlertRow.incident_id),
    col(AlertRow.fingerprint),
    col(AlertRow.name),
    col(AlertRow.service),
    col(AlertRow.status),
    col(AlertRow.starts_at),
)
_MEMBERS = (
    select(*_MEMBER)
    .join(IncidentRow, col(IncidentRow.id) == col(AlertRow.incident_id))
    .where(_TAKING_ALERTS, col(IncidentRow.practice_run).is_not_distinct_from(bindparam("run")))
)
"""The alerts of every incident of one practice run, or live for None, that a new alert may still join."""


def _nearest(*conditions: ColumnElement[bool], first: ColumnElement[datetime]) -> SelectBase:
    query = _MEMBERS.where(col(AlertRow.service) == bindparam("service"), *conditions)
    # SQLite takes an ordered part of a union as a subquery only.
    return select(query.order_by(first, col(AlertRow.id)).limit(1).subquery())


_BEFORE, _AFTER = (col(AlertRow.starts_at) <= bindparam("at"), col(AlertRow.starts_at) > bindparam("at"))
_FIRING = col(AlertRow.status) == "firing"
# Built once: to write it down anew for every alert costs more than to run it.
_NEAREST_OF_SERVICE = select(*_MEMBER).from_statement(
    union_all(
        _nearest(_BEFORE, first=col(AlertRow.starts_at).desc()),
        _nearest(_AFTER, first=col(AlertRow.starts_at).asc()),
        _nearest(_BEFORE, _FIRING, first=col(AlertRow.starts_at).desc()),
        _nearest(_AFTER, _FIRING, first=col(AlertRow.starts_at).asc()),
    )
)
