"""`scenario replay`: a recording's vote held again from the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from incident_commander.cli import command_line

RECORDING = Path(__file__).parents[2] / "assets" / "scenarios" / "memory_leak-3.json"


def replay(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(command_line(["scenario"]), ["scenario", "replay", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_supposition_is_told_beside_the_decision_as_it_was() -> None:
    status, out, _ = replay(str(RECORDING), "--fault", "prediction=lie", "--without", "detection", "--json")
    assert status == 0
    found = json.loads(out)
    assert found["as_it_was"]["ending"] == "acts"
    (supposed,) = found["supposed"]
    assert supposed["title"] == "without detection, prediction: lie"
    assert (supposed["ending"], supposed["flips"]) == ("no_quorum", True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--without", "weather"], "'weather' is neither a voter nor a signal"),
        (["--fault", "detection=sulk"], "'detection=sulk' is not VOTER=FAULT"),
        (["--fault", "detection=lie", "--fault", "detection=flip"], "detection is given two faults, lie and flip"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(arguments: list[str], says: str) -> None:
    status, _, told = replay(str(RECORDING), *arguments)
    assert status == 2
    assert says in " ".join(told.replace("│", " ").split())


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("{}")
    status, _, told = replay(str(tmp_path / "no.json"))
    assert status == 1
    assert "no.json is no recording" in told
