"""Memory over HTTP: read by everybody, corrected and forgotten by operators, with name and reason."""

import json

import pytest
from pydantic import JsonValue

from incident_commander.domain.memory import Cause
from incident_commander.response.remembering import NotRemembered

from .acting import ACTING, learned, memory
from .test_api import Served, assert_refused, served

__all__ = ["served"]

ADA = "Ada Lovelace"
ORDERS = Cause.model_validate({"service": "orders", "fault": "memory_leak"})


async def test_what_was_learned_is_told_to_everybody(served: Served) -> None:
    answer = await served.client.get("/api/memory")
    assert answer.json() == {"learned": [each.model_dump(mode="json") for each in learned()]}


@pytest.mark.parametrize("cause", [ORDERS, None])
async def test_an_operator_says_what_it_was(served: Served, cause: Cause | None) -> None:
    said = {"service": cause.service if cause else None, "fault": cause.fault if cause else None, "reason": "the heap"}
    answer = await served.client.post("/api/memory/inc-1/correct", json=said, headers=ACTING)
    assert answer.json() == memory(cause).model_dump(mode="json")
    assert served.operations.acts == [("correct_memory", "inc-1", cause, ADA, "the heap")]


async def test_an_operator_has_it_forgotten(served: Served) -> None:
    answer = await served.client.post("/api/memory/inc-1/forget", json={"reason": "a drill"}, headers=ACTING)
    assert answer.status_code == 200
    assert served.operations.acts == [("forget", "inc-1", ADA, "a drill")]


@pytest.mark.parametrize("what", ["correct", "forget"])
async def test_nobody_else_may(served: Served, what: str) -> None:
    answer = await served.client.post(f"/api/memory/inc-1/{what}", json={"reason": "x", "service": "a", "fault": None})
    assert answer.status_code == 401
    assert served.operations.acts == []


async def test_what_is_not_remembered_is_told(served: Served) -> None:
    served.operations.refusal = NotRemembered("no incident 'inc-9' is remembered")
    answer = await served.client.post("/api/memory/inc-9/forget", json={"reason": "x"}, headers=ACTING)
    assert "inc-9" in assert_refused(answer, 409, "incident_id")["problem"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"service": "orders", "fault": None, "reason": "x"}, "body"),
        ({"service": None, "fault": "memory_leak", "reason": "x"}, "body"),
        ({"service": "orders", "fault": "gremlins", "reason": "x"}, "fault"),
        ({"service": "\ud800", "fault": "memory_leak", "reason": "x"}, "service"),
        ({"service": "orders", "fault": "memory_leak", "reason": " "}, "reason"),
        ({"reason": "x"}, "service"),
    ],
)
async def test_what_is_not_possible_is_refused_by_field(served: Served, body: JsonValue, field: str) -> None:
    answer = await served.client.post("/api/memory/inc-1/correct", content=json.dumps(body), headers=ACTING)
    assert_refused(answer, 422, field)
    assert served.operations.acts == []
