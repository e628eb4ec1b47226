"""An incident: alerts that belong together, and where the response to them stands."""

from typing import Literal

from .alert import AlertSource, Severity
from .base import IncidentId, RunId, ServiceName, UtcDatetime, Value
from .findings import Verdict

IncidentStatus = Literal["open", "awaiting_approval", "resolved", "escalated", "closed"]
ClockKind = Literal["wall", "simulated"]
Stage = Literal[
    "detect", "diagnose", "predict", "propose", "deliberate", "authorise", "execute", "verify", "communicate", "learn"
]

STAGES: tuple[Stage, ...] = (
    "detect", "diagnose", "predict", "propose", "deliberate", "authorise", "execute", "verify", "communicate", "learn",
)  # fmt: skip


class Incident(Value):
    """Where an incident stands.

    Attributes:
        status: See the design: `resolved` needs a certified action, checks met and no alert firing.
        clock: Which clock `opened_at` and `ended_at` were read from.
        practice_run: The practice run it happened in; None for a real one.
        stage: The stage under way, None before the first and after the last.
    """

    id: IncidentId
    title: str
    status: IncidentStatus
    severity: Severity
    verdict: Verdict | None = None
    services: tuple[ServiceName, ...]
    sources: tuple[AlertSource, ...]
    clock: ClockKind
    practice_run: RunId | None = None
    began_at: UtcDatetime
    opened_at: UtcDatetime
    ended_at: UtcDatetime | None = None
    stage: Stage | None = None
