"""Files in other spellings than the usual are understood, and what is not is named with its place."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from incident_commander.telemetry.case_folder.context import read_commits, read_deploys, read_topology
from incident_commander.telemetry.case_folder.fields import moment, number, seconds, shown, text
from incident_commander.telemetry.case_folder.logs import read_logs, read_patterns
from incident_commander.telemetry.case_folder.status import read_status
from incident_commander.telemetry.case_folder.traces import read_traces

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def written(folder: Path, document: JsonValue) -> Path:
    path = folder / "file.json"
    path.write_text(json.dumps(document, indent=1))
    return path


@given(st.datetimes(datetime(1980, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_is_the_same_in_every_spelling(at: datetime) -> None:
    at = at.replace(microsecond=0)
    stamp = at.timestamp()
    for spelling in (
        at.isoformat(),
        f"{at:%Y-%m-%dT%H:%M:%S}Z",
        f"{at:%Y-%m-%d %H:%M:%S} UTC",
        f"{at:%Y-%m-%dT%H:%M:%S}",
    ):
        assert moment(spelling) == at
    for scale in (1, 1000, 10**6, 10**9):
        assert seconds(int(stamp) * scale) == pytest.approx(stamp)
        assert seconds(str(int(stamp) * scale)) == pytest.approx(stamp)


@pytest.mark.parametrize(
    "value", [None, True, "", "soon", [], {}, 0, -5, "1e999", 10**400, "9999-12-31T23:59:59Z", "0001-01-01"]
)
def test_what_is_no_time_is_none(value: JsonValue) -> None:
    assert moment(value) is None


def test_texts_and_numbers_are_taken_as_far_as_they_go() -> None:
    assert [number(each) for each in (1, "2.5", " 3 ", True, "x", 10**400, "inf", None)] == [1, 2.5, 3] + [None] * 5
    assert text("\ud800a") == "?a"
    assert len(text("x" * 50_000)) == 20_000
    assert text({"b": 1, "a": [True]}) == '{"a": [true], "b": 1}'
    assert shown("\x1b[2J") == r"'\x1b[2J'"


@pytest.mark.parametrize(
    "document",
    [
        {"services": ["a", {"name": "b", "kind": "database"}], "calls": [["a", "b"]]},
        {"nodes": [{"id": "a"}, {"id": "b", "type": "database"}], "edges": [{"source": "a", "target": "b"}]},
        {"services": {"a": {}, "b": {"kind": "DATABASE"}}, "dependencies": {"a": ["b"]}},
        {"services": [{"name": "a", "depends_on": ["b"]}, {"name": "b", "kind": "database"}]},
    ],
)
def test_a_topology_is_understood_in_several_shapes(tmp_path: Path, document: JsonValue) -> None:
    (topology,), skipped = read_topology(written(tmp_path, document))
    assert [(each.name, each.kind) for each in topology.services] == [("a", "unknown"), ("b", "database")]
    assert topology.calls == (("a", "b"),)
    assert skipped.found() == ()


@pytest.mark.parametrize(
    "document", [[["a", "b"], ["b", "a"]], {"a": ["b"], "b": "a"}, {"calls": [{"from": "a", "to": "b"}, ["b", "a"]]}]
)
def test_calls_alone_name_their_services(tmp_path: Path, document: JsonValue) -> None:
    (topology,), _ = read_topology(written(tmp_path, document))
    assert {each.name for each in topology.services} == {"a", "b"}
    assert set(topology.calls) == {("a", "b"), ("b", "a")}


def test_calls_that_are_none_are_skipped_and_counted(tmp_path: Path) -> None:
    (topology,), skipped = read_topology(written(tmp_path, {"calls": [["a", "b"], ["a"], 5, {"from": "a"}]}))
    assert topology.calls == (("a", "b"),)
    assert skipped.found()[0].reason.startswith("context/file.json: 3 entries skipped, the first at call 2")


@pytest.mark.parametrize(
    ("delta", "usual"),
    [
        ("+610", 2),
        ("-10", 622),
        ("+50%", 408),
        ("x2", 612),
        ("2x", 306),
        ("new", 0),
        (600, 12),
        (None, 612),
        ("?", 612),
    ],
)
def test_what_is_usual_is_reckoned_from_how_the_count_changed(tmp_path: Path, delta: JsonValue, usual: int) -> None:
    entry: JsonValue = {
        "signature": "t",
        "service": "a",
        "count": 612,
        "delta_vs_baseline": delta,
        "sentiment": "negative",
    }
    (summary,), _ = read_patterns(written(tmp_path, [entry]))
    assert (summary.usual, summary.bad) == (usual, True)


@pytest.mark.parametrize(
    ("written_level", "level"),
    [
        ("WARNING", "WARN"),
        ("err", "ERROR"),
        ("Critical", "FATAL"),
        ("trace", "DEBUG"),
        ("notice", "INFO"),
        (30, "INFO"),
    ],
)
def test_levels_are_known_by_how_they_begin(tmp_path: Path, written_level: JsonValue, level: str) -> None:
    path = tmp_path / "logs.ndjson"
    path.write_text(
        json.dumps({"time": NOON.isoformat(), "service.name": "a", "level": written_level, "body": "b", "k": 1})
    )
    ((record,), skipped) = read_logs(path)
    assert (record.level, record.message, record.attributes) == (level, "b", (("k", "1"),))
    assert skipped.found() == ()


def test_logs_given_as_an_array_are_read_as_such(tmp_path: Path) -> None:
    path = tmp_path / "logs.ndjson"
    path.write_text(json.dumps([{"timestamp": NOON.timestamp(), "service": "a", "msg": "m"}]))
    (record,), _ = read_logs(path)
    assert (record.at, record.service, record.message) == (NOON, "a", "m")


def test_spans_in_the_spelling_of_otel_are_read(tmp_path: Path) -> None:
    span: JsonValue = {
        "traceId": "t", "spanId": "s", "parentSpanId": "", "service.name": "a", "operationName": "GET",
        "startTimeUnixNano": str(int(NOON.timestamp()) * 10**9), "durationMs": 12.5, "status": {"code": 2},
        "attributes": {"http.status_code": 500},
    }  # fmt: skip
    (read,), _ = read_traces(written(tmp_path, {"spans": [span]}))
    assert (read.trace_id, read.parent_id, read.start, read.duration_ms, read.error) == ("t", None, NOON, 12.5, True)
    assert ("http.status_code", "500") in read.attributes


def test_changes_in_an_object_and_with_other_names_are_read_and_useless_ones_named(tmp_path: Path) -> None:
    (deploy,), _ = read_deploys(
        written(tmp_path, {"deploys": [{"at": NOON.isoformat(), "service": "a", "version": "v1"}]})
    )
    assert (deploy.reference, deploy.summary) == ("v1", "deploy v1")
    document: JsonValue = [{"commit": "c1", "date": NOON.isoformat(), "title": "t", "patch": "+x"}, {"sha": "c2"}, 7]
    (commit,), skipped = read_commits(written(tmp_path, document))
    assert (commit.reference, commit.summary, commit.detail) == ("c1", "t", "+x")
    assert skipped.found()[0].reason == (
        "context/file.json: 2 entries skipped, the first at line 8: the time nothing cannot be read"
    )


def test_a_status_page_in_the_shape_of_hosted_ones_is_read(tmp_path: Path) -> None:
    page: JsonValue = {
        "page": {"name": "acme"},
        "incidents": [{"name": "down", "impact": "critical", "created_at": NOON.isoformat(),
                       "resolved_at": NOON.replace(hour=13).isoformat(), "incident_updates": [{"body": "fixed"}]}, "x"],
    }  # fmt: skip
    (incident,), skipped = read_status(written(tmp_path, page))
    assert (incident.provider, incident.summary, incident.ended_at) == ("acme", "down: fixed", NOON.replace(hour=13))
    assert "1 entry skipped, at incident 2: it does not say when it started" in skipped.found()[0].reason


@given(st.text(max_size=40))
def test_any_text_as_a_file_gives_entries_or_says_why_not(content: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "file.json"
        path.write_text(content, encoding="utf-8", errors="replace")
        for read in (read_commits, read_topology, read_status, read_traces, read_logs):
            found, skipped = read(path)
            assert found or skipped.found() or content.strip() in ("[]", "{}")
