"""Everything that depends on which database it is: connecting, serialising writers, append-only tables, integrity.

SQLite is the default and PostgreSQL the other one; no other file of the store has SQL that only one of them speaks.
"""

from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from .sqlite import begin_immediate, close_threads
from .url import application_url, blocking_url, shown_url

WRITES = "incident_commander_writes"
"""Execution option that marks a connection's transaction as a writing one."""

BUSY_TIMEOUT_MS = 8_000
"""How long a writer waits for another process's transaction: far above any of ours, and below the ten seconds after
which Prometheus gives a delivery up, so that it hears why."""

CONNECT_TIMEOUT_SECONDS = 5
"""How long PostgreSQL may take to answer a new connection."""

ABANDONED_MS = 60_000
"""A transaction this long without a statement is one whose process hangs: PostgreSQL ends it, and its lock with it."""

_PG_WRITE_LOCK = 0x1C0DE
"""Any fixed number: the advisory lock all our writing transactions take on PostgreSQL."""


class DatabaseUnusable(Exception):
    """The database cannot be reached, or is none; the message says which one and why, without a password."""


class _Cursor(Protocol):
    def execute(self, statement: str, /) -> object: ...

    def close(self) -> object: ...


class _SqliteConnection(Protocol):
    isolation_level: str | None
    text_factory: object

    def cursor(self) -> _Cursor: ...


def async_engine(url: str) -> AsyncEngine:
    """An engine whose transactions are deferred reads, or serialised writes where WRITES is set.

    Raises:
        UnsupportedDatabase: the URL is neither SQLite's nor PostgreSQL's.
    """
    parsed = application_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed, pool_size=8, max_overflow=8, pool_timeout=BUSY_TIMEOUT_MS / 1000)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        event.listen(engine.sync_engine, "engine_disposed", close_threads)
        return engine
    engine = create_async_engine(
        parsed,
        pool_size=8,
        max_overflow=8,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        # A server that was restarted has dropped the connections that wait in the pool.
        pool_pre_ping=True,
        connect_args=_postgresql_options(parsed),
    )
    event.listen(engine.sync_engine, "begin", _begin_postgresql)
    return engine


def migration_engine(url: str) -> Engine:
    """A blocking engine for schema migrations; one whole migration is one serialised transaction.

    Raises:
        UnsupportedDatabase: the URL is neither SQLite's nor PostgreSQL's.
    """
    parsed = blocking_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, poolclass=NullPool)
        event.listen(engine, "connect", _prepare_sqlite_migration)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine
    engine = create_engine(parsed, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS})
    event.listen(engine, "begin", _lock_postgresql)
    return engine


def check_database(url: str) -> None:
    """Connect once, and make nothing: a SQLite file that is not there yet is fine.

    Raises:
        UnsupportedDatabase: the URL is neither SQLite's nor PostgreSQL's.
        DatabaseUnusable: it cannot be reached, or is no database.
    """
    parsed = blocking_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        return
    engine = migration_engine(url)
    try:
        engine.connect().close()
    except DatabaseError as error:
        raise unusable(url, error) from error
    finally:
        engine.dispose()


def unusable(url: str, error: DatabaseError) -> DatabaseUnusable:
    """What to tell of a database that could not be opened at all."""
    reason = " ".join(str(error.orig).split())
    if "file is not a database" in reason:
        reason = "the file is not a SQLite database; move it away, or name another by IC_DATA_DIR or IC_DATABASE_URL"
    return DatabaseUnusable(f"{shown_url(url)} cannot be used: {reason}")


def forbid_changes(connection: Connection, table: str) -> None:
    """Let the database itself refuse to update, delete or replace a row of a table keyed by `sequence` and `key`."""
    for statement in _FORBID[connection.dialect.name]:
        connection.execute(text(statement.format(table=table)))


def allow_changes(connection: Connection, table: str) -> None:
    """Take `forbid_changes` back, for a downgrade."""
    for statement in _ALLOW[connection.dialect.name]:
        connection.execute(text(statement.format(table=table)))


def integrity_problem(connection: Connection, table: str) -> str | None:
    """What the database's own check finds wrong with a table and its indexes; None where it finds nothing.

    PostgreSQL has no such check without an extension, so there it always returns None.
    """
    if connection.dialect.name != "sqlite":
        return None
    findings = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA integrity_check({table})")]
    return None if findings == ["ok"] else "; ".join(findings[:3])


def _prepare_sqlite(connection: _SqliteConnection, _record: object) -> None:
    # Transactions are begun by the `begin` listener alone, never by the driver's guess.
    connection.isolation_level = None
    # A row with broken UTF-8 must reach the ledger's verification as a wrong text, not end the query.
    connection.text_factory = _decode
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def _prepare_sqlite_migration(connection: _SqliteConnection, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES, False):
        begin_immediate(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _postgresql_options(url: URL) -> dict[str, int | str]:
    """What a connection is opened with, unless the URL says otherwise."""
    timeouts = f"-c lock_timeout={BUSY_TIMEOUT_MS} -c idle_in_transaction_session_timeout={ABANDONED_MS}"
    options: dict[str, int | str] = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "options": timeouts}
    return {name: value for name, value in options.items() if name not in url.query}


def _begin_postgresql(connection: Connection) -> None:
    # A writer that waited for the lock must see what the one before it wrote, so its snapshot is per statement.
    if connection.get_execution_options().get(WRITES, False):
        _lock_postgresql(connection)
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _lock_postgresql(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_PG_WRITE_LOCK})")


_FORBID: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        "BEGIN SELECT RAISE(ABORT, '{table} is append-only: rows are never changed'); END",
        "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        "BEGIN SELECT RAISE(ABORT, '{table} is append-only: rows are never deleted'); END",
        # INSERT OR REPLACE deletes without firing delete triggers.
        "CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
        "WHEN EXISTS (SELECT 1 FROM {table} WHERE sequence = NEW.sequence OR key = NEW.key) "
        "BEGIN SELECT RAISE(ABORT, '{table} is append-only: rows are never replaced'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '{table} is append-only: rows are never changed or deleted'; END $$",
        "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
        "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
    ),
}

_ALLOW: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "DROP TRIGGER {table}_no_update",
        "DROP TRIGGER {table}_no_delete",
        "DROP TRIGGER {table}_no_replace",
    ),
    "postgresql": (
        "DROP TRIGGER {table}_no_change ON {table}",
        "DROP TRIGGER {table}_no_truncate ON {table}",
        "DROP FUNCTION {table}_refuse()",
    ),
}
