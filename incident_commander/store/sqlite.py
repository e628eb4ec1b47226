"""SQLite for an event loop: statements run where they are asked for, and only what may wait runs in a thread.

A statement of ours takes microseconds, far less than handing it to another thread and back. What waits for another
process's lock (the beginning of a writing transaction) or for the disk (its commit) would hold the loop up, and runs
in a thread of the engine's own.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from sqlalchemy import AsyncAdaptedQueuePool, Connection, Engine, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.util import await_only

DRIVER = "sqlite+inline"
"""What a URL of SQLAlchemy's names this dialect by, once this module is imported."""

_THREADS = 2
"""One writer begins while the one before it commits."""


class InlineSqlite(SQLiteDialect_pysqlite):
    """The standard library's driver, to be used within a running event loop."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_THREADS, "store")

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """A pool that waits in the event loop."""
        return AsyncAdaptedQueuePool

    def do_commit(self, dbapi_connection: DBAPIConnection) -> None:
        """Commit in a thread."""
        self.wait_for(dbapi_connection.commit)

    def wait_for(self, work: Callable[[], object]) -> None:
        """Do in a thread what may wait, and return when it is done; a cancelled caller waits for its end too.

        Two threads in one connection would each see half of what the other does.
        """
        await_only(_to_its_end(self._threads, work))

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)


def begin_immediate(connection: Connection) -> None:
    """Begin a writing transaction: at once where no other process writes, otherwise as soon as it has ended."""
    dialect = connection.dialect
    driver = connection.connection.driver_connection
    if not isinstance(dialect, InlineSqlite) or not isinstance(driver, sqlite3.Connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    dialect.wait_for(lambda: driver.execute("BEGIN IMMEDIATE"))


def close_threads(engine: Engine) -> None:
    """Let go of the threads of an engine that was disposed of."""
    if isinstance(engine.dialect, InlineSqlite):
        engine.dialect.close()


async def _to_its_end(threads: ThreadPoolExecutor, work: Callable[[], object]) -> None:
    done = asyncio.get_running_loop().run_in_executor(threads, work)
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        raise


registry.register("sqlite.inline", __name__, InlineSqlite.__name__)
