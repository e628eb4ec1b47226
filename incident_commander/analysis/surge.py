"""More requests than usual: who sends them, and what for.

A flash crowd and a flood are told apart by who asks and what comes of it (Jung, Krishnamurthy & Rabinovich, *Flash
crowds and denial of service attacks*, WWW 2002): a crowd brings customers who were seen before, each asking as usual,
and buys; a flood comes from addresses never seen, or from few, and buys nothing.
"""

import re

import numpy as np

from ..domain.base import ServiceName
from ..domain.telemetry import Observations
from .anomaly import Deviation, clean
from .call_graph import CallGraph, mentioned
from .clues import Clue, Lead
from .edges import behind, edges
from .log_patterns import Pattern
from .metric_kinds import meaning_of
from .resources import is_symptom, own_strength, traffic_factor
from .words import sentence

_GROWN = 1.2
_MULTIPLIED, _LESS = 1.8, 0.9
_LEAST = 1.5
_CUSTOMERS = 6.0
_CHALLENGED = ("challenge", "captcha", "user-agent", "bot ", "no cookie", "source list", "rate-based rule")


def attack_leads(
    observations: Observations, found: tuple[Deviation, ...], patterns: tuple[Pattern, ...], graph: CallGraph
) -> tuple[Lead, ...]:
    """For each edge that hostile requests reach, the service that they press hardest."""
    doors = edges(observations, graph)
    return tuple(lead for edge in doors if (lead := _attack(edge, observations, found, patterns, graph)))


def are_repeated(service: ServiceName, found: tuple[Deviation, ...], graph: CallGraph) -> bool:
    """Whether callers repeat what fails: a service gets many more requests and asks less of those it calls.

    Such a loop goes on after its cause is gone; shedding load ends it, more capacity may not (Bronson et al.,
    *Metastable failures in distributed systems*, HotOS 2021).
    """
    if traffic_factor(service, found) < _MULTIPLIED:
        return False
    below = [traffic_factor(callee, found) for callee in graph.callees.get(service, frozenset())]
    return bool(below) and min(below) < _LESS


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
    target, pressed = _target(edge, behind(edge, observations, graph), found, challenged)
    growth = traffic_factor(edge, found)
    clues = [_strangers(d, growth) for d in strange]
    clues += [Clue("metrics", sentence(d), 1.5 * min(1.0, 2.0 * d.score), d.onset) for d in refused]
    clues += [Clue("logs", f"{edge} logs {p}", 2.5, p.first_seen.timestamp()) for p in challenged[:1]]
    if pressed > 0.2:
        clues.append(Clue("metrics", f"{target} is pressed while such requests come", 1.5 * pressed))
    clues += _buyers(edge, observations, growth)
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
    what = f"{sentence(deviation)}, which is {of_those * 100:.0f} % of the requests that came on top"
    return Clue(
        "metrics", what, 4.0 * deviation.excursion.score * float(np.clip((of_those - 2.0 * usual) / 0.3, 0.0, 1.0))
    )


def _buyers(edge: ServiceName, observations: Observations, growth: float) -> list[Clue]:
    """Against an attack: the requests that came on top buy as customers do. A campaign brings strangers, too."""
    if growth < _GROWN:
        return []
    for series in observations.metrics:
        if series.service != edge or meaning_of(series.metric, series.unit).kind != "conversion":
            continue
        _, values = clean(series.timestamps, series.values)
        usual = float(np.median(values[: values.size // 2])) if values.size >= 20 else 0.0
        if usual <= 0:
            continue
        buy = (float(np.median(values[-8:])) * growth - usual) / (usual * (growth - 1.0))
        if buy > 0.5:
            share = f"{min(buy, 1.0) * 100:.0f} %"
            what = f"of the requests that came on top at {edge}, {share} as many buy as of the usual ones"
            return [Clue("metrics", what, -_CUSTOMERS * min(buy, 1.0))]
    return []


def _target(
    edge: ServiceName, routes: tuple[ServiceName, ...], found: tuple[Deviation, ...], challenged: list[Pattern]
) -> tuple[ServiceName, float]:
    """The service that the requests are for, and how much it is pressed: one behind the edge, else the edge itself."""
    named = {name for pattern in challenged for name in mentioned(re.sub(r"[/?=]", " ", pattern.example), routes)}

    def pressed(service: ServiceName) -> float:
        own = [d for d in found if d.series.service == service and d.ongoing and d.harmful]
        busy = max((own_strength(d) for d in own if d.meaning.resource == "cpu"), default=0.0)
        felt = max((d.score for d in own if is_symptom(d)), default=0.0)
        grown = min(1.0, max(0.0, traffic_factor(service, found) - 1.0))
        return max(busy, 0.5 * felt, 0.6 * grown)

    likely = max(routes, key=lambda s: (pressed(s) + (0.5 if s in named else 0.0), s), default=edge)
    force = pressed(likely)
    if likely in named or (force > 0.2 and force + 0.2 >= pressed(edge)):
        return likely, force
    return edge, pressed(edge)
