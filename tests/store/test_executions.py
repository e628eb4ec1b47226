"""The journal of actions: what was written down first stays, and what ended has ended."""

import pytest

from incident_commander.domain.base import ServiceName
from incident_commander.domain.execution import Execution, Outcome
from incident_commander.domain.plan import Action, Receipt
from incident_commander.domain.provenance import Provenance
from incident_commander.store import Database

from .databases import NOON


def execution(key: str, before: int = 4, outcome: Outcome = "under_way") -> Execution:
    action = Action(name="scale_out", target=ServiceName("checkout"), arguments={"factor": 2.0})
    receipt = Receipt(
        idempotency_key=key,
        action=action,
        received_at=NOON,
        completed_at=NOON,
        applied=outcome == "applied",
        repeated=False,
        detail=outcome,
        provenance=Provenance(kind="live", source="loopback"),
    )
    return Execution(
        key=key,
        action=action,
        resource="ecs_service prod/checkout",
        undoes=None,
        begun_at=NOON,
        start={"desired": before},
        goal={"desired": 2 * before},
        outcome=outcome,
        receipt=None if outcome == "under_way" else receipt,
    )


async def test_what_was_begun_first_under_a_key_stays(database: Database) -> None:
    async with database.write() as unit:
        assert await unit.executions.find("a") is None
        assert await unit.executions.begin(execution("a")) is None
    async with database.write() as unit:
        assert await unit.executions.begin(execution("a", before=8)) == execution("a")
    async with database.read() as unit:
        assert await unit.executions.find("a") == execution("a")


async def test_the_first_end_of_an_execution_stays(database: Database) -> None:
    async with database.write() as unit:
        await unit.executions.begin(execution("a"))
        ended = await unit.executions.finish(execution("a", outcome="applied"))
        assert await unit.executions.finish(execution("a", outcome="unknown")) == ended
    async with database.read() as unit:
        assert await unit.executions.find("a") == ended


async def test_what_is_under_way_is_found_until_it_ends_or_is_forgotten(database: Database) -> None:
    async with database.write() as unit:
        for key in ("a", "b", "c"):
            await unit.executions.begin(execution(key))
        assert [each.key for each in await unit.executions.under_way()] == ["a", "b", "c"]
        await unit.executions.finish(execution("a", outcome="half_done"))
        await unit.executions.forget("b")
        await unit.executions.forget("never begun")
        assert [each.key for each in await unit.executions.under_way()] == ["c"]
        assert await unit.executions.find("b") is None


async def test_what_ended_is_never_forgotten(database: Database) -> None:
    async with database.write() as unit:
        await unit.executions.begin(execution("a"))
        ended = await unit.executions.finish(execution("a", outcome="applied"))
        await unit.executions.forget("a")
        assert await unit.executions.find("a") == ended


async def test_what_was_never_begun_does_not_end(database: Database) -> None:
    async with database.write() as unit:
        with pytest.raises(LookupError, match="'a' was begun"):
            await unit.executions.finish(execution("a", outcome="applied"))
