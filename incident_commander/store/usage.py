"""What reasoning services were asked, and what that took and cost: one row for every call."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.base import IncidentId
from ..domain.usage import Usage
from .tables import IncidentRow, UsageRow

_PICO = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class CountedCall:
    """A call as it stands in the usage ledger.

    Attributes:
        number: Later ones have higher numbers.
        practice: Whether it was for an incident of a practice run.
    """

    number: int
    usage: Usage
    practice: bool


class UsageLog:
    """The usage within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, usage: Usage) -> None:
        """Write a call down."""
        usd = usage.cost.usd
        self._session.add(
            UsageRow(
                incident_id=usage.incident_id,
                at=usage.at,
                cost_pico_usd=None if usd is None else int((usd * _PICO).to_integral_value()),
                document=usage.model_dump_json(),
            )
        )
        await self._session.flush()

    async def of(self, incident_id: IncidentId) -> tuple[Usage, ...]:
        """The calls for an incident, the oldest first."""
        query = select(col(UsageRow.document)).where(col(UsageRow.incident_id) == incident_id)
        rows = (await self._session.execute(query.order_by(col(UsageRow.id)))).scalars()
        return tuple(Usage.model_validate_json(row) for row in rows)

    async def since(self, moment: datetime) -> tuple[Usage, ...]:
        """The calls from a time on, the oldest first."""
        query = select(col(UsageRow.document)).where(col(UsageRow.at) >= moment)
        rows = (await self._session.execute(query.order_by(col(UsageRow.id)))).scalars()
        return tuple(Usage.model_validate_json(row) for row in rows)

    async def latest(self, limit: int) -> tuple[Usage, ...]:
        """At most so many calls, the newest first."""
        query = select(col(UsageRow.document)).order_by(col(UsageRow.id).desc()).limit(limit)
        return tuple(Usage.model_validate_json(row) for row in (await self._session.execute(query)).scalars())

    async def after(self, number: int, limit: int) -> tuple[CountedCall, ...]:
        """The newest calls whose number is higher, at most so many, the oldest first."""
        query = (
            select(col(UsageRow.id), col(UsageRow.document), col(IncidentRow.practice_run))
            .outerjoin(IncidentRow, col(IncidentRow.id) == col(UsageRow.incident_id))
            .where(col(UsageRow.id) > number)
            .order_by(col(UsageRow.id).desc())
            .limit(limit)
        )
        rows = (await self._session.execute(query)).all()
        return tuple(
            CountedCall(id or 0, Usage.model_validate_json(document), run is not None)
            for id, document, run in reversed(rows)
        )

    async def spent(self, *, incident_id: IncidentId | None = None, since: datetime | None = None) -> Decimal:
        """USD, exact to a millionth of a millionth, for an incident or from a time on. Unpriced calls add nothing."""
        query = select(func.sum(col(UsageRow.cost_pico_usd)))
        if incident_id is not None:
            query = query.where(col(UsageRow.incident_id) == incident_id)
        if since is not None:
            query = query.where(col(UsageRow.at) >= since)
        return Decimal((await self._session.execute(query)).scalar_one() or 0) / _PICO
