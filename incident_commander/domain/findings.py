"""What the analysing agents conclude: anomalies, evidence, hypotheses, a diagnosis, predictions."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from .base import Digest, ServiceName, UtcDatetime, Value
from .provenance import Provenance
from .telemetry import Change, Gap, Signal

Verdict = Literal["confirmed", "likely", "inconclusive"]
FaultKind = Literal[
    "connection_pool_exhaustion",
    "memory_leak",
    "overload",
    "bad_deploy",
    "disk_full",
    "node_failure",
    "dependency_failure",
    "attack_traffic",
    "credential_compromise",
    "certificate_expiry",
    "noisy_neighbour",
    "bad_data",
    "quota_exhaustion",
    "unknown",
]
Remediation = Literal[
    "rollback", "roll-forward", "config-revert", "scale", "failover", "reschedule",
    "rotate-cert", "purge-bad-data", "escalate-upstream", "feature-flag-disable",
]  # fmt: skip
"""The remediation words of public root cause benchmarks (RootCauseBench)."""
Probability = float


class Anomaly(Value):
    """A metric that left its normal course.

    Attributes:
        score: How unusual, in [0, 1].
        direction: `up` or `down` against the baseline.
        onset: When it left its course.
        baseline: Its usual value before, in `unit`; `observed`: its most extreme value since, in `unit`.
        ongoing: Whether it was still abnormal at the end of the window.
    """

    service: ServiceName
    metric: str
    unit: str
    score: float = Field(ge=0, le=1)
    direction: Literal["up", "down"]
    onset: UtcDatetime
    baseline: float
    observed: float
    ongoing: bool


class Evidence(Value):
    """One observation that speaks for or against a statement.

    Attributes:
        signal: Which kind of telemetry it comes from.
        what: The observation, in a sentence with its values.
        weight: Log-likelihood ratio contributed, in nats; positive speaks for, negative against.
    """

    signal: Signal
    what: str
    when: UtcDatetime
    service: ServiceName | None = None
    weight: float
    provenance: Provenance

    def reference(self) -> Digest:
        """A stable name for this evidence, for ballots to cite."""
        return self.content_digest()


class Hypothesis(Value):
    """One possible root cause with what speaks for and against it.

    Attributes:
        onset: When the trouble of the service began.
    """

    rank: int = Field(ge=1)
    service: ServiceName
    fault: FaultKind
    change: str | None = None
    onset: UtcDatetime | None = None
    probability: Probability = Field(ge=0, le=1)
    evidence: tuple[Evidence, ...] = ()
    against: tuple[Evidence, ...] = ()


class ReviewedChange(Value):
    """What was made of one change: whether it is held guilty of a service's trouble, and in a sentence why or why not.

    Attributes:
        service: Where it is in force, as far as a deploy or its paths tell; None where nothing does.
        does: What it does at run time, in words to follow `it`; empty where that was not read.
    """

    change: Change
    service: ServiceName | None
    convicted: bool
    reason: str
    does: str = ""


class Diagnosis(Value):
    """Ranked hypotheses; `inconclusive` is a full answer and then names no cause as true.

    Attributes:
        first_failing: The service whose own trouble was seen first.
        blast_radius: The services harmed by it, nearest first.
        next_question: What to look at to know more.
    """

    verdict: Verdict
    hypotheses: tuple[Hypothesis, ...] = ()
    first_failing: ServiceName | None = None
    blast_radius: tuple[ServiceName, ...] = ()
    gaps: tuple[Gap, ...] = ()
    next_question: str = ""

    @property
    def cause(self) -> Hypothesis | None:
        """The leading hypothesis, or None when the verdict is inconclusive."""
        return self.hypotheses[0] if self.hypotheses and self.verdict != "inconclusive" else None


class Prediction(Value):
    """What breaks next if nobody acts: `metric` of `service` crosses `threshold` (in `unit`) by the time `by`.

    Attributes:
        usd_per_minute: What the incident costs a minute once it has, by the impact port; None where that is not known.
        basis: The observation that it was computed from.
        earliest, latest: 80 % interval of the crossing; both None where no trend was extended, and `latest` also where
            the trend may never reach the threshold.
    """

    service: ServiceName
    metric: str
    unit: str
    direction: Literal["above", "below"]
    threshold: float
    by: UtcDatetime
    probability: Probability = Field(ge=0, le=1)
    usd_per_minute: Decimal | None
    basis: str
    earliest: UtcDatetime | None = None
    latest: UtcDatetime | None = None

    def reference(self) -> Digest:
        """A stable name, by which its outcome is recorded."""
        return self.content_digest()


class PredictionOutcome(Value):
    """Whether a prediction came true; `unscored` with its reason where we acted and nobody can know."""

    prediction: Digest
    outcome: Literal["hit", "miss", "unscored"]
    reason: str


class Impact(Value):
    """What an incident does to customers now.

    Attributes:
        failed_share: Share of customer requests that fail or are too slow, in [0, 1].
        usd_per_minute: What that costs; None where no business data is configured.
        provenance: Of the cost: `assumed` with the document it is cited from.
    """

    failed_share: float = Field(ge=0, le=1)
    requests_per_second: float = Field(ge=0)
    usd_per_minute: Decimal | None
    provenance: Provenance
