"""Caches that answer ever less: what they miss is asked of the stores behind, which are louder than the cache."""

from ..domain.base import ServiceName
from .anomaly import Deviation
from .call_graph import CallGraph
from .clues import Clue, Lead
from .resources import is_symptom, own_strength
from .words import sentence

_MISSES, _FELT_BEHIND = 4.0, 2.0
_SLACK_SECONDS = 60.0


def cache_leads(found: tuple[Deviation, ...], graph: CallGraph) -> tuple[Lead, ...]:
    """The caches whose hit ratio fell, and has not come back as after a restart."""
    leads: list[Lead] = []
    ongoing = tuple(d for d in found if d.ongoing and d.harmful)
    for deviation in ongoing:
        if deviation.meaning.kind != "cache":
            continue
        cache = deviation.series.service
        clues = [Clue("metrics", sentence(deviation), _MISSES * deviation.score, deviation.onset)]
        stores = asked_instead(cache, graph)
        pressed = [
            d
            for d in ongoing
            if d.series.service in stores
            and d.onset >= deviation.onset - _SLACK_SECONDS
            and (own_strength(d) > 0.3 or is_symptom(d))
        ]
        if pressed:
            worst = max(pressed, key=lambda d: d.score)
            what = f"what it misses is asked of {worst.series.service}: {sentence(worst)}"
            clues.append(Clue("metrics", what, _FELT_BEHIND * worst.score))
        leads.append(Lead(cache, "node_failure", deviation.onset, tuple(clues), 0.0))
    return tuple(leads)


def asked_instead(cache: ServiceName, graph: CallGraph) -> frozenset[ServiceName]:
    """The services that the callers of a cache call as well, other than the cache: what it misses goes there."""
    callers = graph.callers.get(cache, frozenset())
    return frozenset().union(*(graph.callees.get(caller, frozenset()) for caller in callers)) - {cache, *callers}
