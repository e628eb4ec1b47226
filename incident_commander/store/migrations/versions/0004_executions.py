"""The journal of actions towards the real world."""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "executions",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_index("ix_executions_outcome", "executions", ["outcome"])


def downgrade() -> None:
    """Drop the table. What was under way can then be done twice, so let it end before."""
    op.drop_table("executions")
