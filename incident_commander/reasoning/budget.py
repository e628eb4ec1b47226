"""What may be spent, for one incident and in one day; what would go beyond it is not asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from ..domain.base import IncidentId, Value
from ..domain.usage import Cost


class OverBudget(Exception):
    """A call could cost more than is left; the message says of which budget, and how to raise it."""


class Spending(Protocol):
    """What was spent, in USD."""

    async def of_incident(self, incident_id: IncidentId) -> Decimal: ...

    async def since(self, moment: datetime) -> Decimal: ...


class Limits(Value):
    """USD that may be spent; None: without limit."""

    incident_usd: Decimal | None = None
    day_usd: Decimal | None = None


def midnight(now: datetime) -> datetime:
    """When the day began."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


class Budget:
    """Keeps what is spent, and what calls under way may cost at most, within the limits.

    What other processes have under way is not seen until it is spent.

    Args:
        now: Wall clock, UTC; a day is one of that calendar.
    """

    def __init__(
        self, limits: Limits, spending: Spending, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._limits = limits
        self._spending = spending
        self._now = now
        self._deciding = asyncio.Lock()
        self._under_way: list[tuple[IncidentId | None, Decimal]] = []

    async def left(self, incident_id: IncidentId | None) -> Decimal | None:
        """USD that may still be spent for an incident, or for none of them; None: there is no limit."""
        left = [most for _, most, _ in await self._lefts(incident_id)]
        return min(left) if left else None

    @asynccontextmanager
    async def reserved(self, incident_id: IncidentId | None, most: Cost) -> AsyncIterator[None]:
        """Hold what a call may cost at most until the block has ended, by when what it did cost is written down.

        Raises:
            OverBudget: it could cost more than is left. A call without a price is let through while anything is left.
        """
        usd = most.usd or Decimal(0)
        async with self._deciding:
            for name, left, setting in await self._lefts(incident_id):
                if left <= 0 or usd > left:
                    raise OverBudget(
                        f"{max(left, Decimal(0)):f} USD are left of the {name} budget"
                        + (f", and the call may cost {usd:f}" if left > 0 else "")
                        + f"; raise {setting}, or wait"
                    )
            held = (incident_id, usd)
            self._under_way.append(held)
        try:
            yield
        finally:
            self._under_way.remove(held)

    async def _lefts(self, incident_id: IncidentId | None) -> list[tuple[str, Decimal, str]]:
        """What is left of each budget that holds, with its name and its setting."""
        found = []
        if self._limits.incident_usd is not None and incident_id is not None:
            held = sum((usd for whose, usd in self._under_way if whose == incident_id), Decimal(0))
            spent = await self._spending.of_incident(incident_id)
            found.append(("incident's", self._limits.incident_usd - spent - held, "IC_AI_BUDGET_INCIDENT_USD"))
        if self._limits.day_usd is not None:
            held = sum((usd for _, usd in self._under_way), Decimal(0))
            spent = await self._spending.since(midnight(self._now()))
            found.append(("day's", self._limits.day_usd - spent - held, "IC_AI_BUDGET_DAY_USD"))
        return found
