"""From rows in any order to series in order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ...domain.base import ServiceName
from ...domain.telemetry import FloatArray, MetricSeries
from .metric_rows import PlaceArray, Rows

IntArray = npt.NDArray[np.int64]
Name = TypeVar("Name", bound=str)

_SPARSEST = 8
"""Cells of the matrix [series, time] for each sample up to which it is worth laying out."""
_UNITS = {
    "ms": "ms", "milliseconds": "ms", "seconds": "seconds", "secs": "seconds", "us": "us", "microseconds": "us",
    "bytes": "bytes", "mb": "MB", "mib": "MiB", "gb": "GB", "gib": "GiB",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Names:
    """What a series is called that is numbered by its place among all pairs of a service and a metric."""

    services: Sequence[ServiceName]
    metrics: Sequence[str]

    def series(self, of: int, times: FloatArray, values: FloatArray) -> MetricSeries:
        """The series of that number."""
        service, metric = self.services[of // len(self.metrics)], self.metrics[of % len(self.metrics)]
        return MetricSeries(service, metric, unit_of(metric), times, values)


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """Samples of many series: places of times and of names, and values; each [n_samples]."""

    at: PlaceArray
    of: IntArray
    values: FloatArray


class SeriesBuilder:
    """Gathers rows block by block; a later sample of the same series and time replaces an earlier one."""

    def __init__(self) -> None:
        self._blocks: list[Rows] = []
        self._services: dict[ServiceName, int] = {}
        self._metrics: dict[str, int] = {}

    def add(self, rows: Rows) -> None:
        """Take the rows of the next block."""
        of_service = _places(rows.services, self._services)[rows.of_service]
        of_metric = _places(rows.metrics, self._metrics)[rows.of_metric]
        self._blocks.append(replace(rows, services=(), metrics=(), of_service=of_service, of_metric=of_metric))

    def build(self, earliest: float, latest: float) -> tuple[tuple[MetricSeries, ...], int]:
        """The series by service and metric, and how many rows lay outside the given seconds since the epoch."""
        if not self._blocks:
            return (), 0
        times, places = np.unique(np.concatenate([rows.times for rows in self._blocks]), return_inverse=True)
        inside = (times >= earliest) & (times <= latest)
        first, n_outside = 0, 0
        samples = []
        for rows in self._blocks:
            at = places[first : first + rows.times.size].astype(np.int32)[rows.at]
            first += rows.times.size
            of = rows.of_service.astype(np.int64) * len(self._metrics) + rows.of_metric
            kept = inside[at]
            if kept.all():
                samples.append(_Samples(at, of, rows.values))
            else:
                n_outside += int(kept.size - kept.sum())
                samples.append(_Samples(at[kept], of[kept], rows.values[kept]))
        self._blocks.clear()
        n_cells = len(self._services) * len(self._metrics) * times.size
        names = _Names(list(self._services), list(self._metrics))
        dense = n_cells <= _SPARSEST * sum(block.values.size for block in samples)
        found = _laid_out(samples, times, names) if dense else _sorted(samples, times, names)
        return tuple(sorted(found, key=lambda series: (series.service, series.metric))), n_outside


def _laid_out(samples: Sequence[_Samples], times: FloatArray, names: _Names) -> Iterator[MetricSeries]:
    """By way of a matrix [series, time], for samples that mostly fill it: nothing is sorted."""
    matrix = np.full((len(names.services) * len(names.metrics), times.size), np.nan)
    for block in samples:
        matrix[block.of, block.at] = block.values
    for of, row in enumerate(matrix):
        there = ~np.isnan(row)
        if there.all():
            yield names.series(of, times, row)
        elif there.any():
            yield names.series(of, times[there], row[there])


def _sorted(samples: Sequence[_Samples], times: FloatArray, names: _Names) -> Iterator[MetricSeries]:
    """By sorting, for series that are few of those that could be, or whose clocks have little in common."""
    at = np.concatenate([block.at for block in samples])
    of = np.concatenate([block.of for block in samples])
    values = np.concatenate([block.values for block in samples])
    order = np.lexsort((at, of))
    at, of, values = at[order], of[order], values[order]
    last = np.append((np.diff(of) != 0) | (np.diff(at) != 0), True) if of.size else np.zeros(0, dtype=np.bool_)
    at, of, values = at[last], of[last], values[last]
    present, first = np.unique(of, return_index=True)
    for series, begin, end in zip(present.tolist(), first.tolist(), [*first.tolist()[1:], of.size], strict=True):
        yield names.series(series, times[at[begin:end]], values[begin:end])


def _places(names: Sequence[Name], known: dict[Name, int]) -> PlaceArray:
    """The place of each name among all that are known, which new ones join."""
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int32)


def unit_of(metric: str) -> str:
    """The unit that a metric's name tells, such as `ms`; empty where it tells none.

    Shares get none: `pct` and `ratio` are written for parts of 1 and of 100 alike, and the values tell which.
    """
    words = metric.lower().split("_")
    if words[-2:] in (["per", "second"], ["per", "sec"]) or words[-1] in ("rps", "qps"):
        return "per_second"
    return next((_UNITS[word] for word in reversed(words) if word in _UNITS), "")
