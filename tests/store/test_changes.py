"""A reported change is kept once, and found by when it was made."""

from datetime import timedelta

from incident_commander.domain.telemetry import Window
from incident_commander.store import Database

from .databases import NOON, reported_change


async def test_a_change_that_is_reported_twice_is_kept_once_as_it_came_first(database: Database) -> None:
    again = reported_change("d-1", received_at=NOON + timedelta(hours=1))
    async with database.write() as unit:
        assert await unit.changes.add(reported_change("d-1"))
        assert not await unit.changes.add(again)
    async with database.read() as unit:
        kept = await unit.changes.between(Window(start=NOON, end=NOON + timedelta(seconds=1)))
    assert kept == (reported_change("d-1"),)


async def test_one_id_from_two_accounts_or_two_doors_is_two_changes(database: Database) -> None:
    async with database.write() as unit:
        assert await unit.changes.add(reported_change("d-1", account="111122223333"))
        assert await unit.changes.add(reported_change("d-1", account="444455556666"))
        assert await unit.changes.add(reported_change("d-1", source="pagerduty"))


async def test_changes_are_found_inside_a_window_the_oldest_first(database: Database) -> None:
    async with database.write() as unit:
        for minutes in (10, 5, 0):
            await unit.changes.add(reported_change(f"d-{minutes}", at=NOON + timedelta(minutes=minutes)))
    async with database.read() as unit:
        kept = await unit.changes.between(Window(start=NOON, end=NOON + timedelta(minutes=10)))
    assert [each.key for each in kept] == ["d-0", "d-5"]


async def test_a_store_knows_whether_a_change_was_ever_reported(database: Database) -> None:
    async with database.write() as unit:
        assert not await unit.changes.ever()
        await unit.changes.add(reported_change("d-1"))
        assert await unit.changes.ever()


async def test_the_longest_key_and_account_are_kept(database: Database) -> None:
    longest = reported_change("\U0001f525" * 512, account="\U0001f525" * 128)
    async with database.write() as unit:
        assert await unit.changes.add(longest)
        assert not await unit.changes.add(longest)
