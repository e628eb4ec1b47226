"""When a server is asked for what: its own clock, how often it scrapes, and the grid of a window."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Self

from ...domain.telemetry import Window
from .client import Moment

MOST_POINTS = 240
"""Of a series: an hour by quarter minutes."""
TOLERATED_SECONDS = 5.0
"""How far two clocks may be apart without a word: what is measured over a network is no better."""
INTERVAL = """
scalar(quantile(0.9,
  (max_over_time(timestamp(up)[2m:5s]) - min_over_time(timestamp(up)[2m:5s])) / (
    (count_over_time(up[2m]) - 1) > changes(timestamp(up)[2m:5s]) or changes(timestamp(up)[2m:5s])
  ) > 0
))
"""
"""Seconds between scrapes of the slower targets, whatever they are; its answer tells the server's clock as well.

The span of the samples and not the two minutes, since a server that has just begun has not yet so many; by the times
that it was seen to move on, or, where it moves on more often than is looked, by one less than the samples.
"""

_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_UNKNOWN_INTERVAL = 60.0
_SLOWEST_INTERVAL = 120.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How a server goes.

    Attributes:
        interval: Seconds between scrapes of its slower targets.
        ahead: How far its clock runs ahead of ours, in seconds; 0 where that is within what is tolerated.
    """

    interval: float
    ahead: float

    @classmethod
    def of(cls, answer: Moment) -> Self:
        """What the answer to `INTERVAL` says."""
        # As many samples as intervals, or one more: what is measured is right or a little too short.
        interval = _at_least(min(answer.value, _SLOWEST_INTERVAL)) if math.isfinite(answer.value) else _UNKNOWN_INTERVAL
        ahead = float(round(answer.ahead)) if abs(answer.ahead) > TOLERATED_SECONDS else 0.0
        return cls(interval=interval, ahead=ahead)


@dataclass(frozen=True, slots=True)
class Grid:
    """The moments of a window that are asked for: multiples of the step, by the server's clock, last one included.

    Attributes:
        reach: Seconds that hold a few samples, for rates.
    """

    first: float
    last: float
    step: float
    reach: float

    @classmethod
    def of(cls, window: Window, pace: Pace, now: float) -> Self:
        """A window's grid. It does not reach beyond `now` (our seconds since the epoch): nothing was measured there."""
        start = window.start.timestamp() + pace.ahead
        end = max(start, min(window.end.timestamp(), now) + pace.ahead)
        wanted = max(pace.interval, (end - start) / MOST_POINTS)
        step = _at_least(wanted)
        return cls(
            first=math.ceil(start / step) * step,
            last=(math.ceil(end / step) - 1) * step,
            step=step,
            reach=math.ceil(max(4 * pace.interval, step + pace.interval)),
        )

    @property
    def empty(self) -> bool:
        """Whether no moment lies in the window."""
        return self.last < self.first


def _at_least(seconds: float) -> float:
    """The first step that is no shorter."""
    return float(_STEPS[min(bisect_left(_STEPS, seconds - 1e-6), len(_STEPS) - 1)])
