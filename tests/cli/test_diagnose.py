"""`diagnose` prints for people or for machines, and says in words what it cannot read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..telemetry.case_folder.cases import small_case


def diagnose(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with nothing in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "incident_commander", "diagnose", *arguments],
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_case_is_told_in_words_and_as_one_json_object_by_the_same_answer(tmp_path: Path) -> None:
    folder = small_case(tmp_path)
    told, report = diagnose(str(folder)), diagnose(str(folder), "--json")
    assert (told.returncode, told.stderr, report.returncode, report.stderr) == (0, "", 0, "")
    answer = json.loads(report.stdout)
    assert told.stdout.startswith(answer["verdict"].upper())
    assert answer["hypotheses"][0]["service"] in told.stdout.split("\n\n")[0]
    assert "\x1b" not in told.stdout


def test_what_the_terminal_cannot_show_is_replaced(tmp_path: Path) -> None:
    folder = small_case(tmp_path)
    commits = json.loads((folder / "context" / "commits.json").read_text())
    commits[0]["author"] = "Zo\u00eb \u7530\u4e2d"
    (folder / "context" / "commits.json").write_text(json.dumps(commits))
    done = diagnose(str(folder), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("make", ["missing", "file", "no alert", "bad alert", "unreadable name"])
def test_a_folder_that_cannot_be_read_exits_2_with_the_reason_and_the_remedy(tmp_path: Path, make: str) -> None:
    folder = tmp_path / "case"
    match make:
        case "file":
            folder.write_text("")
        case "no alert":
            folder.mkdir()
        case "bad alert":
            folder.mkdir()
            (folder / "alert.json").write_text('{\n  "fired_at": \n')
        case "unreadable name":
            folder = tmp_path / ("x" * 300)
    done = diagnose(str(folder), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("the case cannot be read: ")
    assert "; " in done.stderr
    assert "Traceback" not in done.stderr
