"""Transactions are serialised, durable and announced; the key and the schema are where they should be."""

import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from incident_commander.domain.base import IncidentId, JsonObject
from incident_commander.store import (
    Database,
    DatabaseClosed,
    LedgerKeyUnusable,
    SchemaMissing,
    UnknownIncident,
    UnsupportedDatabase,
    migrate,
)
from incident_commander.store.migrations import downgrade

from .databases import Home, incident, new_event, opened, url_of

ROOT = Path(__file__).parents[2]
WRITER = """
import asyncio, sys
from pathlib import Path
from incident_commander.store import Database
from tests.store.databases import new_event

async def main(url, key, name):
    database = Database(url, Path(key))
    await database.open()
    for index in range(15):
        async with database.write() as unit:
            await unit.ledger.append(new_event(f"{name}-{index}"))
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_write_one_ledger_without_a_hole(home: Home) -> None:
    async with opened(home):
        pass
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, home.url, str(home.key), name, cwd=ROOT)
        for name in ("a", "b", "c")
    ]
    assert [await writer.wait() for writer in writers] == [0, 0, 0]
    async with opened(home) as database, database.read() as unit:
        report = await unit.ledger.verify()
    assert (report.valid, report.events) == (True, 45)


async def test_two_connections_at_once_append_to_one_chain_without_a_hole(home: Home) -> None:
    async def write(database: Database, name: str) -> None:
        for index in range(20):
            async with database.write() as unit:
                await unit.ledger.append(new_event(f"{name}-{index}"))
                await asyncio.sleep(0)
                await unit.ledger.append(new_event(f"{name}-{index}-more"))

    async with opened(home) as one, opened(home) as other:
        await asyncio.gather(write(one, "a"), write(other, "b"), write(one, "c"), write(other, "d"))
        async with one.read() as unit:
            report = await unit.ledger.verify()
            keys = [event.key for event in await unit.ledger.after(0, 200)]
    assert (report.valid, report.events) == (True, 160)
    pairs = list(zip(keys[::2], keys[1::2], strict=True))
    assert all(second == f"{first}-more" for first, second in pairs)


async def test_transactions_of_one_process_do_not_mix(database: Database) -> None:
    async def write(name: str) -> None:
        async with database.write() as unit:
            await unit.incidents.add(incident(name))
            await asyncio.sleep(0)
            await unit.ledger.append(new_event(name, incident_id=name))

    await asyncio.gather(*(write(f"inc-{index}") for index in range(20)))
    async with database.read() as unit:
        assert await unit.incidents.count() == 20
        assert (await unit.ledger.verify()).events == 20


async def test_a_reader_sees_one_moment(database: Database) -> None:
    async with database.read() as reading:
        assert await reading.incidents.count() == 0
        async with database.write() as unit:
            await unit.incidents.add(incident())
        assert await reading.incidents.count() == 0
    async with database.read() as unit:
        assert await unit.incidents.count() == 1


async def test_listeners_hear_of_a_commit_once_it_is_durable(database: Database) -> None:
    heard: list[frozenset[IncidentId]] = []
    unsubscribe = database.subscribe(heard.append)
    async with database.write() as unit:
        await unit.incidents.add(incident())
        await unit.ledger.append(new_event("k", incident_id="inc-2"))
        assert heard == []
    assert heard == [frozenset({IncidentId("inc-1"), IncidentId("inc-2")})]
    unsubscribe()
    async with database.write() as unit:
        await unit.incidents.update(incident(title="another"))
    assert len(heard) == 1


async def test_a_listener_that_fails_does_not_undo_the_commit_or_stop_the_others(database: Database) -> None:
    heard: list[frozenset[IncidentId]] = []

    def fail(_: frozenset[IncidentId]) -> None:
        raise ZeroDivisionError

    database.subscribe(fail)
    database.subscribe(heard.append)
    async with database.write() as unit:
        await unit.incidents.add(incident())
    assert len(heard) == 1
    async with database.read() as unit:
        assert (await unit.incidents.get(IncidentId("inc-1"))).title


async def test_the_ledger_key_is_for_its_owner_only_and_stays_the_same(home: Home) -> None:
    async with opened(home):
        pass
    key = home.key
    first = key.read_bytes()
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
    async with opened(home):
        assert key.read_bytes() == first
    assert not [name for name in os.listdir(key.parent) if name.startswith(".ledger")]


async def test_a_ledger_without_its_key_is_not_opened_with_a_new_one(home: Home) -> None:
    async with opened(home) as database, database.write() as unit:
        await unit.ledger.append(new_event("k"))
    home.key.unlink()
    with pytest.raises(LedgerKeyUnusable, match="restore that file"):
        async with opened(home):
            pass
    home.key.write_bytes(b"short")
    with pytest.raises(LedgerKeyUnusable, match="5 bytes"):
        async with opened(home):
            pass


async def test_a_database_without_schema_says_how_to_migrate(tmp_path: Path) -> None:
    with pytest.raises(SchemaMissing, match="alembic upgrade head"):
        await Database(url_of(tmp_path / "empty.db"), tmp_path / "key").open()


async def test_a_closed_database_says_so(home: Home) -> None:
    async with opened(home) as database:
        pass
    with pytest.raises(DatabaseClosed):
        async with database.read():
            pass


async def test_other_databases_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedDatabase, match="mysql"):
        await Database("mysql://x/y", tmp_path / "key").open()


async def test_an_unknown_incident_is_named(database: Database) -> None:
    async with database.read() as unit:
        with pytest.raises(UnknownIncident, match="inc-9"):
            await unit.incidents.get(IncidentId("inc-9"))
        assert await unit.incidents.find(IncidentId("inc-9")) is None


def _tables(path: Path) -> set[str]:
    engine = create_engine(f"sqlite:///{path}")
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_migrations_go_up_down_and_up_again_in_a_path_with_spaces(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "50 % of it" / "app.db"
    migrate(url_of(path))
    migrate(url_of(path))
    up = _tables(path)
    assert {"incidents", "alerts", "ledger_events"} < up
    downgrade(url_of(path))
    assert _tables(path) == {"alembic_version"}
    migrate(url_of(path))
    assert _tables(path) == up


def test_the_alembic_command_migrates_what_the_settings_name_and_finds_no_difference(tmp_path: Path) -> None:
    environment = {**os.environ, "IC_DATA_DIR": str(tmp_path), "IC_DATABASE_URL": ""}
    alembic = Path(sys.executable).with_name("alembic")
    for command in (["upgrade", "head"], ["check"], ["downgrade", "base"], ["upgrade", "head"]):
        done = subprocess.run([alembic, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert "incidents" in _tables(tmp_path / "incident-commander.db")


def test_a_copy_of_the_package_without_its_checkout_migrates(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "incident_commander", tmp_path / "site" / "incident_commander")
    code = "import sys; from incident_commander.store import migrate; migrate(sys.argv[1])"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    url = url_of(tmp_path / "app.db")
    done = subprocess.run(
        [sys.executable, "-c", code, url], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "incidents" in _tables(tmp_path / "app.db")


async def test_an_incident_of_an_older_schema_is_readable_after_the_migration_and_back(tmp_path: Path) -> None:
    url, key = url_of(tmp_path / "old.db"), tmp_path / "key"
    migrate(url, "0002")
    document = json.loads(incident().model_dump_json())
    document["groupings"] = [{"fingerprint": "f1", "reason": "opens this incident"}]
    _insert_incident(url, document)
    migrate(url)
    database = Database(url, key)
    await database.open()
    async with database.read() as unit:
        assert await unit.incidents.get(incident().id) == incident()
    await database.close()
    downgrade(url, "0002")
    migrate(url)


def _insert_incident(url: str, document: JsonObject) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO incidents (id, status, opened_at, recorded_at, document)"
                    " VALUES (:id, 'open', '2026-01-01 00:00:00', '2026-01-01 00:00:00', :document)"
                ),
                {"id": document["id"], "document": json.dumps(document)},
            )
    finally:
        engine.dispose()
