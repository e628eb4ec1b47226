"""Series with a limit and a known crossing to forecast: simulated families of what fills, and given ones.

A crossing is a row from which two of three rows lie at or beyond the limit, as an alarm asks for; in simulated series
it is taken from their course without the noise, and a series that never crosses never does with its noise either.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ..analysis.anomaly import running_median
from ..domain.telemetry import FloatArray
from .nab_corpus import read_series
from .reading import BadData

Direction = Literal["above", "below"]
Course = tuple[FloatArray, float]
"""A course without noise, as shares of what is full, float64[n_rows], and its noise (one standard deviation)."""

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_EPOCH = 1_772_442_000.0
_WARM_UP = 0.25
"""Share of a simulated series seen before the first forecast."""
_MARGIN = 0.02
"""How far the noisy rows of a series that never crosses stay below its limit, as a share of their range."""


@dataclass(frozen=True, slots=True, eq=False)
class LimitedSeries:
    """A series, its limit, and when it crosses that.

    Attributes:
        timestamps: Seconds since the epoch, ascending, float64[n_rows]; values: likewise, NaN where one is missing.
        crosses: The rows at which the crossing holds, ascending; empty where it never does.
        asked: The rows at which a forecast is asked for.
        horizon_seconds: How far ahead is asked.
    """

    family: str
    name: str
    timestamps: FloatArray
    values: FloatArray
    limit: float
    direction: Direction
    crosses: tuple[int, ...]
    asked: tuple[int, ...]
    horizon_seconds: float

    def seconds_to_crossing(self, row: int) -> float | None:
        """From a row to the next crossing at or after it; None where there is none."""
        place = int(np.searchsorted(self.crosses, row))
        return float(self.timestamps[self.crosses[place]] - self.timestamps[row]) if place < len(self.crosses) else None


@dataclass(frozen=True, slots=True)
class _Family:
    """A kind of series: `course(rng, n_rows, crosses)` draws one that may cross 1 if `crosses`, else stays below."""

    course: Callable[[np.random.Generator, int, bool], Course]
    step_seconds: float
    horizon_seconds: float
    n_rows: int
    direction: Direction = "above"
    full: float = 100.0


def simulated(seeds: range) -> list[LimitedSeries]:
    """One series of every family for each seed; those of every other pair of seeds cross."""
    return [
        _simulate(name, number, family, seed)
        for seed in seeds
        for number, (name, family) in enumerate(FAMILIES.items())
    ]


def given(folder: Path) -> list[LimitedSeries]:
    """Every series of a folder in NAB's layout, with limits put by one rule.

    The first half of the rows is only looked at. Limits, for each direction: the 99 % quantile (1 % for below) of the
    second half's running median of three, which is crossed; and the extreme of ALL rows and half of their range beyond,
    which never is. A forecast is asked for at 24 rows of the second half; the horizon is an eighth of the series' time.
    The limit is all that a forecaster is told of what comes.

    Raises:
        BadData: there is no such series, or one cannot be read.
    """
    paths = sorted(folder.glob("data/*/*.csv"))
    if not paths:
        raise BadData(f"{folder} holds no data/*/*.csv; give --data the folder that holds data")
    found = []
    for path in paths:
        timestamps, values = read_series(path)
        order = np.argsort(timestamps, kind="stable")
        timestamps, values = timestamps[order], values[order]
        later = values[values.size // 2 :]
        later = later[np.isfinite(later)]
        if not later.size or timestamps[-1] <= timestamps[0]:
            continue
        later = running_median(later, 3)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        beyond = 0.5 * (high - low) if high > low else 1.0
        horizon = float(timestamps[-1] - timestamps[0]) / 8
        asked = tuple(int(row) for row in np.linspace(values.size // 2, values.size * 7 // 8 - 1, 24))
        limits: tuple[tuple[Direction, float], ...] = (
            ("above", float(np.quantile(later, 0.99))),
            ("below", float(np.quantile(later, 0.01))),
            ("above", high + beyond),
            ("below", low - beyond),
        )
        for direction, limit in limits:
            crosses = _crossings(values, limit, direction)
            found.append(
                LimitedSeries(
                    path.parent.name, f"{path.parent.name}/{path.name}", timestamps, values, limit, direction, crosses,
                    asked, horizon,
                )
            )  # fmt: skip
    return found


def _simulate(name: str, number: int, family: _Family, seed: int) -> LimitedSeries:
    """A drawn course with noise, gaps and lost samples, and the limit it is full at."""
    rng = np.random.default_rng((number, seed))
    crossing = seed // 2 % 2 == 0
    course, deviation = family.course(rng, family.n_rows, crossing)
    values = course + deviation * rng.standard_normal(course.size)
    limit = 1.0
    if not crossing:
        limit = max(1.0, float(values.max()) + _MARGIN * float(np.ptp(values)))
    crosses = _crossings(course, limit, "above")
    n_ahead = round(family.horizon_seconds / family.step_seconds)
    last = crosses[0] - 1 if crosses else course.size - n_ahead - 1
    first = min(int(_WARM_UP * course.size), last)
    asked = tuple(sorted({int(row) for row in np.linspace(first, last, 24)}))
    lost = rng.random(course.size) < 0.01
    if rng.random() < 0.3:
        at = int(rng.integers(course.size // 10, course.size))
        lost[at : at + course.size // 25] = True
    lost[list(asked)] = False
    values[lost] = np.nan
    timestamps = _EPOCH + family.step_seconds * np.arange(course.size, dtype=np.float64)
    full = family.full
    if family.direction == "below":
        # What is left: it falls from full to the limit.
        values, limit = 1.0 - values, 1.0 - limit
    return LimitedSeries(
        name, f"{name}-{seed}", timestamps, full * values, full * limit, family.direction, crosses, asked,
        family.horizon_seconds,
    )  # fmt: skip


def _crossings(values: FloatArray, limit: float, direction: Direction) -> tuple[int, ...]:
    beyond = values >= limit if direction == "above" else values <= limit
    near = np.convolve(beyond, np.ones(3, dtype=np.int64), mode="full")[2:]
    return tuple(int(row) for row in np.flatnonzero(beyond & (near[: values.size] >= 2)))


def _shares(n_rows: int) -> FloatArray:
    return np.arange(n_rows, dtype=np.float64) / n_rows


def _fills(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """A volume that fills, at a pace that wanders; one that does not cross is cleaned up, or fills too slowly."""
    pace = np.abs(1.0 + 0.5 * np.cumsum(rng.standard_normal(n_rows)) / np.sqrt(n_rows))
    grown = np.cumsum(pace) / pace.sum()
    start, end = rng.uniform(0.2, 0.6), rng.uniform(1.05, 1.5)
    course = start + (end - start) * grown
    if not crosses:
        if rng.random() < 0.5:
            course = start + (rng.uniform(0.5, 0.85) - start) * grown
        else:
            at = int(rng.uniform(0.4, 0.9) * np.searchsorted(course, 1.0))
            course[at:] -= (course[at] - start) * rng.uniform(0.6, 1.0)
            course = np.minimum(course, rng.uniform(0.7, 0.95))
    return course, rng.uniform(0.001, 0.01)


def _stops(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """A job writes for a while and ends; where it crosses, it ends too late."""
    start = rng.uniform(0.1, 0.4)
    begin = rng.uniform(0.1, 0.4)
    long = rng.uniform(0.2, 0.4)
    top = rng.uniform(1.05, 1.3) if crosses else rng.uniform(0.6, 0.9)
    return start + (top - start) * np.clip((_shares(n_rows) - begin) / long, 0, 1), rng.uniform(0.002, 0.01)


def _leaks(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Memory under garbage collection: teeth on a floor that rises or does not."""
    tooth = int(rng.integers(15, 60))
    phase = rng.integers(tooth)
    saw = ((np.arange(n_rows) + phase) % tooth) / tooth * rng.uniform(0.1, 0.3)
    floor = rng.uniform(0.3, 0.5)
    rise = rng.uniform(0.6, 1.2) if crosses else 0.0
    return floor + rise * _shares(n_rows) + saw, rng.uniform(0.003, 0.015)


def _late_leak(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Level for long, then a leak; one that does not cross is restarted in time."""
    base, begin = rng.uniform(0.3, 0.6), rng.uniform(0.3, 0.6)
    slope = (1.1 - base) / rng.uniform(0.15, 1.0 - begin)
    course = base + slope * np.clip(_shares(n_rows) - begin, 0, None)
    if not crosses:
        course[course > rng.uniform(base + 0.1, 0.9)] = base
    return course, rng.uniform(0.003, 0.02)


def _rotates(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Log rotation: teeth of unequal length, each dropped at about the same size; where it crosses, one is not."""
    values, value = np.empty(n_rows), rng.uniform(0.2, 0.4)
    base, pace, top = value, rng.uniform(0.004, 0.015), rng.uniform(0.6, 0.85)
    broken = int(rng.uniform(0.5, 0.8) * n_rows) if crosses else n_rows
    for row in range(n_rows):
        value += pace * rng.uniform(0.5, 1.5)
        if value > top * rng.uniform(0.95, 1.05) and row < broken:
            value = base
        values[row] = min(value, 1.2)
    return values, 0.003


def _season(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Connections over days, the peaks growing or not; `n_rows` holds seven days."""
    day = n_rows / 7
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n_rows) / day + rng.random()))
    height = rng.uniform(0.3, 0.5)
    growth = rng.uniform(0.25, 0.6) if crosses else rng.uniform(0.0, 0.02)
    base = 1.0 - height - growth * rng.uniform(0.6, 0.85) if crosses else rng.uniform(0.2, 0.9 - height)
    return base + height * wave + growth * _shares(n_rows), rng.uniform(0.01, 0.03)


def _saturates(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """A cache that warms: fast, then ever slower towards its size."""
    start, size = rng.uniform(0.0, 0.3), rng.uniform(1.1, 1.5) if crosses else rng.uniform(0.6, 0.93)
    constant = rng.uniform(0.15, 0.35)
    return size - (size - start) * np.exp(-_shares(n_rows) / constant), rng.uniform(0.003, 0.015)


def _steps(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Deploys that move the level up and down; where it crosses, one moves it beyond."""
    course = np.full(n_rows, rng.uniform(0.3, 0.5))
    for place in np.sort(rng.uniform(0.05, 0.6, size=int(rng.integers(2, 6)))):
        course[int(place * n_rows) :] = rng.uniform(0.2, 0.85)
    if crosses:
        course[int(rng.uniform(0.65, 0.8) * n_rows) :] = rng.uniform(1.05, 1.2)
    return course, rng.uniform(0.01, 0.04)


def _bursts(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """A queue: bursts that drain again on a level that rises or does not."""
    arrivals = np.where(rng.random(n_rows) < 0.02, rng.exponential(0.1, n_rows), 0.0).clip(max=0.3)
    backlog = np.zeros(n_rows)
    for row in range(1, n_rows):
        backlog[row] = 0.85 * backlog[row - 1] + arrivals[row]
    return rng.uniform(0.2, 0.4) + rng.uniform(0.6, 1.0) * crosses * _shares(n_rows) + backlog, rng.uniform(0.005, 0.02)


def _quota(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Used of a daily quota: a counter that starts again at midnight; on a heavy day it does not last."""
    day = n_rows // 6
    per_row = rng.gamma(4.0, 0.25, n_rows) * (0.5 + np.sin(np.pi * (np.arange(n_rows) % day) / day) ** 2)
    uses = rng.uniform(0.5, 0.75, 7)
    if crosses:
        uses[int(rng.integers(3, 6))] = rng.uniform(1.2, 1.6)
    course = np.concatenate(
        [np.cumsum(part) / part.sum() * uses[i] for i, part in enumerate(np.split(per_row, range(day, n_rows, day)))]
    )
    return course, 0.0


def _wanders(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """A random walk without a drift, which crosses by chance; where it must not, it is drawn back to its middle."""
    value, values = 0.5, np.empty(n_rows)
    for row, moved in enumerate(rng.standard_normal(n_rows)):
        value += (0.03 if crosses else 0.01) * moved - (0.0 if crosses else 0.01 * (value - 0.5))
        value = abs(value)
        values[row] = value
    return values, 0.005


def _budget(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Spent of an error budget: slowly all the time, and fast in incidents."""
    burns = np.full(n_rows, rng.uniform(0.1, 0.3) / n_rows)
    for _ in range(int(rng.integers(1, 4))):
        at, long = int(rng.uniform(0.1, 0.6) * n_rows), int(rng.integers(n_rows // 60, n_rows // 20))
        burns[at : at + long] += 0.2 / long
    course = np.cumsum(burns)
    if crosses:
        at = int(rng.uniform(0.4, 0.7) * n_rows)
        course += np.clip(np.arange(n_rows) - at, 0, None) * (1.1 - course[at]) / rng.uniform(0.1, 0.28) / n_rows
    return course, 0.0


def _expires(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Spent of a certificate's life: exactly linear, renewed in time or not."""
    life = rng.uniform(0.5, 0.7)
    renewed = 2.0 if crosses else rng.uniform(0.66, 0.8)
    spent = (_shares(n_rows) + life * rng.uniform(0.0, 0.4)) / life
    return spent % renewed if renewed < 1 else spent, 0.0


def _level(rng: np.random.Generator, n_rows: int, crosses: bool) -> Course:
    """Noise about a level under a limit that is close; where it crosses, a slow climb leads there."""
    climb = rng.uniform(0.4, 0.7) if crosses else 0.0
    base = rng.uniform(0.5, 0.8)
    return base + climb * np.clip(_shares(n_rows) - 0.3, 0, None) * 1.4, rng.uniform(0.02, 0.06)


FAMILIES: dict[str, _Family] = {
    "disk fills": _Family(_fills, 5 * _MINUTE, 12 * _HOUR, 1000),
    "job that ends": _Family(_stops, _MINUTE, 2 * _HOUR, 800),
    "leak under collection": _Family(_leaks, 15.0, _HOUR, 1200),
    "late leak": _Family(_late_leak, 15.0, 0.5 * _HOUR, 800),
    "log rotation": _Family(_rotates, 5 * _MINUTE, 4 * _HOUR, 1000),
    "daily season": _Family(_season, 10 * _MINUTE, _DAY, 1008),
    "saturating": _Family(_saturates, _MINUTE, 2 * _HOUR, 800),
    "steps": _Family(_steps, _MINUTE, _HOUR, 800),
    "bursts": _Family(_bursts, 15.0, 0.5 * _HOUR, 900, full=5000.0),
    "daily quota": _Family(_quota, 10 * _MINUTE, 8 * _HOUR, 864),
    "random walk": _Family(_wanders, _MINUTE, 2 * _HOUR, 800),
    "error budget left": _Family(_budget, 5 * _MINUTE, 12 * _HOUR, 1000, "below", 1.0),
    "days to expiry": _Family(_expires, _HOUR, 7 * _DAY, 1000, "below", 60.0),
    "noise near a limit": _Family(_level, _MINUTE, 2 * _HOUR, 800),
}
