"""What the executor refuses, what it does not count as done, and what it never touches."""

import asyncio
from datetime import UTC, datetime

import pytest

from incident_commander.actions.aws import UNDO, Resources
from incident_commander.actions.aws.operations.firewall import KEPT
from incident_commander.actions.catalogue import load_catalogue
from incident_commander.actions.kill_switch import throw_kill_switch
from incident_commander.aws import Aws
from incident_commander.domain.base import JsonObject, ServiceName
from incident_commander.domain.plan import Action, ActionName, Argument
from incident_commander.domain.ports import ActionFailed, OutcomeUnknown
from incident_commander.store import Database

from .cases import ACCOUNT, SERVICE, Prepared, World, deployment, ecs_tasks, parameter, rule, shard, web_acl
from .conftest import LIMITS, MakeExecutor
from .protocol import service_model
from .states import Refreshes, Rollouts

pytestmark = pytest.mark.loopback
CATALOGUE = load_catalogue()
KEY = "inc-1/1/0123456789abcdef"
ROLLOUT: JsonObject = {"type": "ecs_service", "cluster": "prod", "name": "checkout", "max_count": 16}


def action(name: ActionName, **arguments: Argument) -> Action:
    return CATALOGUE.action(name, SERVICE, arguments)


def back(done: Action) -> Action:
    undo = CATALOGUE.undo(done)
    assert undo is not None
    return undo


def one(resource: JsonObject) -> Resources:
    return Prepared(resource, "", lambda: None, None).resources


async def test_what_somebody_changed_since_is_not_taken_back(world: World, executor_for: MakeExecutor) -> None:
    prepared = parameter(world)
    executor, raised = executor_for(prepared.resources), action("raise_pool", factor=2.0)
    await executor.execute(raised, KEY)
    world.client("ssm").put_parameter(Name=f"/{world.name}/pool", Value="45", Type="String", Overwrite=True)
    with pytest.raises(ActionFailed, match=r"changed by somebody else since: version 4 is '45'"):
        await executor.execute(back(raised), KEY + UNDO)
    assert prepared.look() == "45"


async def test_what_is_as_before_already_is_taken_back_without_a_call(world: World, executor_for: MakeExecutor) -> None:
    prepared = rule(world)
    executor, paused = executor_for(prepared.resources), action("pause")
    await executor.execute(paused, KEY)
    world.client("events").enable_rule(Name=world.name)
    receipt = await executor.execute(back(paused), KEY + UNDO)
    assert receipt.applied
    assert "as before already" in receipt.detail
    assert "events:EnableRule" not in world.front.calls


async def test_a_factor_is_taken_back_to_the_very_number_before(world: World, executor_for: MakeExecutor) -> None:
    prepared = parameter(world)
    executor, raised = executor_for(prepared.resources), action("raise_pool", factor=1.25)
    await executor.execute(raised, KEY)
    assert prepared.look() == "13"
    await executor.execute(back(raised), KEY + UNDO)
    assert prepared.look() == "10"


@pytest.mark.parametrize("live", [True, False])
async def test_nothing_is_taken_back_that_was_not_done(world: World, executor_for: MakeExecutor, live: bool) -> None:
    prepared = parameter(world)
    executor, raised = executor_for(prepared.resources, live=live), action("raise_pool", factor=2.0)
    if not live:
        await executor.execute(raised, KEY)
    with pytest.raises(ActionFailed, match="nothing to take back"):
        await executor.execute(back(raised), KEY + UNDO)
    assert prepared.look() == "10"


async def test_only_the_catalogues_own_undo_takes_an_action_back(world: World, executor_for: MakeExecutor) -> None:
    prepared = parameter(world)
    executor = executor_for(prepared.resources)
    await executor.execute(action("raise_pool", factor=2.0), KEY)
    with pytest.raises(ActionFailed, match="does not take back what was done"):
        await executor.execute(action("raise_pool", factor=0.25), KEY + UNDO)
    assert prepared.look() == "20"


async def test_a_key_stands_for_one_action(world: World, executor_for: MakeExecutor) -> None:
    prepared = parameter(world)
    executor = executor_for(prepared.resources)
    await executor.execute(action("raise_pool", factor=2.0), KEY)
    with pytest.raises(ActionFailed, match="stands for raise_pool"):
        await executor.execute(action("raise_pool", factor=4.0), KEY)
    assert prepared.look() == "20"


async def test_one_key_executed_at_the_same_time_acts_once(world: World, executor_for: MakeExecutor) -> None:
    prepared = ecs_tasks(world)
    executor, doubled = executor_for(prepared.resources), action("scale_out", factor=2.0)
    receipts = await asyncio.gather(*(executor.execute(doubled, KEY) for _ in range(5)))
    assert sorted(receipt.repeated for receipt in receipts) == [False, True, True, True, True]
    assert world.front.carried_out.count(prepared.writes) == 1


async def test_beyond_a_resources_own_bounds_nothing_is_done(world: World, executor_for: MakeExecutor) -> None:
    prepared = parameter(world)
    narrow = one({**prepared.resource, "highest": 15})
    with pytest.raises(ActionFailed, match="would go from 10 to 20, and its bounds in the resources' file are 1 to 15"):
        await executor_for(narrow).execute(action("raise_pool", factor=2.0), KEY)
    assert prepared.look() == "10"


async def test_what_the_file_does_not_name_is_not_touched(world: World, executor_for: MakeExecutor) -> None:
    executor = executor_for(parameter(world).resources)
    with pytest.raises(ActionFailed, match="names nothing of 'checkout' that failover is done to"):
        await executor.execute(action("failover"), KEY)
    with pytest.raises(ActionFailed, match="names nothing of 'search'"):
        await executor.execute(CATALOGUE.action("raise_pool", ServiceName("search")), KEY)
    assert world.front.calls == []


async def test_an_argument_that_the_catalogue_forbids_is_refused(world: World, executor_for: MakeExecutor) -> None:
    executor = executor_for(parameter(world).resources)
    with pytest.raises(ActionFailed, match="is not a number in"):
        await executor.execute(Action(name="raise_pool", target=SERVICE, arguments={"factor": 400}), KEY)
    assert world.front.calls == []


async def test_another_account_than_the_files_is_never_touched(world: World, executor_for: MakeExecutor) -> None:
    prepared = parameter(world)
    document = prepared.resources.model_dump(mode="json")
    document["accounts"]["shop"]["id"] = "999988887777"
    given = executor_for(Resources.model_validate(document))
    with pytest.raises(ActionFailed, match=f"credentials are of account {ACCOUNT} .* says 999988887777"):
        await given.execute(action("raise_pool", factor=2.0), KEY)
    assert prepared.look() == "10"
    assert set(world.front.calls) == {"sts:GetCallerIdentity"}


async def test_what_cannot_be_read_is_not_changed(world: World, executor_for: MakeExecutor) -> None:
    prepared = parameter(world)
    world.front.trouble("ssm:GetParameterHistory", "deny")
    with pytest.raises(ActionFailed, match=r"state before could not be read: .* allow ssm:GetParameterHistory"):
        await executor_for(prepared.resources).execute(action("raise_pool", factor=2.0), KEY)
    assert prepared.writes not in world.front.calls


async def test_what_does_not_exist_is_said_to_be_missing(world: World, executor_for: MakeExecutor) -> None:
    executor = executor_for(one({"type": "aurora_cluster", "name": "nowhere"}))
    with pytest.raises(ActionFailed, match=r"nowhere.* see to the name, the account and the region"):
        await executor.execute(action("failover"), KEY)


async def test_a_rollout_that_fails_is_not_counted_as_done(world: World, executor_for: MakeExecutor) -> None:
    state = Rollouts(world.front, fails=True)
    receipt = await executor_for(one(ROLLOUT)).execute(action("rollback", reference="v7"), KEY)
    assert not receipt.applied
    assert receipt.detail.startswith("half done, not taken back: ecs_service prod/checkout: it failed: deployment")
    assert len(state.definitions) == 3


async def test_what_does_not_end_in_time_is_half_done_and_can_still_be_taken_back(
    world: World, executor_for: MakeExecutor
) -> None:
    state = Rollouts(world.front, looks=1000)
    executor, rolled = executor_for(one(ROLLOUT)), action("rollback", reference="v7")
    receipt = await executor.execute(rolled, KEY)
    assert not receipt.applied
    assert "not at its end after 600 s" in receipt.detail
    assert "3 of 4 tasks run" in receipt.detail
    state.looks = 1
    undone = await executor.execute(back(rolled), KEY + UNDO)
    assert undone.applied, undone.detail
    assert state.definitions[-1] == state.definitions[1]


async def test_a_release_without_a_good_one_before_it_is_not_rolled_back(
    world: World, executor_for: MakeExecutor
) -> None:
    state = Rollouts(world.front)
    state.definitions[0] = state.definitions[1]
    with pytest.raises(ActionFailed, match="nothing to go back to"):
        await executor_for(one(ROLLOUT)).execute(action("rollback", reference="v7"), KEY)


async def test_a_release_is_rolled_forward_only_to_take_a_rollback_back(
    world: World, executor_for: MakeExecutor
) -> None:
    Rollouts(world.front)
    with pytest.raises(ActionFailed, match="only to take a rollback back"):
        await executor_for(one(ROLLOUT)).execute(action("rollback", reference="v7", direction="forward"), KEY)


async def test_what_others_are_changing_already_is_left_alone(world: World, executor_for: MakeExecutor) -> None:
    state = Refreshes(world.front, looks=5)
    state.start({"AutoScalingGroupName": "workers"})
    executor = executor_for(one({"type": "auto_scaling_group", "name": "workers", "max_count": 4}))
    with pytest.raises(ActionFailed, match="being refreshed already by refresh-1"):
        await executor.execute(action("restart"), KEY)
    assert state.started == ["refresh-1"]


async def test_a_web_acl_that_changed_in_between_is_not_overwritten(world: World, executor_for: MakeExecutor) -> None:
    prepared = web_acl(world, "Limit", 1000)
    executor, limited = executor_for(prepared.resources), action("rate_limit", admit=0.5)
    world.front.trouble("wafv2:UpdateWebACL", "drop_before")
    with pytest.raises(OutcomeUnknown, match="not known whether it was carried out"):
        await executor.execute(limited, KEY)
    client = world.client("wafv2")
    found = client.get_web_acl(Name=world.name, Scope="REGIONAL", Id=prepared.resource["web_acl_id"])
    acl = found["WebACL"]
    rules = acl["Rules"]
    assert isinstance(rules, list)
    rules[0]["Statement"]["RateBasedStatement"]["Limit"] = 500
    client.update_web_acl(
        Name=world.name,
        Scope="REGIONAL",
        Id=prepared.resource["web_acl_id"],
        DefaultAction=acl["DefaultAction"],
        VisibilityConfig=acl["VisibilityConfig"],
        Description="the shop's",
        Rules=rules,
        LockToken=found["LockToken"],
    )
    receipt = await executor.execute(limited, KEY)
    assert not receipt.applied
    assert "somebody else changed it: its limit is 500" in receipt.detail
    assert prepared.look() == 500


def test_a_web_acl_loses_nothing_by_being_written_again() -> None:
    """By the official client's description: whatever is read and may be written is written."""
    model = service_model("wafv2")
    written = set(model.operation_model("UpdateWebACL").input_shape.members)
    assert written & set(model.shape_for("WebACL").members) == {"Name", "Id", "Rules", *KEPT}


async def test_two_processes_with_one_key_act_once(world: World, executor_for: MakeExecutor) -> None:
    state = Rollouts(world.front)
    world.front.trouble("ecs:DescribeServices", "stall_before")
    slow, quick = executor_for(one(ROLLOUT)), executor_for(one(ROLLOUT))
    late = asyncio.create_task(slow.execute(action("restart"), KEY))
    await asyncio.to_thread(world.front.stalled.wait)
    first = await quick.execute(action("restart"), KEY)
    world.front.let_go()
    second = await late
    assert (first.repeated, second.repeated) == (False, True)
    assert first.received_at == second.received_at
    assert state.serial == 3


async def test_what_became_of_another_kind_after_the_call_is_not_known(
    world: World, executor_for: MakeExecutor
) -> None:
    prepared = parameter(world)
    executor, raised = executor_for(prepared.resources), action("raise_pool", factor=2.0)
    world.front.trouble(prepared.writes, "drop_before")
    with pytest.raises(OutcomeUnknown):
        await executor.execute(raised, KEY)
    client, name = world.client("ssm"), f"/{world.name}/pool"
    client.delete_parameter(Name=name)
    client.put_parameter(Name=name, Value="secret", Type="SecureString")
    for again in (executor.execute(raised, KEY), executor.received(KEY)):
        with pytest.raises(OutcomeUnknown, match=r"was being changed by .* is a SecureString"):
            await again


async def test_a_failover_without_a_replica_is_refused(world: World, executor_for: MakeExecutor) -> None:
    prepared = shard(world)
    world.front.serve(
        "elasticache",
        {
            "DescribeReplicationGroups": lambda _: {
                "ReplicationGroups": [
                    {"Status": "available", "AutomaticFailover": "disabled", "NodeGroups": [LONELY]},
                ]
            }
        },
    )
    with pytest.raises(ActionFailed, match="has 0 replicas, and automatic failover is disabled"):
        await executor_for(prepared.resources).execute(action("failover"), KEY)
    assert prepared.writes not in world.front.calls


LONELY = {
    "NodeGroupId": "0001",
    "Status": "available",
    "NodeGroupMembers": [{"CacheClusterId": "sessions-001", "CurrentRole": "primary"}],
}


async def test_a_deployment_that_ended_is_not_stopped(world: World, executor_for: MakeExecutor) -> None:
    prepared = deployment(world)
    world.front.serve("codedeploy", {"ListDeployments": lambda _: {"deployments": []}})
    with pytest.raises(ActionFailed, match="no deployment under way"):
        await executor_for(prepared.resources).execute(action("rollback", reference="d"), KEY)
    assert prepared.writes not in world.front.calls


async def test_what_was_begun_on_a_resource_that_the_file_lost_stays_open(
    world: World, executor_for: MakeExecutor
) -> None:
    prepared = parameter(world)
    raised = action("raise_pool", factor=2.0)
    world.front.trouble(prepared.writes, "drop_before")
    with pytest.raises(OutcomeUnknown, match="not known whether"):
        await executor_for(prepared.resources).execute(raised, KEY)
    emptied = executor_for(Resources())
    with pytest.raises(OutcomeUnknown, match="the resources' file does not name it any more"):
        await emptied.received(KEY)
    with pytest.raises(OutcomeUnknown, match="the resources' file does not name it any more"):
        await emptied.execute(raised, KEY)
    assert (await executor_for(prepared.resources).execute(raised, KEY)).applied


async def test_a_silent_aws_ends_in_an_error_and_not_in_a_wait(
    world: World, executor_for: MakeExecutor, hasty: Aws
) -> None:
    prepared = parameter(world)
    world.front.trouble("ssm:GetParameterHistory", "stall_before", times=LIMITS.reads)
    with pytest.raises(ActionFailed, match=r"state before could not be read: .* gave no answer: Read timeout"):
        await executor_for(prepared.resources, by=hasty).execute(action("raise_pool", factor=2.0), KEY)


async def test_a_kill_switch_thrown_behind_the_gate_stops_the_call(
    world: World, executor_for: MakeExecutor, database: Database
) -> None:
    prepared = parameter(world)
    async with database.write() as unit:
        await throw_kill_switch(unit, True, "ana", "the region is failing over", datetime.now(UTC))
    executor = executor_for(prepared.resources)
    with pytest.raises(ActionFailed, match=r"nothing was done: the kill switch is on \(ana: the region is failing"):
        await executor.execute(action("raise_pool", factor=2.0), KEY)
    assert prepared.writes not in world.front.calls
    assert await executor.received(KEY) is None


async def test_what_left_no_trace_when_the_kill_switch_was_thrown_is_not_called_again(
    world: World, executor_for: MakeExecutor, database: Database
) -> None:
    prepared, raised = parameter(world), action("raise_pool", factor=2.0)
    executor = executor_for(prepared.resources)
    world.front.trouble(prepared.writes, "drop_before")
    with pytest.raises(OutcomeUnknown, match="not known whether"):
        await executor.execute(raised, KEY)
    async with database.write() as unit:
        await throw_kill_switch(unit, True, "ana", "the region is failing over", datetime.now(UTC))
    with pytest.raises(OutcomeUnknown, match="not called again: the kill switch is on"):
        await executor.execute(raised, KEY)
    assert world.front.calls.count(prepared.writes) == 1
    async with database.write() as unit:
        await throw_kill_switch(unit, False, "ana", "the region is back", datetime.now(UTC))
    assert (await executor.execute(raised, KEY)).applied


async def test_what_was_called_before_the_kill_switch_was_thrown_is_read_to_its_end(
    world: World, executor_for: MakeExecutor, database: Database
) -> None:
    prepared, raised = parameter(world), action("raise_pool", factor=2.0)
    world.front.trouble(prepared.writes, "drop_before")
    with pytest.raises(OutcomeUnknown):
        await executor_for(prepared.resources).execute(raised, KEY)
    # What the lost call would have left behind, had it arrived.
    world.client("ssm").put_parameter(Name=f"/{world.name}/pool", Value="20", Type="String", Overwrite=True)
    async with database.write() as unit:
        await throw_kill_switch(unit, True, "ana", "the region is failing over", datetime.now(UTC))
    called = world.front.calls.count(prepared.writes)
    receipt = await executor_for(prepared.resources).received(KEY)
    assert receipt is not None
    assert receipt.applied
    assert world.front.calls.count(prepared.writes) == called
