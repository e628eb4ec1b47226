"""`scenario record` and `record-scenarios`, and the recordings that are kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from incident_commander.cli.recordings import chosen_recordings
from incident_commander.response.recording import load_recording
from incident_commander.sandbox import load_scenarios

from ..running import REPOSITORY

KEPT = REPOSITORY / "assets" / "scenarios"


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in an empty folder."""
    return subprocess.run(
        [sys.executable, "-m", "incident_commander", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope", "--seed", "1", "--out", "a.json"], "there is no scenario 'nope'; choose one of"),
        (["memory_leak", "--seed", "1", "--out", "no/a.json"], "there is no folder no; make it first"),
        (["memory_leak", "--seed", "1", "--out", "a.json", "--assume", "speed"], "'speed' is no NAME=VALUE"),
        (["memory_leak", "--seed", "1", "--out", "a.json", "--assume", "speed=1"], "no figure 'speed' can be chosen"),
    ],
)
def test_what_cannot_be_recorded_is_refused_in_words(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run(tmp_path, "scenario", "record", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_scenario_is_not_recorded_anew(tmp_path: Path) -> None:
    done = run(tmp_path, "record-scenarios", "--only", "nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert "memory_leak" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_scenario_is_recorded_and_each_seed_once() -> None:
    chosen = [(each.scenario, each.seed) for each in chosen_recordings()]
    assert len(set(chosen)) == len(chosen)
    assert {scenario for scenario, _ in chosen} == {scenario.name for scenario in load_scenarios()}


def test_the_kept_recordings_are_those_and_all_can_be_played() -> None:
    played = [load_recording(file) for file in KEPT.glob("*.json")]
    assert {(each.run.scenario, each.run.seed) for each in played} == {
        (each.scenario, each.seed) for each in chosen_recordings()
    }
