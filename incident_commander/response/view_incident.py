"""An incident in brief, and the ten stages of its response."""

from datetime import datetime
from typing import Literal

from ..domain.base import Value
from ..domain.incident import STAGES, Stage
from . import view_text as text
from .record import IncidentRecord
from .view_board import clock_text

TIMELINE_ROWS = 200
"""The newest events that a page carries; the API has them all."""


class StageRow(Value):
    """One of the ten stages, in order."""

    name: Stage
    label: str
    state: Literal["done", "active", "pending", "skipped"]
    state_text: str


class IncidentHead(Value):
    """The shown incident in brief; `id` empty where there is none."""

    id: str = ""
    title: str = ""
    status: str = ""
    status_text: str = ""
    severity: str = ""
    verdict: str = ""
    verdict_text: str = ""
    cause: str = ""
    first_failing: str = ""
    blast_radius: str = ""
    next_question: str = ""
    clock: str = ""
    clock_text: str = ""
    began: str = ""
    opened: str = ""
    ended: str = ""
    lasted: str = ""
    practice_run: str = ""
    events: int = 0
    hidden_events: int = 0
    postmortem: str = ""
    cost: str = ""


def incident_head(record: IncidentRecord, now: datetime) -> IncidentHead:
    """The incident in brief; while it lasts, until `now` on its clock."""
    incident, diagnosis, comparison = record.incident, record.diagnosis, record.comparison
    cause = diagnosis.cause if diagnosis else None
    postmortem = record.latest("postmortem.written")
    markdown = postmortem.payload.get("markdown") if postmortem else None
    cost = ""
    if comparison is not None:
        cost = (
            f"Customer cost {text.usd(comparison.ours_usd)}; modelled human on the same seed "
            f"{text.usd(comparison.human_usd)}, nobody {text.usd(comparison.nobody_usd)} "
            f"({comparison.provenance.kind})"
        )
    return IncidentHead(
        id=incident.id,
        title=incident.title,
        status=incident.status,
        status_text=text.sentence(incident.status),
        severity=incident.severity,
        verdict=incident.verdict or "",
        verdict_text=text.sentence(incident.verdict) if incident.verdict else "Not judged yet",
        cause=f"{cause.service}: {text.words(cause.fault)}" if cause else "",
        first_failing=diagnosis.first_failing or "" if diagnosis else "",
        blast_radius=", ".join(diagnosis.blast_radius) if diagnosis else "",
        next_question=diagnosis.next_question if diagnosis else "",
        clock=incident.clock,
        clock_text=clock_text(incident),
        began=text.date_time(incident.began_at),
        opened=text.date_time(incident.opened_at),
        ended=text.date_time(incident.ended_at) if incident.ended_at else "",
        lasted=text.time_between(incident.began_at, incident.ended_at or max(now, incident.opened_at)),
        practice_run=incident.practice_run or "",
        events=len(record.events),
        hidden_events=max(0, len(record.events) - TIMELINE_ROWS),
        postmortem=markdown if isinstance(markdown, str) else "",
        cost=cost,
    )


def stage_rows(record: IncidentRecord) -> tuple[StageRow, ...]:
    """The ten stages, each done, under way, to come or not needed."""
    over = record.incident.status in ("resolved", "escalated", "closed")
    return tuple(_stage(record, stage, over) for stage in STAGES)


def _stage(record: IncidentRecord, stage: Stage, over: bool) -> StageRow:
    state: Literal["done", "active", "pending", "skipped"]
    if record.stage_event("stage.finished", stage):
        state = "done"
    elif record.incident.stage == stage or (record.stage_event("stage.started", stage) and not over):
        state = "active"
    else:
        state = "skipped" if over else "pending"
    state_text = {"done": "done", "active": "under way", "pending": "to come", "skipped": "not needed"}
    return StageRow(name=stage, label=text.sentence(stage), state=state, state_text=state_text[state])
