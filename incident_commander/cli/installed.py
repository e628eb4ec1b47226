"""What commands do directly on the installation's database: who owns the files needs no token."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from ..access import BadReason, reason_of
from ..domain.settings import read_settings
from ..store import Database, DatabaseUnusable, LedgerKeyUnusable, SchemaMissing

T = TypeVar("T")


def on_database(what: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Open the database that the settings name and work on it. Where there is none, says so and exits with 2.

    Args:
        what: What could not be done without it, for the message: `the ledger cannot be checked`.
    """
    settings = read_settings()
    if not settings.database_url and not (settings.data_dir / "incident-commander.db").exists():
        where = settings.data_dir.resolve()
        typer.echo(f"{what}: there is no database in {where}; set IC_DATA_DIR, or run `up`", err=True)
        raise typer.Exit(2)

    async def opened() -> T:
        database = Database(settings.resolved_database_url(), settings.keys_dir / "ledger.pem")
        await database.open()
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(opened())
    except (SchemaMissing, DatabaseUnusable, LedgerKeyUnusable) as error:
        typer.echo(f"{what}: {error}", err=True)
        raise typer.Exit(2) from error


def person(by: str) -> str:
    """The name that goes on record: the one given, or that of the user who runs the command."""
    if by.strip():
        return by.strip()
    try:
        return f"{getpass.getuser()} at this machine"
    except (KeyError, OSError) as error:
        typer.echo("this user has no name that could go on record; give one by --by", err=True)
        raise typer.Exit(2) from error


def why(reason: str) -> str:
    """The reason that goes on record. Where there is none, says so and exits with 2."""
    try:
        return reason_of(reason)
    except BadReason as error:
        typer.echo(f"{error}; give it by --reason", err=True)
        raise typer.Exit(2) from error
