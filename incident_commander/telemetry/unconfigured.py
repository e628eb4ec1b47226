"""The live environment: a signal of which no source is configured is answered by a gap."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from ..domain.findings import Impact
from ..domain.incident import ClockKind
from ..domain.ports import (
    ChangesPort,
    Environment,
    LogsPort,
    MetricsPort,
    Policy,
    SourceUnavailable,
    TopologyPort,
    TracesPort,
)
from ..domain.telemetry import Change, Gap, LogRecord, MetricSeries, Signal, Span, Topology, Window

_REMEDY = "connect one as docs/telemetry.md shows; what cannot be seen goes to a person"


class WallClock:
    """Real time."""

    @property
    def kind(self) -> ClockKind:
        """Always `wall`."""
        return "wall"

    async def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def translate(self, stamp: datetime) -> datetime:
        """Sources stamp their alerts with this very clock."""
        return stamp

    async def advance_to(self, moment: datetime) -> None:
        """Wait until then."""
        await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


class NoTelemetry:
    """Every reading port, none of which can answer.

    Args:
        reason: Why; `{signal}` stands for what was asked for.
        remedy: How to mend that.
    """

    def __init__(self, reason: str = "no source of {signal} is configured", remedy: str = _REMEDY) -> None:
        self._reason = reason
        self._remedy = remedy

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """Raises SourceUnavailable."""
        raise self._unavailable("metrics")

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        """Raises SourceUnavailable."""
        raise self._unavailable("logs")

    async def traces(self, window: Window) -> tuple[Span, ...]:
        """Raises SourceUnavailable."""
        raise self._unavailable("traces")

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """Raises SourceUnavailable."""
        raise self._unavailable("changes")

    async def topology(self) -> Topology:
        """Raises SourceUnavailable."""
        raise self._unavailable("topology")

    async def impact(self, window: Window) -> Impact:
        """Raises SourceUnavailable."""
        raise self._unavailable("impact")

    def _unavailable(self, signal: Signal) -> SourceUnavailable:
        return SourceUnavailable(Gap(signal=signal, reason=self._reason.format(signal=signal), remedy=self._remedy))


def live_environment(
    policy: Policy,
    changes: ChangesPort | None = None,
    *,
    metrics: MetricsPort | None = None,
    logs: LogsPort | None = None,
    traces: TracesPort | None = None,
    topology: TopologyPort | None = None,
) -> Environment:
    """The world of a real alert, with nobody to act in it yet, and the policy that says what may be done.

    Args:
        changes, metrics, logs, traces, topology: Where each is read from; None: nowhere.
    """
    nothing = NoTelemetry()
    return Environment(
        clock=WallClock(),
        metrics=metrics or nothing,
        logs=logs or nothing,
        traces=traces or nothing,
        changes=changes or nothing,
        topology=topology or nothing,
        impact=NoTelemetry(remedy="what customers feel and what that costs is known of practice runs only"),
        executor=None,
        policy=policy,
        approver=None,
        stage_seconds={},
    )


def blindfolded(environment: Environment, signals: frozenset[Signal]) -> Environment:
    """The same environment with the ports of some signals answering by gaps: what is concluded without them?"""
    nothing = NoTelemetry("{signal} were kept back for this measurement", "measure without `--without`")
    return replace(
        environment,
        metrics=nothing if "metrics" in signals else environment.metrics,
        logs=nothing if "logs" in signals else environment.logs,
        traces=nothing if "traces" in signals else environment.traces,
        changes=nothing if "changes" in signals else environment.changes,
        topology=nothing if "topology" in signals else environment.topology,
        impact=nothing if "impact" in signals else environment.impact,
    )
