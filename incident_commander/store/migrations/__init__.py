"""The schema's history, and how to bring a database up to date from wherever the package is installed."""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from .. import tables
from ..dialect import migration_engine, unusable
from ..url import make_folder

_HERE = Path(__file__).parent
METADATA = tables.EventRow.metadata
"""The tables that the migrations must arrive at."""


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema up to a revision. Processes that start together migrate once.

    Raises:
        UnsupportedDatabase: the URL names another kind of database.
        DatabaseUnusable: it cannot be reached, or is no database.
        alembic.util.CommandError: there is no such revision.
    """
    _move(url, revision, down=False)


def downgrade(url: str, revision: str = "base") -> None:
    """Take the schema back down to a revision. What tables that go held is lost.

    Raises:
        UnsupportedDatabase: the URL names another kind of database.
        DatabaseUnusable: it cannot be reached, or is no database.
        alembic.util.CommandError: there is no such revision.
    """
    _move(url, revision, down=True)


def run_migrations(environment: EnvironmentContext, url: str) -> None:
    """Run what an alembic environment was asked for, as one transaction that other processes wait for."""
    make_folder(url)
    engine = migration_engine(url)
    try:
        connection = engine.connect()
    except DatabaseError as error:
        engine.dispose()
        raise unusable(url, error) from error
    try:
        with connection, connection.begin():
            _configure(environment, connection)
            environment.run_migrations()
    finally:
        engine.dispose()


def _move(url: str, revision: str, *, down: bool) -> None:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    script = ScriptDirectory.from_config(config)
    steps = script._downgrade_revs if down else script._upgrade_revs
    with EnvironmentContext(
        config, script, fn=lambda current, _: steps(revision, current), destination_rev=revision
    ) as environment:
        run_migrations(environment, url)


def _configure(environment: EnvironmentContext, connection: Connection) -> None:
    environment.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
