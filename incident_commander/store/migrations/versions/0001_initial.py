"""The first schema: incidents, alerts, the ledger, practice runs, certificates."""

import sqlalchemy as sa

from alembic import op
from incident_commander.store.dialect import allow_changes, forbid_changes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("practice_run", sa.String(), nullable=True),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    for column in ("status", "practice_run", "ended_at", "recorded_at"):
        op.create_index(f"ix_incidents_{column}", "incidents", [column])

    op.create_table(
        "alerts",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.String(), sa.ForeignKey("incidents.id"), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("starts_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.UniqueConstraint("fingerprint", "incident_id", name="uq_alerts_fingerprint_incident"),
    )
    op.create_index("ix_alerts_fingerprint", "alerts", ["fingerprint"])
    op.create_index("ix_alerts_incident_id", "alerts", ["incident_id"])
    op.create_index("ix_alerts_status_ends_at", "alerts", ["status", "ends_at"])

    op.create_table(
        "alert_doors",
        sa.Column("alert_id", _BIG, sa.ForeignKey("alerts.id"), primary_key=True),
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ends_at", _TIME, nullable=True),
        sa.Column("first_received_at", _TIME, nullable=False),
        sa.Column("last_received_at", _TIME, nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
    )

    op.create_table(
        "ledger_events",
        sa.Column("sequence", _BIG, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text(), nullable=False, unique=True),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
    )
    op.create_index("ix_ledger_events_incident", "ledger_events", ["incident_id", "sequence"])
    op.create_index("ix_ledger_events_kind", "ledger_events", ["kind", "sequence"])
    forbid_changes(op.get_bind(), "ledger_events")

    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("events", _BIG, nullable=False),
        sa.Column("last_hash", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
    )

    op.create_table(
        "practice_runs",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_index("ix_practice_runs_ended", "practice_runs", ["ended"])

    op.create_table(
        "practice_journal",
        sa.Column("run", sa.String(), sa.ForeignKey("practice_runs.id"), primary_key=True),
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.UniqueConstraint("run", "idempotency_key", name="uq_practice_journal_key"),
    )

    op.create_table(
        "certificates",
        sa.Column("incident_id", sa.String(), sa.ForeignKey("incidents.id"), primary_key=True),
        sa.Column("round", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("plan_digest", sa.String(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
    )

    op.create_table(
        "named_values",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Drop every table; what they held is lost."""
    allow_changes(op.get_bind(), "ledger_events")
    for table in (
        "named_values",
        "certificates",
        "practice_journal",
        "practice_runs",
        "ledger_head",
        "ledger_events",
        "alert_doors",
        "alerts",
        "incidents",
    ):
        op.drop_table(table)
