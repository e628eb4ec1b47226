"""`incident-commander memory`: what was learned from ended incidents, and a person's word on it.

Whoever may write the database may correct it, so that it needs no token: it is for whoever is at the machine.
"""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar, get_args

import typer

from ..access import BadReason, reason_of
from ..domain.base import IncidentId, ServiceName
from ..domain.findings import FaultKind
from ..domain.memory import Cause
from ..domain.settings import Settings, read_settings
from ..response.remembering import Learned, LocalMemory, NotRemembered
from ..response.view_memory import memory_views
from ..store import Database, DatabaseUnusable, LedgerKeyUnusable, SchemaMissing

app = typer.Typer(no_args_is_help=True)

T = TypeVar("T")
FAULTS: dict[str, FaultKind] = {kind: kind for kind in get_args(FaultKind)}
Incident = Annotated[str, typer.Argument(help="Its id, as `memory list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; the ledger keeps it.")]
By = Annotated[str, typer.Option("--by", help="Who says so. [default: this machine's user]")]


@app.callback()
def _memory() -> None:
    """Commands on memory."""


@app.command("list")
def list_(json: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> None:
    """Patterns with their success, how votes and stated probabilities held, and the newest incidents."""
    learned = _with_memory(lambda memory: memory.learned())
    if json:
        typer.echo(f'{{"learned": [{", ".join(each.model_dump_json() for each in learned)}]}}')
    else:
        typer.echo("\n\n".join(_told(learned)))


@app.command()
def correct(
    incident: Incident,
    service: Annotated[str, typer.Option(help="The service that was at fault.")] = "",
    fault: Annotated[str, typer.Option(help="The kind of its fault, such as memory_leak.")] = "",
    nothing: Annotated[bool, typer.Option("--nothing", help="Nothing was wrong.")] = False,
    reason: Reason = "",
    by: By = "",
) -> None:
    """Say what an incident's cause was, above what was concluded."""
    if nothing == bool(service or fault) or bool(service) != bool(fault):
        _refuse("say what it was by --service and --fault, or by --nothing that nothing was wrong")
    if fault and fault not in FAULTS:
        _refuse(f"there is no kind of fault {fault!r}; choose one of {', '.join(FAULTS)}")
    cause = Cause(service=ServiceName(service), fault=FAULTS[fault]) if fault else None
    why, who = _said(reason, by)
    _with_memory(lambda memory: memory.correct(IncidentId(incident), cause, who, why))
    typer.echo(f"{incident}: {'nothing was wrong' if cause is None else f'{fault} of {service}'}, says {who}: {why}")


@app.command()
def forget(incident: Incident, reason: Reason = "", by: By = "") -> None:
    """Call an incident to mind no more. The ledger keeps that it was forgotten, by whom and why."""
    why, who = _said(reason, by)
    _with_memory(lambda memory: memory.forget(IncidentId(incident), who, why))
    typer.echo(f"{incident} is forgotten, by {who}: {why}")


def _said(reason: str, by: str) -> tuple[str, str]:
    try:
        return reason_of(reason), by.strip() or f"{getpass.getuser()} at this machine"
    except BadReason as error:
        typer.echo(f"{error}; give it by --reason", err=True)
        raise typer.Exit(2) from error


def _with_memory(work: Callable[[LocalMemory], Awaitable[T]]) -> T:
    settings = read_settings()
    if not settings.database_url and not (settings.data_dir / "incident-commander.db").exists():
        _refuse(f"there is no database in {settings.data_dir.resolve()}; set IC_DATA_DIR, or run `up`")
    try:
        return asyncio.run(_in_database(settings, work))
    except NotRemembered as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except (SchemaMissing, DatabaseUnusable, LedgerKeyUnusable) as error:
        typer.echo(f"memory cannot be reached: {error}", err=True)
        raise typer.Exit(2) from error


async def _in_database(settings: Settings, work: Callable[[LocalMemory], Awaitable[T]]) -> T:
    database = Database(settings.resolved_database_url(), settings.keys_dir / "ledger.pem")
    await database.open()
    try:
        return await work(LocalMemory(database, settings.memory))
    finally:
        await database.close()


def _told(learned: tuple[Learned, ...]) -> list[str]:
    told: list[str] = []
    for view in memory_views(learned):
        lines = [f"{view.label}: {view.summary}"]
        lines += [f"  {row.count:4} x {row.cause}; {row.answer}: {row.success}" for row in view.patterns]
        lines += [f"  {row.agent}: held in {row.held} ({row.interval})" for row in view.agents]
        lines += [
            f"  judged {row.window}: stated {row.stated}, right {row.right}, Brier {row.brier} (base {row.base})"
            for row in view.calibration
        ]
        for row in view.latest:
            lines.append(f"  {row.incident}: {row.cause}; {row.answer}")
            if row.correction:
                lines.append(f"    corrected: {row.correction}")
        told.append("\n".join(lines))
    return told


def _refuse(why: str) -> None:
    typer.echo(why, err=True)
    raise typer.Exit(2)
