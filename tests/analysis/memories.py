"""Remembered incidents for tests."""

from datetime import UTC, datetime

from incident_commander.domain.base import IncidentId, RunId, ServiceName
from incident_commander.domain.memory import (
    Cause,
    Correction,
    Memory,
    Proof,
    Remembered,
    RememberedVote,
    Tried,
)
from incident_commander.domain.reasoning import Outcome

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEAK = Cause(service=ServiceName("orders"), fault="memory_leak")
OVERLOAD = Cause(service=ServiceName("orders"), fault="overload")
RESTART = Tried(action="restart", target=ServiceName("orders"))
LOOKS = ("alert HighLatency at edge", "latency_p99_ms up at orders", "memory_utilization up at orders")


def remembered(
    name: str,
    cause: Cause | None = LEAK,
    proof: Proof = "open",
    symptoms: tuple[str, ...] = LOOKS,
    stated: float | None = 0.8,
    votes: tuple[RememberedVote, ...] = (),
    run: RunId | None = None,
    mttr_seconds: float | None = None,
) -> Remembered:
    """An incident whose leading cause was this one, and for which a restart was done unless the proof is open."""
    return Remembered(
        outcome=Outcome(
            incident_id=IncidentId(name), services=(), fault=cause.fault if cause else None, pattern="",
            resolution="", mttr_seconds=mttr_seconds, success=proof == "proven", verified=proof == "proven",
            ended_at=NOON,
        ),
        run=run,
        symptoms=symptoms,
        status="resolved" if proof == "proven" else "escalated",
        leading=cause,
        stated=stated if cause else None,
        addressed=cause if proof != "open" else None,
        tried=RESTART if proof != "open" else None,
        proof=proof,
        votes=votes,
    )  # fmt: skip


def told(each: Remembered, cause: Cause | None) -> Memory:
    """The incident after a person said what it was."""
    said = Correction(incident_id=each.id, cause=cause, by="Ada", reason="we looked", at=NOON)
    return Memory(remembered=each, correction=said)
