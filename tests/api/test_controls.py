"""The controls over HTTP: each acts in the operator's name with a reason, and answers how things stand then."""

import json

import pytest
from pydantic import JsonValue

from incident_commander.actions.trust import BeyondTrust
from incident_commander.response.quarantine import NotQuarantined
from incident_commander.response.trusting import NotAdvised
from incident_commander.store import UnknownIncident

from .acting import ACTING, quarantined, trusted
from .test_api import Served, assert_refused, served

__all__ = ["served"]
ADA = "Ada Lovelace"


@pytest.mark.parametrize(
    ("path", "body", "act"),
    [
        ("/api/kill-switch", {"on": True, "reason": "stop"}, ("throw_kill_switch", True, ADA, "stop")),
        (
            "/api/trust/restart",
            {"level": "advise", "reason": "w"},
            ("set_trust", "restart", "advise", ADA, "w", "live"),
        ),
        (
            "/api/trust/restart",
            {"level": "auto", "world": "practice", "reason": "w"},
            ("set_trust", "restart", "auto", ADA, "w", "practice"),
        ),
        ("/api/faults/diagnosis", {"fault": "lie", "reason": "w"}, ("inject_fault", "diagnosis", "lie", ADA, "w")),
        ("/api/faults/diagnosis", {"fault": None, "reason": "w"}, ("inject_fault", "diagnosis", None, ADA, "w")),
    ],
)
async def test_a_control_acts_in_the_operators_name(
    served: Served, path: str, body: JsonValue, act: tuple[object, ...]
) -> None:
    answer = await served.client.put(path, json=body, headers=ACTING)
    assert answer.status_code == 200, answer.text
    assert served.operations.acts == [act]


async def test_how_things_stand_is_told_to_everybody(served: Served) -> None:
    assert (await served.client.get("/api/kill-switch")).json()["on"] is False
    assert (await served.client.get("/api/trust")).json() == {"trust": [trusted().model_dump(mode="json")]}
    assert (await served.client.get("/api/faults")).json() == {"faults": {"diagnosis": "lie"}}


async def test_what_was_only_advised_is_judged_by_a_person(served: Served) -> None:
    at = "/api/incidents/inc-1/advice"
    answer = await served.client.post(at, json={"right": True, "reason": "we did it by hand"}, headers=ACTING)
    assert (answer.status_code, answer.json()) == (200, {"change": None})
    assert served.operations.acts == [("report_advice", "inc-1", True, ADA, "we did it by hand")]
    for refusal, status in ((NotAdvised("no plan was advised"), 409), (UnknownIncident("no incident"), 404)):
        served.operations.refusal = refusal
        answer = await served.client.post(at, json={"right": True, "reason": "x"}, headers=ACTING)
        assert str(refusal) in assert_refused(answer, status, "incident_id")["problem"]


async def test_a_quarantined_voter_is_released_by_a_person(served: Served) -> None:
    known = {"quarantined": [quarantined().model_dump(mode="json")]}
    assert (await served.client.get("/api/agents/quarantined")).json() == known
    at = "/api/agents/diagnosis/release"
    answer = await served.client.post(at, json={"reason": "its key was changed"}, headers=ACTING)
    assert (answer.status_code, answer.json()) == (200, known)
    assert served.operations.acts == [("release_agent", "diagnosis", ADA, "its key was changed")]
    served.operations.refusal = NotQuarantined("diagnosis is not quarantined; its ballots count")
    assert_refused(await served.client.post(at, json={"reason": "again"}, headers=ACTING), 409, "voter")


async def test_a_class_cannot_be_trusted_further_than_it_can_be_taken_back(served: Served) -> None:
    served.operations.refusal = BeyondTrust("nothing takes restart back")
    answer = await served.client.put("/api/trust/restart", json={"level": "auto", "reason": "x"}, headers=ACTING)
    assert_refused(answer, 422, "level")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/kill-switch", {"on": True}, "reason"),
        ("/api/kill-switch", {"on": True, "reason": " "}, "reason"),
        ("/api/kill-switch", {"on": 1, "reason": "x"}, "on"),
        ("/api/kill-switch", {"on": True, "reason": "x", "by": "somebody else"}, "by"),
        ("/api/kill-switch", {"on": True, "reason": "\ud800"}, "reason"),
        ("/api/kill-switch", [], "body"),
        ("/api/trust/restart", {"level": "fully", "reason": "x"}, "level"),
        ("/api/trust/reboot", {"level": "auto", "reason": "x"}, "action"),
        ("/api/faults/nobody", {"fault": "lie", "reason": "x"}, "voter"),
        ("/api/faults/diagnosis", {"fault": "steal", "reason": "x"}, "fault"),
    ],
)
async def test_what_is_not_possible_is_refused_by_field(served: Served, path: str, body: JsonValue, field: str) -> None:
    answer = await served.client.put(path, content=json.dumps(body), headers=ACTING)
    assert_refused(answer, 422, field)
    assert served.operations.acts == []
