"""What the ledger holds: everything that happens to an incident, each event chained to the one before by its hash."""

from typing import Literal

from pydantic import Field

from .base import Digest, IncidentId, JsonObject, UtcDatetime, Value
from .incident import ClockKind

EventKind = Literal[
    "incident.opened",
    "incident.status_changed",
    "alert.grouped",
    "alert.resent",
    "alert.acknowledged",
    "alert.resolved",
    "alert.expired",
    "stage.started",
    "stage.finished",
    "agent.ran",
    "anomalies.detected",
    "diagnosis.made",
    "predictions.made",
    "counsel.given",
    "plans.proposed",
    "plan.edited",
    "round.opened",
    "evidence.cited",
    "ballot.cast",
    "ballot.rejected",
    "quorum.reached",
    "quorum.failed",
    "authorisation.decided",
    "approval.requested",
    "approval.answered",
    "checks.registered",
    "action.requested",
    "action.received",
    "action.refused",
    "action.unknown",
    "check.judged",
    "rollback.requested",
    "rollback.received",
    "rollback.refused",
    "rollback.unknown",
    "update.published",
    "predictions.scored",
    "impact.compared",
    "postmortem.written",
    "kill_switch.thrown",
    "trust.changed",
    "fault.injected",
    "agent.quarantined",
    "agent.released",
    "memory.recalled",
    "outcome.remembered",
    "memory.corrected",
    "memory.forgotten",
]
INSTALLATION = IncidentId("installation")
"""What events belong to that concern no incident: the kill switch, trust, faults, quarantine, corrections of memory."""

Actor = str
"""Who did it: an agent's name, `ingest`, `response`, `operator`, `practice company`, ..."""


class NewEvent(Value):
    """An event to append.

    Attributes:
        key: Unique: appending the same key twice appends once, so that a repeated step leaves one event.
        occurred_at: On the incident's own clock, which `clock` names.
        payload: A domain value as JSON, or a small object documented where it is written.
    """

    key: str = Field(min_length=1, max_length=200)
    incident_id: IncidentId
    kind: EventKind
    actor: Actor
    clock: ClockKind
    occurred_at: UtcDatetime
    payload: JsonObject


class Event(NewEvent):
    """An event as the ledger holds it.

    Attributes:
        sequence: 1, 2, 3, ... over the whole ledger, without holes.
        recorded_at: Wall clock.
        previous_hash: Hash of the event before; 64 zeros for the first.
        hash: SHA-256 over the canonical JSON of every other field.
    """

    sequence: int = Field(ge=1)
    recorded_at: UtcDatetime
    previous_hash: Digest
    hash: Digest


class AgentRun(Value):
    """One agent at work: payload of `agent.ran`.

    Attributes:
        inputs: What it read, counted: `{"metric series": 84, "log lines": 310}`.
        confidence: In its result, in [0, 1]; None where it failed.
        error: Why it failed; empty when it did not.
    """

    agent: str
    stage: str
    started_at: UtcDatetime
    duration_ms: float
    inputs: dict[str, int]
    confidence: float | None
    ballot: Digest | None = None
    error: str = ""


class Update(Value):
    """A message to people: payload of `update.published`.

    Attributes:
        delivered_to: The channels that took it; empty when none is configured: then it stands on the timeline only.
        failures: Channels that did not take it, with the reason.
    """

    audience: Literal["on_call", "stakeholders", "status_page"]
    subject: str
    body: str
    delivered_to: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
