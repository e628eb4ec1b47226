"""Alerts as they stand, each within its incident and with every door it came in by."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.alert import Alert, AlertSource, AlertStatus
from ..domain.base import Fingerprint, IncidentId, UtcDatetime, Value
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
        row = await self._row(alert.fingerprint, incident_id)
        if row is None:
            row = AlertRow(
                fingerprint=alert.fingerprint,
                incident_id=incident_id,
                status=alert.status,
                starts_at=alert.starts_at,
                ends_at=alert.ends_at,
                document=alert.model_dump_json(),
            )
            self._session.add(row)
        else:
            row.status, row.starts_at, row.ends_at = alert.status, alert.starts_at, alert.ends_at
            row.document = alert.model_dump_json()
        await self._session.flush()
        if row.id is None:
            raise RuntimeError(f"the database gave the alert {alert.fingerprint!r} no id")
        await self._save_doors(row.id, doors or (Door.of(alert),))
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

    async def _save_doors(self, alert_id: int, doors: tuple[Door, ...]) -> None:
        kept = [door.source for door in doors]
        await self._session.execute(
            delete(AlertDoorRow).where(col(AlertDoorRow.alert_id) == alert_id, col(AlertDoorRow.source).not_in(kept))
        )
        for door in doors:
            await self._session.merge(AlertDoorRow(alert_id=alert_id, **door.model_dump()))
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
        query = select(AlertDoorRow).where(col(AlertDoorRow.alert_id).in_([row.id for row in rows]))
        query = query.order_by(col(AlertDoorRow.first_received_at), col(AlertDoorRow.source))
        doors: dict[int, list[Door]] = {}
        for door in (await self._session.execute(query)).scalars():
            doors.setdefault(door.alert_id, []).append(Door.model_validate(door.model_dump(exclude={"alert_id"})))
        return tuple(
            StoredAlert(
                alert=Alert.model_validate_json(row.document),
                incident_id=None if row.incident_id is None else IncidentId(row.incident_id),
                doors=tuple(doors.get(row.id or 0, ())),
            )
            for row in rows
        )
