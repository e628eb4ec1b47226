"""The usage ledger: every call is kept, and what was spent adds up exactly."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from incident_commander.domain.base import IncidentId, RunId
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.usage import Cost, Usage
from incident_commander.store import Database

from .databases import NOON, incident

TINY = Decimal("0.000000035")
"""One token of a small model, in USD: far below what a column of cents could hold."""


def usage(usd: Decimal | None = TINY, incident: str | None = "inc-1", minutes: int = 0) -> Usage:
    return Usage(
        task="classify",
        agent="detection",
        incident_id=None if incident is None else IncidentId(incident),
        service="Nova",
        provenance=Provenance(kind="live", source="loopback"),
        at=NOON + timedelta(minutes=minutes),
        latency_ms=12.5,
        cost=Cost() if usd is None else Cost(usd=usd, price="listed"),
    )


async def test_a_call_is_read_back_as_it_was_written_the_oldest_first(database: Database) -> None:
    calls = [usage(), usage(usd=None), usage(incident=None), usage(incident="inc-2")]
    async with database.write() as unit:
        for call in calls:
            await unit.usage.add(call)
    async with database.read() as unit:
        assert await unit.usage.of(IncidentId("inc-1")) == tuple(calls[:2])
        assert await unit.usage.latest(3) == tuple(reversed(calls[1:]))


async def test_the_newest_calls_are_read_on_from_where_reading_ended_with_the_world_of_their_incident(
    database: Database,
) -> None:
    practice = incident("inc-2", practice_run=RunId("run-1"))
    async with database.write() as unit:
        await unit.incidents.add(incident("inc-1"))
        await unit.incidents.add(practice)
        for whose in ("inc-1", "inc-2", None, "inc-3"):
            await unit.usage.add(usage(incident=whose))
    async with database.read() as unit:
        calls = await unit.usage.after(0, 3)
        later = await unit.usage.after(calls[1].number, 3)
        assert await unit.usage.after(calls[-1].number, 3) == ()
    assert [(call.usage.incident_id, call.practice) for call in calls] == [
        ("inc-2", True),
        (None, False),
        ("inc-3", False),
    ]
    assert later == calls[2:]


async def test_what_was_spent_adds_up_exactly_for_an_incident_and_for_a_day(database: Database) -> None:
    async with database.write() as unit:
        for minutes in range(1000):
            await unit.usage.add(usage(minutes=minutes))
        await unit.usage.add(usage(Decimal("1.5"), incident="inc-2", minutes=999))
        await unit.usage.add(usage(usd=None))
    async with database.read() as unit:
        assert await unit.usage.spent(incident_id=IncidentId("inc-1")) == 1000 * TINY
        assert await unit.usage.spent(since=NOON + timedelta(minutes=998)) == 2 * TINY + Decimal("1.5")
        assert len(await unit.usage.since(NOON + timedelta(minutes=998))) == 3
        assert await unit.usage.spent(incident_id=IncidentId("inc-3")) == 0


def test_a_cost_without_an_amount_is_unpriced_and_nothing_else_is() -> None:
    with pytest.raises(ValidationError, match="unpriced is what has no amount"):
        Cost(usd=None, price="listed")
    with pytest.raises(ValidationError, match="unpriced is what has no amount"):
        Cost(usd=Decimal(1))
