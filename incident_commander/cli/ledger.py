"""`incident-commander ledger`: check the chain."""

import typer

from ..store import Database, LedgerReport
from .installed import on_database

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _ledger() -> None:
    """Commands on the ledger."""


@app.command()
def verify(json: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> None:
    """Check every event's hash, the chain and its seal; exit 1 and name the first bad event when something is wrong."""
    report = on_database("the ledger cannot be checked", _verify)
    if json:
        typer.echo(report.model_dump_json())
    elif report.valid:
        typer.echo(f"valid: {report.events} events, every one as it was written")
    else:
        named = "" if report.first_bad is None else f" (the first bad event is {report.first_bad})"
        typer.echo(f"NOT valid: {report.reason}{named}")
    raise typer.Exit(0 if report.valid else 1)


async def _verify(database: Database) -> LedgerReport:
    async with database.read() as unit:
        return await unit.ledger.verify()
