"""The Protocols that faculties implement and that agents and the lifecycle use.

Reading ports raise SourceUnavailable, which the lifecycle turns into gaps; they never return an empty answer instead.
What could be read in part comes as Incomplete (of a topology: with its gaps).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .base import RunId
from .event import Update
from .findings import Impact
from .incident import ClockKind, Incident
from .memory import Remembered, Similar
from .plan import Action, ApprovalAnswer, Authorisation, Plan, Receipt
from .policy import Circumstances, Notice
from .telemetry import Change, Gap, LogRecord, MetricSeries, Span, Topology, Window


class SourceUnavailable(Exception):
    """A telemetry source could not answer; `gap` says why and how to mend it, `gaps` all of it where more is to say."""

    def __init__(self, gap: Gap, *more: Gap) -> None:
        super().__init__(gap.reason)
        self.gap = gap
        self.gaps = (gap, *more)


class Clock(Protocol):
    """The incident's clock. Simulated time moves only when told to, or at a multiple of wall time."""

    @property
    def kind(self) -> ClockKind: ...

    async def now(self) -> datetime: ...

    def translate(self, stamp: datetime) -> datetime:
        """A time as alert sources stamp it, on this clock; they differ where a practice world outpaces the wall."""
        ...

    async def advance_to(self, moment: datetime) -> None:
        """Return once the clock shows `moment` or later. Telling it twice the same moment is harmless.

        A simulated clock that stands still is moved there; one with a pace, and the wall clock, are waited for.
        """
        ...


class MetricsPort(Protocol):
    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """All series with a sample inside the window."""
        ...


class LogsPort(Protocol):
    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        """Log records inside the window, oldest first."""
        ...


class TracesPort(Protocol):
    async def traces(self, window: Window) -> tuple[Span, ...]:
        """Sampled spans that start inside the window."""
        ...


class ChangesPort(Protocol):
    async def changes(self, window: Window) -> tuple[Change, ...]:
        """Deploys, commits, flags, config and scaling changes inside the window, oldest first."""
        ...


class TopologyPort(Protocol):
    async def topology(self) -> Topology:
        """Who calls whom, now."""
        ...


class ImpactPort(Protocol):
    async def impact(self, window: Window) -> Impact:
        """What customers felt in the window, and what it costs a minute."""
        ...


class Executor(Protocol):
    async def received(self, idempotency_key: str) -> Receipt | None:
        """The receipt of what was received under this key before, read back from the world; None: nothing was.

        Raises:
            OutcomeUnknown: something was begun under this key, and it cannot be read back now.
        """
        ...

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        """Carry the action out and return its receipt; the same key again returns the first receipt, `repeated`.

        Raises:
            ActionFailed: the world did not take the action, and it is certain that nothing was done.
            OutcomeUnknown: it may have been done; the same key again finds out.
        """
        ...


class ActionFailed(Exception):
    """The world refused an action, and nothing was done; the message says why and what to do."""


class OutcomeUnknown(Exception):
    """Something may have been done, and it cannot be found out now; the message says what to look at.

    It is safe to ask for the same key again: that reads the state back first.
    """


class Policy(Protocol):
    def authorise(self, incident: Incident, plan: Plan, circumstances: Circumstances) -> Authorisation:
        """Whether this plan may run for this incident, and whether a person must agree first. Unknown means no."""
        ...

    def notices(self, now: datetime) -> tuple[Notice, ...]:
        """The freezes and maintenance windows that are in force."""
        ...


class Approver(Protocol):
    """Someone who answers approvals without being waited for; the practice company's modelled operator."""

    async def answer(self, incident: Incident, plan: Plan, asked_at: datetime) -> ApprovalAnswer:
        """The answer, with the time it was given on the incident's clock."""
        ...


class Notifier(Protocol):
    async def send(self, update: Update) -> Update:
        """The same update with `delivered_to` and `failures` filled in. Never claims a delivery that did not happen."""
        ...


class MemoryPort(Protocol):
    """Where outcomes are remembered: what is local is the ledger's own, and never waits for another."""

    async def remember(self, outcome: Remembered) -> None:
        """Keep how an incident ended; an incident is remembered once, however often it is told."""
        ...

    async def similar(self, symptoms: Sequence[str], limit: int, run: RunId | None) -> tuple[Similar, ...]:
        """The incidents that looked most alike, the most alike first.

        Args:
            run: The practice run that asks; None: a real incident does.
        """
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """The world one incident happens in: a practice run's, or the live one. Agents see it through these ports only.

    Attributes:
        executor: None where nothing may be acted upon: then every plan but doing nothing is refused.
        approver: None where a real person must answer.
        stage_seconds: What a stage is charged on the incident's clock: assumed for a clock that stands still, else {}.
    """

    clock: Clock
    metrics: MetricsPort
    logs: LogsPort
    traces: TracesPort
    changes: ChangesPort
    topology: TopologyPort
    impact: ImpactPort
    executor: Executor | None
    policy: Policy
    approver: Approver | None
    stage_seconds: dict[str, float]


class UnknownPracticeRun(Exception):
    """No practice run of that id is known here."""


class Environments(Protocol):
    async def environment(self, run: RunId | None) -> Environment:
        """The world of a practice run, or the live one for None.

        Raises:
            UnknownPracticeRun: that run is not known here.
        """
        ...
