"""A case folder is read whole, and what is missing or broken in it is a gap that says so."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import Gap, LogSummary, Service
from incident_commander.telemetry.case_folder import CaseFolderError, read_case

from .cases import given_cases, small_case


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_case(tmp_path / "data")


def test_every_file_of_a_case_is_read(folder: Path) -> None:
    case = read_case(folder)
    observed = case.observations
    assert (case.alert.service, case.alert.metric, case.alert.threshold) == ("orders", "db_pool_in_use", 45.0)
    assert case.alert.other == (("monitor", "orders-pool"),)
    assert observed.onset_hint == case.alert.fired_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert [(each.service, each.metric, each.unit, each.values.size) for each in observed.metrics] == [
        ("frontend", "http_server_duration_p99_ms", "ms", 90),
        ("frontend", "requests_per_sec", "per_second", 90),
        ("orders", "db_pool_in_use", "", 90),
        ("orders", "http_server_duration_p99_ms", "ms", 90),
    ]
    assert (observed.logs[1].level, observed.logs[1].message) == ("ERROR", "pool exhausted")
    assert observed.logs[1].attributes == (("http.route", "/orders"), ("db.pool.max", "50"))
    assert [(span.service, span.parent_id, span.error) for span in observed.traces] == [
        ("frontend", None, True),
        ("orders", "a", True),
    ]
    assert ("error", "no connection") in observed.traces[1].attributes
    assert observed.log_summaries == (LogSummary(ServiceName("orders"), "pool exhausted", 612, 2, True),)
    assert observed.providers[0].summary == "Errors: We look into it."
    assert observed.providers[0].endpoints == ("api.acme.test",)
    assert observed.topology.services == (
        Service(name="orders", kind="api", tier=1),
        Service(name="frontend", kind="unknown"),
    )
    assert observed.gaps == ()
    assert observed.provenance.kind == "recorded"


def test_a_deploy_and_the_commit_it_carries_are_two_changes_with_one_reference(folder: Path) -> None:
    changes = read_case(folder).observations.changes
    assert [(change.kind, change.service, change.reference) for change in changes] == [
        ("flag", "frontend", "new_layout"),
        ("commit", None, "feed"),
        ("deploy", "orders", "feed"),
    ]
    flag, commit, deploy = changes
    assert (flag.summary, flag.detail, flag.author) == ("flag new_layout off->on", "off->on", "bob")
    assert (commit.author, commit.detail, commit.files) == ("ada", "-    session.close()", ("orders/pool.py",))
    assert deploy.summary == "deploy v2"


def test_the_window_spans_the_data_and_logs_that_go_on_do_not_silence_the_metrics(folder: Path) -> None:
    late = {"timestamp": "2026-03-02T12:00:00Z", "service": "orders", "msg": "still here"}
    with (folder / "logs.ndjson").open("a") as file:
        file.write(json.dumps(late))
    window = read_case(folder).observations.window
    assert window.start == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert window.end == datetime(2026, 3, 2, 10, 29, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("metrics.csv", "metrics"),
        ("traces.json", "traces"),
        ("context/deploys.json", "changes"),
        ("context/commits.json", "changes"),
        ("context/flags.json", "changes"),
    ],
)
def test_a_missing_file_is_a_gap_that_names_it(folder: Path, name: str, signal: str) -> None:
    (folder / name).unlink()
    (gap,) = read_case(folder).observations.gaps
    assert gap.signal == signal
    assert name in gap.reason
    assert name in gap.remedy


def test_an_alert_alone_is_a_case_with_a_gap_for_each_kind_of_telemetry(tmp_path: Path) -> None:
    (tmp_path / "alert.json").write_text('{"service": "orders", "fired_at": "2026-03-02T10:00:00Z"}')
    gaps = read_case(tmp_path).observations.gaps
    assert [gap.signal for gap in gaps] == ["metrics", "logs", "traces", "changes", "topology"]


def test_without_a_topology_traces_that_show_the_calls_stand_in_for_it(folder: Path) -> None:
    (folder / "context" / "topology.json").unlink()
    assert read_case(folder).observations.gaps == ()


def test_a_broken_file_is_a_gap_with_file_and_line_and_what_stands_before_the_break_is_read(folder: Path) -> None:
    path = folder / "traces.json"
    path.write_text(path.read_text()[:-20])
    observed = read_case(folder).observations
    assert len(observed.traces) == 1
    assert [gap.reason for gap in observed.gaps] == ["traces.json: line 21: this is no JSON (unterminated string)"]


def test_bad_lines_are_skipped_and_counted(folder: Path) -> None:
    with (folder / "logs.ndjson").open("a") as file:
        file.write('{"timestamp": "yesterday", "service": "orders"}\nnot json\n[]\n')
    observed = read_case(folder).observations
    assert len(observed.logs) == 2
    assert observed.gaps == (
        Gap(
            signal="logs",
            reason="logs.ndjson: 3 lines skipped, the first at line 3: the time 'yesterday' cannot be read",
            remedy="mend or remove them in logs.ndjson",
        ),
    )


def test_a_file_that_nobody_knows_is_said_not_to_be_read_and_a_ground_truth_is_never_opened(folder: Path) -> None:
    (folder / "context" / "weather.json").write_text("{}")
    answer = folder / "ground_truth.json"
    answer.mkdir()  # Opening it would fail.
    (gap,) = read_case(folder).observations.gaps
    assert gap.reason.startswith("'context/weather.json' was not read")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("[]", "line 1: this is an array, not a JSON object"),
        ('{"service": "a"}', '"fired_at" is nothing'),
        ('{"fired_at": "soon"}', "\"fired_at\" is 'soon'"),
        ('{\n"fired_at": ', "line 2: this is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"fired_at": ' + "9" * 5000 + "}", "too many digits"),
    ],
)
def test_an_alert_that_cannot_be_used_is_an_error_that_names_the_file_and_the_remedy(
    folder: Path, content: str, said: str
) -> None:
    (folder / "alert.json").write_text(content)
    with pytest.raises(CaseFolderError) as caught:
        read_case(folder)
    assert said in str(caught.value)
    assert str(folder / "alert.json") in str(caught.value)
    assert "give one JSON object" in str(caught.value)


def test_a_folder_one_level_too_high_is_told_the_right_one(folder: Path) -> None:
    with pytest.raises(CaseFolderError, match=f"name {folder}"):
        read_case(folder.parent)


def test_the_given_cases_are_read_without_a_gap() -> None:
    for folder in given_cases():
        observed = read_case(folder).observations
        assert observed.gaps == (), folder
        assert observed.metrics, folder
        assert {change.kind for change in observed.changes} >= {"deploy", "commit"}, folder
