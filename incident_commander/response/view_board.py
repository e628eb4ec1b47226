"""What /ops shows alike to everyone: figures, agents and the list of incidents."""

import math
from collections.abc import Sequence
from typing import Literal

from ..domain.alert import Alert
from ..domain.ballot import VOTERS, AgentName
from ..domain.base import Value
from ..domain.event import AgentRun
from ..domain.incident import Incident, Stage
from ..domain.provenance import Figure
from . import view_text as text
from .view_alerts import latest_by_fingerprint

NOTHING = "-"
"""Stands where there is no value yet."""

STAGE_AGENTS: dict[Stage, tuple[AgentName, ...]] = {
    "detect": ("detection",),
    "diagnose": ("diagnosis",),
    "predict": ("prediction",),
    "propose": ("resolution",),
    "deliberate": VOTERS,
    "verify": ("verification",),
    "communicate": ("communication",),
    "learn": ("communication",),
}
"""Who works in a stage; authorise and execute are policy's and the executor's."""


class FigureRow(Value):
    """A figure with its provenance badge; `text` says so where it is not known yet."""

    name: str
    text: str
    known: bool
    value: float | None
    unit: str
    kind: str
    source: str
    note: str


class AgentRow(Value):
    """One agent over its recent runs; durations are wall time."""

    name: AgentName
    label: str
    work: str
    state: Literal["working", "idle", "failed", "waiting"]
    state_text: str
    confidence: float | None
    confidence_text: str
    runs: int
    failures: int
    p50_text: str
    p95_text: str
    error: str


class IncidentRow(Value):
    """One incident in the list."""

    id: str
    title: str
    status: str
    status_text: str
    severity: str
    verdict_text: str
    services: str
    sources: str
    alerts: str
    opened: str
    clock: str
    clock_text: str


def figure_row(figure: Figure) -> FigureRow:
    """A figure, said to be unknown where it is."""
    known = figure.value is not None and figure.provenance.available
    return FigureRow(
        name=figure.name[:1].upper() + figure.name[1:],
        text=text.quantity(figure.value, figure.unit) if figure.value is not None and known else "not known yet",
        known=known,
        value=figure.value if known else None,
        unit=figure.unit,
        kind=figure.provenance.kind,
        source=figure.provenance.source,
        note=figure.detail or figure.provenance.reason,
    )


def agent_row(name: AgentName, agent_runs: Sequence[AgentRun], incidents: Sequence[Incident]) -> AgentRow:
    """One agent over these runs, the oldest first."""
    runs = [run for run in agent_runs if run.agent == name]
    failed = [run for run in runs if run.error]
    durations = sorted(run.duration_ms for run in runs if not run.error)
    working = any(incident.stage and name in STAGE_AGENTS.get(incident.stage, ()) for incident in incidents)
    confidence = next((run.confidence for run in reversed(runs) if run.confidence is not None), None)
    last_failed = bool(runs) and bool(runs[-1].error)
    state: Literal["working", "idle", "failed", "waiting"] = (
        "working" if working else "waiting" if not runs else "failed" if last_failed else "idle"
    )
    state_text = {"working": "Working", "waiting": "Not run yet", "failed": "Last run failed", "idle": "Idle"}
    return AgentRow(
        name=name,
        label=text.sentence(name),
        work=text.AGENT_WORK[name],
        state=state,
        state_text=state_text[state],
        confidence=confidence,
        confidence_text=text.share(confidence) if confidence is not None else NOTHING,
        runs=len(runs),
        failures=len(failed),
        p50_text=text.milliseconds(_quantile(durations, 0.5)) if durations else NOTHING,
        p95_text=text.milliseconds(_quantile(durations, 0.95)) if durations else NOTHING,
        error=failed[-1].error if last_failed else "",
    )


def _quantile(ascending: Sequence[float], q: float) -> float:
    """Nearest-rank quantile: always a value that was measured."""
    return ascending[max(0, math.ceil(q * len(ascending) - 1e-9) - 1)]


def incident_row(incident: Incident, alerts: Sequence[Alert]) -> IncidentRow:
    """One incident for the list, with the count of its alerts."""
    latest = latest_by_fingerprint(alerts)
    firing = sum(1 for alert in latest.values() if alert.status == "firing")
    count = len(latest)
    return IncidentRow(
        id=incident.id,
        title=incident.title,
        status=incident.status,
        status_text=text.sentence(incident.status),
        severity=incident.severity,
        verdict_text=f"Cause {incident.verdict}" if incident.verdict else "No verdict yet",
        services=", ".join(incident.services) or "no service named",
        sources=" + ".join(incident.sources),
        alerts=f"{count} alert{'' if count == 1 else 's'}, {firing} firing",
        opened=text.date_time(incident.opened_at),
        clock=incident.clock,
        clock_text=clock_text(incident),
    )


def clock_text(incident: Incident) -> str:
    """Which clock its times were read from."""
    return "Simulated time" if incident.clock == "simulated" else "Wall clock"
