"""Incidents: where each one stands."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.base import IncidentId, RunId
from ..domain.incident import Incident, IncidentStatus
from .tables import IncidentRow


class UnknownIncident(Exception):
    """No incident of that id is stored."""


class Incidents:
    """The incidents within one transaction."""

    def __init__(self, session: AsyncSession, touch: Callable[[IncidentId], None]) -> None:
        self._session = session
        self._touch = touch

    async def add(self, incident: Incident) -> None:
        """Store a new incident."""
        self._session.add(
            IncidentRow(
                id=incident.id,
                status=incident.status,
                practice_run=incident.practice_run,
                opened_at=incident.opened_at,
                ended_at=incident.ended_at,
                recorded_at=datetime.now(UTC),
                document=incident.model_dump_json(),
            )
        )
        await self._session.flush()
        self._touch(incident.id)

    async def get(self, incident_id: IncidentId) -> Incident:
        """One incident.

        Raises:
            UnknownIncident: there is none of that id.
        """
        return _incident(await self._row(incident_id))

    async def find(self, incident_id: IncidentId) -> Incident | None:
        """One incident, or None where there is none of that id."""
        row = await self._session.get(IncidentRow, incident_id)
        return None if row is None else _incident(row)

    async def update(self, incident: Incident) -> None:
        """Store where an incident stands now.

        Raises:
            UnknownIncident: it was never added.
        """
        row = await self._row(incident.id)
        row.status = incident.status
        row.practice_run = incident.practice_run
        row.opened_at = incident.opened_at
        row.ended_at = incident.ended_at
        row.document = incident.model_dump_json()
        await self._session.flush()
        self._touch(incident.id)

    async def recent(self, limit: int) -> tuple[Incident, ...]:
        """At most `limit` incidents, the one recorded last first."""
        return await self.page(limit=limit)

    async def all(self) -> tuple[Incident, ...]:
        """Every incident, the oldest first."""
        query = select(IncidentRow).order_by(col(IncidentRow.recorded_at), col(IncidentRow.id))
        return tuple(_incident(row) for row in (await self._session.execute(query)).scalars())

    async def page(
        self,
        *,
        limit: int,
        offset: int = 0,
        statuses: Sequence[IncidentStatus] = (),
        practice: bool | None = None,
        practice_run: RunId | None = None,
    ) -> tuple[Incident, ...]:
        """A page of incidents, the one recorded last first.

        Args:
            statuses: Only these; empty: every status.
            practice: True: practice runs' only; False: real ones only.
            practice_run: Only those of this run.
        """
        query = select(IncidentRow).where(*_filters(statuses, practice, practice_run))
        query = query.order_by(col(IncidentRow.recorded_at).desc(), col(IncidentRow.id)).limit(limit).offset(offset)
        return tuple(_incident(row) for row in (await self._session.execute(query)).scalars())

    async def count(
        self,
        *,
        statuses: Sequence[IncidentStatus] = (),
        practice: bool | None = None,
        practice_run: RunId | None = None,
    ) -> int:
        """How many incidents pass the filters of `page`."""
        query = select(func.count()).select_from(IncidentRow).where(*_filters(statuses, practice, practice_run))
        return (await self._session.execute(query)).scalar_one()

    async def unfinished(self) -> tuple[Incident, ...]:
        """The incidents that have not ended (`ended_at` is None), the oldest first."""
        query = select(IncidentRow).where(col(IncidentRow.ended_at).is_(None))
        query = query.order_by(col(IncidentRow.recorded_at), col(IncidentRow.id))
        return tuple(_incident(row) for row in (await self._session.execute(query)).scalars())

    async def _row(self, incident_id: IncidentId) -> IncidentRow:
        row = await self._session.get(IncidentRow, incident_id)
        if row is None:
            raise UnknownIncident(f"there is no incident {incident_id!r}")
        return row


def _filters(
    statuses: Sequence[IncidentStatus], practice: bool | None, practice_run: RunId | None
) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if statuses:
        filters.append(col(IncidentRow.status).in_(statuses))
    if practice is not None:
        filters.append(
            col(IncidentRow.practice_run).is_not(None) if practice else col(IncidentRow.practice_run).is_(None)
        )
    if practice_run is not None:
        filters.append(col(IncidentRow.practice_run) == practice_run)
    return filters


def _incident(row: IncidentRow) -> Incident:
    return Incident.model_validate_json(row.document)
