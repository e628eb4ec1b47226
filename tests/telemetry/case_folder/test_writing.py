"""What is written as a case folder is read back as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import Change, LogRecord, MetricSeries, Observations
from incident_commander.telemetry.case_folder import CaseFolder, read_case, write_case

from .cases import given_cases, small_case


def assert_same(one: Observations, other: Observations) -> None:
    assert replace(one, metrics=()) == replace(other, metrics=())
    for first, second in zip(one.metrics, other.metrics, strict=True):
        assert (first.service, first.metric, first.unit) == (second.service, second.metric, second.unit)
        assert np.array_equal(first.timestamps, second.timestamps)
        assert np.array_equal(first.values, second.values)


def test_a_case_is_read_back_as_it_was(tmp_path: Path) -> None:
    case = read_case(small_case(tmp_path / "one"))
    write_case(tmp_path / "other", case)
    again = read_case(tmp_path / "other")
    assert again.alert == case.alert
    assert_same(case.observations, again.observations)


def test_the_given_cases_are_read_back_as_they_were(tmp_path: Path) -> None:
    for folder in given_cases():
        case = read_case(folder)
        write_case(tmp_path / folder.parent.name, case)
        assert_same(case.observations, read_case(tmp_path / folder.parent.name).observations)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
NAMES = st.text("abc-,\"' \u00e9", min_size=1, max_size=8).map(str.strip).filter(bool).map(ServiceName)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MOMENTS = st.integers(0, 3_600_000).map(lambda ms: START + timedelta(milliseconds=ms))
CHANGES = st.builds(
    Change,
    at=MOMENTS,
    service=st.none() | NAMES,
    kind=st.sampled_from(("deploy", "commit", "flag", "config", "scaling")),
    reference=st.text("abc123", min_size=1),
    summary=st.text("xyz ", min_size=1).map(lambda text: text + "."),
    author=TEXTS,
    detail=TEXTS,
)
RECORDS = st.builds(LogRecord, at=MOMENTS, service=NAMES, level=st.sampled_from(("INFO", "ERROR")), message=TEXTS)


@given(
    changes=st.lists(CHANGES, max_size=5),
    logs=st.lists(RECORDS, max_size=5),
    names=st.sets(st.tuples(NAMES, NAMES), max_size=4),
    seed=st.integers(0, 99),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_lines_and_samples_of_any_text_survive(
    tmp_path: Path, changes: list[Change], logs: list[LogRecord], names: set[tuple[ServiceName, ServiceName]], seed: int
) -> None:
    random = np.random.default_rng(seed)
    case = read_case(small_case(tmp_path / "one"))
    times = np.asarray(START.timestamp() + 60.0 * np.arange(5), dtype=np.float64)
    metrics = [
        MetricSeries(*name, "", times, np.asarray(random.standard_normal(5), dtype=np.float64))
        for name in sorted(names)
    ]
    observed = replace(
        case.observations,
        changes=tuple(changes),
        logs=tuple(sorted(logs, key=lambda record: record.at)),
        metrics=tuple(metrics),
    )
    write_case(tmp_path / "other", CaseFolder(case.alert, observed))
    again = read_case(tmp_path / "other").observations

    def by_time(change: Change) -> tuple[datetime, str]:
        return change.at, change.model_dump_json()

    assert sorted(again.changes, key=by_time) == sorted(changes, key=by_time)
    assert again.logs == observed.logs
    assert [(each.service, each.metric, each.values.tolist()) for each in again.metrics] == [
        (each.service, each.metric, each.values.tolist()) for each in metrics
    ]
