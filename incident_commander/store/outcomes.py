"""How incidents ended, as it is remembered: one outcome for each."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.base import IncidentId
from ..domain.reasoning import Outcome
from .tables import OutcomeRow


class Outcomes:
    """The outcomes within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, outcome: Outcome) -> None:
        """Remember an outcome, in place of what was remembered of the same incident."""
        await self._session.merge(
            OutcomeRow(incident_id=outcome.incident_id, ended_at=outcome.ended_at, document=outcome.model_dump_json())
        )
        await self._session.flush()

    async def recent(self, limit: int) -> tuple[Outcome, ...]:
        """At most so many, the one that ended last first."""
        query = select(col(OutcomeRow.document))
        query = query.order_by(col(OutcomeRow.ended_at).desc(), col(OutcomeRow.incident_id)).limit(limit)
        return tuple(Outcome.model_validate_json(row) for row in (await self._session.execute(query)).scalars())

    async def forget(self, incident_id: IncidentId) -> bool:
        """Remember an incident no more; false: nothing was remembered of it."""
        row = await self._session.get(OutcomeRow, incident_id)
        if row is None:
            return False
        await self._session.delete(row)
        await self._session.flush()
        return True
