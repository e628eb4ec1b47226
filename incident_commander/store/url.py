"""Database URLs as people write them, read into the ones that the drivers in use understand."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from .sqlite import DRIVER

_SQLITE = ("sqlite", "sqlite+pysqlite", "sqlite+aiosqlite")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg", "postgres+psycopg")
_REMEDY = "use postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or sqlite:////PATH/TO/FILE"


class UnsupportedDatabase(Exception):
    """A database URL cannot be read, or names what is not supported; the message says which are, without the URL."""


def application_url(written: str) -> URL:
    """The URL for the application's own tables; its driver works in an event loop.

    Raises:
        UnsupportedDatabase: it is neither SQLite's nor PostgreSQL's.
    """
    url = _read(written)
    if url.get_backend_name() == "sqlite":
        return url.set(drivername=DRIVER)
    return url


def blocking_url(written: str) -> URL:
    """The same database by a driver that blocks, for migrations.

    Raises:
        UnsupportedDatabase: it is neither SQLite's nor PostgreSQL's.
    """
    return _read(written)


def workflow_url(written: str) -> str:
    """The URL of the database that workflows are recorded in, as their engine takes it: with the password.

    Raises:
        UnsupportedDatabase: it is neither SQLite's nor PostgreSQL's.
    """
    url = _read(written)
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


def shown_url(written: str) -> str:
    """What may be shown of a URL: the kind of database and where it is, without user, password and options."""
    url = _read(written)
    if url.get_backend_name() == "sqlite":
        return f"sqlite {url.database}"
    return f"postgresql {url.host or 'local'}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def make_folder(written: str) -> None:
    """Make the folder that a SQLite file is to lie in."""
    url = _read(written)
    if url.get_backend_name() == "sqlite" and url.database is not None:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _read(written: str) -> URL:
    try:
        url = make_url(written.strip())
    except (ArgumentError, ValueError) as error:
        # A chained error would show the password.
        raise UnsupportedDatabase(f"the database URL cannot be read ({type(error).__name__}); {_REMEDY}") from None
    if url.drivername in _SQLITE:
        if url.database in (None, "", ":memory:"):
            raise UnsupportedDatabase(f"the database URL names no file, and a ledger must be kept in one; {_REMEDY}")
        return url.set(drivername="sqlite+pysqlite")
    if url.drivername in _POSTGRESQL:
        if not url.database:
            raise UnsupportedDatabase(f"the database URL names no database on the server; {_REMEDY}")
        return url.set(drivername="postgresql+psycopg")
    raise UnsupportedDatabase(f"the database URL starts with {url.drivername!r}, which is not supported; {_REMEDY}")
