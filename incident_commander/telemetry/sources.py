"""Every telemetry source of real incidents that is configured, as one set of ports."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from ..domain.telemetry import Change, Window
from .merging import MergedChanges, MergedLogs, MergedMetrics, MergedTopology, MergedTraces, PlacedMetrics
from .prometheus import PrometheusAt, PrometheusSource
from .source import Source, SourceState
from .unconfigured import live_environment

if TYPE_CHECKING:
    from .aws import AwsSource


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of each signal, the preferred one first.

    Attributes:
        every: Each of them once, whatever it gives.
    """

    every: tuple[Source, ...] = ()
    metrics: tuple[MetricsPort, ...] = ()
    logs: tuple[LogsPort, ...] = ()
    traces: tuple[TracesPort, ...] = ()
    changes: tuple[ChangesPort, ...] = ()
    topology: tuple[TopologyPort, ...] = ()

    def live(self, policy: Policy) -> Environment:
        """The world of a real alert as these sources see it."""
        return live_environment(
            policy,
            MergedChanges(self.changes) if self.changes else None,
            metrics=MergedMetrics(self.metrics) if self.metrics else None,
            logs=MergedLogs(self.logs) if self.logs else None,
            traces=MergedTraces(self.traces) if self.traces else None,
            topology=MergedTopology(self.topology) if self.topology else None,
        )

    def seen(self) -> tuple[SourceState, ...]:
        """How each was when it was asked last. Asks nobody."""
        return tuple(source.seen() for source in self.every)

    async def check(self) -> tuple[SourceState, ...]:
        """Ask each how it is."""
        return tuple(await asyncio.gather(*(source.check() for source in self.every)))

    async def close(self) -> None:
        """Let go of every connection."""
        for source in self.every:
            await source.close()


def telemetry_sources(
    changes: ChangesPort, prometheus: PrometheusAt | None = None, aws: Sequence["AwsSource"] = ()
) -> Sources:
    """The sources that are configured; touches no network.

    Args:
        changes: What tells of changes beside them.
        aws: The accounts and regions that are read.

    Raises:
        SourceMisconfigured: a setting, or a file that it names, is wrong.
    """
    found = (PrometheusSource(prometheus),) if prometheus is not None else ()
    return Sources(
        every=(*found, *aws),
        metrics=(*found, *((PlacedMetrics([(each.place, each) for each in aws]),) if aws else ())),
        logs=tuple(aws),
        traces=tuple(aws),
        changes=(_WhereReported(changes), *aws) if aws else (changes,),
        topology=(*found, *aws),
    )


class _WhereReported:
    """See ChangesPort. That nobody reports changes here is no gap where they are read elsewhere."""

    def __init__(self, changes: ChangesPort) -> None:
        self._changes = changes

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """See ChangesPort."""
        try:
            return await self._changes.changes(window)
        except SourceUnavailable:
            return ()
