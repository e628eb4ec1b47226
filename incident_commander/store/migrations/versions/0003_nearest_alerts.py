"""The nearest alert of a service by an index, and why an alert was grouped in the ledger alone.

An incident's document held the reason of each of its alerts once more, so that in a storm every alert rewrote all that
had come before it.
"""

import json
from collections.abc import Callable

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INCIDENTS = sa.table("incidents", sa.column("id", sa.String()), sa.column("document", sa.Text()))


def upgrade() -> None:
    """Add the index, take the reasons out of the documents."""
    op.create_index("ix_alerts_service_starts_at", "alerts", ["service", "starts_at"])
    _rewrite(lambda document: document.pop("groupings", None))


def downgrade() -> None:
    """Drop the index; the documents get an empty list back, the ledger has the reasons."""
    op.drop_index("ix_alerts_service_starts_at", table_name="alerts")
    _rewrite(lambda document: document.setdefault("groupings", []))


def _rewrite(change: Callable[[dict[str, object]], object]) -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(_INCIDENTS)).all():
        document = json.loads(row.document)
        change(document)
        connection.execute(sa.update(_INCIDENTS).where(_INCIDENTS.c.id == row.id).values(document=json.dumps(document)))
