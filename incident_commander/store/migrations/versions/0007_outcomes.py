"""How incidents ended, as it is remembered."""

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "outcomes",
        sa.Column("incident_id", sa.String(), primary_key=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_index("ix_outcomes_ended_at", "outcomes", ["ended_at"])


def downgrade() -> None:
    """Drop the table. What was remembered is forgotten."""
    op.drop_table("outcomes")
