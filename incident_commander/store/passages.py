"""What the gate let through, by its idempotency key: what rates and cool-downs are counted from, in every process."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.base import IncidentId, RunId
from ..domain.policy import PastAction
from .tables import PassageRow


class Passages:
    """The passages within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, key: str, practice_run: RunId | None, past: PastAction) -> None:
        """Write a passage down; one that is there already stays as it is, since the same key passes once."""
        if await self._session.get(PassageRow, key) is not None:
            return
        self._session.add(
            PassageRow(
                key=key,
                practice_run=practice_run,
                incident_id=past.incident_id,
                at=past.at,
                document=past.model_dump_json(),
            )
        )
        await self._session.flush()

    async def forget(self, key: str) -> None:
        """Take a passage back after which, for certain, nothing was done."""
        row = await self._session.get(PassageRow, key)
        if row is not None:
            await self._session.delete(row)
            await self._session.flush()

    async def history(
        self, practice_run: RunId | None, incident_id: IncidentId, since: datetime, *, without: str = ""
    ) -> tuple[PastAction, ...]:
        """What was let through in one practice run, or live for None: since a time, and for the incident ever.

        Args:
            without: A key that is left out: that of the action which is about to pass again.
        """
        run = col(PassageRow.practice_run)
        query = (
            select(col(PassageRow.document))
            .where(run.is_(None) if practice_run is None else run == practice_run)
            .where(or_(col(PassageRow.at) > since, col(PassageRow.incident_id) == incident_id))
            .where(col(PassageRow.key) != without)
            .order_by(col(PassageRow.at), col(PassageRow.key))
        )
        return tuple(PastAction.model_validate_json(row) for row in (await self._session.execute(query)).scalars())
