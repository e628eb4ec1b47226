"""Checks are registered before the action and judged after it, guards against what was seen right before it."""

from datetime import timedelta
from pathlib import Path

import pytest

from incident_commander.domain.plan import Action, Check, Receipt
from incident_commander.response.desk import load_record

from ..consensus.ballot_box import INCIDENT
from .scripted import GUARD, PROMISE, Hands, Scene, plan, scene
from .test_acting import reason, titles


class Witness(Hands):
    """Looks into the ledger at the moment it acts."""

    def __init__(self, world: Scene) -> None:
        super().__init__(world.clock, world.gauges)
        self.database = world.database
        self.seen: tuple[str, ...] = ()

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        """See Executor."""
        record = await load_record(self.database, INCIDENT)
        self.seen = tuple(event.kind for event in record.events)
        return await super().execute(action, idempotency_key)


async def test_the_checks_are_durably_in_the_ledger_before_anything_is_done(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.hands = witness = Witness(world)
        record = await world.run()
        assert "checks.registered" in witness.seen
        assert witness.seen.index("checks.registered") < witness.seen.index("action.requested")
        assert "action.received" not in witness.seen
        assert [(each.check.metric, each.before) for each in record.registered] == [
            ("latency_p99_ms", 400.0),
            ("error_ratio", 0.1),
        ]


async def test_a_guard_that_gets_worse_takes_the_action_back_at_once_and_is_told_apart(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.gauges.latency = (400.0, lambda _: 400.0)
        world.gauges.errors = (0.1, lambda since: 0.5 if since > 200 else 0.1)
        record = await world.run()
        assert record.incident.status == "escalated"
        assert (await reason(world)).startswith(
            "guard violated: it got worse: not error_ratio of gateway below 15 % for 60 s, and was 10 % before the "
            "action; it was taken back; "
        )
        requested = record.latest("rollback.requested")
        assert requested is not None
        assert record.receipt is not None
        waited = requested.occurred_at - record.receipt.completed_at
        assert waited <= timedelta(seconds=300) < timedelta(seconds=PROMISE.deadline_seconds)
        shown = await titles(world)
        assert any(each.startswith("Guard violated: gateway error stays below 15%") for each in shown)
        assert not any(each.startswith("Check unmet") for each in shown)


async def test_trouble_that_was_there_before_the_action_is_no_harm_done_by_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.gauges.errors = (0.4, lambda _: 0.4)  # the plan was made when 3 % failed
        record = await world.run()
        assert record.incident.status == "resolved"
        (guard,) = [outcome for outcome in record.check_outcomes if outcome.check.guard]
        assert (guard.check.threshold, guard.before, guard.observed) == (0.6, 0.4, 0.4)
        assert any(each.startswith("Guard held: ") for each in await titles(world))


async def test_what_cannot_be_seen_during_verification_proves_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.gauges.gone_after = 45.0
        record = await world.run()
        assert record.incident.status == "escalated"
        assert (await reason(world)).startswith(
            "whether the fix worked could not be seen: no sample of latency_p99_ms of orders came after the action: "
            "access was denied; allow it; it was taken back; "
        )
        assert any(each.startswith("Check not seen: ") for each in await titles(world))


async def test_a_guard_that_cannot_be_seen_to_the_end_does_not_count_as_held(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.gauges.gone_after = 90.0  # the promise is kept by then
        record = await world.run()
        assert record.incident.status == "escalated"
        assert "whether the fix worked could not be seen: " in await reason(world)


async def test_what_a_source_leaves_out_is_said_to_be_missing_and_why(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        await world.run("execute")
        world.gauges.hidden = frozenset({"error_ratio"})
        record = await world.run("verify")
        assert record.incident.status == "escalated"
        assert (await reason(world)).startswith(
            "whether the fix worked could not be seen: no sample of error_ratio of gateway came after the action: "
            "access was denied; allow it; it was taken back; "
        )


async def test_nothing_is_done_that_could_not_be_judged(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.gauges.gone = True
        record = await world.run()
        assert record.incident.status == "escalated"
        assert await reason(world) == (
            "nothing was done: latency_p99_ms of orders, error_ratio of gateway, by which it would be judged, cannot "
            "be seen now: access was denied; allow it"
        )
        assert world.hands.asked == []


@pytest.mark.parametrize("checks", [(), (GUARD,)])
async def test_a_plan_that_promises_nothing_is_not_carried_out(tmp_path: Path, checks: tuple[Check, ...]) -> None:
    async with scene(tmp_path, plan(checks=checks)) as world:
        await world.run()
        assert await reason(world) == "nothing was done: it has no check that would prove it"
        assert world.hands.asked == []


async def test_checks_stay_as_they_were_registered_when_a_stage_is_begun_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        world.hands.actions = [ConnectionError("the process died")]
        with pytest.raises(ConnectionError):
            await world.run()
        registered = (await world.record()).registered
        world.gauges.errors = (0.9, lambda _: 0.001)
        world.hands.actions = ["applied"]
        assert (await world.run()).registered == registered


async def test_other_checks_than_the_last_plans_are_registered_for_another_plan(tmp_path: Path) -> None:
    other = plan(checks=(PROMISE.model_copy(update={"deadline_seconds": 300.0}), GUARD))
    async with scene(tmp_path, other) as world:
        record = await world.record()
        assert not record.registered_for(other.digest)
        record = await world.run()
        assert record.registered_for(other.digest)
        assert not record.registered_for(plan().digest)
