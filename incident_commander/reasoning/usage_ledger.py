"""The usage ledger: every call is written to the store, and what was spent is read from it."""

from datetime import datetime
from decimal import Decimal

from ..domain.base import IncidentId
from ..domain.usage import Usage
from ..store import Database


class UsageLedger:
    """Writes usage, and tells a budget what was spent. See Spending."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, usage: Usage) -> None:
        """Write a call down, durably."""
        async with self._database.write() as unit:
            await unit.usage.add(usage)

    async def latest(self, limit: int) -> tuple[Usage, ...]:
        """At most so many calls, the newest first."""
        async with self._database.read() as unit:
            return await unit.usage.latest(limit)

    async def of_incident(self, incident_id: IncidentId) -> Decimal:
        """See Spending."""
        async with self._database.read() as unit:
            return await unit.usage.spent(incident_id=incident_id)

    async def since(self, moment: datetime) -> Decimal:
        """See Spending."""
        async with self._database.read() as unit:
            return await unit.usage.spent(since=moment)
