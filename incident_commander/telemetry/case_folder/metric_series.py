"""From rows in any order to series in order of time."""

from collections.abc import Iterator

import numpy as np

from ...domain.base import ServiceName
from ...domain.telemetry import FloatArray, MetricSeries
from .metric_rows import PlaceArray, Rows

_SPARSEST = 8
"""Cells of the matrix [series, time] for each sample up to which it is worth laying out."""
_UNITS = {
    "ms": "ms", "milliseconds": "ms", "seconds": "seconds", "secs": "seconds", "us": "us", "microseconds": "us",
    "bytes": "bytes", "mb": "MB", "mib": "MiB", "gb": "GB", "gib": "GiB",
}  # fmt: skip


class SeriesBuilder:
    """Gathers rows block by block; a later sample of the same series and time replaces an earlier one."""

    def __init__(self) -> None:
        self._blocks: list[Rows] = []
        self._names: dict[tuple[ServiceName, str], int] = {}

    def add(self, rows: Rows) -> None:
        """Take the rows of the next block."""
        places = np.array([self._names.setdefault(name, len(self._names)) for name in rows.names], dtype=np.int32)
        self._blocks.append(Rows(rows.times, (), rows.at, places[rows.of], rows.values))

    def build(self, earliest: float, latest: float) -> tuple[tuple[MetricSeries, ...], int]:
        """The series by service and metric, and how many rows lay outside the given seconds since the epoch."""
        if not self._blocks:
            return (), 0
        distinct, places = np.unique(np.concatenate([rows.times for rows in self._blocks]), return_inverse=True)
        inside = (distinct >= earliest) & (distinct <= latest)
        first, n_outside = 0, 0
        blocks = []
        for rows in self._blocks:
            at = places[first : first + rows.times.size].astype(np.int32)[rows.at]
            first += rows.times.size
            kept = inside[at]
            if kept.all():
                blocks.append((rows.of, at, rows.values))
            else:
                n_outside += int(kept.size - kept.sum())
                blocks.append((rows.of[kept], at[kept], rows.values[kept]))
        n_rows = sum(values.size for _, _, values in blocks)
        dense = len(self._names) * distinct.size <= _SPARSEST * n_rows
        return tuple((self._laid_out if dense else self._sorted)(blocks, distinct)), n_outside

    def _laid_out(
        self, blocks: list[tuple[PlaceArray, PlaceArray, FloatArray]], times: FloatArray
    ) -> Iterator[MetricSeries]:
        """By way of a matrix [series, time], for rows that mostly fill it: no sorting of rows."""
        matrix = np.full((len(self._names), times.size), np.nan)
        for of, at, values in blocks:
            matrix[of, at] = values
        for name in sorted(self._names):
            row = matrix[self._names[name]]
            there = ~np.isnan(row)
            if there.all():
                yield _series(name, times, row)
            elif there.any():
                yield _series(name, times[there], row[there])

    def _sorted(
        self, blocks: list[tuple[PlaceArray, PlaceArray, FloatArray]], times: FloatArray
    ) -> Iterator[MetricSeries]:
        """By sorting the rows, for series whose clocks have little in common."""
        of = np.concatenate([block[0] for block in blocks])
        at = np.concatenate([block[1] for block in blocks])
        values = np.concatenate([block[2] for block in blocks])
        order = np.lexsort((at, of))
        of, at, values = of[order], at[order], values[order]
        last = np.append((np.diff(of) != 0) | (np.diff(at) != 0), True)
        of, at, values = of[last], at[last], values[last]
        for name in sorted(self._names):
            begin, end = np.searchsorted(of, (self._names[name], self._names[name] + 1))
            if begin < end:
                yield _series(name, times[at[begin:end]], values[begin:end])


def unit_of(metric: str) -> str:
    """The unit that a metric's name tells, such as `ms`; empty where it tells none.

    Shares get none: `pct` and `ratio` are written for parts of 1 and of 100 alike, and the values tell which.
    """
    words = metric.lower().split("_")
    if words[-2:] in (["per", "second"], ["per", "sec"]) or words[-1] in ("rps", "qps"):
        return "per_second"
    return next((_UNITS[word] for word in reversed(words) if word in _UNITS), "")


def _series(name: tuple[ServiceName, str], times: FloatArray, values: FloatArray) -> MetricSeries:
    return MetricSeries(service=name[0], metric=name[1], unit=unit_of(name[1]), timestamps=times, values=values)
