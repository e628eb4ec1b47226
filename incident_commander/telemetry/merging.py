"""Several sources of one signal as one: all are asked at once, what they agree on is told once.

The order of the sources is that of preference. What one of them could not read is a gap beside what the others did.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from ..domain.base import ServiceName
from ..domain.ports import ChangesPort, LogsPort, MetricsPort, SourceUnavailable, TopologyPort, TracesPort
from ..domain.telemetry import (
    Change,
    Gap,
    Incomplete,
    LogRecord,
    MetricSeries,
    Service,
    Span,
    Topology,
    Window,
)

T = TypeVar("T")


class MergedMetrics:
    """See MetricsPort. A metric of a service is that of the first source that has it; `source` names the others."""

    def __init__(self, sources: Sequence[MetricsPort]) -> None:
        self._sources = sources

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """See MetricsPort.

        Raises:
            SourceUnavailable: no source answered.
        """
        answers, gaps = await _all(source.metrics(window) for source in self._sources)
        found: dict[Hashable, list[MetricSeries]] = {}
        for series in (each for answer in answers for each in answer):
            found.setdefault((series.service, series.metric), []).append(series)
        return _told((_with_others(several) for several in found.values()), gaps)


class PlacedMetrics:
    """See MetricsPort. Of sources that are different places: a service that is in several has the metrics of each.

    Args:
        places: Each source, with what is put behind a metric's name where an earlier one has that metric, too.
    """

    def __init__(self, places: Sequence[tuple[str, MetricsPort]]) -> None:
        self._places = places

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """See MetricsPort.

        Raises:
            SourceUnavailable: no source answered.
        """
        answers, gaps = await _all(self._read(place, source, window) for place, source in self._places)
        found: dict[Hashable, MetricSeries] = {}
        for place, read in answers:
            for series in read:
                if (series.service, series.metric) in found:
                    series = replace(series, metric=f"{series.metric}_{place}")
                found.setdefault((series.service, series.metric), series)
        return _told(found.values(), (*gaps, *(gap for _, read in answers for gap in _gaps(read))))

    async def _read(self, place: str, source: MetricsPort, window: Window) -> tuple[str, tuple[MetricSeries, ...]]:
        return place, await source.metrics(window)


class MergedLogs:
    """See LogsPort."""

    def __init__(self, sources: Sequence[LogsPort]) -> None:
        self._sources = sources

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        """See LogsPort.

        Raises:
            SourceUnavailable: no source answered.
        """
        answers, gaps = await _all(source.logs(window) for source in self._sources)
        return _told(sorted((each for answer in answers for each in answer), key=lambda record: record.at), gaps)


class MergedTraces:
    """See TracesPort. A span that several sources have is that of the first."""

    def __init__(self, sources: Sequence[TracesPort]) -> None:
        self._sources = sources

    async def traces(self, window: Window) -> tuple[Span, ...]:
        """See TracesPort.

        Raises:
            SourceUnavailable: no source answered.
        """
        answers, gaps = await _all(source.traces(window) for source in self._sources)
        spans = (each for answer in answers for each in answer)
        return _told(_first(spans, lambda span: (span.trace_id, span.span_id)), gaps)


class MergedChanges:
    """See ChangesPort. Of what several sources tell of one deployment, flag or commit, the first one's word counts."""

    def __init__(self, sources: Sequence[ChangesPort]) -> None:
        self._sources = sources

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """See ChangesPort.

        Raises:
            SourceUnavailable: no source answered.
        """
        found: dict[Hashable, int] = {}
        kept: list[Change] = []
        answers, gaps = await _all(source.changes(window) for source in self._sources)
        for number, answer in enumerate(answers):
            for change in answer:
                # One source may tell of one flag twice, on and off; two sources tell the same.
                if found.setdefault((change.service, change.kind, change.reference), number) == number:
                    kept.append(change)
        return _told(sorted(kept, key=lambda change: change.at), gaps)


class MergedTopology:
    """See TopologyPort. What one source knows of a service, another completes."""

    def __init__(self, sources: Sequence[TopologyPort]) -> None:
        self._sources = sources

    async def topology(self) -> Topology:
        """See TopologyPort.

        Raises:
            SourceUnavailable: no source answered.
        """
        answers, gaps = await _all(source.topology() for source in self._sources)
        services: dict[ServiceName, Service] = {}
        for service in (each for answer in answers for each in answer.services):
            known = services.get(service.name)
            services[service.name] = service if known is None else _completed(known, service)
        calls = dict.fromkeys(call for answer in answers for call in answer.calls)
        return Topology(
            services=tuple(services.values()),
            calls=tuple(calls),
            gaps=(*gaps, *(gap for answer in answers for gap in answer.gaps)),
            source="; ".join(dict.fromkeys(answer.source for answer in answers if answer.source)),
        )


async def _all(readings: Iterable[Awaitable[T]]) -> tuple[list[T], tuple[Gap, ...]]:
    """What the sources that answered said, and the gaps of the others and of theirs.

    Raises:
        SourceUnavailable: none answered.
    """

    async def one(reading: Awaitable[T]) -> T | SourceUnavailable:
        try:
            return await reading
        except SourceUnavailable as error:
            return error

    answers: list[T] = []
    gaps: list[Gap] = []
    for answer in await asyncio.gather(*(one(reading) for reading in readings)):
        if isinstance(answer, SourceUnavailable):
            gaps.extend(answer.gaps)
            continue
        gaps.extend(_gaps(answer))
        answers.append(answer)
    if not answers:
        raise SourceUnavailable(*gaps)
    return answers, tuple(gaps)


def _gaps(answer: object) -> tuple[Gap, ...]:
    return answer.gaps if isinstance(answer, Incomplete) else ()


def _told(read: Iterable[T], gaps: tuple[Gap, ...]) -> tuple[T, ...]:
    return Incomplete(read, gaps) if gaps else tuple(read)


def _first(read: Iterable[T], key: Callable[[T], Hashable]) -> list[T]:
    found: dict[Hashable, T] = {}
    for each in read:
        found.setdefault(key(each), each)
    return list(found.values())


def _with_others(several: Sequence[MetricSeries]) -> MetricSeries:
    others = dict.fromkeys(each.source for each in several[1:] if each.source != several[0].source)
    if not others:
        return several[0]
    return replace(several[0], source=f"{several[0].source} (also {', '.join(others)})")


def _completed(known: Service, other: Service) -> Service:
    return Service(
        name=known.name,
        kind=other.kind if known.kind == "unknown" else known.kind,
        tier=min(known.tier, other.tier),
    )
