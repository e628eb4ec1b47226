"""The database: transactions, and who is told after a commit what they touched."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from ..domain.base import IncidentId
from .alerts import Alerts
from .certificates import Certificates
from .changes import Changes
from .dialect import WRITES, DatabaseUnusable, async_engine, unusable
from .executions import Executions
from .incidents import Incidents
from .ledger import Ledger
from .ledger_key import LedgerKey
from .outcomes import Outcomes
from .passages import Passages
from .practice import PracticeRuns
from .tables import EventRow
from .usage import UsageLog
from .values import Values

Listener = Callable[[frozenset[IncidentId]], None]
_log = structlog.get_logger(__name__)


class DatabaseClosed(Exception):
    """The database was used before `open` or after `close`."""


class SchemaMissing(Exception):
    """The database has no schema, or an old one; the message says how to migrate."""


class Unit:
    """One transaction: every repository reads and writes within it."""

    def __init__(self, session: AsyncSession, key: LedgerKey) -> None:
        self._touched: set[IncidentId] = set()
        self.ledger = Ledger(session, key, self._touched.add)
        self.incidents = Incidents(session, self._touched.add)
        self.alerts = Alerts(session, self._touched.add)
        self.practice = PracticeRuns(session)
        self.certificates = Certificates(session)
        self.changes = Changes(session)
        self.values = Values(session)
        self.executions = Executions(session)
        self.passages = Passages(session)
        self.usage = UsageLog(session)
        self.outcomes = Outcomes(session)

    @property
    def touched(self) -> frozenset[IncidentId]:
        """The incidents this transaction changed so far."""
        return frozenset(self._touched)


class Database:
    """The application's database. Several processes may share one; writing transactions are serialised among them.

    Args:
        url: `sqlite:///...` or `postgresql://...`.
        ledger_key: File of the Ed25519 key that seals the ledger; made, readable by its owner only, with the first
            ledger.
    """

    def __init__(self, url: str, ledger_key: Path) -> None:
        self._url = url
        self._key_path = ledger_key
        self._engine: AsyncEngine | None = None
        self._key: LedgerKey | None = None
        self._writing = asyncio.Lock()
        self._listeners: list[Listener] = []

    async def open(self) -> None:
        """Connect and read the ledger's key.

        Raises:
            SchemaMissing: the schema was not migrated.
            DatabaseUnusable: it cannot be reached, or is no database.
            LedgerKeyUnusable: the ledger has events and its key is missing or broken.
            UnsupportedDatabase: the URL names another kind of database.
        """
        engine = async_engine(self._url)
        try:
            async with AsyncSession(engine) as session:
                begun = (await session.execute(select(col(EventRow.sequence)).limit(1))).first() is not None
            self._key = LedgerKey.load(self._key_path) if begun else LedgerKey.load_or_create(self._key_path)
        except DatabaseError as error:
            await engine.dispose()
            raise _why_not_opened(self._url, error) from error
        except BaseException:
            await engine.dispose()
            raise
        self._engine = engine

    async def close(self) -> None:
        """Let go of all connections. Closing twice is harmless."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Unit]:
        """One serialised transaction: durable once the block has ended, undone when it raises.

        Do not wait for anything slow inside: every other writer waits meanwhile.
        """
        engine, key = self._opened()
        async with self._writing, AsyncSession(engine, expire_on_commit=False) as session:
            await session.connection(execution_options={WRITES: True})
            unit = Unit(session, key)
            yield unit
            await unit.ledger.sign_head()
            await session.commit()
        self._tell(unit.touched)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Unit]:
        """A consistent view of one moment. What is changed in it is not kept."""
        engine, key = self._opened()
        async with AsyncSession(engine, expire_on_commit=False) as session:
            yield Unit(session, key)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each commit of this process with the incidents it touched; returns how to stop that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def _opened(self) -> tuple[AsyncEngine, LedgerKey]:
        if self._engine is None or self._key is None:
            raise DatabaseClosed("the database is not open; call open() first")
        return self._engine, self._key

    def _tell(self, touched: frozenset[IncidentId]) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(touched)
            except Exception:  # noqa: BLE001 - the transaction is committed: its writer must not be told it failed
                _log.exception("a listener failed after a commit")


def _why_not_opened(url: str, error: DatabaseError) -> SchemaMissing | DatabaseUnusable:
    if isinstance(error, ProgrammingError) or "no such table" in str(error.orig):
        return SchemaMissing(
            f"the database has no usable schema ({error.orig}); run `alembic upgrade head`, or start with "
            "`incident-commander up`, which migrates"
        )
    return unusable(url, error)
