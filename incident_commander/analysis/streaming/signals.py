"""What is watched of a series: level, spread and step over short and long windows, distance from trend and season.

Each signal is one number a row that is large when something is unusual. The row-wise and the vectorised way add the
same numbers in the same order, so that they agree to the last bit.
"""

import math
from dataclasses import dataclass

import numpy as np

from ...domain.telemetry import FloatArray

_WINDOWS = (10, 30, 100)
"""Rows."""
_LONGEST = _WINDOWS[-1]
_WARM_UP_ROWS = 60
_WARM_UP_WINDOWS = 3


@dataclass(frozen=True, slots=True)
class Signal:
    """What one signal is.

    Attributes:
        warm_up: So many values are known before one of them can be called rare.
        in_rows: It counts rows; the others are in the unit of the series.
    """

    name: str
    warm_up: int = _WARM_UP_ROWS
    in_rows: bool = False


def _windowed(name: str, width: int) -> Signal:
    return Signal(name, max(_WARM_UP_ROWS, _WARM_UP_WINDOWS * width))


SIGNALS = (
    Signal("unchanged", in_rows=True),
    Signal("high"),
    Signal("low"),
    Signal("step"),
    _windowed("off trend", _LONGEST),
    Signal("off the time of day"),
    _windowed("off the time of week", _LONGEST),
    *(_windowed(f"{name} over {width}", width) for width in _WINDOWS for name in ("high", "low", "unsteady", "still")),
)


class SignalStream:
    """The signals of a series row by row, in constant memory."""

    __slots__ = ("_daily", "_rows", "_trend", "_unchanged", "_values", "_weekly", "_weekly_departures", "_weekly_rows")

    def __init__(self) -> None:
        self._values: _Recent | None = None
        self._rows = self._weekly_rows = self._unchanged = 0
        self._trend = math.nan
        self._daily, self._weekly = _daily_profile(), _weekly_profile()
        self._weekly_departures = _Recent(0.0)

    def update(self, timestamp: float, value: float) -> list[float]:
        """The signals at a new row in the order of `SIGNALS`; NaN for one that cannot be known yet."""
        if self._values is None:
            self._values = _Recent(value)
        previous = self._values.newest
        self._values.add(value)
        recent = self._values.newest_first
        self._unchanged = self._unchanged + 1 if self._rows and value == previous else 0
        signals = [float(self._unchanged), value, -value, abs(value - previous), abs(value - self._trend)]
        daily = self._daily.departure(timestamp, value)
        weekly = self._weekly.departure(timestamp, value)
        if not math.isnan(weekly):
            self._weekly_rows += 1
            self._weekly_departures.add(weekly)
            sums = np.add.accumulate(self._weekly_departures.newest_first)
            weekly = float(sums[-1]) / _LONGEST if self._weekly_rows >= _LONGEST else math.nan
        signals += [abs(daily), abs(weekly)]
        self._rows += 1
        sums = np.add.accumulate(recent)
        for width in _WINDOWS:
            if self._rows < width:
                signals += [math.nan] * 4
                continue
            mean = float(sums[width - 1]) / width
            apart = recent[:width] - mean
            spread = math.sqrt(float(np.add.accumulate(apart * apart)[-1]) / width)
            signals += [mean, -mean, spread, -spread]
        self._trend = float(sums[-1]) / _LONGEST if self._rows >= _LONGEST else math.nan
        return signals


def signals_of(timestamps: FloatArray, values: FloatArray) -> FloatArray:
    """The signals of a whole series of finite values, as `SignalStream` gives them, float64[n_signals, n_rows].

    NaN stands for one that cannot be known yet.
    """
    rows = list(zip(timestamps.tolist(), values.tolist(), strict=True))
    daily, weekly = _daily_profile(), _weekly_profile()
    daily_departures = np.array([daily.departure(*row) for row in rows])
    weekly_departures = np.array([weekly.departure(*row) for row in rows])
    known = ~np.isnan(weekly_departures)
    weekly_departures[known] = _windowed_sums(weekly_departures[known])[_LONGEST] / _LONGEST

    windows: list[FloatArray] = []
    sums = _windowed_sums(values)
    for width in _WINDOWS:
        mean = sums[width] / width
        spread = np.sqrt(_squares(values, mean, width) / width)
        windows += [mean, -mean, spread, -spread]
    steps = np.abs(np.diff(values, prepend=values[0]))
    trend = np.concatenate(([math.nan], sums[_LONGEST][:-1] / _LONGEST))
    departures = [np.abs(values - trend), np.abs(daily_departures), np.abs(weekly_departures)]
    row = np.arange(values.size)
    unchanged = row - np.maximum.accumulate(np.where(steps > 0.0, row, 0))
    return np.array([unchanged, values, -values, steps, *departures, *windows])


class _Profile:
    """The mean of each part of a period, which slowly forgets."""

    __slots__ = ("_counts", "_means", "_memory", "_period")

    def __init__(self, period_seconds: float, parts: int, memory: float) -> None:
        self._period = period_seconds
        self._memory = memory
        self._means = [0.0] * parts
        self._counts = [0] * parts

    def departure(self, timestamp: float, value: float) -> float:
        """The distance from the mean of this part so far, NaN in its first row; then learns the value."""
        parts = len(self._means)
        part = min(int(timestamp % self._period / self._period * parts), parts - 1)
        count = self._counts[part] = self._counts[part] + 1
        distance = value - self._means[part]
        self._means[part] += max(self._memory, 1.0 / count) * distance
        return distance if count > 1 else math.nan


def _daily_profile() -> _Profile:
    return _Profile(86_400.0, 48, 0.02)


def _weekly_profile() -> _Profile:
    return _Profile(604_800.0, 168, 0.1)


class _Recent:
    """The most recent values, as many as the longest window has rows, in one piece of memory."""

    __slots__ = ("_at", "_buffer")

    def __init__(self, before: float) -> None:
        """Begin as if every value had been `before`."""
        self._buffer = np.full(8 * _LONGEST, before)
        self._at = self._buffer.size - _LONGEST

    def add(self, value: float) -> None:
        if self._at == 0:
            self._at = self._buffer.size - _LONGEST
            self._buffer[self._at :] = self._buffer[:_LONGEST]
        self._at -= 1
        self._buffer[self._at] = value

    @property
    def newest(self) -> float:
        return float(self._buffer[self._at])

    @property
    def newest_first(self) -> FloatArray:
        return self._buffer[self._at : self._at + _LONGEST]


def _windowed_sums(values: FloatArray) -> dict[int, FloatArray]:
    """By width of the window the sum of the last so many values at each row, added from the newest backwards.

    NaN in rows before which there are too few.
    """
    padded = np.concatenate((np.full(_LONGEST - 1, math.nan), values))
    sums: dict[int, FloatArray] = {}
    total = values.copy()
    for age in range(1, _LONGEST):
        if age in _WINDOWS:
            sums[age] = total.copy()
        total += padded[_LONGEST - 1 - age : padded.size - age]
    sums[_LONGEST] = total
    return sums


def _squares(values: FloatArray, means: FloatArray, width: int) -> FloatArray:
    """The sum of squared distances of the last `width` values from the mean at each row, from the newest backwards."""
    padded = np.concatenate((np.full(width - 1, math.nan), values))
    total = np.zeros(values.size)
    for age in range(width):
        apart = padded[width - 1 - age : padded.size - age] - means
        total += apart * apart
    return total
