"""Whatever AWS answers, or does not, a person is told on the timeline, and nothing is half counted as done."""

from pathlib import Path

import pytest

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.aws import Aws

from ...response.scripted import Scene, plan, scene
from .cases import SERVICE, World, parameter
from .conftest import LIMITS, MakeExecutor
from .front import Trouble

pytestmark = pytest.mark.loopback
RAISED = load_catalogue().action("raise_pool", SERVICE, {"factor": 2.0})
ALWAYS = 99


async def told(world: Scene) -> list[tuple[str, str]]:
    """What a person reads of the action, in order: titles and details."""
    return [(row.title, row.detail) for row in await world.timeline() if row.kind.startswith(("action.", "rollback."))]


@pytest.mark.parametrize(
    ("trouble", "title", "says", "calls"),
    [
        ("deny", "Action refused", "allow ssm:PutParameter to the role that runs this", 1),
        ("throttle", "Action refused", "wait, or have the account's limit raised", LIMITS.writes),
        ("fail", "Action outcome unknown", "InternalFailure: the service failed in itself", 3),
        ("drop_before", "Action outcome unknown", "ssm:PutParameter gave no answer: Connection was closed", 3),
        ("stall_before", "Action outcome unknown", "ssm:PutParameter gave no answer: Read timeout", 3),
    ],
)
async def test_what_aws_does_wrong_is_told_and_nothing_counts_as_done(
    tmp_path: Path,
    world: World,
    executor_for: MakeExecutor,
    hasty: Aws,
    trouble: Trouble,
    title: str,
    says: str,
    calls: int,
) -> None:
    prepared = parameter(world)
    before = prepared.look()
    world.front.trouble(prepared.writes, trouble, times=ALWAYS)
    async with scene(tmp_path, plan(RAISED)) as incident:
        incident.executor = executor_for(prepared.resources, by=hasty)
        record = await incident.run()
        asked, came = await told(incident)
    assert asked[0].startswith("Action requested")
    assert came[0] == title
    assert says in came[1]
    assert (record.incident.status, record.receipt, record.actions_taken) == ("escalated", None, ())
    assert prepared.look() == before
    # A parameter is set to a number, so that setting it again, by the same key, changes nothing more.
    assert world.front.calls.count(prepared.writes) == calls


async def test_an_aws_that_says_nothing_when_it_is_read_is_not_asked_to_change_anything(
    tmp_path: Path, world: World, executor_for: MakeExecutor, hasty: Aws
) -> None:
    prepared = parameter(world)
    world.front.trouble("ssm:GetParameterHistory", "stall_before", times=ALWAYS)
    async with scene(tmp_path, plan(RAISED)) as incident:
        incident.executor = executor_for(prepared.resources, by=hasty)
        record = await incident.run()
        _, came = await told(incident)
    assert came[0] == "Action refused"
    assert "the state before could not be read: ssm:GetParameterHistory gave no answer" in came[1]
    assert record.incident.status == "escalated"
    assert prepared.writes not in world.front.calls


async def test_what_was_carried_out_though_its_answer_was_lost_is_told_as_done_and_was_asked_for_once(
    tmp_path: Path, world: World, executor_for: MakeExecutor
) -> None:
    prepared = parameter(world)
    world.front.trouble(prepared.writes, "drop_after")
    async with scene(tmp_path, plan(RAISED)) as incident:
        incident.executor = executor_for(prepared.resources)
        record = await incident.run("execute")
        _, came = await told(incident)
    assert came[0].startswith("Action applied")
    assert record.actions_taken == (RAISED,)
    assert prepared.look() == prepared.after
    assert world.front.calls.count(prepared.writes) == 1
