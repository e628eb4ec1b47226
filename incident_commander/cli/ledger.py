"""`incident-commander ledger`: check the chain."""

import asyncio

import typer

from ..domain.settings import Settings, read_settings
from ..store import Database, DatabaseUnusable, LedgerKeyUnusable, LedgerReport, SchemaMissing

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _ledger() -> None:
    """Commands on the ledger."""


@app.command()
def verify(json: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> None:
    """Check every event's hash, the chain and its seal; exit 1 and name the first bad event when something is wrong."""
    settings = read_settings()
    if not settings.database_url and not (settings.data_dir / "incident-commander.db").exists():
        typer.echo(f"there is no ledger in {settings.data_dir.resolve()}; set IC_DATA_DIR, or run `up`", err=True)
        raise typer.Exit(2)
    try:
        report = asyncio.run(_verify(settings))
    except (SchemaMissing, DatabaseUnusable, LedgerKeyUnusable) as error:
        typer.echo(f"the ledger cannot be checked: {error}", err=True)
        raise typer.Exit(2) from error
    if json:
        typer.echo(report.model_dump_json())
    elif report.valid:
        typer.echo(f"valid: {report.events} events, every one as it was written")
    else:
        named = "" if report.first_bad is None else f" (the first bad event is {report.first_bad})"
        typer.echo(f"NOT valid: {report.reason}{named}")
    raise typer.Exit(0 if report.valid else 1)


async def _verify(settings: Settings) -> LedgerReport:
    database = Database(settings.resolved_database_url(), settings.keys_dir / "ledger.pem")
    await database.open()
    try:
        async with database.read() as unit:
            return await unit.ledger.verify()
    finally:
        await database.close()
