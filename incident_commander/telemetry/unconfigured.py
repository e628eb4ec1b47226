"""The live environment while no telemetry source and no executor is configured: questions are answered by gaps."""

import asyncio
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
    """Every reading port, none of them configured."""

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """Raises SourceUnavailable."""
        raise _unconfigured("metrics")

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        """Raises SourceUnavailable."""
        raise _unconfigured("logs")

    async def traces(self, window: Window) -> tuple[Span, ...]:
        """Raises SourceUnavailable."""
        raise _unconfigured("traces")

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """Raises SourceUnavailable."""
        raise _unconfigured("changes")

    async def topology(self) -> Topology:
        """Raises SourceUnavailable."""
        raise _unconfigured("topology")

    async def impact(self, window: Window) -> Impact:
        """Raises SourceUnavailable."""
        raise _unconfigured("impact")


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


def _unconfigured(signal: Signal) -> SourceUnavailable:
    return SourceUnavailable(Gap(signal=signal, reason=f"no source of {signal} is configured", remedy=_REMEDY))
