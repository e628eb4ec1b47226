"""The command line: `incident-commander --help`."""

import typer

from .. import bench
from ..domain.settings import BadSettings
from ..store import DatabaseUnusable, UnsupportedDatabase
from . import diagnose, doctor, ledger, recordings, scenario, up

app = typer.Typer(
    name="incident-commander",
    help="An open, autonomous incident commander.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(up.up)
app.command("migrate")(up.migrate_command)
app.command("doctor")(doctor.doctor)
app.command("diagnose")(diagnose.diagnose)
app.command("record-scenarios")(recordings.record_scenarios)
app.add_typer(scenario.app, name="scenario", help="Practice runs.")
app.add_typer(ledger.app, name="ledger", help="The append-only ledger.")
app.add_typer(bench.app, name="bench", help="Measurements that anyone can repeat.")


def main() -> None:
    """Entry point of the `incident-commander` command."""
    try:
        app()
    except BadSettings as error:
        typer.echo(f"the settings cannot be used: {error}", err=True)
        raise SystemExit(2) from error
    except UnsupportedDatabase as error:
        typer.echo(f"IC_DATABASE_URL or IC_WORKFLOW_DATABASE_URL cannot be used: {error}", err=True)
        raise SystemExit(2) from error
    except DatabaseUnusable as error:
        typer.echo(str(error), err=True)
        raise SystemExit(2) from error
