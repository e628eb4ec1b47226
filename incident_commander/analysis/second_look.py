"""A second opinion on deviations: whether a detector that sees a series row by row would have raised an alarm as well.

The batch detector knows the whole window; the streaming one knows at each row only what came before. Where both speak
of the same moment, the onset is not an artefact of looking back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..domain.telemetry import MetricSeries, from_epoch
from .anomaly import Deviation, clean
from .clues import Clue
from .streaming import score_series

ALARM = 0.5
"""A score that hardly any row of an ordinary series reaches."""
_LOOKED_AT = 3
"""Deviations that are looked at again: the streaming detector takes some hundredths of a second for a day of one."""
_EARLY_SECONDS = 180.0
"""How much before the onset an alarm may come and still be of the same trouble."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """The first row of a deviation at which the streaming detector speaks up.

    Attributes:
        at: Seconds since the epoch.
        score: The highest from there on, in [0, 1].
    """

    series: MetricSeries
    at: float
    score: float


def alarms_of(deviations: Iterable[Deviation]) -> tuple[Alarm, ...]:
    """The alarms that a streaming detector raises on these while they last, the first alarm first."""
    found = []
    for deviation in deviations:
        times, values = clean(deviation.series.timestamps, deviation.series.values)
        scores = score_series(times, values)
        end = times[-1] if deviation.ended is None else deviation.ended
        loud = (scores >= ALARM) & (times >= deviation.onset - _EARLY_SECONDS) & (times <= end)
        if loud.any():
            found.append(Alarm(deviation.series, float(times[loud][0]), float(scores[loud].max())))
    return tuple(sorted(found, key=lambda alarm: (alarm.at, alarm.series.service, alarm.series.metric)))


def agreement(found: Sequence[Deviation]) -> Clue | None:
    """What a streaming detector says of the foremost of these deviations; None where it says nothing.

    It weighs nothing: the same samples have been counted already. Its silence says nothing, since in a short window it
    has hardly seen what is usual.
    """
    looked_at = found[:_LOOKED_AT]
    alarms = alarms_of(looked_at)
    if not alarms:
        return None
    first = alarms[0]
    what = (
        f"the streaming detector alarms as well, on {len(alarms)} of {len(looked_at)} metrics: "
        f"{first.series.metric.replace('_', ' ')} of {first.series.service} first, at {from_epoch(first.at):%H:%M:%S}"
    )
    return Clue("metrics", what, 0.0, first.at)
