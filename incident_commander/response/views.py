"""What /ops shows, as plain values computed from incidents, their alerts and the ledger's events: no I/O, no clock.

Every text is ready to show; numbers that a test or a program wants stand beside it. All of it is data for people: a
page renders it as text, never as markup.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from ..domain.alert import Alert
from ..domain.ballot import AGENTS, QuorumRule
from ..domain.base import IncidentId, Value
from ..domain.event import AgentRun, Event
from ..domain.incident import Incident
from ..domain.provenance import Figure
from .record import IncidentRecord
from .view_ai import NOTHING_ASKED, AiState, AiView, ai_view
from .view_alerts import AlertRow, alert_rows
from .view_board import AgentRow, FigureRow, IncidentRow, agent_row, figure_row, incident_row
from .view_decision import (
    ActionView,
    CheckRow,
    PlanRow,
    QuorumView,
    UpdateRow,
    action_view,
    check_rows,
    plan_rows,
    quorum_view,
    update_rows,
)
from .view_findings import GapRow, HypothesisRow, PredictionRow, gap_rows, hypothesis_rows, prediction_rows
from .view_incident import TIMELINE_ROWS, IncidentHead, StageRow, incident_head, stage_rows
from .view_insights import InsightsView, insights_view
from .view_memory import MemoryView, memory_views
from .view_operator import (
    NOTHING_HELD,
    ApprovalRow,
    FaultRow,
    Held,
    KillSwitchView,
    QuarantineRow,
    TrustClassRow,
    approval_row,
    fault_rows,
    kill_switch_view,
    quarantine_rows,
    trust_rows,
)
from .view_timeline import TimelineRow, timeline_row


class HealthRow(Value):
    """One dependency. `detail` says what is wrong and how to mend it, or what it is."""

    name: str
    state: Literal["ok", "degraded", "down", "off"]
    detail: str


class OpsView(Value):
    """Everything /ops shows. Down to `head` the fields are alike for every viewer; the others are of one incident."""

    incidents: tuple[IncidentRow, ...] = ()
    agents: tuple[AgentRow, ...] = ()
    figures: tuple[FigureRow, ...] = ()
    health: tuple[HealthRow, ...] = ()
    approvals: tuple[ApprovalRow, ...] = ()
    kill_switch: KillSwitchView = KillSwitchView()
    trust: tuple[TrustClassRow, ...] = ()
    faults: tuple[FaultRow, ...] = ()
    quarantined: tuple[QuarantineRow, ...] = ()
    memory: tuple[MemoryView, ...] = ()
    ai: AiView = AiView()
    head: IncidentHead = IncidentHead()
    stages: tuple[StageRow, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    hypotheses: tuple[HypothesisRow, ...] = ()
    quorum: QuorumView = QuorumView()
    plans: tuple[PlanRow, ...] = ()
    action: ActionView = ActionView()
    checks: tuple[CheckRow, ...] = ()
    predictions: tuple[PredictionRow, ...] = ()
    updates: tuple[UpdateRow, ...] = ()
    gaps: tuple[GapRow, ...] = ()
    insights: InsightsView = InsightsView()


def build_ops_view(
    incidents: Sequence[Incident],
    events_of_open_incident: Sequence[Event],
    agent_runs: Sequence[AgentRun],
    alerts: Mapping[IncidentId, Sequence[Alert]],
    figures: Sequence[Figure],
    health: Sequence[HealthRow],
    now: datetime,
    rule: QuorumRule,
    held: Held = NOTHING_HELD,
    ai: AiState = NOTHING_ASKED,
) -> OpsView:
    """Compute what /ops shows.

    Args:
        incidents: The recent ones, newest first.
        events_of_open_incident: Those of the one incident to show in detail, oldest first; empty: none is shown. It
            must be among `incidents`.
        agent_runs: The payloads of recent `agent.ran` events, oldest first.
        alerts: Of each of `incidents`.
        now: On the shown incident's clock, for how long it has lasted.
        rule: The quorum line that votes are shown against.
        held: What people hold in their hands.
        ai: How the AI services stand.
    """
    agents = tuple(agent_row(name, agent_runs, incidents) for name in AGENTS)
    board = OpsView(
        incidents=tuple(incident_row(incident, alerts.get(incident.id, ())) for incident in incidents),
        agents=agents,
        figures=tuple(figure_row(figure) for figure in figures),
        health=tuple(health),
        approvals=tuple(approval_row(asked) for asked in held.approvals),
        kill_switch=kill_switch_view(held.kill_switch),
        trust=trust_rows(held.trust),
        faults=fault_rows(held.faults),
        quarantined=quarantine_rows(held.quarantined),
        memory=memory_views(held.learned),
        ai=ai_view(ai),
    )
    shown = _shown(incidents, events_of_open_incident)
    if shown is None:
        return board
    record = IncidentRecord(shown, tuple(events_of_open_incident))
    return board.model_copy(
        update={
            "head": incident_head(record, now),
            "stages": stage_rows(record),
            "alerts": alert_rows(record.groupings, alerts.get(shown.id, ())),
            "timeline": tuple(timeline_row(event, record.plans) for event in reversed(record.events[-TIMELINE_ROWS:])),
            "hypotheses": hypothesis_rows(record),
            "quorum": quorum_view(record, rule),
            "plans": plan_rows(record),
            "action": action_view(record),
            "checks": check_rows(record),
            "predictions": prediction_rows(record),
            "updates": update_rows(record),
            "gaps": gap_rows(record),
            "insights": insights_view(record, ai.incident),
        }
    )


def _shown(incidents: Sequence[Incident], events: Sequence[Event]) -> Incident | None:
    if not events:
        return None
    return next((incident for incident in incidents if incident.id == events[0].incident_id), None)
