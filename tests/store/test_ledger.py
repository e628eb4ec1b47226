"""The ledger keeps what it is given, and finds whatever else happens to it."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from incident_commander.domain.event import Event
from incident_commander.store import Database, KeyReused, LedgerBroken, LedgerReport
from incident_commander.store.chain import GENESIS, chained, event_hash, to_fields
from incident_commander.store.tables import EventRow

from .databases import NOON, Home, connected, incident, new_event, opened, sqlite_home, tamper

COLUMNS = tuple(name for name in EventRow.model_fields if name != "sequence")
Payload = dict[str, int | str]
Change = Callable[[Home], int | None]
"""Something done to a stored ledger; returns the sequence number that must be named."""
payloads = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8"), max_size=10),
    max_size=3,
)
ledgers = st.lists(payloads, min_size=2, max_size=7)


async def _fill(home: Home, payloads: Sequence[Payload]) -> tuple[Event, ...]:
    async with opened(home) as database:
        for start in range(0, len(payloads), 2):
            async with database.write() as unit:
                for index in range(start, min(start + 2, len(payloads))):
                    await unit.ledger.append(new_event(f"key-{index}", dict(payloads[index])))
        async with database.read() as unit:
            return await unit.ledger.after(0, 100)


async def _verify(home: Home) -> LedgerReport:
    async with opened(home) as database, database.read() as unit:
        return await unit.ledger.verify()


def _rows(home: Home) -> list[dict[str, object]]:
    with connected(home) as connection:
        stored = connection.exec_driver_sql("SELECT * FROM ledger_events ORDER BY sequence")
        return [dict(row) for row in stored.mappings()]


def _write(home: Home, rows: Sequence[dict[str, object]]) -> None:
    """Put rows in place of the whole ledger."""
    names = ("sequence", *COLUMNS)
    insert = f"INSERT INTO ledger_events ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    tamper(
        home,
        [("DELETE FROM ledger_events", ()), *((insert, tuple(row[name] for name in names)) for row in rows)],
    )


def _tampered(home: Home, payloads: Sequence[Payload], change: Change) -> tuple[LedgerReport, int | None]:
    asyncio.run(_fill(home, payloads))
    expected = change(home)
    return asyncio.run(_verify(home)), expected


class Edit:
    def __init__(self, position: float, column: str, at: float) -> None:
        self.position, self.column, self.at = position, column, at

    def __call__(self, home: Home) -> int | None:
        rows = _rows(home)
        row = rows[int(self.position * len(rows))]
        text = str(row[self.column])
        index = int(self.at * len(text))
        # The database itself refuses a key that another event has, so the edit makes one that none has.
        flipped = 64 if self.column == "key" else 1
        text = text[:index] + chr((ord(text[index]) ^ flipped) or 1) + text[index + 1 :]
        tamper(home, [(f"UPDATE ledger_events SET {self.column} = ? WHERE sequence = ?", (text, row["sequence"]))])
        return int(str(row["sequence"]))


class Delete:
    def __init__(self, position: float, *, renumber: bool) -> None:
        self.position, self.renumber = position, renumber

    def __call__(self, home: Home) -> int | None:
        rows = _rows(home)
        index = int(self.position * len(rows))
        del rows[index]
        if self.renumber:
            for number, row in enumerate(rows, 1):
                row["sequence"] = number
        _write(home, rows)
        return index + 1


class Insert:
    """A well-formed event put in, chained to the one before; what follows is renumbered, and chained anew if asked."""

    def __init__(self, position: float, *, rechain: bool) -> None:
        self.position, self.rechain = position, rechain

    def __call__(self, home: Home) -> int | None:
        rows = _rows(home)
        index = int(self.position * len(rows))
        before = str(rows[index - 1]["hash"]) if index else GENESIS
        forged = chained(new_event("forged"), index + 1, NOON, type(GENESIS)(before))
        rows.insert(index, {**to_fields(forged), "seal": rows[index]["seal"]})
        previous = forged.hash
        for number, row in enumerate(rows[index + 1 :], index + 2):
            row["sequence"] = number
            if self.rechain:
                row["previous_hash"] = previous
                event = Event.model_validate({**_without_seal(row), "payload": json.loads(str(row["payload"]))})
                previous = event_hash(event)
                row["hash"] = previous
        _write(home, rows)
        return index + 1


class Swap:
    def __init__(self, one: float, other: float) -> None:
        self.one, self.other = one, other

    def __call__(self, home: Home) -> int | None:
        rows = _rows(home)
        first, second = sorted((int(self.one * len(rows)), int(self.other * len(rows))))
        if first == second:
            first, second = (0, 1)
        rows[first], rows[second] = rows[second], rows[first]
        for number, row in enumerate(rows, 1):
            row["sequence"] = number
        _write(home, rows)
        return first + 1


def _without_seal(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "seal"}


positions = st.floats(0, 0.999)
changes = st.one_of(
    st.builds(Edit, positions, st.sampled_from(COLUMNS), positions),
    st.builds(Delete, positions, renumber=st.booleans()),
    st.builds(Insert, positions, rechain=st.booleans()),
    st.builds(Swap, positions, positions),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payloads=ledgers, change=changes)
def test_any_single_change_is_found_with_its_sequence_number(
    new_home: Callable[[], Home], payloads: list[Payload], change: Change
) -> None:
    report, expected = _tampered(new_home(), payloads, change)
    assert not report.valid
    assert report.first_bad == expected, report.reason
    assert report.reason


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payloads=ledgers)
def test_an_untouched_ledger_is_valid(new_home: Callable[[], Home], payloads: list[Payload]) -> None:
    report, _ = _tampered(new_home(), payloads, lambda _: None)
    assert report == LedgerReport(valid=True, events=len(payloads))


async def test_an_empty_ledger_is_valid(database: Database) -> None:
    async with database.read() as unit:
        assert await unit.ledger.verify() == LedgerReport(valid=True, events=0)


async def test_a_cut_tail_is_found(home: Home) -> None:
    await _fill(home, [{}, {}, {}])
    tamper(home, [("DELETE FROM ledger_events WHERE sequence > 1", ())])
    report = await _verify(home)
    assert (report.valid, report.first_bad) == (False, 2)
    assert "cut off" in report.reason


async def test_a_head_that_was_changed_to_fit_a_cut_tail_is_found(home: Home) -> None:
    first, *_ = await _fill(home, [{}, {}, {}])
    tamper(
        home,
        [
            ("DELETE FROM ledger_events WHERE sequence > 1", ()),
            ("UPDATE ledger_head SET events = 1, last_hash = ?", (first.hash,)),
        ],
    )
    report = await _verify(home)
    assert not report.valid
    assert "forged" in report.reason


async def test_a_missing_head_is_found(home: Home) -> None:
    await _fill(home, [{}])
    tamper(home, [("DELETE FROM ledger_head", ())])
    assert not (await _verify(home)).valid


async def test_an_emptied_ledger_is_found(home: Home) -> None:
    await _fill(home, [{}, {}])
    tamper(home, [("DELETE FROM ledger_events", ())])
    report = await _verify(home)
    assert (report.valid, report.first_bad) == (False, 1)


async def test_a_ledger_emptied_together_with_its_head_is_found_where_there_are_incidents(home: Home) -> None:
    async with opened(home) as database, database.write() as unit:
        await unit.incidents.add(incident())
        await unit.ledger.append(new_event("a"))
    tamper(home, [("DELETE FROM ledger_events", ()), ("DELETE FROM ledger_head", ())])
    report = await _verify(home)
    assert (report.valid, report.first_bad) == (False, 1)


async def test_nothing_is_appended_to_a_ledger_whose_end_was_cut_off(home: Home) -> None:
    await _fill(home, [{}, {}, {}])
    tamper(home, [("DELETE FROM ledger_events WHERE sequence = 3", ())])
    async with opened(home) as database:
        with pytest.raises(LedgerBroken, match="cut off"):
            async with database.write() as unit:
                await unit.ledger.append(new_event("later"))
    assert (await _verify(home)).first_bad == 3


@pytest.mark.parametrize("value", ["{not json", "[]", '{"a":NaN}', '{"a": 1}', "", "[" * 5000, '{"a":1e999}'])
async def test_an_event_that_no_longer_parses_is_named_and_does_not_stop_reading(home: Home, value: object) -> None:
    await _named_and_read_on(home, value)


async def _named_and_read_on(home: Home, value: object) -> None:
    await _fill(home, [{}, {"a": 1}, {}])
    tamper(home, [("UPDATE ledger_events SET payload = ? WHERE sequence = 2", (value,))])
    report = await _verify(home)
    assert (report.valid, report.first_bad) == (False, 2)
    async with opened(home) as database, database.read() as unit:
        assert {event.sequence for event in await unit.ledger.after(0, 10)} >= {1, 3}


@pytest.mark.parametrize("value", [b"\xff\xfe", 7])
async def test_what_is_no_text_at_all_is_named_and_does_not_stop_reading(tmp_path: Path, value: object) -> None:
    await _named_and_read_on(sqlite_home(tmp_path), value)


async def test_a_byte_changed_in_the_file_is_found(tmp_path: Path) -> None:
    await _fill(sqlite_home(tmp_path), [{"word": "before"}, {"word": "needle"}, {"word": "after"}])
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((tmp_path / "app.db").read_bytes())
    content[content.index(b"needle")] = 0xFF
    (tmp_path / "app.db").write_bytes(content)
    report = await _verify(sqlite_home(tmp_path))
    assert (report.valid, report.first_bad) == (False, 2)


_COPY = (
    "SELECT 9, key, incident_id, kind, actor, clock, occurred_at, recorded_at, payload, previous_hash, hash, seal "
    "FROM ledger_events WHERE sequence = 1"
)
_CHANGING = {
    "both": ("UPDATE ledger_events SET actor = 'nobody'", "DELETE FROM ledger_events"),
    "sqlite": (
        "INSERT OR REPLACE INTO ledger_events SELECT * FROM ledger_events WHERE sequence = 1",
        f"INSERT OR REPLACE INTO ledger_events {_COPY}",
    ),
    "postgresql": (
        "TRUNCATE ledger_events",
        "INSERT INTO ledger_events SELECT * FROM ledger_events ON CONFLICT (sequence) DO UPDATE SET payload = '{}'",
        f"INSERT INTO ledger_events {_COPY} ON CONFLICT (key) DO UPDATE SET sequence = 9",
    ),
}


async def test_the_database_itself_refuses_to_change_an_event(home: Home) -> None:
    await _fill(home, [{}])
    for statement in (*_CHANGING["both"], *_CHANGING["sqlite" if home.is_sqlite else "postgresql"]):
        with pytest.raises(DBAPIError, match="append-only"), connected(home) as connection:
            connection.exec_driver_sql(statement)
    assert (await _verify(home)).valid


async def test_the_same_key_appends_once(database: Database) -> None:
    async with database.write() as unit:
        first = await unit.ledger.append(new_event("k", {"a": 1}))
    async with database.write() as unit:
        later = new_event("k", {"a": 1}).model_copy(update={"occurred_at": NOON + timedelta(hours=1)})
        assert await unit.ledger.append(later) == first
        assert len(await unit.ledger.after(0, 10)) == 1


async def test_the_same_key_with_another_content_is_refused(database: Database) -> None:
    async with database.write() as unit:
        await unit.ledger.append(new_event("k", {"a": 1}))
        with pytest.raises(KeyReused, match="payload"):
            await unit.ledger.append(new_event("k", {"a": 2}))


async def test_append_once_keeps_the_first_payload(database: Database) -> None:
    async with database.write() as unit:
        first = await unit.ledger.append_once(new_event("k", {"took": 1}))
        assert await unit.ledger.append_once(new_event("k", {"took": 2})) == first
        with pytest.raises(KeyReused):
            await unit.ledger.append_once(new_event("k", {"took": 2}, incident_id="inc-2"))


async def test_an_append_that_is_rolled_back_leaves_no_trace(database: Database) -> None:
    async def fail_after_appending() -> None:
        async with database.write() as unit:
            await unit.ledger.append(new_event("k"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_appending()
    async with database.write() as unit:
        assert (await unit.ledger.append(new_event("k2"))).sequence == 1
    async with database.read() as unit:
        assert (await unit.ledger.verify()).valid


async def test_reading_by_incident_after_and_recent(database: Database) -> None:
    async with database.write() as unit:
        for index in range(4):
            await unit.ledger.append(new_event(f"k{index}", {"n": index}, incident_id=f"inc-{index % 2}"))
    async with database.read() as unit:
        assert [
            event.sequence for event in await unit.ledger.of_incident(new_event("x", None, "inc-1").incident_id)
        ] == [
            2,
            4,
        ]
        assert [event.sequence for event in await unit.ledger.after(1, 2)] == [2, 3]
        assert [event.sequence for event in await unit.ledger.recent("alert.resent", 2)] == [4, 3]
        assert await unit.ledger.recent("incident.opened", 2) == ()


@pytest.mark.parametrize(("number", "first_bad"), [(99, 2), (0, 0), (-5, -5)])
async def test_an_event_that_was_renumbered_is_found(home: Home, number: int, first_bad: int) -> None:
    await _fill(home, [{}, {}, {}])
    tamper(home, [("UPDATE ledger_events SET sequence = ? WHERE sequence = 2", (number,))])
    report = await _verify(home)
    assert (report.valid, report.first_bad) == (False, first_bad)
