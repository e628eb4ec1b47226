"""Process groups: conditions are waited for, nothing is left behind."""

import sys
from pathlib import Path

import pytest

from incident_commander.bench.process_group import EndedTooSoon, NeverHappened, ProcessGroup, wait_until

FAMILY = """
import signal, subprocess, sys, time
if {deaf}: signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("ready", flush=True)
time.sleep(600)
"""


def family(log: Path, *, deaf: bool = False) -> ProcessGroup:
    return ProcessGroup([sys.executable, "-c", FAMILY.format(deaf=deaf)], log=log)


def test_leaving_the_context_ends_a_program_and_its_children(tmp_path: Path) -> None:
    with family(tmp_path / "log") as group:
        group.wait_until(lambda: "ready" in group.log_tail(), 30, "the program")
        assert len(group.members()) == 2
        assert group.proportional_memory_mib() > 0
    assert group.members() == ()


def test_kill_ends_a_program_that_ignores_sigterm(tmp_path: Path) -> None:
    with family(tmp_path / "log", deaf=True) as group:
        group.wait_until(lambda: "ready" in group.log_tail(), 30, "the program")
        group.kill()
        assert group.members() == ()


def test_a_program_that_ends_too_soon_is_reported_with_what_it_printed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such setting'); raise SystemExit(3)"]
    with (
        ProcessGroup(command, log=tmp_path / "log") as group,
        pytest.raises(EndedTooSoon, match=r"ended with 3 before the server(.|\n)*no such setting"),
    ):
        group.wait_until(lambda: None, 30, "the server")


def test_a_condition_that_stays_false_is_named() -> None:
    with pytest.raises(NeverHappened, match="waited 0 s for the moon: it stayed false"):
        wait_until(lambda: False, 0, "the moon")
