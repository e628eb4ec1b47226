"""Whatever fails, an accepted alert's incident gets its response, and the response comes to an end."""

import asyncio
import re

import pytest

from incident_commander.agents import communication
from incident_commander.domain.base import IncidentId
from incident_commander.domain.incident import Incident, Stage
from incident_commander.domain.plan import Action, Receipt
from incident_commander.domain.ports import ActionFailed, OutcomeUnknown
from incident_commander.response.desk import Desk, Next
from incident_commander.response.lifecycle import Lifecycle
from incident_commander.response.stages import Stages
from incident_commander.sandbox.ports import PracticeExecutor

from ..store.databases import Home
from .serving import begun, commander, ended, post


async def test_an_incident_whose_response_could_not_be_started_gets_it_without_a_restart(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Lifecycle.respond
    failures = 0

    async def fail_once(self: Lifecycle, incident_id: IncidentId) -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise ConnectionError("the workflow database did not answer")
        await begin(self, incident_id)

    monkeypatch.setattr(Lifecycle, "respond", fail_once)
    async with commander(home) as serving:
        (incident_id,) = await post(serving, {"alertname": "DiskFull", "service": "billing"})
        record = await ended(serving, incident_id)
    assert record.incident.status == "escalated"
    assert failures == 2


async def test_a_last_stage_that_always_fails_is_left_out_and_says_so(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(incident: Incident, events: object) -> str:
        raise ValueError("no postmortem today")

    monkeypatch.setattr(communication, "postmortem", fail)
    async with commander(home) as serving:
        (incident_id,) = await post(serving, {"alertname": "DiskFull", "service": "billing"})
        record = await ended(serving, incident_id)
    assert record.incident.status == "escalated"
    assert record.incident.stage is None
    left_out = record.stage_event("stage.finished", "learn")
    assert left_out is not None
    assert "learn" in str(left_out.payload["error"])


async def test_a_practice_run_taken_up_before_its_first_alert_has_its_incident_answered(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incident_commander.composition.TIDY_SECONDS", 3600)
    async with commander(home) as serving:
        run = await serving.company.start("database_cascade", 2)
        await serving.company.close()  # as after a restart: the world is rebuilt by the step that drives the run
        await serving.lifecycle.practise(run.id)
        record = await ended(serving, await begun(serving, run.id, "detect"))
    assert record.incident.status == "resolved"
    assert record.incident.practice_run == run.id


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OutcomeUnknown("the answer was lost; look at it"),
            "it is not known whether the action was done: the",
        ),
        (ActionFailed("it is being deployed already"), "the action was refused: it is being deployed already"),
        (RuntimeError("a bug"), "the response failed and goes no further: .*RuntimeError: a bug"),
    ],
)
async def test_whatever_hands_do_the_incident_ends_with_a_person_and_the_reason(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    asked: list[str] = []

    async def fail(self: PracticeExecutor, action: Action, idempotency_key: str) -> Receipt:
        asked.append(idempotency_key)
        raise error

    monkeypatch.setattr(PracticeExecutor, "execute", fail)
    monkeypatch.setattr(PracticeExecutor, "received", nothing_received)
    async with commander(home) as serving:
        run = await serving.operations.start_scenario("database_cascade", 2)
        record = await ended(serving, await begun(serving, run.id, "execute"))
    assert record.incident.status == "escalated"
    changed = record.latest("incident.status_changed")
    assert changed is not None
    assert re.match(said, str(changed.payload["reason"]))
    assert record.receipt is None
    assert len(set(asked)) == 1
    assert len(asked) == (1 if isinstance(error, ActionFailed) else 3)


async def nothing_received(self: PracticeExecutor, idempotency_key: str) -> Receipt | None:
    return None


@pytest.mark.parametrize("stage", ["detect", "deliberate", "verify"])
async def test_a_reset_closes_what_was_being_answered(home: Home, stage: Stage) -> None:
    async with commander(home) as serving:
        run = await serving.operations.start_scenario("database_cascade", 2)
        incident_id = await begun(serving, run.id, stage)
        await serving.operations.reset_practice()
        record = await ended(serving, incident_id)
        assert record.incident.status == "closed"
        report = await serving.operations.run_report(run.id)
        assert report is not None
        assert report.status == "closed"


async def test_hostile_texts_go_through_the_whole_lifecycle(home: Home) -> None:
    hostile = "<script>alert(1)</script>\x1b[31m\r\n\u202e\U0001f600{{7*7}}'; DROP TABLE events;-- %s %n \x7f\x01"
    async with commander(home) as serving:
        incidents = await post(
            serving,
            {"alertname": hostile, "service": hostile, "severity": hostile, hostile: hostile},
            {"summary": "no name and no service"},
            *({"alertname": f"Storm{number}", "service": "storm"} for number in range(50)),
        )
        records = [await ended(serving, each) for each in dict.fromkeys(incidents)]
        async with serving.database.read() as unit:
            assert (await unit.ledger.verify()).valid
    assert len(records) == 3
    assert {record.incident.status for record in records} == {"escalated"}
    assert len(records[2].groupings) == 50


async def test_an_incident_whose_alert_went_away_before_a_decision_is_closed_and_calls_nobody(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {"alertname": "Blip", "service": "billing"}
    deliberate = Stages.deliberate

    async def after_it_went_away(self: Stages, desk: Desk) -> Next:
        await post(serving, labels, status="resolved")
        return await deliberate(self, desk)

    monkeypatch.setattr(Stages, "deliberate", after_it_went_away)
    async with commander(home) as serving:
        (incident_id,) = await post(serving, labels)
        record = await ended(serving, incident_id)
    assert record.incident.status == "closed"
    assert record.receipt is None
    subjects = [event.payload["subject"] for event in record.of_kind("update.published")]
    assert subjects[-1] == "Over without an action: Blip on billing"


async def test_what_is_under_way_when_the_commander_stops_is_cut_off_before_the_database_closes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = asyncio.Event()
    cut_off: list[IncidentId] = []

    async def never_ends(self: Stages, desk: Desk) -> Next:
        async with serving.database.read() as unit:
            await unit.incidents.get(desk.incident.id)
            reading.set()
            try:
                return await asyncio.Future[Next]()
            finally:
                cut_off.append((await unit.incidents.get(desk.incident.id)).id)

    monkeypatch.setattr(Stages, "diagnose", never_ends)
    async with commander(home) as serving:
        (incident_id,) = await post(serving, {"alertname": "HighErrorRatio", "service": "checkout"})
        await asyncio.wait_for(reading.wait(), 60)
    assert cut_off == [incident_id]
