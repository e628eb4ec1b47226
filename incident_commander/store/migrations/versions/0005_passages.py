"""What the gate let through, across incidents: what rates and cool-downs are counted from."""

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "passages",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("practice_run", sa.String(), nullable=True),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_index("ix_passages_practice_run_at", "passages", ["practice_run", "at"])
    op.create_index("ix_passages_incident_id", "passages", ["incident_id"])


def downgrade() -> None:
    """Drop the table. What passed within the last hours no longer counts."""
    op.drop_table("passages")
