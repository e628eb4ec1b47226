"""Whatever becomes of an action or of its undo, the incident ends with it told as what it is, nothing half counted."""

from pathlib import Path

import pytest

from incident_commander.actions.gate import Refused
from incident_commander.agents import communication
from incident_commander.domain.plan import Ended
from incident_commander.domain.ports import ActionFailed, OutcomeUnknown
from incident_commander.response.acting import ASK_AGAIN_AFTER

from .scripted import CATALOGUE, ORDERS, SCALED, Scene, plan, scene

NEVER = OutcomeUnknown("the answer was lost; look at orders")


async def reason(world: Scene) -> str:
    """Why the incident has the status that it has."""
    changed = (await world.record()).latest("incident.status_changed")
    assert changed is not None
    return str(changed.payload["reason"])


async def titles(world: Scene) -> list[str]:
    return [row.title for row in await world.timeline()]


async def test_an_action_that_is_done_and_proven_is_done_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        record = await world.run()
        assert record.incident.status == "resolved"
        assert len(world.hands.asked) == 1
        assert record.actions_taken == (SCALED,)


@pytest.mark.parametrize(
    ("ended", "said", "title"),
    [
        ("refused", "the action was not applied", "Action not applied"),
        ("dry_run", "the action was only rehearsed, nothing was done", "Action only rehearsed"),
        ("half_done", "the action is half done, and is not taken back by itself", "Action half done"),
        ("unknown", "it is not known whether the action was done", "Action outcome unknown"),
    ],
)
async def test_what_is_not_done_whole_is_not_counted_as_done_and_told_to_a_person(
    tmp_path: Path, ended: Ended, said: str, title: str
) -> None:
    async with scene(tmp_path) as world:
        world.hands.actions = [ended]
        record = await world.run()
        assert record.incident.status == "escalated"
        assert await reason(world) == f"{said}: the world says {ended}"
        assert f"{title}: Scale out orders (factor 2)" in await titles(world)
        assert record.check_outcomes == ()
        assert len(world.hands.asked) == 1
        told = communication.draft_update("escalated", record.incident, record.events)
        assert "Done:" not in told.body
        assert "Carried out" not in communication.postmortem(record.incident, record.events)


@pytest.mark.parametrize("error", [ActionFailed("no such service"), Refused("the kill switch is on")])
async def test_what_is_refused_is_told_with_the_reason(tmp_path: Path, error: Exception) -> None:
    async with scene(tmp_path) as world:
        world.hands.actions = [error]
        record = await world.run()
        assert record.incident.status == "escalated"
        assert await reason(world) == f"the action was refused: {error}"
        assert (await titles(world))[-3] == "Action refused"
        assert record.receipt is None


async def test_an_outcome_that_is_not_known_at_first_is_asked_for_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.hands.actions = [NEVER, NEVER, "applied"]
        record = await world.run()
        assert record.incident.status == "resolved"
        assert len(set(world.hands.asked)) == 1
        assert len(world.hands.asked) == 3
        assert record.latest("action.unknown") is None


async def test_an_outcome_that_stays_unknown_is_told_to_a_person(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.hands.actions = [NEVER]
        record = await world.run()
        assert record.incident.status == "escalated"
        assert await reason(world) == f"it is not known whether the action was done: {NEVER}"
        assert len(world.hands.asked) == 1 + len(ASK_AGAIN_AFTER)
        assert "Action outcome unknown" in await titles(world)
        assert (record.receipt, record.actions_taken) == (None, ())
        told = communication.draft_update("escalated", record.incident, record.events)
        assert "It is not known whether anything was done." in told.body
        assert "It is not known whether it was carried out" in communication.postmortem(record.incident, record.events)


async def test_a_stage_that_was_cut_off_goes_on_with_the_receipt_that_there_is(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.hands.actions = [ConnectionError("the process died")]
        with pytest.raises(ConnectionError):
            await world.run()
        world.hands.actions = ["applied"]
        record = await world.run()
        assert record.incident.status == "resolved"
        kinds = [event.kind for event in record.events]
        assert (kinds.count("checks.registered"), kinds.count("action.requested"), kinds.count("action.received")) == (
            1, 1, 1,
        )  # fmt: skip


def unhelpful(world: Scene) -> None:
    """The action changes nothing."""
    world.gauges.latency = (400.0, lambda _: 400.0)


async def test_what_did_not_help_is_taken_back_and_then_told_to_a_person(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        unhelpful(world)
        record = await world.run()
        assert record.incident.status == "escalated"
        said = await reason(world)
        assert said.startswith("the fix did not prove itself: not latency_p99_ms of orders below 100 ms for 60 s by ")
        assert "; it was 400 ms at last; it was taken back; " in said
        undone = record.latest("rollback.received")
        assert undone is not None
        assert undone.payload["action"] == {"name": "scale_out", "target": "orders", "arguments": {"factor": 0.5}}
        (requested,) = [row for row in await world.timeline() if row.title.startswith("Rollback requested")]
        assert requested.title == "Rollback requested: Scale out orders (factor 0.5)"
        assert requested.detail.startswith("the fix did not prove itself: ")


@pytest.mark.parametrize(
    ("answer", "said", "title"),
    [
        (ActionFailed("changed by somebody else"), "taking it back was refused: changed by", "Rollback refused"),
        (Refused("the kill switch is on"), "taking it back was refused: the kill switch is on", "Rollback refused"),
        (NEVER, "it is not known whether it was taken back: the answer was lost", "Rollback outcome unknown"),
        ("half_done", "taking it back is half done: the world says half_done", "Rollback half done"),
        ("refused", "taking it back was not applied: the world says refused", "Rollback not applied"),
        ("unknown", "it is not known whether it was taken back: the world says unknown", "Rollback outcome unknown"),
    ],
)
async def test_a_rollback_that_does_not_come_to_its_end_is_told_with_why_it_was_wanted(
    tmp_path: Path, answer: Ended | Exception, said: str, title: str
) -> None:
    async with scene(tmp_path) as world:
        unhelpful(world)
        world.hands.undos = [answer]
        record = await world.run()
        assert record.incident.status == "escalated"
        told = await reason(world)
        assert told.startswith("the fix did not prove itself: ")
        assert said in told
        assert any(each.startswith(title) for each in await titles(world))
        update = communication.draft_update("escalated", record.incident, record.events)
        assert "It was to be taken back, and that did not come to its end." in update.body
        assert "Taken back at" not in communication.postmortem(record.incident, record.events)


async def test_a_rollback_that_was_cut_off_is_not_asked_for_twice(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        unhelpful(world)
        world.hands.undos = [ConnectionError("the process died"), "applied"]
        with pytest.raises(ConnectionError):
            await world.run()
        assert await world.trusted("scale_out") == "advise", "before it is taken back, which may last"
        record = await world.run("verify")
        assert record.incident.status == "escalated"
        assert "scale_out is trusted less from now on: approve before, advise now" in await reason(world)
        kinds = [event.kind for event in record.events]
        assert (kinds.count("rollback.requested"), kinds.count("rollback.received")) == (1, 1)
        assert len([event for event in record.of_kind("check.judged") if not event.payload["met"]]) == 1


async def test_without_hands_any_more_unmet_checks_are_never_called_met(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        unhelpful(world)
        await world.run("execute")
        world.handless = True
        record = await world.run("verify")
        assert record.incident.status == "escalated"
        assert "; there is nothing here any more that could take it back" in await reason(world)


async def test_what_nothing_takes_back_is_left_and_said_to_be(tmp_path: Path) -> None:
    async with scene(tmp_path, plan(CATALOGUE.action("restart", ORDERS))) as world:
        unhelpful(world)
        record = await world.run()
        assert record.incident.status == "escalated"
        assert "; nothing takes this action back" in await reason(world)
        assert len(world.hands.asked) == 1
