"""Usage over HTTP: read by everybody."""

from decimal import Decimal

from incident_commander.domain.base import IncidentId
from incident_commander.domain.usage import Cost

from .test_api import Served, assert_refused, served
from .used import asked_for, reported

__all__ = ["served"]


async def test_what_reasoning_services_were_asked_is_told_to_everybody(served: Served) -> None:
    answer = await served.client.get("/api/usage")
    assert answer.json() == reported().model_dump(mode="json")


async def test_the_calls_for_an_incident_are_told_one_by_one(served: Served) -> None:
    calls = asked_for(IncidentId("inc-1")).calls
    answer = (await served.client.get("/api/incidents/inc-1/usage")).json()
    assert answer["calls"] == [call.model_dump(mode="json") for call in calls]
    assert answer["budget"]["left_usd"] == "0.49965"


async def test_an_incident_that_there_is_not_has_none(served: Served) -> None:
    assert_refused(await served.client.get("/api/incidents/inc-9/usage"), 404, "incident_id")


def test_a_tiny_amount_is_written_in_digits() -> None:
    assert Cost(usd=Decimal("0.000000035"), price="listed").model_dump(mode="json")["usd"] == "0.000000035"
