"""`incident-commander kill-switch`: stop every action, or let them run again, at once in every running server.

Whoever may write the database may throw it, so that it needs no token: it is for whoever is at the machine.
"""

from datetime import UTC, datetime
from typing import Literal

import typer

from ..actions.kill_switch import kill_switch as standing
from ..actions.kill_switch import throw_kill_switch
from ..domain.operator import KillSwitch
from ..store import Database
from .installed import on_database, person, why


def kill_switch(
    turn: Literal["on", "off"] = typer.Argument(None, help="Nothing: say how it stands."),
    reason: str = typer.Option("", "--reason", help="Why; the ledger keeps it."),
    by: str = typer.Option("", "--by", help="Who throws it. [default: this machine's user]"),
) -> None:
    """While it is on nothing is done or taken back automatically, and incidents are escalated to a person."""

    async def read(database: Database) -> KillSwitch:
        async with database.read() as unit:
            return await standing(unit)

    async def throw(database: Database) -> KillSwitch:
        async with database.write() as unit:
            return await throw_kill_switch(unit, turn == "on", person(by), why(reason), datetime.now(UTC))

    switch = on_database("the kill switch cannot be reached", read if turn is None else throw)
    since = f" since {switch.at:%Y-%m-%d %H:%M:%S} UTC, by {switch.by}: {switch.reason}" if switch.at else ""
    typer.echo(f"the kill switch is {'on' if switch.on else 'off'}{since}")
