"""Checks are registered from the target's own baseline, and judged by what is seen after the action."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents.verification import RECOVERY_SECONDS, at_action, checks_for, judge_checks
from incident_commander.analysis.anomaly import deviations_in
from incident_commander.domain.base import ServiceName
from incident_commander.domain.plan import Check, CheckOutcome, Registered
from incident_commander.domain.telemetry import MetricSeries, Observations, Service, Topology, Window

DONE = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CHECK = Check(
    service=ServiceName("search"), metric="latency_p99_ms", direction="below", threshold=100.0, deadline_seconds=420.0,
    hold_seconds=60.0,
)  # fmt: skip
GUARD = Check(
    service=ServiceName("gateway"), metric="error_ratio", direction="below", threshold=0.05, deadline_seconds=180.0,
    hold_seconds=60.0, guard=True,
)  # fmt: skip


def samples(values: list[float], service: str = "search", metric: str = "latency_p99_ms") -> MetricSeries:
    """One sample every 15 s, the first 15 s after the action."""
    times = DONE.timestamp() + np.float64(15.0) * np.arange(1, len(values) + 1, dtype=np.float64)
    return MetricSeries(ServiceName(service), metric, "ms", times, np.array(values))


def judged(check: Check, series: list[MetricSeries], seconds: float) -> CheckOutcome | None:
    return judge_checks((Registered(check=check, before=None),), series, DONE, DONE + timedelta(seconds=seconds))[0]


def test_a_check_is_met_only_once_it_has_held() -> None:
    values = [400.0, 90.0, 90.0, 90.0, 90.0, 90.0]
    assert judged(CHECK, [samples(values[:5])], 75) is None
    outcome = judged(CHECK, [samples(values)], 90)
    assert outcome is not None
    assert (outcome.met, outcome.observed) == (True, 90.0)


def test_a_relapse_begins_the_hold_anew() -> None:
    values = [90.0, 90.0, 90.0, 400.0, 90.0, 90.0, 90.0, 90.0]
    assert judged(CHECK, [samples(values)], 120) is None


def test_a_deadline_that_passes_is_unmet_with_the_last_value() -> None:
    outcome = judged(CHECK, [samples([400.0] * 30)], 420)
    assert outcome is not None
    assert (outcome.met, outcome.observed) == (False, 400.0)
    assert "by 10:07:00" in outcome.reason


def test_what_comes_after_the_deadline_does_not_count() -> None:
    values = [400.0] * 28 + [50.0] * 20
    outcome = judged(CHECK, [samples(values)], 700)
    assert outcome is not None
    assert not outcome.met


def test_samples_from_before_the_action_do_not_count() -> None:
    before = MetricSeries(
        CHECK.service,
        CHECK.metric,
        "ms",
        DONE.timestamp() - np.float64(15.0) * np.arange(20, 0, -1, dtype=np.float64),
        np.full(20, 50.0),
    )
    assert judged(CHECK, [before], 60) is None


def test_a_metric_that_is_not_seen_any_more_is_unmet_at_the_deadline_and_not_before() -> None:
    assert judged(CHECK, [], 419) is None
    outcome = judged(CHECK, [], 420)
    assert outcome is not None
    assert (outcome.met, outcome.observed) == (False, None)
    assert "no sample" in outcome.reason


def test_a_gap_in_the_samples_is_not_a_hold() -> None:
    times = DONE.timestamp() + np.array([15.0, 30.0, 330.0])
    series = MetricSeries(CHECK.service, CHECK.metric, "ms", times, np.array([90.0, 90.0, 90.0]))
    assert judged(CHECK, [series], 340) is None


def test_a_guard_is_violated_at_once_and_met_at_its_deadline() -> None:
    worse = samples([0.01, 0.2, 0.2, 0.2, 0.2, 0.2], "gateway", "error_ratio")
    outcome = judged(GUARD, [worse], 90)
    assert outcome is not None
    assert not outcome.met
    assert "got worse" in outcome.reason
    well = samples([0.01] * 13, "gateway", "error_ratio")
    assert judged(GUARD, [well], 179) is None
    met = judged(GUARD, [well], 180)
    assert met is not None
    assert met.met


def test_a_spike_shorter_than_the_hold_does_not_violate_a_guard() -> None:
    spike = samples([0.2, 0.2, 0.01, 0.01, 0.2, 0.01] + [0.01] * 8, "gateway", "error_ratio")
    outcome = judged(GUARD, [spike], 180)
    assert outcome is not None
    assert outcome.met


def both(promise: list[float], guard: list[float], seconds: float) -> tuple[CheckOutcome | None, ...]:
    """A promise and a guard, registered when 1 % of requests failed, judged so many seconds after the action."""
    registered = (Registered(check=CHECK, before=400.0), Registered(check=GUARD, before=0.01))
    series = [samples(promise), samples(guard, "gateway", "error_ratio")]
    return judge_checks(registered, series, DONE, DONE + timedelta(seconds=seconds))


def test_a_guard_is_watched_until_the_fix_is_proven() -> None:
    slow = [400.0] * 20
    assert both(slow, [0.01] * 20, 300) == (None, None)
    promise, guard = both(slow, [0.01] * 14 + [0.2] * 6, 300)
    assert promise is None
    assert guard is not None
    assert (guard.met, guard.before) == (False, 0.01)
    assert (
        guard.reason
        == "it got worse: not error_ratio of gateway below 0.05 ms for 60 s, and was 0.01 ms before the action"
    )
    promise, guard = both(slow + [90.0] * 5, [0.01] * 25, 375)
    assert promise is not None
    assert guard is not None
    assert (promise.met, guard.met) == (True, True)


def test_a_guard_that_was_not_seen_to_the_end_is_no_guard() -> None:
    outcome = judged(GUARD, [samples([0.01] * 3, "gateway", "error_ratio")], 180)
    assert outcome is not None
    assert (outcome.met, outcome.seen, outcome.observed) == (False, False, 0.01)
    assert outcome.reason == "the last sample of error_ratio of gateway came at 10:00:45"


def test_it_is_said_why_a_metric_could_not_be_seen() -> None:
    registered = (Registered(check=CHECK, before=400.0),)
    now = DONE + timedelta(seconds=CHECK.deadline_seconds)
    (outcome,) = judge_checks(registered, [samples([400.0] * 4)], DONE, now, blind="access was denied; allow it")
    assert outcome is not None
    assert (outcome.met, outcome.seen) == (False, False)
    assert outcome.reason == "the last sample of latency_p99_ms of search came at 10:01:00: access was denied; allow it"


def before(values: list[float], service: str, metric: str, age: float = 0.0) -> MetricSeries:
    """One sample every 15 s, the last one so many seconds before the action."""
    times = DONE.timestamp() - age - np.float64(15.0) * np.arange(len(values) - 1, -1, -1, dtype=np.float64)
    return MetricSeries(ServiceName(service), metric, "ratio", times, np.array(values))


def test_a_guard_is_set_anew_by_the_value_right_before_the_action() -> None:
    grown = before([0.01] * 20 + [0.4] * 20, "gateway", "error_ratio")
    registered = at_action((CHECK, GUARD), [grown, before([0.5] * 9, "search", "latency_p99_ms")], DONE)
    assert [(each.check.threshold, each.before) for each in registered] == [(100.0, 0.5), (0.6, 0.4)]
    fewer = at_action((GUARD,), [before([0.2] * 20 + [0.01] * 20, "gateway", "error_ratio")], DONE)
    assert (fewer[0].check.threshold, fewer[0].before) == (0.03, 0.01)
    everything = at_action((GUARD,), [before([1.0] * 20, "gateway", "error_ratio")], DONE)
    assert everything[0].check.threshold == 1.0


def test_what_was_not_seen_lately_has_no_value_before_the_action() -> None:
    old = before([0.01] * 20, "gateway", "error_ratio", age=400)
    assert [(each.check, each.before) for each in at_action((GUARD, CHECK), [old], DONE)] == [
        (GUARD, None),
        (CHECK, None),
    ]


@pytest.mark.parametrize("rise", [0.0, 0.01])
def test_trouble_that_only_stays_as_it_was_violates_no_guard(rise: float) -> None:
    (registered,) = at_action((GUARD,), [before([0.3] * 20, "gateway", "error_ratio")], DONE)
    after = samples([0.3 + rise] * 13, "gateway", "error_ratio")
    (outcome,) = judge_checks((registered,), [after], DONE, DONE + timedelta(seconds=180))
    assert outcome is not None
    assert outcome.met


def observed() -> Observations:
    """An hour of search: latency from 40 to 900 ms and processors from 45 to 99 % for the last ten minutes."""
    chance = np.random.default_rng(1)
    times = DONE.timestamp() - np.float64(15.0) * np.arange(240, 0, -1, dtype=np.float64)
    late = times > DONE.timestamp() - 600

    def series(service: str, metric: str, unit: str, usual: float, now: float, noise: float) -> MetricSeries:
        values = np.where(late, now, usual) + chance.normal(0, noise, times.size)
        return MetricSeries(ServiceName(service), metric, unit, times, values)

    return Observations(
        window=Window(start=DONE - timedelta(hours=1), end=DONE),
        onset_hint=DONE - timedelta(minutes=8),
        metrics=(
            series("search", "latency_p99_ms", "ms", 40, 900, 2),
            series("search", "cpu_utilization", "percent", 45, 99, 0.8),
            series("gateway", "error_ratio", "ratio", 0.002, 0.1, 0.0005),
        ),
        topology=Topology(
            services=(Service(name=ServiceName("gateway"), kind="edge", tier=1),
                      Service(name=ServiceName("search"), kind="api", tier=1)),
            calls=((ServiceName("gateway"), ServiceName("search")),),
        ),
    )  # fmt: skip


def test_checks_lie_between_the_baseline_and_now_and_guard_the_edge() -> None:
    observations = observed()
    spec = load_catalogue()["scale_out"]
    found = deviations_in(observations.metrics, DONE.timestamp())
    checks = checks_for(ServiceName("search"), spec, found, observations)
    by_metric = {check.metric: check for check in checks}
    assert set(by_metric) == {"latency_p99_ms", "cpu_utilization", "error_ratio"}
    assert 40 < by_metric["latency_p99_ms"].threshold < 200
    assert 60 < by_metric["cpu_utilization"].threshold < 90
    assert by_metric["latency_p99_ms"].deadline_seconds == spec.takes_seconds + RECOVERY_SECONDS
    assert by_metric["error_ratio"].guard
    assert 0.1 < by_metric["error_ratio"].threshold < 0.2
    assert {check.direction for check in checks} == {"below"}


def test_nothing_proves_an_action_on_a_service_that_is_well() -> None:
    observations = observed()
    found = deviations_in(observations.metrics, DONE.timestamp())
    assert checks_for(ServiceName("elsewhere"), load_catalogue()["scale_out"], found, observations) == ()


def without(observations: Observations, *metrics: str) -> Observations:
    return replace(observations, metrics=tuple(each for each in observations.metrics if each.metric not in metrics))


def test_where_no_share_of_errors_is_known_latency_is_guarded() -> None:
    observations = without(observed(), "error_ratio")
    found = deviations_in(observations.metrics, DONE.timestamp())
    checks = checks_for(ServiceName("search"), load_catalogue()["scale_out"], found, observations)
    (guard,) = [check for check in checks if check.guard]
    assert (guard.service, guard.metric) == ("search", "latency_p99_ms")
    assert 1700 < guard.threshold < 1900


def test_what_nothing_would_guard_is_not_proposed() -> None:
    observations = without(observed(), "error_ratio", "latency_p99_ms")
    found = deviations_in(observations.metrics, DONE.timestamp())
    assert checks_for(ServiceName("search"), load_catalogue()["scale_out"], found, observations) == ()
