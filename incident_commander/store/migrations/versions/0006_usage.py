"""What reasoning services were asked, and what it took and cost."""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "usage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("incident_id", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cost_pico_usd", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_index("ix_usage_incident_id", "usage", ["incident_id"])
    op.create_index("ix_usage_at", "usage", ["at"])


def downgrade() -> None:
    """Drop the table. What was spent within the day no longer counts."""
    op.drop_table("usage")
