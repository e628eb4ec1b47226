"""A recording holds all of a run, and a file is played only as it was recorded."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.business.cost import total_usd
from incident_commander.consensus.certificate import verify_certificate
from incident_commander.domain.base import JsonObject
from incident_commander.response.kept_traces import MOST_TRACES
from incident_commander.response.recording import (
    MAX_RECORDING_BYTES,
    RECORDING_FORMAT,
    Recording,
    UnreadableRecording,
    load_recording,
    read_recording,
    write_recording,
)
from incident_commander.sandbox import load_assumptions, load_scenarios

from .conftest import RealRun


@pytest.fixture
def recording(real_run: RealRun) -> Recording:
    """A real one."""
    return real_run.recording


def test_its_figures_are_those_that_scenario_run_prints(real_run: RealRun) -> None:
    recorded, printed = real_run.recording.report.model_dump(mode="json"), dict(real_run.printed)
    for told_apart in ("run_id", "incident_id", "wall_seconds"):
        recorded.pop(told_apart)
        printed.pop(told_apart, None)
    assert recorded == printed


def test_it_holds_the_whole_ledger_of_its_run(recording: Recording) -> None:
    assert [event.sequence for event in recording.events] == list(range(1, recording.report.ledger.events + 1))
    assert recording.incident is not None
    assert recording.incident.id == recording.report.incident_id


def test_its_certificate_can_be_checked_by_what_it_holds(recording: Recording) -> None:
    record = recording.record
    assert record is not None
    assert record.chosen is not None
    assert record.tally is not None
    assert record.tally.certificate is not None
    verify_certificate(record.tally.certificate, record.chosen.digest, record.incident.id, recording.public_keys)


def test_the_costs_are_the_sums_of_what_its_curves_show(recording: Recording) -> None:
    prices = {figure.name: figure.value for figure in recording.assumptions}
    courses = recording.courses
    shown = {
        course.name: total_usd(course, courses.interval_seconds, prices)
        for course in (courses.ours, courses.human, courses.nobody)
    }
    assert recording.record is not None
    compared = recording.record.comparison
    assert compared is not None
    assert shown == {"ours": compared.ours_usd, "human": compared.human_usd, "nobody": compared.nobody_usd}
    assert recording.baseline.customer_cost_usd == {"human": compared.human_usd, "nobody": compared.nobody_usd}


def test_every_assumed_figure_is_there_with_its_source(recording: Recording) -> None:
    shipped = {name: (figure.value, figure.source, None) for name, figure in load_assumptions()}
    assert {each.name: (each.value, each.source, each.shipped) for each in recording.assumptions} == shipped


def test_the_metrics_spoken_of_have_their_course(recording: Recording) -> None:
    assert recording.record is not None
    kept = {(trace.service, trace.metric) for trace in recording.traces}
    assert {(check.service, check.metric) for check in recording.record.checks} <= kept
    assert {(prediction.service, prediction.metric) for prediction in recording.record.predictions} <= kept
    assert len(kept) == len(recording.traces) <= MOST_TRACES
    for trace in recording.traces:
        assert sum(value is not None for value in trace.values) > 100, f"{trace.service} {trace.metric}"


def test_everyone_who_speaks_in_it_is_described(recording: Recording) -> None:
    described = {producer.actor for producer in recording.producers}
    assert described == {event.actor for event in recording.events}
    assert all(producer.what and not producer.models for producer in recording.producers)
    assert {producer.provenance.kind for producer in recording.producers} == {"simulated"}


def test_its_words_are_those_of_its_scenario(recording: Recording) -> None:
    titles = {scenario.name: scenario.title for scenario in load_scenarios()}
    assert recording.title == titles[recording.run.scenario]
    assert recording.versions.keys() == {"incident-commander", "python", "numpy"}


def test_a_file_gives_back_what_was_written(recording: Recording, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text("an older one")
    write_recording(recording, file)
    assert load_recording(file) == recording
    assert list(tmp_path.iterdir()) == [file]


def edited(recording: Recording, **changes: object) -> bytes:
    """The file with some fields changed, as by hand."""
    return json.dumps({**recording.model_dump(mode="json"), **changes}).encode()


def test_a_file_of_a_newer_version_says_that_this_program_is_too_old() -> None:
    raw = json.dumps({"format": RECORDING_FORMAT + 1, "something": "else"}).encode()
    with pytest.raises(UnreadableRecording, match=r"a\.json is of format 3, newer than 2, .*update this program"):
        read_recording(raw, "a.json")


@pytest.mark.parametrize(
    "changes",
    [{"title": "Another"}, {"recorded_at": "2026-01-01T00:00:00Z"}, {"events": []}, {"digest": "0" * 64}],
)
def test_an_edited_file_is_not_played(recording: Recording, changes: JsonObject) -> None:
    with pytest.raises(UnreadableRecording, match="was changed since it was recorded: its digest does not hold"):
        read_recording(edited(recording, **changes), "a.json")


def test_a_damaged_field_is_named(recording: Recording) -> None:
    with pytest.raises(UnreadableRecording, match=r"damaged at 'run\.seed'"):
        read_recording(edited(recording, run={**recording.run.model_dump(mode="json"), "seed": -1}), "a.json")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is cut off or no JSON"),
        (b"\x00\xff\xfe", "is cut off or no JSON"),
        (b"[" * 100_000, "is cut off or no JSON"),
        (b"null", "is no recording"),
        (b"{}", "is no recording"),
        (b'{"format": "one"}', "is no recording"),
        (b'{"format": 0}', "older than 2"),
        (b'{"format": 2}', "is damaged at 'recorded_at'"),
    ],
)
def test_what_is_no_recording_is_told_apart(raw: bytes, said: str) -> None:
    with pytest.raises(UnreadableRecording, match=f"a.json (is of format 0, )?{said}.*record-scenarios"):
        read_recording(raw, "a.json")


def test_a_truncated_file_says_so_wherever_it_ends(recording: Recording) -> None:
    raw = recording.model_dump_json().encode()
    for length in (1, 100, len(raw) // 2, len(raw) - 1):
        with pytest.raises(UnreadableRecording, match="is cut off or no JSON"):
            read_recording(raw[:length], "a.json")


@given(st.binary(max_size=200))
def test_no_file_is_worse_than_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadableRecording):
        read_recording(raw, "a.json")


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    file.touch()
    os.truncate(file, MAX_RECORDING_BYTES + 1)
    with pytest.raises(UnreadableRecording, match=f"huge.json has {MAX_RECORDING_BYTES + 1} bytes, more than"):
        load_recording(file)
