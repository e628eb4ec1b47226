import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from incident_commander.bench.commands import app
from incident_commander.bench.log_data import read_labelled_logs
from incident_commander.bench.logs import grouping_accuracy, logs_table, run_logs
from incident_commander.bench.reading import BadData

from ..running import REPOSITORY

GIVEN = REPOSITORY.parent / "shared" / "data" / "loghub_2k"
HEAD = "LineId,Content,EventId,EventTemplate"
ROWS = ['1,"opened, port 1",E1,t', '2,"opened, port 22",E1,t', "3,closed,E2,t"]


def system(folder: Path, name: str, lines: list[str]) -> Path:
    (folder / name).mkdir(parents=True)
    file = folder / name / f"{name}_2k.log_structured.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_group_is_right_only_when_it_is_exactly_the_lines_of_one_label() -> None:
    assert grouping_accuracy("aabbc", "xxyyz") == 1.0
    assert grouping_accuracy("aabbb", "xxyyz") == pytest.approx(2 / 5)
    assert grouping_accuracy("abcd", "xxyy") == 0.0


@given(st.lists(st.integers(0, 4), min_size=1))
def test_any_naming_of_the_right_groups_is_right(labels: list[int]) -> None:
    assert grouping_accuracy([f"group {label}" for label in labels], labels) == 1.0


def test_each_system_is_scored_and_counts_alike(tmp_path: Path) -> None:
    system(tmp_path, "Right", [HEAD, *ROWS])
    system(tmp_path, "Wrong", [HEAD, "1,closed,E1,t", "2,closed,E2,t"])
    result = run_logs(tmp_path)
    assert result.as_json()["systems"] == {"Right": 1.0, "Wrong": 0.0}
    assert result.mean == 0.5
    assert result.lines_per_second > 0
    assert "Drain" in logs_table(result)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "line 1: 0 columns 'Content'"),
        ([HEAD], "line 1: no rows"),
        (["LineId,Message,EventId", "1,a,E1"], "line 1: 0 columns 'Content'"),
        ([HEAD, *ROWS, "4,half a row"], "line 5: 2 fields; the head has 4"),
        ([HEAD, *ROWS, "4,closed,,t"], "line 5: no EventId"),
        ([HEAD, *ROWS, '4,"never closed,E2,t'], "line 5"),
        ([HEAD, *ROWS, "4,clo\0sed,E2,t"], "line 5: a NUL byte"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, lines: list[str], told: str) -> None:
    file = system(tmp_path, "Some", lines)
    with pytest.raises(BadData) as raised:
        read_labelled_logs(tmp_path)
    assert str(file) in str(raised.value)
    assert told in str(raised.value)


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    file = system(tmp_path, "Some", [HEAD, *ROWS])
    file.write_bytes(file.read_bytes() + b"4,\xff\xfe,E2,t\n")
    with pytest.raises(BadData, match=r"line 5: byte 0xff is not UTF-8"):
        read_labelled_logs(tmp_path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="nowhere is not a folder"):
        read_labelled_logs(tmp_path / "nowhere")
    with pytest.raises(BadData, match="holds no systems"):
        read_labelled_logs(tmp_path)
    (tmp_path / "Half").mkdir()
    (tmp_path / "Half" / "Half_2k.log").write_text("opened\n")
    with pytest.raises(BadData, match=r"Half_2k.log_structured.csv is missing"):
        read_labelled_logs(tmp_path)


def test_blank_lines_and_folders_of_something_else_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    system(tmp_path, "Some", [HEAD, *ROWS, "", ""])
    assert [log.system for log in read_labelled_logs(tmp_path)] == ["Some"]


def test_the_command_prints_one_object_or_one_error(tmp_path: Path) -> None:
    system(tmp_path, "Right", [HEAD, *ROWS])
    good = CliRunner().invoke(app, ["logs", "--data", str(tmp_path), "--json"])
    assert good.exit_code == 0
    assert set(json.loads(good.stdout)) == {"systems", "mean", "lines_per_second"}
    bad = CliRunner().invoke(app, ["logs", "--data", str(tmp_path / "nowhere")])
    assert bad.exit_code == 1
    assert "nowhere is not a folder" in bad.stderr


@pytest.mark.skipif(not GIVEN.is_dir(), reason="the labelled logs are not beside the checkout")
def test_the_given_systems_are_grouped_nearly_as_labelled() -> None:
    result = run_logs(GIVEN)
    assert result.mean > 0.99
    assert min(each.accuracy for each in result.systems) > 0.98
