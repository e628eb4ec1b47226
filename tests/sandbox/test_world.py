"""A world is a pure function of its scenario, seed and received actions."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.domain.base import ServiceName
from incident_commander.domain.plan import Action, ActionName, Argument
from incident_commander.sandbox.rehearsal import build_world, observe_at
from incident_commander.sandbox.remedies import Impossible
from incident_commander.sandbox.scenarios import load_scenarios
from incident_commander.sandbox.volumes import LARGEST_VOLUME
from incident_commander.sandbox.world import World

NAMES = [scenario.name for scenario in load_scenarios()]


def same(one: World, other: World) -> bool:
    left, right = one.archive, other.archive
    return (
        left.count == right.count
        and np.array_equal(left.rows[: left.count], right.rows[: right.count])
        and np.array_equal(left.customers[: left.count], right.customers[: right.count])
        and np.array_equal(left.failing[: left.count], right.failing[: right.count])
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_world_in_whatever_steps_it_is_moved(name: str) -> None:
    at_once, by_steps = build_world(name, 7), build_world(name, 7)
    at_once.advance(5400)
    for seconds in (3.0, 61.0, 61.0, 1000.5, 4000.0, 5399.9, 5400.0):
        by_steps.advance(seconds)
    assert same(at_once, by_steps)


def test_another_seed_gives_another_world() -> None:
    one, other = build_world(NAMES[0], 1), build_world(NAMES[0], 2)
    one.advance(600)
    other.advance(600)
    assert not same(one, other)


def test_a_world_is_rebuilt_from_the_actions_it_received() -> None:
    action = Action(name="restart", target=ServiceName("orders"))
    lived = build_world(NAMES[0], 3)
    lived.advance(4200)
    received = lived.accept(action, 4207.5)
    lived.advance(6000)
    rebuilt = build_world(NAMES[0], 3)
    rebuilt.replay(received)
    rebuilt.advance(6000)
    assert same(lived, rebuilt)


def test_a_fork_goes_on_as_the_original_does() -> None:
    original = build_world(NAMES[0], 4)
    original.advance(4000)
    fork = original.fork()
    original.advance(5000)
    fork.advance(5000)
    assert same(original, fork)


def test_logs_and_traces_repeat_themselves_exactly() -> None:
    one, other = (observe_at("api_overload", 5, 4800, history_seconds=900) for _ in range(2))
    assert one.logs == other.logs
    assert one.traces == other.traces
    assert len(one.logs) > 200
    assert len(one.traces) > 100


def test_spans_form_trees_along_the_call_graph() -> None:
    seen = observe_at("database_cascade", 2, 3900, history_seconds=600)
    calls = set(seen.topology.calls)
    by_id = {span.span_id: span for span in seen.traces}
    for span in seen.traces:
        if span.parent_id is None:
            assert span.service == "gateway"
        elif span.parent_id in by_id:
            assert (by_id[span.parent_id].service, span.service) in calls


def test_a_service_exports_only_what_applies_to_it() -> None:
    seen = observe_at("memory_leak", 1, 3700)
    exported: dict[str, set[str]] = {}
    for series in seen.metrics:
        exported.setdefault(series.service, set()).add(series.metric)
        assert np.isfinite(series.values).all()
        assert (series.values >= 0).all()
    assert "cache_hit_ratio" in exported["catalog-cache"]
    assert "cache_hit_ratio" not in exported["orders"]
    assert "queue_depth" in exported["order-events"]
    assert "connection_pool_utilization" in exported["core-db"]
    assert "memory_utilization" not in exported["card-processor"]


@pytest.mark.parametrize("name", NAMES)
def test_the_hour_before_anyone_looks_is_quiet(name: str) -> None:
    for seed in range(6):
        world = build_world(name, seed)
        world.advance(3300)
        felt = world.archive.customers[20 : world.archive.count]
        assert float(felt[:, 1:].sum() / felt[:, 0].sum()) < 0.005


SOME_ARGUMENT = st.one_of(
    st.integers(-1000, 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(0.1, 4.0),
    st.text(max_size=8),
    st.sampled_from(["back", "forward", "block", "lift"]),
)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(get_args(ActionName)),
    target=st.sampled_from(
        ["gateway", "orders", "fulfilment", "core-db", "catalog-cache", "order-events", "card-processor", "nowhere"]
    ),
    arguments=st.dictionaries(
        st.sampled_from(
            ["factor", "instances", "pool_size", "percent", "admit", "requests_per_second", "direction", "mode", "odd"]
        ),
        SOME_ARGUMENT,
        max_size=2,
    ),
)
def test_an_action_is_refused_with_a_reason_or_leaves_a_sane_world(
    name: str, target: str, arguments: dict[str, Argument]
) -> None:
    world = build_world("database_cascade", 2)
    world.advance(300)
    before = world.state.fork()
    refused = ""
    try:
        world.accept(Action.model_validate({"name": name, "target": target, "arguments": arguments}), 300)
    except Impossible as refusal:
        refused = str(refusal)
    assert world.state == before
    assert not refused or len(refused) > 20
    world.advance(700)
    state = world.state
    for i, spec in enumerate(world.company.services):
        assert 1 <= state.instances[i] <= spec.max_instances
        assert 0 <= state.seen_error[i] <= 1
        assert np.isfinite(state.p99[i])
        if spec.pool is not None:
            assert 1 <= state.pool_size[i] <= spec.pool.max_size
        assert 0 <= state.disk[i] <= 100
        assert 1 <= state.volume[i] <= LARGEST_VOLUME


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (Action(name="failover", target=ServiceName("orders")), "no standby"),
        (Action(name="scale_out", target=ServiceName("core-db")), "cannot be scaled out"),
        (Action(name="restart", target=ServiceName("card-processor")), "run by others"),
        (Action(name="raise_pool", target=ServiceName("core-db"), arguments={"pool_size": 100000}), "1 to 200"),
        (Action(name="scale_out", target=ServiceName("orders"), arguments={"speed": 3}), "takes no argument 'speed'"),
        (Action(name="restart", target=ServiceName("elsewhere")), "no service 'elsewhere'"),
        (Action(name="free_storage", target=ServiceName("orders")), "no volume of its own"),
        (Action(name="grow_storage", target=ServiceName("core-db"), arguments={"factor": 0.5}), "cannot shrink"),
        (Action(name="grow_storage", target=ServiceName("core-db"), arguments={"factor": 17}), "16 times as large"),
        (Action(name="revoke_credentials", target=ServiceName("storefront")), "no credentials of its own"),
        (Action(name="redrive", target=ServiceName("order-events")), "not modelled in the practice company"),
        (Action(name="block_sources", target=ServiceName("core-db")), "blocks no sources"),
    ],
)
def test_an_impossible_action_says_what_is_wrong(action: Action, says: str) -> None:
    world = build_world("api_overload", 1)
    world.advance(60)
    with pytest.raises(Impossible, match=says):
        world.accept(action, 60)


def test_restarting_the_database_hurts_customers() -> None:
    calm, hurt = build_world("memory_leak", 1), build_world("memory_leak", 1)
    for world in (calm, hurt):
        world.advance(600)
    hurt.accept(Action(name="restart", target=ServiceName("core-db")), 600)
    for world in (calm, hurt):
        world.advance(690)
    assert hurt.state.failed > 10 * calm.state.failed + 1
