"""What every domain value promises: immutability, UTC, canonical JSON that survives a round trip."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incident_commander.domain.base import ServiceName, canonical_json
from incident_commander.domain.plan import Action, Check, Plan
from incident_commander.domain.telemetry import Topology, Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = texts.filter(bool).map(ServiceName)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any plan to raise a pool."""
    service = draw(names)
    numbers = st.floats(allow_nan=False, allow_infinity=False)
    check = Check(
        service=service,
        metric=draw(names),
        direction=draw(st.sampled_from(("above", "below"))),
        threshold=draw(numbers),
        deadline_seconds=draw(st.floats(min_value=0.1, max_value=1e6)),
    )
    return Plan(
        action=Action(name="raise_pool", target=service, arguments={"factor": draw(st.floats(-1e15, 1e15))}),
        addresses="connection_pool_exhaustion",
        undo=None,
        reversible=False,
        checks=(check,),
        rationale=draw(texts),
    )


@given(plans())
def test_a_plan_keeps_its_digest_through_json(plan: Plan) -> None:
    assert Plan.model_validate_json(plan.model_dump_json()).digest == plan.digest
    assert Plan.model_validate(json.loads(plan.canonical())).digest == plan.digest


@given(plans(), plans())
def test_plans_have_one_digest_exactly_when_they_are_equal(one: Plan, other: Plan) -> None:
    assert (one.digest == other.digest) == (one == other)


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": [1.0, "ü"]}) == canonical_json({"a": [1, "ü"], "b": 1.0})


def test_a_time_is_kept_as_utc_and_a_naive_one_is_refused() -> None:
    summer = timezone(timedelta(hours=2))
    window = Window(start=NOON.astimezone(summer), end=NOON + timedelta(minutes=1))
    assert window.start.tzinfo is UTC
    assert window.seconds == 60
    with pytest.raises(ValidationError, match="has no time zone; write it with an offset"):
        Window(start=datetime(2026, 3, 1), end=NOON)  # noqa: DTZ001 - the naive time is the point


def test_a_value_cannot_be_changed_and_takes_no_unknown_field() -> None:
    window = Window(start=NOON, end=NOON)
    with pytest.raises(ValidationError):
        setattr(window, "start", NOON)  # noqa: B010 - a type checker refuses the plain assignment, as it should
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Window.model_validate({"start": NOON, "end": NOON, "length": 0})


def test_a_topology_with_a_cycle_answers_who_calls_whom() -> None:
    a, b = ServiceName("a"), ServiceName("b")
    topology = Topology(calls=((a, b), (b, a)))
    assert topology.callees(a) == topology.callers(a) == (b,)
    assert topology.kind_of(a) == "unknown"
