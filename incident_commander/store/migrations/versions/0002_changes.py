"""Changes that were reported to us: deploys, scaling, and what else a sender says was changed."""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "changes",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.UniqueConstraint("source", "account", "key", name="uq_changes_delivery"),
    )
    op.create_index("ix_changes_at", "changes", ["at"])


def downgrade() -> None:
    """Drop the table; the changes it held are lost."""
    op.drop_table("changes")
