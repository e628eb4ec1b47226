"""What a practice incident's voters were asked is asked again: the same plans, the same honest judgements."""

from datetime import datetime

import pytest

from incident_commander.domain.alert import Alert
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import FaultKind
from incident_commander.response.hearing import Hearing, Sight, Withheld, hear, look

from .conftest import SCENARIO, SEED, RealRun


@pytest.fixture(scope="module")
def sight() -> Sight:
    seen = look(SCENARIO, SEED)
    assert seen is not None
    return seen


@pytest.fixture(scope="module")
def hearing(sight: Sight) -> Hearing:
    return hear(sight)


def test_plans_and_judgements_are_those_of_the_run_itself(hearing: Hearing, real_run: RealRun) -> None:
    record = real_run.recording.record
    assert record is not None
    assert hearing.plans == record.plans
    assert hearing.diagnosis == record.diagnosis
    cast = {signed.ballot.voter: signed.ballot for signed in record.ballots}
    assert {voter: reading.judgement for voter, reading in hearing.readings(1).items()} == {
        voter: ballot.judgement for voter, ballot in cast.items()
    }
    assert {ballot.cast_at for ballot in cast.values()} == {hearing.cases[0].now}
    assert hearing.cases[0].incident.verdict == record.incident.verdict
    now = hearing.cases[0].now
    events = [each for each in record.of_kind("alert.grouped") if each.occurred_at <= now]
    came = [Alert.model_validate(event.payload["alert"]) for event in events]
    assert {condition(alert) for alert in hearing.cases[0].alerts} == {condition(alert) for alert in came}


def test_a_second_round_looks_anew_a_little_later(hearing: Hearing) -> None:
    first, second = hearing.cases
    assert second.now > first.now
    assert second.observations.window.end == second.now
    assert hearing.firing == (True, True)


def test_a_signal_that_is_kept_back_is_a_gap_in_every_stage(sight: Sight, hearing: Hearing) -> None:
    blind = hear(sight, Withheld(signals=("logs", "traces")))
    assert all(not case.observations.logs and not case.observations.traces for case in blind.cases)
    assert {gap.signal for gap in blind.diagnosis.gaps} == {"logs", "traces"}
    assert hearing.cases[0].observations.logs
    lead = blind.diagnosis.hypotheses[0]
    assert lead.probability <= hearing.diagnosis.hypotheses[0].probability


def test_a_single_metric_can_be_kept_back(sight: Sight, hearing: Hearing) -> None:
    cause = hearing.diagnosis.cause
    assert cause is not None
    assert told(hearing) == ("memory_leak", cause.service)
    blind = hear(sight, Withheld(metrics=((cause.service, "memory_utilization"),)))
    shown = {(each.service, each.metric) for each in blind.cases[0].observations.metrics}
    assert (cause.service, "memory_utilization") not in shown
    assert (cause.service, "latency_p99_ms") in shown
    assert told(blind) != ("memory_leak", cause.service)


def test_an_unknown_scenario_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no scenario is named 'memory'"):
        look("memory", 1)


def told(hearing: Hearing) -> tuple[FaultKind, ServiceName] | None:
    cause = hearing.diagnosis.cause
    return None if cause is None else (cause.fault, cause.service)


def condition(alert: Alert) -> tuple[str, ServiceName | None, datetime]:
    """What an alert is about, whatever run it names."""
    return alert.name, alert.service, alert.starts_at
