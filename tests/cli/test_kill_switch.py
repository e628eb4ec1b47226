"""The kill switch on the command line: for whoever is at the machine, at once, with who and why in the ledger."""

import getpass
from pathlib import Path

from ..actions.test_register import another_worker, told
from ..store.databases import Home
from .test_mistakes import run


def test_it_is_thrown_and_released_with_who_and_why(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    assert run(tmp_path, "kill-switch").stdout == "the kill switch is off\n"
    thrown = run(tmp_path, "kill-switch", "on", "--reason", "a migration runs", "--by", "Ada")
    assert thrown.stdout.startswith("the kill switch is on since ")
    assert thrown.stdout.endswith("by Ada: a migration runs\n")
    assert run(tmp_path, "kill-switch").stdout == thrown.stdout
    released = run(tmp_path, "kill-switch", "off", "--reason", "done")
    assert released.stdout.endswith(f"by {getpass.getuser()} at this machine: done\n")
    assert "valid: 2 events" in run(tmp_path, "ledger", "verify").stdout


def test_a_worker_that_runs_already_does_nothing_more_from_then_on(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    data = tmp_path / ".data"
    with another_worker(Home(f"sqlite:///{data / 'incident-commander.db'}", data / "keys" / "ledger.pem")) as worker:
        assert told(worker, "inc-1 scale_out") == "done"
        assert run(tmp_path, "kill-switch", "on", "--reason", "a migration runs", "--by", "Ada").returncode == 0
        for order in ("inc-2 raise_pool", "inc-1 scale_out undo"):
            assert told(worker, order).startswith("Stopped: the kill switch is on (Ada: a migration runs)")
        assert run(tmp_path, "kill-switch", "off", "--reason", "done").returncode == 0
        assert told(worker, "inc-1 scale_out undo") == "done"


def test_a_reason_is_asked_for(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    refused = run(tmp_path, "kill-switch", "on")
    assert (refused.returncode, "--reason" in refused.stderr) == (2, True)
    assert run(tmp_path, "kill-switch").stdout == "the kill switch is off\n"


def test_without_a_database_the_remedy_is_told_and_none_is_made(tmp_path: Path) -> None:
    refused = run(tmp_path, "kill-switch", "on", "--reason", "stop")
    assert (refused.returncode, "set IC_DATA_DIR, or run `up`" in refused.stderr) == (2, True)
    assert not (tmp_path / ".data").exists()
