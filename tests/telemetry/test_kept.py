"""Answers that are kept for a while."""

import asyncio

import pytest

from incident_commander.telemetry.kept import Kept


class Reader:
    """Counts how often it is asked, and answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.let = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.asked += 1
        await self.let.wait()
        if self.fails:
            raise ValueError("no")
        return self.asked


async def test_all_who_ask_meanwhile_are_given_one_reading() -> None:
    reader, kept = Reader(), Kept[str, int](10)
    waiting = [asyncio.ensure_future(kept.get("a", reader)) for _ in range(3)]
    await asyncio.sleep(0)
    reader.let.set()
    assert await asyncio.gather(*waiting) == [1, 1, 1]
    assert await kept.get("a", reader) == 1
    assert await kept.get("b", reader) == 2


async def test_an_answer_that_has_grown_old_is_read_again() -> None:
    now = 0.0
    reader, kept = Reader(), Kept[str, int](10, clock=lambda: now)
    reader.let.set()
    assert await kept.get("a", reader) == 1
    now = 9.9
    assert await kept.get("a", reader) == 1
    now = 10.0
    assert await kept.get("a", reader) == 2


async def test_an_answer_that_lacks_something_is_good_for_a_minute_and_a_whole_one_for_longer() -> None:
    now = 0.0
    reader, kept = Reader(), Kept[str, int](600, clock=lambda: now, lacking=lambda answer: answer == 1)
    reader.let.set()
    assert await kept.get("a", reader) == 1
    now = 59.9
    assert await kept.get("a", reader) == 1
    now = 60.0
    assert await kept.get("a", reader) == 2
    now = 600.0
    assert await kept.get("a", reader) == 2


async def test_a_reading_goes_on_when_who_asked_has_given_up() -> None:
    reader, kept = Reader(), Kept[str, int](10)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await kept.get("a", reader)
    reader.let.set()
    assert await kept.get("a", reader) == 1


async def test_an_error_is_told_to_all_who_wait_and_is_not_kept() -> None:
    reader, kept = Reader(), Kept[str, int](10)
    reader.fails = True
    waiting = [asyncio.ensure_future(kept.get("a", reader)) for _ in range(2)]
    await asyncio.sleep(0)
    reader.let.set()
    assert [type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == [ValueError, ValueError]
    reader.fails = False
    assert await kept.get("a", reader) == 2


async def test_only_the_newest_answers_are_kept() -> None:
    reader, kept = Reader(), Kept[str, int](10, most=2)
    reader.let.set()
    for key in ("a", "b", "c", "b", "c"):
        await kept.get(key, reader)
    assert reader.asked == 3
    await kept.get("a", reader)
    assert reader.asked == 4


async def test_what_is_being_read_at_the_end_is_given_up() -> None:
    reader, kept = Reader(), Kept[str, int](10)
    waiting = asyncio.ensure_future(kept.get("a", reader))
    await asyncio.sleep(0)
    kept.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
