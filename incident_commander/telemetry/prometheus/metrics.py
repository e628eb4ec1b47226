"""The metrics of a window from a Prometheus: one range query a metric, over all services, told on our clock."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ...domain.base import ServiceName
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Gap, Incomplete, MetricSeries, Window
from ..kept import Kept
from .client import PrometheusClient, PrometheusError, RangeAnswer, RangeSeries
from .pace import INTERVAL, Grid, Pace
from .queries import RANK, SERVICE, Queries, Reading, named

MOST_SERVICES = 2000
"""That a metric is read of."""
KNOWN_SECONDS = 300.0
"""How long a server's pace and the names that it has are taken as known."""
KEPT_SECONDS = 60.0
"""How long a reading of the same moments is given again: stages follow each other within seconds."""
READ_SECONDS = 20.0
"""How long reading a window may take; what did not come by then is a gap."""

_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Server:
    """What is known of the server.

    Attributes:
        names: The metric names that it has, of those that are asked for; None: it does not tell.
    """

    pace: Pace
    names: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class _Query:
    """One query and what it gives.

    Attributes:
        recorded: The answer names the metrics itself.
    """

    metric: str
    unit: str
    promql: str
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What is wrong with the answer to one query."""

    metric: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Answer:
    series: tuple[MetricSeries, ...]
    troubles: tuple[_Trouble, ...] = ()
    failed: bool = False


class PrometheusMetrics:
    """See MetricsPort.

    Args:
        match: Matchers that keep every selector to the right world, such as `practice_run="",cluster="prod"`.
    """

    def __init__(
        self,
        client: PrometheusClient,
        queries: Queries,
        match: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._queries = queries
        self._match = match
        self._now = now
        self._server = Kept[None, _Server](KNOWN_SECONDS)
        self._readings = Kept[Grid, tuple[MetricSeries, ...]](KEPT_SECONDS, most=2)

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """See MetricsPort. What some queries did not answer is a gap of an incomplete answer.

        Raises:
            SourceUnavailable: nobody answers.
        """
        try:
            server = await self._server.get(None, self._ask_server)
        except PrometheusError as error:
            raise SourceUnavailable(Gap(signal="metrics", reason=error.reason, remedy=error.remedy)) from error
        grid = Grid.of(window, server.pace, self._now())
        return await self._readings.get(grid, lambda: self._read(grid, server))

    async def found(self) -> tuple[int, int, float]:
        """How many of our metrics its names allow to be read, of how many, and the seconds between its scrapes.

        Raises:
            PrometheusError: nobody answers.
        """
        server = await self._server.get(None, self._ask_server)
        every = {reading.metric for reading in self._queries.readings} | set(self._queries.recorded)
        there = {
            *(reading.metric for reading in self._queries.readings if _there(reading.names, server)),
            *(name for name in self._queries.recorded if _there({name}, server)),
        }
        return len(there), len(every), server.pace.interval

    def close(self) -> None:
        """Give up what is being read."""
        self._server.close()
        self._readings.close()

    async def _ask_server(self) -> _Server:
        moment = await self._client.scalar(INTERVAL)
        wanted = {name for reading in self._queries.readings for name in reading.names} | set(self._queries.recorded)
        try:
            names = await self._client.names(wanted, moment.at - 3600, moment.at)
        except PrometheusError as error:
            if error.down:
                raise
            names = None  # not every server that speaks the API lists its names: then all is asked for
        return _Server(Pace.of(moment), names)

    async def _read(self, grid: Grid, server: _Server) -> tuple[MetricSeries, ...]:
        if grid.empty:
            return ()
        queries = tuple(self._asked(grid, server))
        tasks = [asyncio.ensure_future(self._answer(query, grid, server.pace)) for query in queries]
        if tasks:
            await asyncio.wait(tasks, timeout=READ_SECONDS)
        answers = []
        for query, task in zip(queries, tasks, strict=True):
            if task.done():
                answers.append(task.result())
            else:
                task.cancel()
                late = f"{self._client.name} did not answer within {READ_SECONDS:g} s"
                answers.append(_Answer((), (_Trouble(query.metric, late, "narrow it by IC_PROMETHEUS_MATCH"),), True))
        gaps = tuple(_gaps([trouble for answer in answers for trouble in answer.troubles]))
        if server.pace.ahead:
            gaps = (*gaps, self._skewed(server.pace.ahead))
        series = tuple(_once(each for answer in answers for each in answer.series))
        if answers and all(answer.failed for answer in answers):
            raise SourceUnavailable(*gaps)
        return Incomplete(series, gaps) if gaps else series

    def _asked(self, grid: Grid, server: _Server) -> Iterator[_Query]:
        labels = self._queries.labels
        recorded = [name for name in self._queries.recorded if _there({name}, server)]
        if recorded:
            selected = named(f'{{$match,__name__=~"{"|".join(recorded)}"}}', labels)
            yield _Query("recorded", "", self._filled(f"avg by (__name__, {SERVICE}) ({selected})", grid), True)
        readings: dict[str, list[Reading]] = {}
        for reading in self._queries.readings:
            if _there(reading.names, server):
                readings.setdefault(reading.metric, []).append(reading)
        for metric, of_metric in readings.items():
            ranked = (
                f'label_replace({reading.promql(labels)}, "{RANK}", "{rank}", "", "")'
                for rank, reading in enumerate(of_metric)
            )
            yield _Query(metric, of_metric[0].unit, self._filled(" or ".join(ranked), grid))

    def _filled(self, promql: str, grid: Grid) -> str:
        return promql.replace("$match", self._match).replace("$range", f"{grid.reach:g}s")

    async def _answer(self, query: _Query, grid: Grid, pace: Pace) -> _Answer:
        try:
            answer = await self._client.range(query.promql, grid.first, grid.last, grid.step)
        except PrometheusError as error:
            return _Answer((), (_Trouble(query.metric, error.reason, error.remedy),), True)
        troubles = [
            _Trouble(query.metric, f"{self._client.name} warns: {warning[:300]}", "see to what it reads from")
            for warning in answer.warnings
        ]
        found = _preferred(answer, query)
        if len(found) > MOST_SERVICES:
            reason = f"{self._client.name} has it of {len(found):,} services, and {MOST_SERVICES:,} are read"
            troubles.append(_Trouble(query.metric, reason, "narrow it by IC_PROMETHEUS_MATCH"))
        doubled = sorted({service for (_, service), several in found.items() if len(several) > 1})
        if doubled:
            reason = f"several series of {', '.join(doubled[:_NAMED])} came, and one of them was taken"
            troubles.append(_Trouble(query.metric, reason, "add them up in the query, by (service)"))
        series = tuple(
            MetricSeries(
                service=ServiceName(service),
                metric=metric,
                unit=query.unit or self._queries.recorded[metric],
                timestamps=several[0].timestamps - pace.ahead,
                values=several[0].values,
                source=self._client.name,
            )
            for (metric, service), several in islice(found.items(), MOST_SERVICES)
        )
        return _Answer(series, tuple(troubles))

    def _skewed(self, ahead: float) -> Gap:
        way = "ahead of" if ahead > 0 else "behind"
        return Gap(
            signal="metrics",
            reason=f"the clock of {self._client.name} is {abs(ahead):g} s {way} ours; its samples were moved by that",
            remedy="set both clocks, by NTP",
        )


def _there(names: Collection[str], server: _Server) -> bool:
    """Whether the server has at least one of some names, as far as it tells."""
    return server.names is None or not server.names.isdisjoint(names)


def _preferred(answer: RangeAnswer, query: _Query) -> dict[tuple[str, str], list[RangeSeries]]:
    """The series of each metric and service from the first reading that has it, those without a service left out.

    A reading that has less than half of the samples of another is not taken for having it: it came or went meanwhile.
    """
    by_rank: dict[tuple[str, str], dict[int, list[RangeSeries]]] = {}
    for series in answer.series:
        service = series.labels.get(SERVICE, "").strip()
        metric = series.labels.get("__name__", "") if query.recorded else query.metric
        if service and series.values.size:
            ranks = by_rank.setdefault((metric, service), {})
            ranks.setdefault(int(series.labels.get(RANK, "0")), []).append(series)
    found: dict[tuple[str, str], list[RangeSeries]] = {}
    for key, ranks in by_rank.items():
        most = max(each.values.size for several in ranks.values() for each in several)
        found[key] = next(
            ranks[rank] for rank in sorted(ranks) if 2 * max(each.values.size for each in ranks[rank]) >= most
        )
    return found


def _once(series: Iterable[MetricSeries]) -> Iterator[MetricSeries]:
    """Each metric of a service once: the one that came first."""
    known: set[tuple[ServiceName, str]] = set()
    for each in series:
        if (each.service, each.metric) not in known:
            known.add((each.service, each.metric))
            yield each


def _gaps(troubles: Sequence[_Trouble]) -> Iterator[Gap]:
    """One gap for each reason, with the metrics that it keeps us from."""
    metrics: dict[tuple[str, str], list[str]] = {}
    for trouble in troubles:
        metrics.setdefault((trouble.reason, trouble.remedy), []).append(trouble.metric)
    for (reason, remedy), names in metrics.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield Gap(signal="metrics", reason=f"{', '.join(names[:_NAMED])}{more}: {reason}", remedy=remedy)
