"""What models say of an incident, as counsel holds it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from incident_commander.domain.memory import Cause
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.reasoning import Analysis, Counsel, Investigation, Suspicion
from incident_commander.domain.usage import AiService, ReasoningTask, Usage

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
NOVA, CLAUDE = "eu.amazon.nova-pro-v1:0", "eu.anthropic.claude-sonnet-4-6"


def asked(task: ReasoningTask, service: AiService | None, model: str = "", error: str = "") -> Usage:
    """A call on loopback, or a local answer."""
    return Usage(
        task=task,
        agent="diagnosis",
        service=service,
        provenance=Provenance(kind="live", source="loopback" if service else "local"),
        model=model,
        at=NOON,
        latency_ms=1.0,
        error=error,
    )


def suspicions(causes: Sequence[Cause], reason: str = "as the data shows") -> tuple[Suspicion, ...]:
    return tuple(Suspicion(service=each.service, fault=each.fault, reason=reason) for each in causes)


def analysed(*causes: Cause, reason: str = "as the data shows") -> Counsel:
    """Nova's analysis; with no cause it is inconclusive."""
    return Counsel(analysis=Analysis(suspicions=suspicions(causes, reason)), usage=(asked("analyse", "Nova", NOVA),))


def investigated(*causes: Cause) -> Counsel:
    """What Claude found by its tools."""
    return Counsel(
        investigation=Investigation(suspicions=suspicions(causes)), usage=(asked("investigate", "Strands", CLAUDE),)
    )
