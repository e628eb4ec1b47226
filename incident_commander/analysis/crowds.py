"""What came within minutes and leaves by itself: crowds of customers, and jobs that hold sessions.

Flash crowds rise and fall within minutes and ask for one thing (Jung, Krishnamurthy & Rabinovich, *Flash crowds and
denial of service attacks*, WWW 2002; Ari et al., *Managing flash crowds on the internet*, MASCOTS 2003), where demand
that grew for longer, or for all there is, stays. For anything whose age is all that is known, what rose in R seconds is
best expected to last some multiple of R (Gott, *Implications of the Copernican principle*, Nature 363, 1993): a batch
job takes its sessions at once and gives them back, a leak takes them one by one. Both are told by how fast they came,
and neither is certain: near five minutes these weights leave the verdict open.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..domain.base import ServiceName
from ..domain.telemetry import FloatArray, MetricSeries, Observations
from .anomaly import Deviation, clean, running_median
from .call_graph import CallGraph
from .clues import Clue, Passing
from .edges import behind, edges
from .metric_kinds import meaning_of
from .resources import is_symptom, traffic_factor
from .words import multiple

_CROWD = 1.5
"""Times the usual from which more requests are a crowd."""
_MORE = 1.2
"""Times the usual up to which requests are as usual."""
_MINUTES_SECONDS = 300.0
"""A rise as long as this says nothing of whether what came will stay."""
_TELLS, _PER_FACTOR = 6.0, 1.5
"""Nats for each factor of so much that a rise was shorter, or was longer."""
_MOST, _LEAST = 9.0, -3.0
_AS_USUAL, _PER_DEVIATION = 0.5, 3.0
"""Usual deviations by which everything else may grow any time, and nats for each beyond them."""
_BASELINE_SECONDS, _NOW_SECONDS = 600.0, 120.0
_LEAST_DEVIATION = 0.01
_FEWEST_ANCHORS = 4


def crowds_that_pass(
    observations: Observations, found: tuple[Deviation, ...], graph: CallGraph, attacked: bool
) -> tuple[Passing, ...]:
    """The services behind an edge whose customers came so suddenly, and for them alone, that they will leave again."""
    if attacked:
        return ()
    passing: list[Passing] = []
    for edge in edges(observations, graph):
        routes = behind(edge, observations, graph)
        came_in = _added(edge, observations)
        for service in routes:
            series = _traffic(observations, service)
            rise = rise_of(series) if series is not None else None
            if series is None or rise is None or rise.factor < _CROWD or _asked_again(service, found):
                continue
            if came_in < 0.5 * rise.added:
                continue
            apart = frozenset((service, *graph.dependents(service)))
            # Where nothing tells who calls whom, what grew elsewhere may be the same requests on their way.
            others = [name for name in routes if name not in apart] if graph.callees else []
            elsewhere = [other for name in others if (other := _traffic(observations, name)) is not None]
            weight = min(_MOST, suddenness(rise.seconds)) - _broadness(elsewhere, rise.start)
            if weight >= _LEAST:
                what = (
                    f"requests to {service} rose to {multiple(rise.factor)} times the usual within "
                    f"{rise.seconds / 60:.1f} min, from sources as usual and for little else: a crowd that comes for "
                    "one thing leaves again"
                )
                passing.append(Passing(service, Clue("metrics", what, weight)))
    return tuple(passing)


def has_stayed(service: ServiceName, recorded: Observations) -> bool:
    """Whether the crowd at a service is still there at the end of a recording, longer than a rise that says nothing."""
    series = _traffic(recorded, service)
    rise = rise_of(series) if series is not None else None
    if rise is None or rise.factor < _CROWD:
        return False
    return recorded.window.end.timestamp() - (rise.start + rise.seconds) > _MINUTES_SECONDS


def jobs_that_pass(found: tuple[Deviation, ...], graph: CallGraph) -> tuple[Passing, ...]:
    """The services whose connections were taken at once, by none of those known to call them.

    By Little's law (L = lambda W) connections in use follow requests and how long each takes: what neither explains,
    and no caller holds, is held by others.
    """
    passing: list[Passing] = []
    ongoing = tuple(d for d in found if d.harmful and d.ongoing)
    held = {d.series.service for d in ongoing if d.meaning.resource == "pool"}
    slow = {d.series.service for d in ongoing if d.meaning.kind in ("latency", "io")}
    for deviation in ongoing:
        service = deviation.series.service
        if deviation.meaning.resource != "pool" or deviation.capacity is None:
            continue
        callers = graph.callers.get(service, frozenset())
        explained = slow & {service, *graph.dependencies(service)} or callers & held
        if not callers or explained or traffic_factor(service, found) > _MORE:
            continue
        rise = rise_of(deviation.series)
        weight = min(_MOST, suddenness(rise.seconds)) if rise is not None else 0.0
        if rise is not None and weight >= _LEAST:
            what = (
                f"connections of {service} were taken within {rise.seconds / 60:.1f} min and by none of its callers: "
                "a job that takes all it needs at once gives it back when it ends"
            )
            passing.append(Passing(service, Clue("metrics", what, weight)))
    return tuple(passing)


def suddenness(rise_seconds: float) -> float:
    """Log-odds, in nats, that what rose in so many seconds passes by itself; negative for a long rise."""
    return _TELLS * math.log(_MINUTES_SECONDS / max(rise_seconds, 1.0)) / math.log(_PER_FACTOR)


@dataclass(frozen=True, slots=True)
class Rise:
    """How a series came to where it is.

    Attributes:
        factor: How many times its usual it is now; added: what came on top, in its unit.
        seconds: In which most of the rise came, from a tenth of it to nine.
        start: When a tenth was reached, seconds since the epoch.
    """

    factor: float
    added: float
    seconds: float
    start: float


def rise_of(series: MetricSeries) -> Rise | None:
    """The rise of a series from its usual to now; None where it did not rise, or has too few points to tell."""
    times, values = clean(series.timestamps, series.values)
    if values.size < 20:
        return None
    usual, now = float(np.median(values[: values.size // 2])), float(np.median(values[-5:]))
    if now <= usual or usual <= 0:
        return None
    share = (running_median(values, 3) - usual) / (now - usual)
    top = int(np.argmax(share >= 0.9))
    below = np.flatnonzero(share[:top] < 0.1)
    bottom = int(below[-1]) if below.size else 0
    return Rise(now / usual, now - usual, float(times[top] - times[bottom]), float(times[bottom]))


def _broadness(elsewhere: list[MetricSeries], start: float) -> float:
    """Log-odds, in nats, that everything else is asked for more too since a time; 0 where that is not seen.

    Their growth is held against how such growth varied before.
    """
    total = _sum_of(elsewhere)
    if total is None:
        return 0.0
    times, values = total
    step = float(np.median(np.diff(times)))
    began = int(np.searchsorted(times, start))
    before, recent = max(3, round(_BASELINE_SECONDS / step)), max(3, round(_NOW_SECONDS / step))
    lag = times.size - 1 - began

    def growth(at: int) -> float:
        then, now = values[at - before : at], values[at + lag - recent + 1 : at + lag + 1]
        return math.log(float(np.median(now) / np.median(then)))

    if lag < recent or began < before:
        return 0.0
    usual = [growth(at) for at in range(before, began - lag, max(1, recent // 2))]
    if len(usual) < _FEWEST_ANCHORS:
        return 0.0
    deviation = max(float(np.std(usual, ddof=1)), _LEAST_DEVIATION)
    beyond = (growth(began) - float(np.mean(usual))) / deviation
    return max(0.0, _PER_DEVIATION * (beyond - _AS_USUAL))


def _sum_of(several: list[MetricSeries]) -> tuple[FloatArray, FloatArray] | None:
    """Times and the sum of series that were sampled together; None where there are none, or their times differ."""
    cleaned = [clean(series.timestamps, series.values) for series in several]
    if not cleaned or cleaned[0][0].size < 20 or any(not np.array_equal(times, cleaned[0][0]) for times, _ in cleaned):
        return None
    total: FloatArray = np.sum([values for _, values in cleaned], axis=0)
    return (cleaned[0][0], total) if float(total.min()) > 0 else None


def _added(edge: ServiceName, observations: Observations) -> float:
    """How many more requests than usual come in, in their unit."""
    series = _traffic(observations, edge)
    rise = rise_of(series) if series is not None else None
    return rise.added if rise is not None else 0.0


def _traffic(observations: Observations, service: ServiceName) -> MetricSeries | None:
    for series in observations.metrics:
        if series.service == service and meaning_of(series.metric, series.unit).kind == "traffic":
            return series
    return None


def _asked_again(service: ServiceName, found: tuple[Deviation, ...]) -> bool:
    """Whether what grew are repeated calls: the service failed no later than its requests grew."""
    own = [d for d in found if d.series.service == service and d.ongoing]
    grew = [d.onset for d in own if d.meaning.kind == "traffic"]
    failed = [d.onset for d in own if is_symptom(d) and d.harmful]
    return not grew or (bool(failed) and min(failed) <= min(grew) + 45.0)
