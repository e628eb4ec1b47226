"""Every operation over HTTP with the official client: done, read back, undone, and cut off in every way there is."""

import asyncio

import pytest

from incident_commander.actions.aws import UNDO
from incident_commander.domain.plan import Action
from incident_commander.domain.ports import ActionFailed, OutcomeUnknown
from incident_commander.store import Database

from .cases import CASES, CATALOGUE, SERVICE, Case, World
from .conftest import LIMITS, MakeExecutor
from .front import Trouble

pytestmark = pytest.mark.loopback
KEY = "inc-1/1/0123456789abcdef"
EVERY = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def action_of(case: Case) -> Action:
    return CATALOGUE.action(case.action, SERVICE, case.arguments)


REVERSIBLE = pytest.mark.parametrize("case", [c for c in CASES if c.reversible], ids=lambda case: case.name)
IDENTITY = "sts:GetCallerIdentity"


def undo_of(action: Action) -> Action:
    """The catalogue's own way back."""
    back = CATALOGUE.undo(action)
    assert back is not None
    return back


@EVERY
async def test_it_is_done_once_read_back_and_taken_back(case: Case, world: World, executor_for: MakeExecutor) -> None:
    prepared = case.prepare(world)
    before = prepared.look()
    executor, action, means = executor_for(prepared.resources), action_of(case), case.means
    receipt = await executor.execute(action, KEY)
    assert receipt.applied, receipt.detail
    assert (receipt.repeated, receipt.provenance.source) == (False, "loopback")
    assert prepared.look() == prepared.after != before

    again = await executor.execute(action, KEY)
    assert again == receipt.model_copy(update={"repeated": True})
    assert await executor.received(KEY) == again
    assert world.front.carried_out.count(prepared.writes) == 1
    assert executor.irreversible(action) is not case.reversible

    if not case.reversible:
        back = CATALOGUE.undo(action)
        if back is not None:
            with pytest.raises(ActionFailed, match="cannot be taken back"):
                await executor.execute(back, KEY + UNDO)
        assert prepared.look() == prepared.after
    else:
        back = undo_of(action)
        undone = await executor.execute(back, KEY + UNDO)
        assert undone.applied, undone.detail
        assert prepared.look() == before
        assert (await executor.execute(back, KEY + UNDO)).repeated
        calls = [each for each in world.front.carried_out if each in (prepared.writes, prepared.undoes)]
        assert calls == [prepared.writes, prepared.undoes or prepared.writes]
    assert (prepared.resource["type"], world.front.serves(means.call)) == (case.type, case.server == "own")
    # The permissions that the catalogue asks for are those that were needed, no more and no fewer.
    assert prepared.writes == means.call
    assert not case.reversible or (prepared.undoes or prepared.writes) in means.back
    assert set(world.front.calls) - {IDENTITY, *means.back} == {*means.reads, means.call} - set(means.back)


@EVERY
async def test_without_being_switched_on_it_is_a_dry_run_that_only_reads(
    case: Case, world: World, executor_for: MakeExecutor
) -> None:
    prepared = case.prepare(world)
    before, means = prepared.look(), case.means
    receipt = await executor_for(prepared.resources, live=False).execute(action_of(case), KEY)
    assert (receipt.applied, receipt.ended) == (False, "dry_run")
    assert receipt.detail.startswith(f"dry run: {means.call} would be called on {prepared.resource['type']} ")
    assert f"It needs {', '.join(means.permissions)}. Name {case.action!r}" in receipt.detail
    assert set(world.front.calls) <= {IDENTITY, *means.reads}
    assert prepared.look() == before


@REVERSIBLE
async def test_what_aws_refuses_to_take_back_stays_as_it_is_and_may_be_tried_again(
    case: Case, world: World, executor_for: MakeExecutor
) -> None:
    prepared = case.prepare(world)
    before, undoes = prepared.look(), prepared.undoes or prepared.writes
    executor, action = executor_for(prepared.resources), action_of(case)
    await executor.execute(action, KEY)
    world.front.trouble(undoes, "deny")
    with pytest.raises(ActionFailed, match=f"nothing was done: .* allow {undoes} to the role"):
        await executor.execute(undo_of(action), KEY + UNDO)
    assert prepared.look() == prepared.after
    world.front.trouble(undoes, "throttle")
    undone = await executor.execute(undo_of(action), KEY + UNDO)
    assert undone.applied, undone.detail
    assert prepared.look() == before


@REVERSIBLE
async def test_what_was_taken_back_without_an_answer_is_found_and_not_done_again(
    case: Case, world: World, executor_for: MakeExecutor
) -> None:
    prepared = case.prepare(world)
    before, undoes = prepared.look(), prepared.undoes or prepared.writes
    executor, action = executor_for(prepared.resources), action_of(case)
    await executor.execute(action, KEY)
    carried_out = world.front.carried_out.count(undoes)
    world.front.trouble(undoes, "drop_after")
    undone = await executor.execute(undo_of(action), KEY + UNDO)
    assert undone.applied, undone.detail
    assert prepared.look() == before
    assert (await executor.execute(undo_of(action), KEY + UNDO)).repeated
    assert world.front.carried_out.count(undoes) == carried_out + 1


@EVERY
async def test_what_aws_refuses_is_not_done_and_may_be_tried_again(
    case: Case, world: World, executor_for: MakeExecutor
) -> None:
    prepared = case.prepare(world)
    before = prepared.look()
    executor, action = executor_for(prepared.resources), action_of(case)
    world.front.trouble(prepared.writes, "deny")
    with pytest.raises(ActionFailed, match=f"allow {prepared.writes} to the role"):
        await executor.execute(action, KEY)
    world.front.trouble(prepared.writes, "throttle", times=LIMITS.writes)
    with pytest.raises(ActionFailed, match="Rate exceeded"):
        await executor.execute(action, KEY)
    assert prepared.look() == before
    assert await executor.received(KEY) is None

    world.front.trouble(prepared.writes, "throttle")
    receipt = await executor.execute(action, KEY)
    assert receipt.applied, receipt.detail
    assert prepared.look() == prepared.after
    assert world.front.carried_out.count(prepared.writes) == 1


@EVERY
@pytest.mark.parametrize("trouble", ["drop_after", "fail_after"])
async def test_what_was_carried_out_without_an_answer_is_found_and_not_done_again(
    case: Case, world: World, executor_for: MakeExecutor, trouble: Trouble
) -> None:
    prepared = case.prepare(world)
    world.front.trouble(prepared.writes, trouble)
    executor, action = executor_for(prepared.resources), action_of(case)
    receipt = await executor.execute(action, KEY)
    assert receipt.applied, receipt.detail
    assert prepared.look() == prepared.after
    assert (await executor.execute(action, KEY)).repeated
    assert world.front.carried_out.count(prepared.writes) == 1


@EVERY
@pytest.mark.parametrize("trouble", ["drop_before", "fail"])
async def test_what_left_no_trace_is_tried_again_only_where_that_is_harmless(
    case: Case, world: World, executor_for: MakeExecutor, trouble: Trouble
) -> None:
    prepared = case.prepare(world)
    before = prepared.look()
    executor, action = executor_for(prepared.resources), action_of(case)
    world.front.trouble(prepared.writes, trouble)
    if not case.repeatable:
        unknown = await executor.execute(action, KEY)
        assert unknown.ended == "unknown"
        assert "not known whether it was done" in unknown.detail
        assert (await executor.execute(action, KEY)).repeated
        assert world.front.calls.count(prepared.writes) == 1
        return
    with pytest.raises(OutcomeUnknown, match="not known whether it was carried out"):
        await executor.execute(action, KEY)
    assert prepared.look() == before
    assert await executor.received(KEY) is None
    receipt = await executor.execute(action, KEY)
    assert receipt.applied, receipt.detail
    assert prepared.look() == prepared.after
    assert world.front.carried_out.count(prepared.writes) == 1


@EVERY
async def test_a_process_that_dies_while_aws_acts_leaves_what_the_next_one_finds(
    case: Case, world: World, executor_for: MakeExecutor, database: Database
) -> None:
    prepared = case.prepare(world)
    world.front.trouble(prepared.writes, "stall_after")
    action = action_of(case)
    dying = asyncio.create_task(executor_for(prepared.resources).execute(action, KEY))
    await asyncio.to_thread(world.front.stalled.wait)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    async with database.read() as unit:
        assert [each.key for each in await unit.executions.under_way()] == [KEY]
    following = executor_for(prepared.resources)
    receipt = await following.received(KEY)
    assert receipt is not None
    assert receipt.applied, receipt.detail
    assert (await following.execute(action, KEY)).repeated
    assert prepared.look() == prepared.after
    assert world.front.carried_out.count(prepared.writes) == 1
