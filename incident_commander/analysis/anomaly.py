"""When and how far a series left its normal course.

A batch detector over one window. `screening` takes the baselines of many series at once and tells which may have left
theirs; here the stretches that do so by several robust deviations become excursions. The onset is the
maximum-likelihood change point of a one-sided CUSUM (Page 1954; Hinkley 1971), walked back from the stretch's first
point.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from ..domain.findings import Anomaly
from ..domain.telemetry import FloatArray, MetricSeries, from_epoch
from .metric_kinds import Meaning, MetricKind, meaning_of, milliseconds
from .screening import SMOOTHING, THRESHOLD, Courses, courses, running_median

__all__ = [
    "Deviation",
    "Excursion",
    "clean",
    "deviation_of",
    "deviation_of_each",
    "deviations_in",
    "find_excursion",
    "running_median",
]

MINIMUM_POINTS = 12
"""Below this a baseline and an excursion cannot be told apart."""
_YEAR_1, _YEAR_10000 = -62135596800.0, 253402300800.0
"""Where the calendar begins and ends, in seconds since the epoch."""
_SLACK = 1.0
_ONGOING_SECONDS = 120.0
_RECENT_QUANTILE = 0.65
"""What is bad in every other sample, as under a limit that sheds, has not ended."""
_FULL_MARKS: dict[MetricKind, float] = {"errors": 0.05, "cache": 0.05, "refusals": 0.05, "clients": 0.1}
_LEAST_IO_MS = 3.0
"""Any volume may take as long as this."""
_LEAST_DENIALS = 0.5
"""A call denied every other second is somebody's mistake."""
_AT_ONCE = 256
"""Series screened together: few enough for the processor's caches."""


@dataclass(frozen=True, slots=True)
class Excursion:
    """A stretch in which a series left its baseline.

    Attributes:
        score: In [0, 1]; 0.5 at about eight robust deviations. Does not change with the series' scale or offset.
        deviations: The largest smoothed distance from the baseline, in robust deviations, at most 50.
        start: Index of the onset in the cleaned series; end: index after its last abnormal point.
        baseline: The usual value; spread: one robust deviation; both in the series' unit.
        extreme: Its most extreme smoothed value.
        latest: The median of its most recent points.
    """

    score: float
    deviations: float
    direction: Literal["up", "down"]
    start: int
    end: int
    baseline: float
    spread: float
    extreme: float
    latest: float
    ongoing: bool


@dataclass(frozen=True, slots=True)
class Deviation:
    """An excursion of a known metric: what the metric means, and how much the excursion matters.

    Attributes:
        effect: How much it matters, in [0, 1], by what the metric measures (`materiality`).
        harmful: It moved in the direction that is bad for its kind.
        capacity: Where the metric ends, in its unit; None where it has no end.
        onset: Seconds since the epoch; ended: likewise, None while it lasts.
    """

    series: MetricSeries
    meaning: Meaning
    excursion: Excursion
    effect: float
    harmful: bool
    capacity: float | None
    onset: float
    ended: float | None

    @property
    def score(self) -> float:
        """How unusual it is and how much it matters, in [0, 1]."""
        return self.excursion.score * self.effect

    @property
    def ongoing(self) -> bool:
        """Whether it was still abnormal at the end of the window."""
        return self.excursion.ongoing

    @property
    def fullness(self) -> float | None:
        """The part of the capacity in use at the extreme, in [0, 1] and slightly beyond; None without a capacity."""
        return None if self.capacity is None else self.excursion.extreme / self.capacity

    def anomaly(self) -> Anomaly:
        """The same as a domain value."""
        return Anomaly(
            service=self.series.service,
            metric=self.series.metric,
            unit=self.series.unit,
            score=min(1.0, self.score),
            direction=self.excursion.direction,
            onset=from_epoch(self.onset),
            baseline=self.excursion.baseline,
            observed=self.excursion.extreme,
            ongoing=self.excursion.ongoing,
        )


def clean(timestamps: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Finite points in ascending order of time, one for each timestamp (of duplicates the last given).

    A timestamp that no calendar has (outside the years 1 to 9999) is dropped with its point.
    """
    n_points = min(timestamps.size, values.size)
    times = np.asarray(timestamps[:n_points], dtype=np.float64)
    points = np.asarray(values[:n_points], dtype=np.float64)
    dated = (times >= _YEAR_1) & (times < _YEAR_10000)
    finite = dated & np.isfinite(points) & (np.abs(points) < 1e150)
    times, points = times[finite], points[finite]
    if times.size > 1 and not bool(np.all(np.diff(times) > 0)):
        order = np.argsort(times, kind="stable")
        times, points = times[order], points[order]
        last_of_its_time = np.append(np.diff(times) > 0, True)
        times, points = times[last_of_its_time], points[last_of_its_time]
    return times, points


def find_excursion(
    timestamps: FloatArray, values: FloatArray, *, floor: float = 0.0, gauge: bool = True, until: float | None = None
) -> Excursion | None:
    """The excursion of a cleaned series that matters now: the one still going on, else the largest.

    Args:
        timestamps: Seconds, ascending, float64[n_points], as `clean` returns them.
        floor: The smallest spread to assume, in the series' unit.
        gauge: True: a slow drift at the beginning counts as the begin of trouble (memory); False: as normal (load).
        until: The end of the window in seconds; a series that stopped well before it is not ongoing.

    Returns:
        None where there are fewer than `MINIMUM_POINTS` points, nothing varies, or nothing left the baseline.
    """
    if values.size < MINIMUM_POINTS:
        return None
    course = courses(timestamps[None], values[None], np.array([floor]), np.array([gauge]))
    return _excursion(timestamps, values, course, 0, until) if course.left[0] else None


def deviation_of(series: MetricSeries, until: float | None = None) -> Deviation | None:
    """The series' excursion, weighed by what its metric means; None where it kept its course or has too few points.

    Args:
        until: The end of the observed window in seconds since the epoch.
    """
    return next(_deviations((series,), until), None)


@lru_cache(maxsize=2)
def deviations_in(metrics: tuple[MetricSeries, ...], until: float | None = None) -> tuple[Deviation, ...]:
    """Every deviation of a set of series, the most important first, then by time and name.

    Series compare by identity, so that whoever asks again about the very same reading is answered from memory.
    """
    return tuple(
        sorted(_deviations(metrics, until), key=lambda d: (-d.score, d.onset, d.series.service, d.series.metric))
    )


def deviation_of_each(metrics: Sequence[MetricSeries], until: float | None = None) -> tuple[Deviation | None, ...]:
    """What `deviation_of` gives for each series, in their order; for many much faster than one by one."""
    found = {deviation.series: deviation for deviation in _deviations(metrics, until)}
    return tuple(found.get(series) for series in metrics)


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A series of enough clean points with what its metric means."""

    series: MetricSeries
    times: FloatArray
    values: FloatArray
    meaning: Meaning
    capacity: float | None


def _deviations(metrics: Iterable[MetricSeries], until: float | None) -> Iterator[Deviation]:
    """The deviations of series, screened together with those of the same length."""
    by_length: dict[int, list[_Prepared]] = {}
    for series in metrics:
        times, values = clean(series.timestamps, series.values)
        if values.size >= MINIMUM_POINTS:
            meaning = meaning_of(series.metric, series.unit)
            capacity = meaning.capacity(series.unit, float(values.max()))
            batch = by_length.setdefault(values.size, [])
            batch.append(_Prepared(series, times, values, meaning, capacity))
            if len(batch) == _AT_ONCE:
                yield from _screened(batch, until)
                batch.clear()
    for batch in by_length.values():
        if batch:
            yield from _screened(batch, until)


def _screened(batch: Sequence[_Prepared], until: float | None) -> Iterator[Deviation]:
    course = courses(
        np.stack([each.times for each in batch]),
        np.stack([each.values for each in batch]),
        np.array([_noise_floor(each.meaning, each.capacity) for each in batch]),
        np.array([each.meaning.kind not in ("traffic", "latency") for each in batch]),
    )
    for row in np.flatnonzero(course.left).tolist():
        of = batch[row]
        excursion = _excursion(of.times, of.values, course, row, until)
        if excursion is not None:
            yield Deviation(
                series=of.series,
                meaning=of.meaning,
                excursion=excursion,
                effect=materiality(of.meaning, of.capacity, excursion.baseline, excursion.extreme, of.series.unit),
                harmful=of.meaning.harm in ("either", excursion.direction),
                capacity=of.capacity,
                onset=float(of.times[excursion.start]),
                ended=None if excursion.ongoing else float(of.times[excursion.end - 1]),
            )


def _excursion(
    timestamps: FloatArray, values: FloatArray, course: Courses, row: int, until: float | None
) -> Excursion | None:
    """The excursion of one series of those whose course was taken."""
    n_points = values.size
    smooth, distance = course.smooth[row], course.distance[row]
    step = float(np.median(np.diff(timestamps)))
    n_recent = int(min(max(SMOOTHING, _ONGOING_SECONDS / step if step > 0 else 0), n_points // 4))
    silent = until is not None and until - timestamps[-1] > max(5 * step, _ONGOING_SECONDS)

    found: list[tuple[bool, float, Excursion]] = []
    sides: tuple[tuple[FloatArray, Literal["up", "down"]], ...] = ((distance, "up"), (-distance, "down"))
    for toward, direction in sides:
        for first, last in _stretches(toward >= THRESHOLD, max(3, n_points // 40)):
            peak = float(toward[first:last].max())
            recent = float(np.sort(toward[-n_recent:])[int(_RECENT_QUANTILE * n_recent)])
            ongoing = last >= n_points - n_recent and recent >= max(3.0, 0.25 * peak) and not silent
            stretch = smooth[first:last]
            excursion = Excursion(
                score=float(1.0 - np.exp(-(peak - 2.5) / 8.0)),
                deviations=peak,
                direction=direction,
                start=_onset(toward, first, peak),
                end=last,
                baseline=float(course.baseline[row]),
                spread=float(course.spread[row]),
                extreme=float(stretch.max() if direction == "up" else stretch.min()),
                latest=float(np.median(values[-n_recent:])),
                ongoing=ongoing,
            )
            found.append((ongoing, float(toward[first:last].sum()), excursion))
    if not found:
        return None
    return max(found, key=lambda entry: (entry[0], entry[1]))[2]


def materiality(meaning: Meaning, capacity: float | None, baseline: float, observed: float, unit: str = "") -> float:
    """How much a move from `baseline` to `observed` matters to an operator, in [0, 1]; half of it at a usual concern.

    Shares of a whole count by how much of the room left was taken; ratios of errors and cache hits, and of who asks, by
    absolute change; everything else by its factor. Full marks: three quarters of the room, 5 points of errors and of
    refusals, 10 of unknown clients, a factor of two; of four for volumes and denials, whose smallest values are noise.
    """
    moved = abs(observed - baseline)
    if meaning.kind in _FULL_MARKS and capacity is not None:
        return float(min(1.0, moved / (_FULL_MARKS[meaning.kind] * capacity)))
    if meaning.kind in ("io", "denials"):
        floor = _LEAST_DENIALS if meaning.kind == "denials" else _LEAST_IO_MS / (milliseconds(1.0, unit) or 1.0)
        return float(np.clip(np.log(max(observed, floor) / max(baseline, floor)) / np.log(4.0), 0.0, 1.0))
    if meaning.kind == "saturation" and capacity is not None:
        room = max(capacity - baseline, 0.05 * capacity) if observed > baseline else max(baseline, 0.05 * capacity)
        return float(min(1.0, moved / (0.75 * room)))
    size = max(abs(baseline), 1e-9)
    if baseline * observed <= 0:
        return 1.0
    factor = abs(np.log(abs(observed) / size))
    return float(min(1.0, factor / np.log(2.0)))


def _noise_floor(meaning: Meaning, capacity: float | None) -> float:
    """A spread below which a share is not worth a look: a quarter of a point of errors, a point of anything else."""
    if capacity is None:
        return 0.0
    return capacity * (0.0025 if meaning.kind in ("errors", "refusals", "conversion", "clients") else 0.01)


def _stretches(abnormal: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], gap: int) -> list[tuple[int, int]]:
    """Half-open ranges of abnormal points; those parted by at most `gap` points are joined, short ones left out."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], abnormal, [False])).astype(np.int8)))
    joined: list[tuple[int, int]] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if joined and first - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return [(first, last) for first, last in joined if last - first >= 3]


def _onset(toward: FloatArray, first: int, peak: float) -> int:
    """The change point at or before `first` that maximises the CUSUM up to it.

    A large excursion is given more slack, so that a small drift that happens to precede it does not antedate it.
    """
    slack = float(np.clip(peak / 12.0, _SLACK, THRESHOLD))
    behind = np.cumsum(np.clip(toward[: first + 1] - slack, -3.0, 3.0)[::-1])
    return int(first - int(np.argmax(behind)))
