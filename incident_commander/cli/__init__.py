"""The command line: `incident-commander --help`."""

import sys
from collections.abc import Iterable

import typer

COMMANDS = (
    "up",
    "operator-token",
    "kill-switch",
    "trust",
    "memory",
    "knowledge",
    "setup",
    "migrate",
    "doctor",
    "diagnose",
    "record-scenarios",
    "scenario",
    "ledger",
    "certificate",
    "bench",
)


def main() -> None:
    """Entry point of the `incident-commander` command."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        command_line([asked] if asked in COMMANDS else COMMANDS)()
    except SystemExit:
        raise
    except tuple(_mistakes()) as error:
        told = next(told for kind, told in _mistakes().items() if isinstance(error, kind))
        typer.echo(f"{told}{error}", err=True)
        raise SystemExit(2) from error


def command_line(commands: Iterable[str] = COMMANDS) -> typer.Typer:
    """The application with these commands; each is imported here, since the server's libraries take seconds to load."""
    app = typer.Typer(
        name="incident-commander",
        help="An open, autonomous incident commander.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    # With a callback one command alone keeps its name.
    app.callback()(lambda: None)
    for command in commands:
        _add(app, command)
    return app


def _add(app: typer.Typer, command: str) -> None:
    match command:
        case "up":
            from .up import up

            app.command(command)(up)
        case "operator-token":
            from .operator_token import operator_token

            app.command(command)(operator_token)
        case "kill-switch":
            from .kill_switch import kill_switch

            app.command(command)(kill_switch)
        case "trust":
            from . import trust

            app.add_typer(trust.app, name=command, help="How far each class of actions is trusted.")
        case "memory":
            from . import memory

            app.add_typer(memory.app, name=command, help="What was learned from ended incidents.")
        case "knowledge":
            from . import knowledge

            app.add_typer(knowledge.app, name=command, help="What ended incidents taught, as articles.")
        case "setup":
            from . import setup

            app.add_typer(setup.app, name=command, help="What is needed elsewhere.")
        case "migrate":
            from .up import migrate_command

            app.command(command)(migrate_command)
        case "doctor":
            from .doctor import doctor

            app.command(command)(doctor)
        case "diagnose":
            from .diagnose import diagnose

            app.command(command)(diagnose)
        case "record-scenarios":
            from .recordings import record_scenarios

            app.command(command)(record_scenarios)
        case "scenario":
            from . import scenario

            app.add_typer(scenario.app, name=command, help="Practice runs.")
        case "ledger":
            from . import ledger

            app.add_typer(ledger.app, name=command, help="The append-only ledger.")
        case "certificate":
            from . import certificate

            app.add_typer(certificate.app, name=command, help="Certificates, and checking them anywhere.")
        case "bench":
            from .. import bench

            app.add_typer(bench.app, name=command, help="Measurements that anyone can repeat.")


def _mistakes() -> dict[type[Exception], str]:
    """What a person gets wrong, and how it is told; imported once something went wrong."""
    from ..access import ExposedBind, TokenUnusable, WeakToken
    from ..actions.aws import ResourcesError
    from ..actions.policy_file import PolicyError
    from ..domain.settings import BadSettings
    from ..ingest.queued import BadQueue
    from ..notify.slack import BadSlack
    from ..reasoning.models import ModelsError
    from ..store import DatabaseUnusable, UnsupportedDatabase
    from ..telemetry.source import SourceMisconfigured
    from .permissions import NoAccount

    return {
        BadSettings: "the settings cannot be used: ",
        UnsupportedDatabase: "IC_DATABASE_URL or IC_WORKFLOW_DATABASE_URL cannot be used: ",
        BadQueue: "",
        BadSlack: "",
        SourceMisconfigured: "",
        DatabaseUnusable: "",
        PolicyError: "",
        ResourcesError: "",
        ModelsError: "",
        NoAccount: "",
        ExposedBind: "",
        TokenUnusable: "the operator token cannot be used: ",
        WeakToken: "",
    }
