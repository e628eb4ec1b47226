"""`incident-commander trust`: how far each class of actions is trusted, and a person's word about it."""

import typer
from pydantic import TypeAdapter

from ..actions.catalogue import load_catalogue
from ..actions.trust import BeyondTrust
from ..domain.base import IncidentId
from ..domain.operator import TrustChange, TrustRow, World
from ..domain.plan import ActionName, TrustLevel
from ..response.trusting import NotAdvised, Trust, installed_ladder
from ..store import Database, UnknownIncident
from .installed import on_database, person, why

app = typer.Typer(invoke_without_command=True)

_ACTION = typer.Argument(help="The class of actions.")
_LEVEL = typer.Argument(help="How far it is trusted.")
_REASON = typer.Option(..., "--reason", help="Why; the ledger keeps it.")
_BY = typer.Option("", "--by", help="Who. [default: this machine's user]")
_IN = typer.Option("live", "--world", help="Of which incidents.")


@app.callback()
def _trust(context: typer.Context) -> None:
    """How far each class of actions is trusted: observe, advise, approve, auto."""
    if context.invoked_subcommand is None:
        show(json=False, history=False)


@app.command()
def show(
    json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    history: bool = typer.Option(False, "--history", help="Also what was changed, the newest first."),
) -> None:
    """Show where every class stands, and why."""

    async def read(database: Database) -> tuple[TrustRow, ...]:
        return await _of(database).rows()

    rows = on_database("trust cannot be read", read)
    if json:
        typer.echo(TypeAdapter(dict[str, tuple[TrustRow, ...]]).dump_json({"trust": rows}).decode())
        return
    for row in rows:
        counted = "" if row.level == row.highest else f"{row.agreements}/{row.needed}"
        typer.echo(f"{row.world:9} {row.action:19} {row.level:8} {counted:5} {row.reason}")
        for change in row.history if history else ():
            typer.echo(f"{'':10}{change.at:%Y-%m-%d %H:%M:%S} {_said(change)}")


@app.command(name="set")
def set_level(
    action: ActionName = _ACTION,
    level: TrustLevel = _LEVEL,
    reason: str = _REASON,
    by: str = _BY,
    world: World = _IN,
) -> None:
    """Set a class by hand."""

    async def put(database: Database) -> TrustChange:
        return await _of(database).put(action, world, level, person(by), why(reason))

    try:
        typer.echo(_said(on_database("trust cannot be set", put)))
    except BeyondTrust as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


@app.command()
def report(
    incident: str = typer.Argument(help="An incident whose plan was only observed or advised."),
    right: bool = typer.Option(..., "--right/--wrong", help="Whether its plan was, or would have been, right."),
    reason: str = _REASON,
    by: str = _BY,
) -> None:
    """Say of a plan that was only told whether it was right: so many who say so lift its class a step."""

    async def tell(database: Database) -> TrustChange | None:
        return await _of(database).report(IncidentId(incident), right, person(by), why(reason))

    try:
        change = on_database("nothing can be reported", tell)
    except (NotAdvised, UnknownIncident) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo("it was said before, or counts for nothing at this level" if change is None else _said(change))


def _of(database: Database) -> Trust:
    return Trust(database, installed_ladder(load_catalogue()))


def _said(change: TrustChange) -> str:
    moved = change.after if change.before == change.after else f"{change.before} -> {change.after}"
    return f"{change.action} ({change.world}): {change.cause}, {moved}, by {change.by}: {change.reason}"
