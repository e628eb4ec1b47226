"""What is remembered of incidents: one outcome each, the latest first, until a person has it forgotten."""

from datetime import timedelta

from incident_commander.domain.base import IncidentId, ServiceName
from incident_commander.domain.reasoning import Outcome
from incident_commander.store import Database

from .databases import NOON


def outcome(incident: str, minutes: int = 0, *, success: bool = True) -> Outcome:
    return Outcome(
        incident_id=IncidentId(incident),
        services=(ServiceName("checkout"),),
        fault="overload",
        pattern="checkout is slow",
        resolution="scale_out of checkout",
        success=success,
        verified=success,
        ended_at=NOON + timedelta(minutes=minutes),
    )


async def test_an_incident_has_one_outcome_the_newest_that_was_told(database: Database) -> None:
    async with database.write() as unit:
        await unit.outcomes.put(outcome("inc-1", success=False))
        await unit.outcomes.put(outcome("inc-2", minutes=5))
        await unit.outcomes.put(outcome("inc-1", minutes=1))
    async with database.read() as unit:
        assert await unit.outcomes.recent(10) == (outcome("inc-2", minutes=5), outcome("inc-1", minutes=1))
        assert await unit.outcomes.recent(1) == (outcome("inc-2", minutes=5),)


async def test_what_a_person_has_forgotten_is_gone(database: Database) -> None:
    async with database.write() as unit:
        await unit.outcomes.put(outcome("inc-1"))
        assert await unit.outcomes.forget(IncidentId("inc-1"))
        assert not await unit.outcomes.forget(IncidentId("inc-1"))
    async with database.read() as unit:
        assert await unit.outcomes.recent(10) == ()
