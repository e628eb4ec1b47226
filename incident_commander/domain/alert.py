"""An alert: one notification about one condition, whichever door it came in by."""

from typing import Literal

from .base import Fingerprint, RunId, ServiceName, UtcDatetime, Value

AlertStatus = Literal["firing", "resolved", "expired"]
AlertSource = Literal["alertmanager", "prometheus", "sns", "eventbridge", "pagerduty", "generic"]
Severity = Literal["critical", "high", "medium", "low"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
"""From worst to mildest."""

PRACTICE_RUN_LABEL = "practice_run"
"""The label by which an alert of the practice company names its run."""


class Alert(Value):
    """One alert as a door parsed it.

    Attributes:
        fingerprint: Identity of the condition: equal labels give an equal fingerprint, through every door.
        name: The rule or alarm that fired.
        service: The service it speaks of, where its labels say.
        starts_at: When the condition began, as the source says.
        ends_at: When it was resolved or, while firing, when it expires unless it is sent again. None: open-ended.
        received_at: When it reached us (wall clock).
        said_at: When its source said this, where word of it may come late, twice or in the wrong order.
    """

    fingerprint: Fingerprint
    name: str
    service: ServiceName | None
    severity: Severity
    status: AlertStatus
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: UtcDatetime
    ends_at: UtcDatetime | None
    source: AlertSource
    generator_url: str = ""
    received_at: UtcDatetime
    said_at: UtcDatetime | None = None

    @property
    def practice_run(self) -> RunId | None:
        """The practice run this alert claims to belong to; whether that run is known is for the caller to check."""
        run = self.labels.get(PRACTICE_RUN_LABEL)
        return RunId(run) if run else None
