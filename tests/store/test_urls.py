"""Database URLs as people write them; and what may be seen of them."""

from pathlib import Path

import pytest
from sqlalchemy import inspect

from incident_commander.store import Database, DatabaseUnusable, SchemaMissing, UnsupportedDatabase, migrate
from incident_commander.store.migrations import downgrade
from incident_commander.store.url import application_url, shown_url, workflow_url

from ..postgres import PostgresServer
from ..running import free_port
from .databases import Home, connected, url_of


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_may_be_written_as_people_do(scheme: str) -> None:
    url = f"{scheme}://me:p%40ss@db.example:5433/commander?sslmode=require"
    read = application_url(f" {url}\n")
    assert (read.drivername, read.password, read.host, read.port) == ("postgresql+psycopg", "p@ss", "db.example", 5433)
    assert workflow_url(url) == "postgresql://me:p%40ss@db.example:5433/commander?sslmode=require"
    assert shown_url(url) == "postgresql db.example:5433/commander"


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite", "sqlite+pysqlite"])
def test_sqlite_may_be_written_with_any_of_its_drivers(scheme: str) -> None:
    assert application_url(f"{scheme}:////data/app.db").database == "/data/app.db"
    assert workflow_url(f"{scheme}:////data/app.db") == "sqlite:////data/app.db"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("mysql://me:hunter2@db/commander", "mysql"),
        ("postgresql+asyncpg://me:hunter2@db/commander", "postgresql\\+asyncpg"),
        ("postgresql://me:hunter2@db", "no database"),
        ("postgresql://me:hunter2@db:port/commander", "cannot be read"),
        ("me:hunter2@db/commander", "cannot be read"),
        ("sqlite://", "no file"),
        ("sqlite:///:memory:", "no file"),
    ],
)
def test_what_is_not_supported_is_refused_with_what_is_and_without_its_password(url: str, named: str) -> None:
    with pytest.raises(UnsupportedDatabase, match=f"{named}.*postgresql://USER") as refused:
        application_url(url)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://me:hunter2@127.0.0.1:{free_port()}/commander"
    with pytest.raises(DatabaseUnusable, match=r"127\.0\.0\.1.*commander cannot be used.*refused") as refused:
        await Database(url, tmp_path / "key").open()
    with pytest.raises(DatabaseUnusable, match=r"127\.0\.0\.1.*commander cannot be used.*refused") as unmigrated:
        migrate(url)
    assert "hunter2" not in f"{refused.value} {unmigrated.value}"


async def test_a_wrong_password_is_not_repeated(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.url("postgres").replace("of%3Amine", "of%3Ayours")
    with pytest.raises(DatabaseUnusable, match="authentication failed") as refused:
        await Database(url, tmp_path / "key").open()
    assert "yours" not in str(refused.value)


async def test_a_database_on_a_server_without_schema_says_how_to_migrate(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(SchemaMissing, match="alembic upgrade head"):
        await Database(postgres.database("template1"), tmp_path / "key").open()


async def test_a_file_that_is_no_database_is_called_that(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    path.write_text("These are the minutes of a meeting, and no database at all.\n" * 100)
    with pytest.raises(DatabaseUnusable, match=r"app\.db cannot be used: the file is not a SQLite database"):
        await Database(url_of(path), tmp_path / "key").open()
    with pytest.raises(DatabaseUnusable, match=r"app\.db cannot be used: the file is not a SQLite database"):
        migrate(url_of(path))


def test_migrations_on_a_server_go_up_down_and_up_again(postgres: PostgresServer) -> None:
    url = postgres.database()
    downgrade(url)
    migrate(url)
    migrate(url)
    with connected(Home(url, Path())) as connection:
        assert {"incidents", "alerts", "ledger_events"} < set(inspect(connection).get_table_names())
