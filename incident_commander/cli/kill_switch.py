"""`incident-commander kill-switch`: stop every action, or let them run again, at once in every running server.

Whoever may write the database may throw it, so that it needs no token: it is for whoever is at the machine.
"""

import asyncio
import getpass
from datetime import UTC, datetime
from typing import Literal

import typer

from ..access import BadReason, reason_of
from ..actions.kill_switch import kill_switch as standing
from ..actions.kill_switch import throw_kill_switch
from ..domain.operator import KillSwitch
from ..domain.settings import Settings, read_settings
from ..store import Database, DatabaseUnusable, LedgerKeyUnusable, SchemaMissing


def kill_switch(
    turn: Literal["on", "off"] = typer.Argument(None, help="Nothing: say how it stands."),
    reason: str = typer.Option("", "--reason", help="Why; the ledger keeps it."),
    by: str = typer.Option("", "--by", help="Who throws it. [default: this machine's user]"),
) -> None:
    """While it is on nothing is done or taken back automatically, and incidents are escalated to a person."""
    settings = read_settings()
    if not settings.database_url and not (settings.data_dir / "incident-commander.db").exists():
        typer.echo(f"there is no database in {settings.data_dir.resolve()}; set IC_DATA_DIR, or run `up`", err=True)
        raise typer.Exit(2)
    try:
        why = reason_of(reason, required=turn is not None)
        switch = asyncio.run(_throw(settings, turn, by.strip() or f"{getpass.getuser()} at this machine", why))
    except BadReason as error:
        typer.echo(f"{error}; give it by --reason", err=True)
        raise typer.Exit(2) from error
    except (SchemaMissing, DatabaseUnusable, LedgerKeyUnusable) as error:
        typer.echo(f"the kill switch cannot be reached: {error}", err=True)
        raise typer.Exit(2) from error
    since = f" since {switch.at:%Y-%m-%d %H:%M:%S} UTC, by {switch.by}: {switch.reason}" if switch.at else ""
    typer.echo(f"the kill switch is {'on' if switch.on else 'off'}{since}")


async def _throw(settings: Settings, turn: Literal["on", "off"] | None, by: str, reason: str) -> KillSwitch:
    database = Database(settings.resolved_database_url(), settings.keys_dir / "ledger.pem")
    await database.open()
    try:
        async with database.write() as unit:
            if turn is None:
                return await standing(unit)
            return await throw_kill_switch(unit, turn == "on", by, reason, datetime.now(UTC))
    finally:
        await database.close()
