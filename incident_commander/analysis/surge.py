"""More requests than usual: who sends them, what for, and whether they stay.

A flash crowd and a flood are told apart by who asks and what comes of it (Jung, Krishnamurthy & Rabinovich, *Flash
crowds and denial of service attacks*, WWW 2002): a crowd brings customers who were seen before, each asking as usual,
and buys; a flood comes from addresses never seen, or from few, and buys nothing. A crowd that came within minutes
leaves like that (Ari et al., *Managing flash crowds on the internet*, MASCOTS 2003); demand that grew for longer stays.
"""

import re

import numpy as np

from ..domain.base import ServiceName
from ..domain.telemetry import MetricSeries, Observations
from .anomaly import Deviation, clean, running_median
from .call_graph import CallGraph, mentioned
from .clues import Clue, Lead, Passing
from .log_patterns import Pattern
from .metric_kinds import meaning_of
from .resources import is_symptom, own_strength, traffic_factor
from .words import sentence

_GROWN = 1.2
_CROWD = 1.5
_SUDDEN_SECONDS = 280.0
_EVERYWHERE = 1.045
"""Growth of every other route from which more customers came for all there is, rather than a crowd for one thing."""
_MULTIPLIED, _LESS = 1.8, 0.9
_PASSES = 9.0
_LEAST = 1.5
_CHALLENGED = ("challenge", "captcha", "user-agent", "bot ", "no cookie", "source list", "rate-based rule")


def attack_leads(
    observations: Observations, found: tuple[Deviation, ...], patterns: tuple[Pattern, ...], graph: CallGraph
) -> tuple[Lead, ...]:
    """For each edge that hostile requests reach, the service that they press hardest."""
    return tuple(lead for edge in _edges(observations) if (lead := _attack(edge, observations, found, patterns, graph)))


def crowds_that_pass(
    observations: Observations, found: tuple[Deviation, ...], graph: CallGraph, attacked: bool
) -> tuple[Passing, ...]:
    """The services behind an edge whose customers came so suddenly that they will leave again."""
    if attacked:
        return ()
    passing: list[Passing] = []
    for edge in _edges(observations):
        behind = sorted(graph.callees.get(edge, frozenset()))
        for service in behind:
            series = _traffic(observations, service)
            if series is None or _asked_again(service, found) or traffic_factor(edge, found) < 1.1:
                continue
            grown, seconds = rise_of(series)
            elsewhere = _least_growth(observations, [other for other in behind if other != service])
            if grown >= _CROWD and seconds <= _SUDDEN_SECONDS and elsewhere < _EVERYWHERE:
                what = (
                    f"requests to {service} alone rose to {grown:.2g} times the usual within {seconds / 60:.1f} min, "
                    "from sources as usual: a crowd that comes for one thing leaves again"
                )
                passing.append(Passing(service, Clue("metrics", what, _PASSES)))
    return tuple(passing)


def are_repeated(service: ServiceName, found: tuple[Deviation, ...], graph: CallGraph) -> bool:
    """Whether callers repeat what fails: a service gets many more requests and asks less of those it calls.

    Such a loop goes on after its cause is gone; shedding load ends it, more capacity may not (Bronson et al.,
    *Metastable failures in distributed systems*, HotOS 2021).
    """
    if traffic_factor(service, found) < _MULTIPLIED:
        return False
    below = [traffic_factor(callee, found) for callee in graph.callees.get(service, frozenset())]
    return bool(below) and min(below) < _LESS


def rise_of(series: MetricSeries) -> tuple[float, float]:
    """How many times its usual a series is now, and in how many seconds most of that rise came (a tenth to nine)."""
    times, values = clean(series.timestamps, series.values)
    if values.size < 20:
        return 1.0, 0.0
    usual, now = float(np.median(values[: values.size // 2])), float(np.median(values[-5:]))
    if now <= usual or usual <= 0:
        return 1.0, 0.0
    share = (running_median(values, 3) - usual) / (now - usual)
    top = int(np.argmax(share >= 0.9))
    below = np.flatnonzero(share[:top] < 0.1)
    bottom = int(below[-1]) if below.size else 0
    return now / usual, float(times[top] - times[bottom])


def _attack(
    edge: ServiceName,
    observations: Observations,
    found: tuple[Deviation, ...],
    patterns: tuple[Pattern, ...],
    graph: CallGraph,
) -> Lead | None:
    here = [d for d in found if d.series.service == edge and d.ongoing and d.harmful]
    strange = [d for d in here if d.meaning.kind == "clients"]
    refused = [d for d in here if d.meaning.kind == "refusals"]
    challenged = [p for p in patterns if p.service == edge and any(w in p.example.lower() for w in _CHALLENGED)]
    if not strange and not challenged and not refused:
        return None
    target, pressed = _target(edge, found, challenged, graph)
    growth = traffic_factor(edge, found)
    clues = [_strangers(d, growth) for d in strange]
    clues += [Clue("metrics", sentence(d), 1.5 * min(1.0, 2.0 * d.score)) for d in refused]
    clues += [
        Clue("logs", f"{edge} logs {p.example!r} ({p.after} times, {p.before} before)", 2.5) for p in challenged[:1]
    ]
    if pressed > 0.2:
        clues.append(Clue("metrics", f"{target} is pressed while such requests come", 1.5 * pressed))
    if not refused and not challenged and pressed < 0.2 and growth < _GROWN:
        clues.append(Clue("metrics", f"nothing but that count is unusual at {edge}: it may be counted wrongly", -6.0))
    lead = Lead(
        service=target,
        fault="attack_traffic",
        onset=min((d.onset for d in (*strange, *refused)), default=observations.onset_hint.timestamp()),
        clues=tuple(clues),
        concern=0.0,
    )
    return lead if lead.weight >= _LEAST else None


def _strangers(deviation: Deviation, growth: float) -> Clue:
    """How many of the requests that came on top are of sources that are few, or were never seen, against the usual."""
    excursion, whole = deviation.excursion, deviation.capacity or 1.0
    usual, now = excursion.baseline / whole, excursion.latest / whole
    more = max(now * growth - usual, 0.0)
    of_those = min(1.0, more / max(growth - 1.0, more, 0.02))
    what = f"{sentence(deviation)}, which is {of_those:.0%} of the requests that came on top"
    return Clue(
        "metrics", what, 4.0 * deviation.excursion.score * float(np.clip((of_those - 2.0 * usual) / 0.3, 0.0, 1.0))
    )


def _target(
    edge: ServiceName, found: tuple[Deviation, ...], challenged: list[Pattern], graph: CallGraph
) -> tuple[ServiceName, float]:
    """The service that the requests are for, and how much it is pressed: one behind the edge, else the edge itself."""
    behind = sorted(graph.callees.get(edge, frozenset()))
    named = {name for pattern in challenged for name in mentioned(re.sub(r"[/?=]", " ", pattern.example), behind)}

    def pressed(service: ServiceName) -> float:
        own = [d for d in found if d.series.service == service and d.ongoing and d.harmful]
        busy = max((own_strength(d) for d in own if d.meaning.resource == "cpu"), default=0.0)
        felt = max((d.score for d in own if is_symptom(d)), default=0.0)
        grown = min(1.0, max(0.0, traffic_factor(service, found) - 1.0))
        return max(busy, 0.5 * felt, 0.6 * grown)

    likely = max(behind, key=lambda s: (pressed(s) + (0.5 if s in named else 0.0), s), default=edge)
    force = pressed(likely)
    if likely in named or (force > 0.2 and force + 0.2 >= pressed(edge)):
        return likely, force
    return edge, pressed(edge)


def _edges(observations: Observations) -> list[ServiceName]:
    return sorted(service.name for service in observations.topology.services if service.kind == "edge")


def _least_growth(observations: Observations, services: list[ServiceName]) -> float:
    """The smallest factor by which requests to any of these services grew; 1 where there is none to compare."""
    factors: list[float] = []
    for service in services:
        series = _traffic(observations, service)
        values = clean(series.timestamps, series.values)[1] if series is not None else np.zeros(0)
        if values.size >= 20:
            factors.append(float(np.median(values[-8:])) / max(float(np.median(values[: values.size // 2])), 1e-9))
    return min(factors, default=1.0)


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
