"""The live environment while no telemetry source and no executor is configured: questions are answered by gaps."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from ..domain.findings import Impact
from ..domain.incident import ClockKind
from ..domain.ports import ChangesPort, Environment, Policy, SourceUnavailable
from ..domain.telemetry import Change, Gap, LogRecord, MetricSeries, Signal, Span, Topology, Window

_REMEDY = "start a practice run on /ops to see the whole response; alerts without telemetry go to a person"


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


def live_environment(policy: Policy, changes: ChangesPort | None = None) -> Environment:
    """The world of a real alert: nothing to read but changes, nobody to act, and the policy that says so.

    Args:
        changes: What was reported to our doors; None: nothing is.
    """
    nothing = NoTelemetry()
    return Environment(
        clock=WallClock(),
        metrics=nothing,
        logs=nothing,
        traces=nothing,
        changes=changes or nothing,
        topology=nothing,
        impact=nothing,
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
