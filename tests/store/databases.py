"""Databases for tests: migrated once, copied for each."""

import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from incident_commander.domain.alert import Alert, AlertSource, AlertStatus
from incident_commander.domain.base import Fingerprint, IncidentId, JsonObject, ServiceName
from incident_commander.domain.change import ChangeSource, ReportedChange
from incident_commander.domain.event import NewEvent
from incident_commander.domain.incident import Incident
from incident_commander.domain.telemetry import Change
from incident_commander.store import Database, blocking_url, migrate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Home:
    """Where a database and its ledger's key are: a SQLite file or a database on a PostgreSQL server."""

    url: str
    key: Path

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return self.url.startswith("sqlite")


def url_of(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


@cache
def _template() -> Path:
    path = Path(mkdtemp(prefix="ic-template-")) / "template.db"
    migrate(url_of(path))
    return path


def sqlite_home(folder: Path) -> Home:
    """A migrated database in a folder, as `app.db`, with its key as `ledger.key`; the same one again if it is there."""
    path = folder / "app.db"
    if not path.exists():
        shutil.copy(_template(), path)
    return Home(url_of(path), folder / "ledger.key")


@asynccontextmanager
async def opened(home: Home | Path) -> AsyncIterator[Database]:
    """A home's database, or the SQLite one of a folder."""
    home = sqlite_home(home) if isinstance(home, Path) else home
    database = Database(home.url, home.key)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def tamper(home: Home | Path, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
    """Change the ledger behind the program's back, as somebody with all rights can: without its triggers."""
    home = sqlite_home(home) if isinstance(home, Path) else home
    with connected(home) as connection:
        for trigger in ("no_update", "no_delete", "no_replace") if home.is_sqlite else ("no_change", "no_truncate"):
            on = "" if home.is_sqlite else " ON ledger_events"
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS ledger_events_{trigger}{on}")
        for statement, values in statements:
            driver_form = statement if home.is_sqlite else statement.replace("?", "%s")
            connection.exec_driver_sql(driver_form, values)


@contextmanager
def connected(home: Home) -> Iterator[Connection]:
    """A plain connection past the program; what is done in the block is committed."""
    engine = create_engine(blocking_url(home.url), poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


def new_event(key: str, payload: JsonObject | None = None, incident_id: str = "inc-1") -> NewEvent:
    """An event to append."""
    return NewEvent(
        key=key,
        incident_id=IncidentId(incident_id),
        kind="alert.resent",
        actor="ingest",
        clock="wall",
        occurred_at=NOON,
        payload=payload or {},
    )


def incident(incident_id: str = "inc-1", **changes: object) -> Incident:
    """An open incident."""
    base = Incident(
        id=IncidentId(incident_id),
        title="HighErrorRate on checkout",
        status="open",
        severity="high",
        services=(ServiceName("checkout"),),
        sources=("alertmanager",),
        clock="wall",
        began_at=NOON,
        opened_at=NOON,
    )
    return base.model_copy(update=changes)


def alert(
    fingerprint: str = "f1",
    *,
    status: AlertStatus = "firing",
    source: AlertSource = "alertmanager",
    ends_at: datetime | None = None,
) -> Alert:
    """An alert."""
    return Alert(
        fingerprint=Fingerprint(fingerprint),
        name="HighErrorRate",
        service=ServiceName("checkout"),
        severity="high",
        status=status,
        labels={"alertname": "HighErrorRate", "service": "checkout"},
        annotations={},
        starts_at=NOON,
        ends_at=ends_at,
        source=source,
        received_at=NOON,
    )


def reported_change(
    key: str,
    *,
    at: datetime = NOON,
    source: ChangeSource = "eventbridge",
    account: str = "111122223333",
    service: str = "checkout",
    received_at: datetime = NOON,
) -> ReportedChange:
    """A deployment that somebody reported."""
    change = Change(at=at, service=ServiceName(service), kind="deploy", reference=key, summary=f"deployed {service}")
    return ReportedChange(change=change, source=source, key=key, account=account, received_at=received_at)
