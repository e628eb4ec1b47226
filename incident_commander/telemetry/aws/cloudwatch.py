"""The metrics of a window from CloudWatch: few requests, what came in part is a gap.

A sample stands for the period before it, and the newest ones are left out while AWS still adds to them.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from pydantic import Field

from ...aws import AwsError, Pascal, Rejected
from ...domain.base import ServiceName
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import FloatArray, Gap, Incomplete, MetricSeries, Window
from ..kept import Kept
from .estate import Inventory
from .inventory import Stock
from .listing import Lister, Listing, Wanted
from .place import Place
from .readings import Ratio, Readings

A_REQUEST = 500
"""Queries that one GetMetricData may hold."""
MOST_QUERIES = 2500
"""Of a reading."""
MOST_POINTS = 240
SETTLED_SECONDS = 90.0
"""How old a period is at least: services report a minute or more late, and what is not there yet looks like a fall."""
KEPT_SECONDS = 60.0

_PERIODS = (60, 300, 900, 3600, 21600, 86400)
_NAMED = 3
_MOST_REFUSED = 8
"""Queries that are told apart where AWS refuses a request for their sake; after so many it stays refused whole."""


@dataclass(frozen=True, slots=True)
class _Span:
    """What is asked for: whole periods, seconds since the epoch."""

    start: int
    end: int
    period: int

    @classmethod
    def of(cls, window: Window, now: float) -> "_Span":
        period = next((each for each in _PERIODS if window.seconds / each <= MOST_POINTS), _PERIODS[-1])
        end = min(window.end.timestamp(), now - SETTLED_SECONDS)
        start = math.floor(window.start.timestamp() / period) * period
        return cls(start, max(start, math.floor(end / period) * period), period)


@dataclass(slots=True)
class _Found:
    """The samples of one query, of all pages."""

    times: list[datetime] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    status: str = ""
    messages: tuple[str, ...] = ()


class CloudWatchMetrics:
    """See MetricsPort; of one place."""

    def __init__(
        self, place: Place, stock: Stock, lister: Lister, readings: Readings, now: Callable[[], float] = time.time
    ) -> None:
        self._place = place
        self._stock = stock
        self._lister = lister
        self._readings = readings
        self._now = now
        self._kept = Kept[_Span, tuple[MetricSeries, ...]](KEPT_SECONDS, most=2)
        self._refused: dict[Wanted, str] = {}

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """See MetricsPort. What AWS gave in part, or denied, is a gap of an incomplete answer.

        Raises:
            SourceUnavailable: nothing could be read.
        """
        span = _Span.of(window, self._now())
        return await self._kept.get(span, lambda: self._read(span))

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self, span: _Span) -> tuple[MetricSeries, ...]:
        try:
            source = await self._place.source("cloudwatch")
            inventory, listing = await asyncio.gather(self._stock.inventory(), self._lister.listing())
        except AwsError as error:
            raise SourceUnavailable(self._place.gap("metrics", error)) from error
        wanted = [each for each in listing.wanted[:MOST_QUERIES] if each not in self._refused]
        gaps = list(self._gaps_of(listing))
        failed = 0
        found: dict[int, _Found] = {}
        starts = range(0, len(wanted), A_REQUEST)
        answers = await asyncio.gather(
            *(self._asked(wanted[start : start + A_REQUEST], start, span) for start in starts), return_exceptions=True
        )
        for start, answer in zip(starts, answers, strict=True):
            if isinstance(answer, Rejected):
                kept, apart = await self._told_apart(wanted, range(start, min(start + A_REQUEST, len(wanted))), span)
                found.update(kept)
                gaps += [self._place.gap("metrics", error) for error in apart]
                failed += not kept
            elif isinstance(answer, AwsError):
                gaps.append(self._place.gap("metrics", answer))
                failed += 1
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found.update(answer)
        gaps += [*self._partial(wanted, found), *self._refusals()]
        series = tuple(_series(wanted, found, inventory, span, source, self._readings))
        if not series and failed:
            raise SourceUnavailable(*gaps)
        return Incomplete(series, gaps) if gaps else series

    async def _asked(self, wanted: Sequence[Wanted], first: int, span: _Span) -> dict[int, _Found]:
        if span.end <= span.start:
            return {}
        queries = [
            {
                "Id": f"q{first + number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": each.metric.namespace,
                        "MetricName": each.metric.metric_name,
                        "Dimensions": [{"Name": name, "Value": value} for name, value in each.metric.of.items()],
                    },
                    "Period": span.period,
                    "Stat": each.reading.stat,
                },
            }
            for number, each in enumerate(wanted)
        ]
        answer = await self._place.read_all(
            _Data,
            "cloudwatch",
            "GetMetricData",
            {
                "MetricDataQueries": queries,
                "StartTime": datetime.fromtimestamp(span.start, UTC),
                "EndTime": datetime.fromtimestamp(span.end, UTC),
                "ScanBy": "TimestampAscending",
            },
        )
        found: dict[int, _Found] = {}
        for result in answer.results:
            each = found.setdefault(int(result.id.removeprefix("q")), _Found())
            each.times += result.timestamps
            each.values += result.values
            each.status = result.status_code  # PartialData on a page that another follows means no more than that
            each.messages = tuple(message.value for message in result.messages)
        return found

    async def _told_apart(
        self, wanted: Sequence[Wanted], numbers: range, span: _Span
    ) -> tuple[dict[int, _Found], list[AwsError]]:
        """What there is of a request that was refused, without the queries for whose sake it was, by halves."""
        found: dict[int, _Found] = {}
        errors: list[AwsError] = []
        known, left = len(self._refused), [numbers]
        while left:
            part = left.pop()
            try:
                found.update(await self._asked(wanted[part.start : part.stop], part.start, span))
            except Rejected as error:
                if len(part) == 1:
                    self._refused[wanted[part.start]] = str(error)
                elif len(self._refused) - known >= _MOST_REFUSED:
                    errors.append(error)
                else:
                    left += [part[: len(part) // 2], part[len(part) // 2 :]]
            except AwsError as error:
                errors.append(error)
        return found, errors

    def _refusals(self) -> Iterator[Gap]:
        """What is not asked any more, since AWS refuses it."""
        if not self._refused:
            return
        names = [f"{each.reading.stat} of {each.metric.metric_name} of {each.owner}" for each in self._refused]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield Gap(
            signal="metrics",
            reason=f"{self._place.name}: CloudWatch refuses {', '.join(names[:_NAMED])}{more}: "
            f"{next(iter(self._refused.values()))}"[:600],
            remedy="mend its statistic in IC_CLOUDWATCH_METRICS or in the alarm that names it, and start again",
        )

    def _gaps_of(self, listing: Listing) -> Iterator[Gap]:
        yield from listing.gaps
        if len(listing.wanted) > MOST_QUERIES:
            yield Gap(
                signal="metrics",
                reason=f"{self._place.name} has {len(listing.wanted):,} metrics that mean something here, and "
                f"{MOST_QUERIES:,} are read",
                remedy="name accounts and regions of their own, or read some by a Prometheus",
            )

    def _partial(self, wanted: Sequence[Wanted], found: Mapping[int, _Found]) -> Iterator[Gap]:
        """One gap for each reason for which metrics came in part or not at all."""
        by_reason: dict[str, list[str]] = {}
        for number, each in found.items():
            if each.status != "Complete":
                said = "; ".join(each.messages)
                reason = f"{each.status or 'no status'}{f' ({said[:200]})' if said else ''}"
                metric = wanted[number].metric
                by_reason.setdefault(reason, []).append(f"{metric.metric_name} of {wanted[number].owner}")
        for reason, names in by_reason.items():
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield Gap(
                signal="metrics",
                reason=f"{self._place.name}: CloudWatch gave {', '.join(names[:_NAMED])}{more} in part: {reason}",
                remedy="allow cloudwatch:GetMetricData on it"
                if reason.startswith("Forbidden")
                else "it is read again with the next look; narrow it where it stays so",
            )


def _series(
    wanted: Sequence[Wanted],
    found: Mapping[int, _Found],
    inventory: Inventory,
    span: _Span,
    source: str,
    readings: Readings,
) -> Iterator[MetricSeries]:
    """Each metric of each service once, with what ratios make of the parts."""
    by_metric: dict[tuple[ServiceName, str], dict[int, list[tuple[Wanted, _Column]]]] = {}
    for number, each in enumerate(wanted):
        column = _column(each, found.get(number, _Found()), span, inventory)
        if column is not None:
            service = inventory.names.of(each.owner)
            by_metric.setdefault((service, each.reading.metric), {}).setdefault(each.rank, []).append((each, column))
    told: dict[tuple[ServiceName, str], tuple[str, _Column]] = {}
    for key, ranks in by_metric.items():
        reading = ranks[min(ranks)][0][0].reading
        told[key] = reading.unit, _together([column for _, column in ranks[min(ranks)]], reading.combined)
    for (service, metric), ranks in by_metric.items():
        for ratio in readings.ratios:
            # Only a set that knows the part can say that there is none of it.
            if metric == ratio.whole[0] and readings.knows(min(ranks), ratio.part):
                share = _ratio(ratio, {name: column for (of, name), (_, column) in told.items() if of == service})
                told.setdefault((service, ratio.metric), ("ratio", share))
    for (service, metric), (unit, column) in told.items():
        seen = np.isfinite(column)
        if not metric.startswith("_") and seen.any():
            # A sample stands for the period that it ends.
            times = span.start + (np.arange(column.size, dtype=np.float64) + 1) * span.period
            yield MetricSeries(service, metric, unit, times[seen], column[seen], source)


_Column = FloatArray
"""One value for each period of the span, NaN where there is none."""


def _column(wanted: Wanted, found: _Found, span: _Span, inventory: Inventory) -> _Column | None:
    if not found.values:
        return None
    column = np.full((span.end - span.start) // span.period, np.nan)
    for at, value in zip(found.times, found.values, strict=False):
        place = int((at.timestamp() - span.start) // span.period)
        if 0 <= place < column.size and math.isfinite(value):
            column[place] = value
    reading = wanted.reading
    if reading.left_of is not None:
        whole = inventory.allocated_bytes.get(wanted.owner)
        return None if whole is None else np.clip(100.0 * (1.0 - column / whole), 0.0, 100.0)
    return column * reading.times / (span.period if reading.rate else 1.0)


def _together(columns: Sequence[_Column], how: str) -> _Column:
    stacked = np.stack(columns)
    none = ~np.isfinite(stacked).any(axis=0)
    filled = np.where(np.isfinite(stacked), stacked, -np.inf if how == "max" else 0.0)
    together = filled.max(axis=0) if how == "max" else filled.sum(axis=0)
    if how == "mean":
        together = together / np.maximum(np.isfinite(stacked).sum(axis=0), 1)
    together[none] = np.nan
    return np.asarray(together)


def _ratio(ratio: Ratio, columns: Mapping[str, _Column]) -> _Column:
    """The share, where the whole is more than none; a part without a sample is none."""
    whole = _together([columns[name] for name in ratio.whole if name in columns], "sum")
    parts = [columns[name] for name in ratio.part if name in columns]
    part = np.nan_to_num(_together(parts, "sum")) if parts else np.zeros(whole.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, np.clip(part / whole, 0.0, 1.0), np.nan)


class _Message(Pascal):
    value: str = ""


class _Result(Pascal):
    id: str
    timestamps: list[datetime] = []
    values: list[float] = []
    status_code: str = ""
    messages: tuple[_Message, ...] = ()


class _Data(Pascal):
    results: tuple[_Result, ...] = Field(default=(), alias="MetricDataResults")
