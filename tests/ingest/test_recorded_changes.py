"""Changes that doors take in are durable, once, and open nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from incident_commander.domain.base import IncidentId
from incident_commander.domain.telemetry import Window
from incident_commander.ingest import Intake, Overloaded
from incident_commander.store import Database

from ..store.databases import NOON, opened, reported_change
from .worlds import Worlds


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


async def _never(incident_id: IncidentId) -> None:
    raise AssertionError(f"a change opened {incident_id}")


async def test_changes_are_durable_once_and_open_no_incident(database: Database) -> None:
    intake = Intake(database, Worlds(), _never)
    assert await intake.record_changes([reported_change("d-1"), reported_change("d-2")]) == (True, True)
    assert await intake.record_changes([reported_change("d-2"), reported_change("d-3")]) == (False, True)
    async with database.read() as unit:
        kept = await unit.changes.between(Window(start=NOON, end=NOON + timedelta(minutes=1)))
    assert [each.key for each in kept] == ["d-1", "d-2", "d-3"]


async def test_too_many_posts_of_changes_at_once_are_turned_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incident_commander.ingest.intake.MAX_WAITING", 2)
    intake = Intake(database, Worlds(), _never)
    posts = [intake.record_changes([reported_change(f"d-{index}")]) for index in range(4)]
    answers = await asyncio.gather(*posts, return_exceptions=True)
    assert sum(isinstance(answer, Overloaded) for answer in answers) == 2
