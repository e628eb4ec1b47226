"""Reading an environment: all telemetry ports at once, what cannot be read becomes a gap."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from ..domain.base import ServiceName
from ..domain.findings import Impact
from ..domain.ports import Environment, SourceUnavailable
from ..domain.provenance import Provenance
from ..domain.telemetry import Gap, Incomplete, Observations, Signal, Topology, Window

LOOKBACK = timedelta(minutes=60)
"""How far before an incident's beginning its reference lies: long enough for a baseline, short of the last season."""

T = TypeVar("T")


async def observe(environment: Environment, began_at: datetime, now: datetime) -> tuple[Observations, Impact | None]:
    """Read everything from `LOOKBACK` before the incident began until `now`.

    Returns:
        The observations, whose `gaps` name each source that could not answer, and the impact on customers now.
    """
    window = Window(start=began_at - LOOKBACK, end=now)
    gaps: list[Gap] = []

    async def read(answer: Awaitable[T], otherwise: T) -> T:
        try:
            found = await answer
        except SourceUnavailable as error:
            gaps.extend(error.gaps)
            return otherwise
        if isinstance(found, Incomplete | Topology):
            gaps.extend(found.gaps)
        return found

    async def read_impact() -> Impact | None:
        try:
            return await environment.impact.impact(Window(start=max(window.start, now - timedelta(minutes=5)), end=now))
        except SourceUnavailable as error:
            gaps.extend(error.gaps)
            return None

    metrics, logs, traces, changes, topology, impact = await asyncio.gather(
        read(environment.metrics.metrics(window), ()),
        read(environment.logs.logs(window), ()),
        read(environment.traces.traces(window), ()),
        read(environment.changes.changes(window), ()),
        read(environment.topology.topology(), Topology()),
        read_impact(),
    )
    kind = "simulated" if environment.clock.kind == "simulated" else "live"
    observations = Observations(
        window=window,
        onset_hint=began_at,
        metrics=metrics,
        logs=logs,
        traces=traces,
        changes=changes,
        topology=topology,
        gaps=tuple(sorted(dict.fromkeys(gaps), key=lambda gap: gap.signal)),
        provenance=Provenance(kind=kind, source="practice company" if kind == "simulated" else "local"),
        sources=(
            *_sources("metrics", metrics),
            *_sources("logs", logs),
            *_sources("traces", traces),
            *_sources("changes", changes),
            *((("topology", ServiceName(""), topology.source),) if topology.source else ()),
        ),
    )
    return observations, impact


class _Read(Protocol):
    """Something that was read of a service."""

    @property
    def service(self) -> ServiceName | None: ...

    @property
    def source(self) -> str: ...


def _sources(signal: Signal, read: Sequence[_Read]) -> tuple[tuple[Signal, ServiceName, str], ...]:
    """Who answered for a signal, each service and source once, in order of appearance."""
    known = dict.fromkeys((each.service or ServiceName(""), each.source) for each in read if each.source)
    return tuple((signal, service, source) for service, source in known)


def inputs_read(observations: Observations) -> dict[str, int]:
    """What an agent was given, counted, for its run record."""
    return {
        "metric series": len(observations.metrics),
        "metric points": sum(len(series.values) for series in observations.metrics),
        "log lines": len(observations.logs),
        "spans": len(observations.traces),
        "changes": len(observations.changes),
        "services": len(observations.topology.services),
    }
