"""The tables. A row holds the domain value as one JSON document, and as columns only what queries need.

The ledger's rows are the exception: every field is a column of its own, stored as the very text that was hashed.
"""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

_BigInteger = BigInteger().with_variant(Integer(), "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time; SQLite, which has no time zones, gets and gives back the same moment."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class IncidentRow(SQLModel, table=True):
    """An incident. `ended_at` None means unfinished."""

    __tablename__ = "incidents"

    id: str = Field(primary_key=True)
    status: str = Field(index=True)
    practice_run: str | None = Field(default=None, index=True)
    opened_at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcTime, nullable=True, index=True))
    recorded_at: datetime = Field(sa_column=Column(UtcTime, nullable=False, index=True))
    document: str = Field(sa_column=Column(Text, nullable=False))


class AlertRow(SQLModel, table=True):
    """One alert within one incident, or recorded without one (`incident_id` None)."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("fingerprint", "incident_id", name="uq_alerts_fingerprint_incident"),
        Index("ix_alerts_status_ends_at", "status", "ends_at"),
        Index("ix_alerts_service_starts_at", "service", "starts_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(_BigInteger, primary_key=True, autoincrement=True))
    fingerprint: str = Field(index=True)
    name: str = Field(sa_column=Column(Text, nullable=False))
    service: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    incident_id: str | None = Field(default=None, sa_column=Column(String, ForeignKey("incidents.id"), index=True))
    status: str
    starts_at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    ends_at: datetime | None = Field(default=None, sa_column=Column(UtcTime, nullable=True))
    document: str = Field(sa_column=Column(Text, nullable=False))


class AlertDoorRow(SQLModel, table=True):
    """One door an alert came in by."""

    __tablename__ = "alert_doors"

    alert_id: int = Field(sa_column=Column(_BigInteger, ForeignKey("alerts.id"), primary_key=True))
    source: str = Field(primary_key=True)
    status: str
    ends_at: datetime | None = Field(default=None, sa_column=Column(UtcTime, nullable=True))
    first_received_at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    last_received_at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    deliveries: int


class EventRow(SQLModel, table=True):
    """One event of the ledger. Append-only by trigger. `seal` is the ledger key's signature over `hash`."""

    __tablename__ = "ledger_events"
    __table_args__ = (
        Index("ix_ledger_events_incident", "incident_id", "sequence"),
        Index("ix_ledger_events_kind", "kind", "sequence"),
    )

    sequence: int = Field(sa_column=Column(_BigInteger, primary_key=True, autoincrement=False))
    key: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    incident_id: str
    kind: str
    actor: str
    clock: str
    occurred_at: str
    recorded_at: str
    payload: str = Field(sa_column=Column(Text, nullable=False))
    previous_hash: str
    hash: str
    seal: str


class LedgerHeadRow(SQLModel, table=True):
    """How long the ledger is and how it ends, signed, so that a cut tail is noticed. One row, id 1."""

    __tablename__ = "ledger_head"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    events: int = Field(sa_column=Column(_BigInteger, nullable=False))
    last_hash: str
    signature: str


class PracticeRunRow(SQLModel, table=True):
    """A run of the practice company."""

    __tablename__ = "practice_runs"

    id: str = Field(primary_key=True)
    ended: bool = Field(index=True)
    started_at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    document: str = Field(sa_column=Column(Text, nullable=False))


class JournalRow(SQLModel, table=True):
    """An action a practice world received, once for each idempotency key."""

    __tablename__ = "practice_journal"
    __table_args__ = (UniqueConstraint("run", "idempotency_key", name="uq_practice_journal_key"),)

    run: str = Field(foreign_key="practice_runs.id", primary_key=True)
    sequence: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    idempotency_key: str
    action: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    applied: bool
    detail: str
    deliveries: int


class CertificateRow(SQLModel, table=True):
    """A certificate with the plan it is for; one for each incident and round."""

    __tablename__ = "certificates"

    incident_id: str = Field(foreign_key="incidents.id", primary_key=True)
    round: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    plan_digest: str
    certificate: str = Field(sa_column=Column(Text, nullable=False))
    plan: str = Field(sa_column=Column(Text, nullable=False))


class ChangeRow(SQLModel, table=True):
    """A change that was reported to us, once for each delivery that its sender tells apart."""

    __tablename__ = "changes"
    __table_args__ = (UniqueConstraint("source", "account", "key", name="uq_changes_delivery"),)

    id: int | None = Field(default=None, sa_column=Column(_BigInteger, primary_key=True, autoincrement=True))
    source: str
    account: str
    key: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(UtcTime, nullable=False, index=True))
    document: str = Field(sa_column=Column(Text, nullable=False))


class ExecutionRow(SQLModel, table=True):
    """An action towards the real world, by its idempotency key."""

    __tablename__ = "executions"

    key: str = Field(primary_key=True)
    resource: str
    outcome: str = Field(index=True)
    begun_at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    document: str = Field(sa_column=Column(Text, nullable=False))


class PassageRow(SQLModel, table=True):
    """An action that the gate let through, by its idempotency key; `at` is on its incident's clock."""

    __tablename__ = "passages"
    __table_args__ = (Index("ix_passages_practice_run_at", "practice_run", "at"),)

    key: str = Field(primary_key=True)
    practice_run: str | None = Field(default=None)
    incident_id: str = Field(index=True)
    at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    document: str = Field(sa_column=Column(Text, nullable=False))


class UsageRow(SQLModel, table=True):
    """One call of a reasoning service. `cost_pico_usd` is its cost in millionths of a millionth of a USD, exactly."""

    __tablename__ = "usage"
    __table_args__ = (Index("ix_usage_incident_id", "incident_id"), Index("ix_usage_at", "at"))

    id: int | None = Field(default=None, sa_column=Column(_BigInteger, primary_key=True, autoincrement=True))
    incident_id: str | None = Field(default=None)
    at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    cost_pico_usd: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    document: str = Field(sa_column=Column(Text, nullable=False))


class OutcomeRow(SQLModel, table=True):
    """How an incident ended, as it is remembered."""

    __tablename__ = "outcomes"

    incident_id: str = Field(primary_key=True)
    ended_at: datetime = Field(sa_column=Column(UtcTime, nullable=False, index=True))
    document: str = Field(sa_column=Column(Text, nullable=False))


class ValueRow(SQLModel, table=True):
    """A small named JSON object that belongs to no other table."""

    __tablename__ = "named_values"

    name: str = Field(primary_key=True)
    document: str = Field(sa_column=Column(Text, nullable=False))
