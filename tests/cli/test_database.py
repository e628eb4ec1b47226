"""What the commands say of a database, as a person runs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from ..postgres import PASSWORD, PostgresServer
from ..running import free_port


def run(data_dir: Path, url: str, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with a database."""
    return subprocess.run(
        [sys.executable, "-m", "incident_commander", *command],
        env={"IC_DATA_DIR": str(data_dir), "IC_DATABASE_URL": url, "PATH": "/usr/bin:/bin", "HOME": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_ledger_on_a_server_is_migrated_and_verified_and_its_password_never_shown(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.database("template1")
    before = run(tmp_path, url, "ledger", "verify")
    assert (before.returncode, "migrate" in before.stderr) == (2, True)
    done = [run(tmp_path, url, *command) for command in (["migrate"], ["ledger", "verify"], ["doctor"])]
    assert "valid: 0 events" in done[1].stdout
    assert "postgresql 127.0.0.1:" in done[2].stdout
    said = "".join(each.stdout + each.stderr for each in (before, *done))
    assert PASSWORD not in said
    assert "of%3Amine" not in said


@pytest.mark.parametrize("command", [["ledger", "verify"], ["migrate"]])
def test_a_server_that_is_down_is_named_without_a_traceback(command: list[str], tmp_path: Path) -> None:
    done = run(tmp_path, f"postgresql://me:hunter2@127.0.0.1:{free_port()}/commander", *command)
    assert done.returncode == 2
    assert "commander cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_another_kind_of_database_is_refused_with_the_setting_named(tmp_path: Path) -> None:
    done = run(tmp_path, "mysql://me:hunter2@db/commander", "up")
    assert done.returncode == 2
    assert "IC_DATABASE_URL" in done.stderr
    assert "'mysql'" in done.stderr
    assert "hunter2" not in done.stderr


def test_verifying_a_file_that_is_no_database_says_so_and_does_not_advise_to_migrate(tmp_path: Path) -> None:
    (tmp_path / "incident-commander.db").write_text("minutes of a meeting\n" * 500)
    done = run(tmp_path, "", "ledger", "verify")
    assert done.returncode == 2
    assert "is not a SQLite database" in done.stderr
    assert "upgrade" not in done.stderr
