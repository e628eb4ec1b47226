"""`incident-commander ledger verify`, as a person runs it."""

import asyncio
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_commander.domain.base import IncidentId
from incident_commander.domain.event import NewEvent
from incident_commander.store import Database, migrate


def verify(data_dir: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run the command on a data folder."""
    return subprocess.run(
        [sys.executable, "-m", "incident_commander", "ledger", "verify", *options],
        env={"IC_DATA_DIR": str(data_dir), "PATH": "/usr/bin:/bin", "HOME": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder whose ledger holds five events."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'incident-commander.db'}"
    migrate(url)

    async def fill() -> None:
        database = Database(url, tmp_path / "keys" / "ledger.pem")
        await database.open()
        try:
            async with database.write() as unit:
                for number in range(1, 6):
                    await unit.ledger.append(
                        NewEvent(
                            key=f"event-{number}",
                            incident_id=IncidentId("inc_1"),
                            kind="stage.started",
                            actor="response",
                            clock="wall",
                            occurred_at=datetime(2026, 3, 1, 12, number, tzinfo=UTC),
                            payload={"stage": "detect", "number": number},
                        )
                    )
        finally:
            await database.close()

    asyncio.run(fill())
    return tmp_path


def test_an_untouched_ledger_is_valid(data_dir: Path) -> None:
    done = verify(data_dir)
    assert (done.returncode, done.stdout) == (0, "valid: 5 events, every one as it was written\n")


def test_one_changed_byte_is_found_and_the_event_named(data_dir: Path) -> None:
    file = data_dir / "incident-commander.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = file.read_bytes()
    assert raw.count(b'"number":3') == 1
    file.write_bytes(raw.replace(b'"number":3', b'"number":9'))
    done = verify(data_dir)
    assert done.returncode == 1
    assert "event 3" in done.stdout


def test_a_missing_ledger_is_an_error_that_says_where_it_looked(tmp_path: Path) -> None:
    done = verify(tmp_path / "nowhere")
    assert done.returncode == 2
    assert "there is no database in" in done.stderr
    assert "IC_DATA_DIR" in done.stderr
