"""Approvals over HTTP: what waits is told whole, an answer is bound to the plan it is about, others are refused."""

import json

import pytest
from pydantic import JsonValue

from incident_commander.actions.catalogue import OutOfBounds
from incident_commander.response.approvals import NotAwaiting, NotPermitted
from incident_commander.store import UnknownIncident

from .acting import ACTING, PLAN, asked
from .test_api import Served, assert_refused, served

__all__ = ["served"]
AT = "/api/incidents/inc-1/approval"


async def test_what_waits_for_a_person_is_told_with_all_they_need(served: Served) -> None:
    answer = await served.client.get("/api/approvals")
    assert answer.json() == {"approvals": [asked().model_dump(mode="json")]}


async def test_an_answer_is_handed_over_in_the_operators_name(served: Served) -> None:
    body = {"plan": PLAN, "answer": "approved", "scope": "class", "arguments": {"factor": 3}}
    answer = await served.client.post(AT, json=body, headers=ACTING)
    assert answer.status_code == 202
    assert answer.json()["by"] == "Ada Lovelace"
    assert served.operations.acts == [
        ("answer_approval", "inc-1", PLAN, "approved", "Ada Lovelace", "", "class", {"factor": 3})
    ]


async def test_a_denial_needs_a_reason(served: Served) -> None:
    for reason in ("", "   "):
        answer = await served.client.post(AT, json={"plan": PLAN, "answer": "denied", "reason": reason}, headers=ACTING)
        assert "a reason is needed" in assert_refused(answer, 422, "body")["problem"]
    denied = {"plan": PLAN, "answer": "denied", "reason": " we do that by hand "}
    assert (await served.client.post(AT, json=denied, headers=ACTING)).status_code == 202
    assert served.operations.acts[0][3:7] == ("denied", "Ada Lovelace", "we do that by hand", "plan")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"answer": "approved"},
        {"plan": PLAN},
        {"plan": PLAN, "answer": "yes"},
        {"plan": PLAN.upper(), "answer": "approved"},
        {"plan": PLAN[:-1], "answer": "approved"},
        {"plan": PLAN, "answer": "approved", "scope": "all"},
        {"plan": PLAN, "answer": "approved", "by": "somebody else"},
        {"plan": PLAN, "answer": "approved", "reason": "x" * 501},
        {"plan": PLAN, "answer": "approved", "reason": "\x1b[2J"},
        {"plan": PLAN, "answer": "approved", "reason": "\ud800"},
        {"plan": PLAN, "answer": "approved", "arguments": {"factor": True}},
        {"plan": PLAN, "answer": "approved", "arguments": {"factor": None}},
        {"plan": PLAN, "answer": "approved", "arguments": {"factor": float("nan")}},
        {"plan": PLAN, "answer": "approved", "arguments": {str(number): 1 for number in range(21)}},
        {"plan": PLAN, "answer": "denied", "reason": "no", "scope": "class"},
        {"plan": PLAN, "answer": "denied", "reason": "no", "arguments": {"factor": 2}},
    ],
)
async def test_an_answer_that_is_none_is_refused_with_what_to_send(served: Served, body: JsonValue) -> None:
    answer = await served.client.post(AT, content=json.dumps(body), headers=ACTING)
    assert answer.status_code == 422, answer.text
    assert "plan, answer, reason, scope, arguments" in answer.json()["error"]["remedy"]
    assert served.operations.acts == []


@pytest.mark.parametrize(
    ("refusal", "status", "field"),
    [
        (NotAwaiting("the question is closed: denied by Grace"), 409, "plan"),
        (NotPermitted("'Ada' may not answer; Grace may"), 403, "operator"),
        (OutOfBounds("scale_out: factor = 9 is not a number in [0.25, 4.0]"), 422, "arguments"),
        (UnknownIncident("there is no incident 'inc-1'"), 404, "incident_id"),
    ],
)
async def test_an_answer_that_does_not_fit_is_told_why(
    served: Served, refusal: Exception, status: int, field: str
) -> None:
    served.operations.refusal = refusal
    answer = await served.client.post(AT, json={"plan": PLAN, "answer": "approved"}, headers=ACTING)
    assert str(refusal) in assert_refused(answer, status, field)["problem"]
