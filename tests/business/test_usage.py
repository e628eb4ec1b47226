"""What calls add up to: each figure is measured, priced or left out, and worlds are never mixed."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from incident_commander.business.usage import Call, CallFigures, UsageFigures, nearest_rank, usage_figures
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.usage import FREE, UNPRICED, Cost, Usage

from ..api.used import AT, LISTED, called

DEAR = Cost(usd=Decimal("0.00375"), price="listed", basis="genai-prices 0.2.3")
LOCAL = Provenance(kind="live", source="local")


def figures(*calls: Usage | Call) -> UsageFigures:
    counted = [call if isinstance(call, Call) else Call(call) for call in calls]
    return usage_figures(counted, 100, {"classify": 500.0}, "claude-sonnet")


def alone(*calls: Usage) -> CallFigures:
    """The figures of calls that are alike."""
    (found,) = figures(*calls).worlds[0].calls
    return found


def test_nothing_asked_is_no_figure_and_no_zero_latency() -> None:
    none = figures()
    assert (none.counted, none.since) == (0, None)
    assert [(world.world, world.calls, world.incidents) for world in none.worlds] == [
        ("live", (), 0),
        ("practice", (), 0),
    ]


def test_calls_of_practice_runs_and_of_real_incidents_are_never_added_up() -> None:
    real, practice = figures(called(), Call(called(incident_id="inc-2"), practice=True), called()).worlds
    assert ([each.calls for each in real.calls], real.incidents) == ([2], 1)
    assert ([each.calls for each in practice.calls], practice.incidents) == ([1], 1)
    assert practice.spent.listed_usd == LISTED.usd


def test_what_stands_in_for_aws_is_counted_apart_from_aws_and_from_what_is_local() -> None:
    aws = Provenance(kind="live", source="AWS bedrock-runtime")
    local = called(service=None, model="", provenance=LOCAL, cost=FREE, requests=0, fell_back="Nova: throttled")
    rows = figures(called(), called(provenance=aws), local).worlds[0].calls
    assert [(row.service, row.source, row.calls, row.fell_back) for row in rows] == [
        (None, "local", 1, 1),
        ("Nova", "AWS bedrock-runtime", 1, 0),
        ("Nova", "loopback", 1, 0),
    ]


def test_latency_is_that_of_answers_that_were_asked_for() -> None:
    row = alone(
        called(latency_ms=100),
        called(latency_ms=400),
        called(latency_ms=900),
        called(latency_ms=5000, error="gave no answer within 5 s", cost=UNPRICED),
        called(latency_ms=0.1, cached=True, cost=FREE, requests=0),
    )
    latency = row.latency
    assert (latency.measured, latency.p50_ms, latency.p95_ms) == (3, 400, 900)
    assert (latency.goal_ms, latency.kept) == (500, 2)
    assert (row.calls, row.requests, row.failed, row.cached) == (5, 4, 1, 1)


def test_a_task_without_a_goal_keeps_none() -> None:
    latency = alone(called(task="retrieve", service="Knowledge Bases")).latency
    assert (latency.measured, latency.goal_ms, latency.kept) == (1, None, 0)


def test_what_is_listed_assumed_and_unpriced_is_kept_apart() -> None:
    spent = alone(
        called(),
        called(cost=Cost(usd=Decimal("0.0003"), price="assumed", basis="a page")),
        called(cost=UNPRICED),
        called(cost=UNPRICED, requests=0),
        called(cost=FREE, cached=True, requests=0),
    ).spent
    assert (spent.listed_usd, spent.assumed_usd, spent.unpriced) == (LISTED.usd, Decimal("0.0003"), 1)


def test_tokens_of_an_answer_given_again_are_not_counted_twice() -> None:
    row = alone(called(), called(cached=True, requests=0, cost=FREE), called(input_tokens=None, output_tokens=None))
    assert (row.input_tokens, row.output_tokens) == (1000, 50)


def test_savings_are_told_over_calls_with_both_prices_alone() -> None:
    savings = (
        figures(
            Call(called(), compared=DEAR),
            Call(called(), compared=UNPRICED),
            Call(called(cost=UNPRICED), compared=DEAR),
            Call(called(cost=Cost(usd=Decimal(1), price="assumed")), compared=DEAR),
        )
        .worlds[0]
        .savings
    )
    assert (savings.calls, savings.paid_usd, savings.would_have_usd) == (1, LISTED.usd, DEAR.usd)
    assert savings.saved_usd == Decimal("0.0034")
    assert (savings.provenance.kind, savings.provenance.source) == ("assumed", DEAR.basis)


def test_a_call_that_failed_is_paid_for_and_saves_nothing() -> None:
    savings = figures(Call(called(), compared=DEAR), Call(called(error="cut"), compared=DEAR)).worlds[0].savings
    assert LISTED.usd is not None
    assert (savings.calls, savings.paid_usd, savings.would_have_usd) == (2, 2 * LISTED.usd, DEAR.usd)


def test_a_dearer_model_saves_less_than_nothing() -> None:
    savings = figures(Call(called(cost=DEAR), compared=LISTED)).worlds[0].savings
    assert savings.saved_usd == -Decimal("0.0034")


def test_what_a_guardrail_acted_on_is_counted() -> None:
    assert alone(called(intervened=True), called()).intervened == 1
    assert alone(called(intervened=True), called(intervened=True, cached=True, requests=0)).intervened == 1


def test_the_figures_say_since_when_they_count() -> None:
    assert figures(called(), called()).since == AT


def percentile(ordered: Sequence[float], share: float) -> float:
    found = nearest_rank(ordered, share)
    assert found is not None
    return found


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_measured_value_that_so_many_do_not_exceed(taken: list[float], share: float) -> None:
    found = percentile(sorted(taken), share)
    assert found in taken
    assert sum(each <= found for each in taken) >= share * len(taken)
    assert sum(each < found for each in taken) < share * len(taken)


@given(st.lists(st.tuples(st.booleans(), st.decimals(0, 1, places=8)), max_size=30))
def test_every_call_is_counted_once_and_every_usd_too(drawn: list[tuple[bool, Decimal]]) -> None:
    calls = [Call(called(cost=Cost(usd=usd, price="listed")), practice) for practice, usd in drawn]
    found = figures(*calls)
    assert sum(row.calls for world in found.worlds for row in world.calls) == len(drawn)
    assert sum(world.spent.listed_usd for world in found.worlds) == sum(usd for _, usd in drawn)
