"""How an installation is: a row for each thing it depends on, with how to have what is off. It asks nobody."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from .domain.settings import Settings
from .response.slack_asking import SlackAsking
from .response.views import HealthRow
from .response.workers import Workers
from .store import Database, DatabaseClosed, shown_url
from .telemetry.source import SourceState
from .telemetry.sources import Sources

if TYPE_CHECKING:
    from .ingest.sqs import QueueState, SqsConsumers
    from .reasoning.faculties import Faculties
    from .reasoning.shelf import Outlook


async def health(
    settings: Settings,
    database: Database,
    analysts: Workers,
    asking: SlackAsking | None,
    sources: Sources,
    queues: "SqsConsumers | None",
    faculties: "Faculties | None",
    outlook: "Outlook | None",
) -> tuple[HealthRow, ...]:
    """What this installation depends on, and how to have what is off."""
    try:
        async with database.read() as unit:
            newest = await unit.ledger.recent(None, 1)
        events = newest[0].sequence if newest else 0
        stored = HealthRow(name="database", state="ok", detail=shown_url(settings.resolved_database_url()))
        ledger = HealthRow(
            name="ledger", state="ok", detail=f"{events} events; `incident-commander ledger verify` checks them"
        )
    except (DatabaseClosed, SQLAlchemyError) as error:
        stored = HealthRow(name="database", state="down", detail=f"{type(error).__name__}: {error}"[:300])
        ledger = HealthRow(name="ledger", state="down", detail="it is kept in the database, which is down")
    channels = len(settings.notify_urls)
    return (
        stored,
        ledger,
        HealthRow(name="analysis", state="ok", detail=f"{analysts.processes} worker process(es)"),
        HealthRow(name="notifications", state="ok", detail=f"{channels} channel(s)")
        if channels
        else HealthRow(name="notifications", state="off", detail="updates stay on the timeline; set IC_NOTIFY_URLS"),
        _slack(settings, asking),
        *telemetry_rows(sources.seen()),
        *(queue_rows(queues.seen()) if queues is not None else ()),
        *(faculty_rows(faculties) if faculties is not None else ()),
        *((outlook_row(outlook),) if outlook is not None else ()),
        HealthRow(name="policy", state="ok", detail=str(settings.policy_file))
        if settings.policy_file
        else HealthRow(name="policy", state="off", detail="no action on real systems is allowed; set IC_POLICY_FILE"),
    )


def _slack(settings: Settings, asking: SlackAsking | None) -> HealthRow:
    if asking is None:
        return HealthRow(name="slack", state="off", detail="approvals are asked for on /ops; set IC_SLACK_WEBHOOK_URL")
    if asking.trouble:
        return HealthRow(name="slack", state="degraded", detail=asking.trouble)
    if settings.slack_signing_secret is None:
        detail = "approvals are asked for, and no button is believed; set IC_SLACK_SIGNING_SECRET"
        return HealthRow(name="slack", state="degraded", detail=detail)
    return HealthRow(name="slack", state="ok", detail="approvals are asked for and answered there too")


def telemetry_rows(states: Sequence[SourceState]) -> tuple[HealthRow, ...]:
    """A row for each telemetry source of real incidents."""
    if not states:
        detail = "no live source, practice runs bring their own; docs/telemetry.md shows how to connect one"
        return (HealthRow(name="telemetry", state="off", detail=detail),)
    return tuple(HealthRow(name=each.name, state=each.state, detail=each.detail) for each in states)


def queue_rows(states: "Sequence[QueueState]") -> tuple[HealthRow, ...]:
    """A row for each queue."""
    return tuple(HealthRow(name=each.name, state=each.state, detail=each.detail) for each in states)


def faculty_rows(faculties: "Faculties") -> tuple[HealthRow, ...]:
    """How the reasoning services were when they were last asked."""
    resting = faculties.resting()
    if resting:
        detail = f"{'; '.join(resting)} failed when last asked; local analysis answers, and usage says why"
        return (HealthRow(name="models", state="degraded", detail=detail),)
    return (HealthRow(name="models", state="ok", detail="AI services of AWS are asked beside local analysis"),)


def outlook_row(outlook: "Outlook") -> HealthRow:
    """Whether a model comes to its end, as it was when the process started."""
    return HealthRow(name="end of life", state=outlook.state.state, detail=outlook.state.detail)
