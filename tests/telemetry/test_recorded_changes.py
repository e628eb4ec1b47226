"""Real incidents see the changes that were reported to our doors."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import Window
from incident_commander.store import Database
from incident_commander.telemetry.recorded_changes import RecordedChanges
from tests.store.databases import NOON, opened, reported_change

HOUR = Window(start=NOON, end=NOON + timedelta(hours=1))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


async def test_without_any_report_ever_changes_are_a_gap_with_a_remedy(database: Database) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        await RecordedChanges(database).changes(HOUR)
    assert caught.value.gap.signal == "changes"
    assert "/api/alerts/eventbridge" in caught.value.gap.remedy


async def test_where_changes_are_reported_none_in_the_window_means_none(database: Database) -> None:
    async with database.write() as unit:
        await unit.changes.add(reported_change("old", at=NOON - timedelta(days=1)))
    assert await RecordedChanges(database).changes(HOUR) == ()


async def test_a_reported_deployment_is_read_by_the_live_world(database: Database) -> None:
    reported = reported_change("d-1")
    async with database.write() as unit:
        await unit.changes.add(reported)
    assert await RecordedChanges(database).changes(HOUR) == (reported.change,)
