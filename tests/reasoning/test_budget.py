"""What is spent stays within the budgets, whatever is asked at the same time."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.domain.base import IncidentId
from incident_commander.domain.usage import Cost
from incident_commander.reasoning.budget import Budget, Limits, OverBudget

A, B = IncidentId("inc-a"), IncidentId("inc-b")
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Spent:
    """What was spent, in memory."""

    def __init__(self) -> None:
        self.calls: list[tuple[IncidentId | None, datetime, Decimal]] = []

    async def of_incident(self, incident_id: IncidentId) -> Decimal:
        return sum((usd for whose, _, usd in self.calls if whose == incident_id), Decimal(0))

    async def since(self, moment: datetime) -> Decimal:
        return sum((usd for _, at, usd in self.calls if at >= moment), Decimal(0))


def cents(count: int) -> Cost:
    return Cost(usd=Decimal(count) / 100, price="listed")


def budget(spent: Spent, incident: int | None = None, day: int | None = None) -> Budget:
    limits = Limits(incident_usd=cents(incident).usd if incident else None, day_usd=cents(day).usd if day else None)
    return Budget(limits, spent, lambda: NOON)


async def test_a_call_that_could_cost_more_than_is_left_is_not_made() -> None:
    spent = Spent()
    spent.calls.append((A, NOON, Decimal("0.08")))
    limited = budget(spent, incident=10)
    with pytest.raises(OverBudget, match=r"0\.02 USD are left of the incident's budget, and the call may cost 0\.03"):
        async with limited.reserved(A, cents(3)):
            raise AssertionError("it was let through")
    async with limited.reserved(A, cents(2)):
        assert await limited.left(A) == 0
    async with limited.reserved(B, cents(3)):
        pass


async def test_what_was_spent_yesterday_does_not_count_today() -> None:
    spent = Spent()
    spent.calls.append((A, datetime(2026, 11, 28, 23, 59, tzinfo=UTC), Decimal(5)))
    spent.calls.append((B, datetime(2026, 11, 29, 0, 0, tzinfo=UTC), Decimal("0.04")))
    assert await budget(spent, day=10).left(None) == Decimal("0.06")
    assert await budget(spent).left(None) is None


async def test_a_call_without_a_price_is_made_while_anything_is_left_and_not_after() -> None:
    spent = Spent()
    limited = budget(spent, day=10)
    async with limited.reserved(None, Cost()):
        pass
    spent.calls.append((None, NOON, Decimal("0.10")))
    with pytest.raises(OverBudget, match="raise IC_AI_BUDGET_DAY_USD"):
        async with limited.reserved(None, Cost()):
            raise AssertionError("it was let through")


@given(st.lists(st.tuples(st.sampled_from([A, B, None]), st.integers(1, 6), st.integers(0, 6)), max_size=20))
def test_whatever_is_asked_at_once_no_budget_is_overdrawn(calls: Sequence[tuple[IncidentId | None, int, int]]) -> None:
    """Each call: for whom, what it may cost at most, and what it does cost, which is never more than that."""
    spent = Spent()

    async def ask(limited: Budget, whose: IncidentId | None, most: int, does: int) -> None:
        try:
            async with limited.reserved(whose, cents(most)):
                await asyncio.sleep(0)
                spent.calls.append((whose, NOON, cents(min(does, most)).usd or Decimal(0)))
        except OverBudget:
            return

    async def ask_all() -> None:
        limited = budget(spent, incident=10, day=15)
        await asyncio.gather(*(ask(limited, *call) for call in calls))
        assert await spent.since(NOON) <= Decimal("0.15")
        assert await spent.of_incident(A) <= Decimal("0.10")
        assert await limited.left(None) == Decimal("0.15") - await spent.since(NOON)

    asyncio.run(ask_all())
