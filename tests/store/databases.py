"""Databases for tests: migrated once, copied for each."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from incident_commander.domain.alert import Alert, AlertSource, AlertStatus
from incident_commander.domain.base import Fingerprint, IncidentId, JsonObject, ServiceName
from incident_commander.domain.change import ChangeSource, ReportedChange
from incident_commander.domain.event import NewEvent
from incident_commander.domain.incident import Incident
from incident_commander.domain.telemetry import Change
from incident_commander.store import Database, migrate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def url_of(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


@cache
def _template() -> Path:
    path = Path(mkdtemp(prefix="ic-template-")) / "template.db"
    migrate(url_of(path))
    return path


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    """A migrated database in a folder, as `app.db`, with its key as `ledger.key`; the same one again if it is there."""
    path = folder / "app.db"
    if not path.exists():
        shutil.copy(_template(), path)
    database = Database(url_of(path), folder / "ledger.key")
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def tamper(folder: Path, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
    """Change the ledger behind the program's back, as somebody with the file can: without its triggers."""
    with closing(sqlite3.connect(folder / "app.db")) as connection, connection:
        for trigger in ("no_update", "no_delete", "no_replace"):
            connection.execute(f"DROP TRIGGER IF EXISTS ledger_events_{trigger}")
        for statement, values in statements:
            connection.execute(statement, values)


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
        groupings=(),
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
