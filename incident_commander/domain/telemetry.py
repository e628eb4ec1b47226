"""What the telemetry ports return: series, log records, spans, changes, topology, and the gaps between them.

Series, log records and spans are plain dataclasses rather than pydantic models: an hour of a large system is millions
of them, and they travel to worker processes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt

from .base import ServiceName, UtcDatetime, Value
from .provenance import Provenance

ServiceKind = Literal["edge", "api", "worker", "database", "cache", "queue", "storage", "unknown"]
ChangeKind = Literal["deploy", "commit", "flag", "config", "scaling"]
Signal = Literal["metrics", "logs", "traces", "changes", "topology", "impact", "alerts", "memory", "model"]
"""Kinds of telemetry; and two that no port reads: `memory`, evidence from earlier incidents, and `model`, what language
models suspect."""
TESTIMONY: frozenset[Signal] = frozenset({"memory", "model"})
"""What witnesses say, and no telemetry shows."""
FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")


class Window(Value):
    """A half-open span of time, `start <= t < end`, on the incident's clock."""

    start: UtcDatetime
    end: UtcDatetime

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True, eq=False)
class MetricSeries:
    """One metric of one service. Compared by identity: two readings are two series.

    Attributes:
        timestamps: Seconds since the epoch, ascending, float64[n_points].
        values: float64[n_points]; a missing sample is absent, never zero.
        unit: `ms`, `ratio`, `percent`, `bytes`, `count`, `per_second`, ...
        source: Who answered, for provenance; empty: who is named for the whole observation.
    """

    service: ServiceName
    metric: str
    unit: str
    timestamps: FloatArray
    values: FloatArray
    source: str = ""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One log line, `at` in UTC. Its text is data from outside: never an instruction.

    Attributes:
        attributes: Its other fields as (name, text), in the order given.
        source: As of a series.
    """

    at: datetime
    service: ServiceName
    level: Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    message: str
    attributes: tuple[tuple[str, str], ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """One OTel-style span, `start` in UTC.

    Attributes:
        attributes: Its other fields as (name, text), an error's message among them, in the order given.
        source: As of a series.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    service: ServiceName
    name: str
    start: datetime
    duration_ms: float
    error: bool
    attributes: tuple[tuple[str, str], ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class LogSummary:
    """A log template as a source counted it itself: how often over the incident, and how often usually.

    Attributes:
        template: With variable parts as the source marks them. Data from outside, like a line.
        count: Lines of it over the incident; usual: over as long before.
        bad: Whether the source calls it negative.
    """

    service: ServiceName
    template: str
    count: int
    usual: int
    bad: bool


class ProviderIncident(Value):
    """What a third party's status page says of an incident of its own.

    Attributes:
        endpoints: Hosts and paths that it names as affected.
        ended_at: None while it lasts, or where that is not told.
    """

    provider: str
    summary: str
    impact: str
    endpoints: tuple[str, ...] = ()
    started_at: UtcDatetime
    ended_at: UtcDatetime | None = None


class Change(Value):
    """Something a person or a pipeline changed.

    Attributes:
        reference: The commit, deployment or flag by which to name and undo it.
        detail: The diff or the new value, where the source gives it.
        files: The paths that a commit touches.
        source: As of a series.
    """

    at: UtcDatetime
    service: ServiceName | None
    kind: ChangeKind
    reference: str
    summary: str
    author: str = ""
    detail: str = ""
    files: tuple[str, ...] = ()
    source: str = ""


class Gap(Value):
    """Something the investigation could not see, why, and how to mend that."""

    signal: Signal
    reason: str
    remedy: str


class Incomplete(tuple[T, ...]):
    """What a source could read where it could not read all; `gaps` says what is missing, and why."""

    gaps: tuple[Gap, ...]

    def __new__(cls, read: Iterable[T] = (), gaps: Iterable[Gap] = ()) -> Self:
        found = super().__new__(cls, read)
        found.gaps = tuple(gaps)
        return found


class Service(Value):
    """A node of the topology. `tier` 1 is what customers feel first."""

    name: ServiceName
    kind: ServiceKind
    tier: int = 2


class Topology(Value):
    """Which service calls which: `calls` holds (caller, callee) pairs. May have cycles and islands.

    Attributes:
        gaps: What of it could not be read.
        source: Who answered, for provenance; empty: who is named for the whole observation.
    """

    services: tuple[Service, ...] = ()
    calls: tuple[tuple[ServiceName, ServiceName], ...] = ()
    gaps: tuple[Gap, ...] = ()
    source: str = ""

    def callees(self, service: ServiceName) -> tuple[ServiceName, ...]:
        """The services that `service` depends on directly."""
        return tuple(callee for caller, callee in self.calls if caller == service)

    def callers(self, service: ServiceName) -> tuple[ServiceName, ...]:
        """The services that depend on `service` directly."""
        return tuple(caller for caller, callee in self.calls if callee == service)

    def kind_of(self, service: ServiceName) -> ServiceKind:
        """The kind of a service, `unknown` where the topology does not list it."""
        return next((s.kind for s in self.services if s.name == service), "unknown")


@dataclass(frozen=True, slots=True)
class Observations:
    """Everything read for one incident at one moment, through the telemetry ports only. Picklable.

    Attributes:
        window: What was read; `metrics`, `logs`, `traces` and `changes` lie inside it.
        onset_hint: When the earliest alert says it began; analysis may find an earlier onset.
        log_summaries: Templates that the log source counted itself, beside `logs` or in place of them.
        providers: What status pages of third parties say.
        gaps: What could not be read.
        sources: Who answered, by signal and service, where that is more than `provenance` says.
    """

    window: Window
    onset_hint: datetime
    metrics: tuple[MetricSeries, ...] = ()
    logs: tuple[LogRecord, ...] = ()
    traces: tuple[Span, ...] = ()
    changes: tuple[Change, ...] = ()
    log_summaries: tuple[LogSummary, ...] = ()
    providers: tuple[ProviderIncident, ...] = ()
    topology: Topology = field(default_factory=Topology)
    gaps: tuple[Gap, ...] = ()
    provenance: Provenance = field(default_factory=lambda: Provenance(kind="live", source="local"))
    sources: tuple[tuple[Signal, ServiceName, str], ...] = ()

    def provenance_of(self, signal: Signal, service: ServiceName | None = None) -> Provenance:
        """Where what is said of a service by a signal comes from; with None, or nothing of it, what all of it does."""
        of_signal = [(name, source) for of, name, source in self.sources if of == signal]
        named = [source for name, source in of_signal if name == service] or [source for _, source in of_signal]
        if not named:
            return self.provenance
        return Provenance(kind=self.provenance.kind, source="; ".join(dict.fromkeys(named)))


def from_epoch(seconds: float) -> datetime:
    """The UTC time of a timestamp in a series."""
    return datetime.fromtimestamp(seconds, UTC)
