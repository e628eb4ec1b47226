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


async def test_the_events_of_one_deployment_are_one_change_with_its_beginning_and_its_last_word(
    database: Database,
) -> None:
    begun = reported_change("event-1")
    ended = reported_change("event-2", at=NOON + timedelta(minutes=5))
    one = begun.change.reference
    ended = ended.model_copy(update={"change": ended.change.model_copy(update={"reference": one, "summary": "failed"})})
    other = reported_change("event-3", at=NOON + timedelta(minutes=6))
    async with database.write() as unit:
        for each in (begun, ended, other):
            await unit.changes.add(each)
    changes = await RecordedChanges(database).changes(HOUR)
    assert [(change.at, change.summary) for change in changes] == [
        (NOON, "failed"),
        (other.change.at, other.change.summary),
    ]


async def test_a_flag_that_another_sender_turns_twice_is_two_changes(database: Database) -> None:
    on = reported_change("a", source="pagerduty")
    off = reported_change("b", source="pagerduty", at=NOON + timedelta(minutes=5))
    off = off.model_copy(update={"change": off.change.model_copy(update={"reference": on.change.reference})})
    async with database.write() as unit:
        await unit.changes.add(on)
        await unit.changes.add(off)
    assert len(await RecordedChanges(database).changes(HOUR)) == 2
