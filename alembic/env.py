"""What the `alembic` command runs: the package's own migrations on the database that the settings name."""

from alembic import context
from incident_commander.domain.settings import Settings
from incident_commander.store.migrations import run_migrations

if context.is_offline_mode():
    raise SystemExit("migrations run on a live database; leave --sql away")
run_migrations(context._proxy, Settings().resolved_database_url())
