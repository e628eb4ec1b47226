"""Stolen credentials: calls under a service's identity that the service did not make.

The identity is the service's own; what gives the thief away is where the calls come from, that they are more than the
service's requests need, that they ask for what the service never asks for, and what runs beside it (MITRE ATT&CK T1078
valid accounts, T1530 data from cloud storage, T1496 resource hijacking, T1098 account manipulation).
"""

from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.telemetry import Observations
from .announced import announcement
from .anomaly import Deviation
from .audit_trail import AuditLine, bare_names, owner_of, strange_calls
from .call_graph import CallGraph
from .clues import Clue, Lead, Passing
from .log_patterns import Pattern
from .resources import traffic_factor
from .words import sentence

_FOREIGN = ("not in the image", "unknown process", "outbound connection to", "xmrig", "miner", "reverse shell")
_DENIED = ("permission denied", "access denied", "not authorized", "unauthorized")
_BEYOND = 1.25
"""Calls under an identity beyond what its requests explain, as a factor."""
_LEAST = 2.0
_ROTATION_PASSES, _EXPORT_PASSES = 8.0, 8.0


def intrusion_leads(
    observations: Observations, found: tuple[Deviation, ...], patterns: tuple[Pattern, ...], graph: CallGraph
) -> tuple[tuple[Lead, ...], tuple[Passing, ...]]:
    """The services whose credentials others use; and those where an announced rotation denies calls for a while."""
    outside = strange_calls(observations)
    names = frozenset(s.service for s in observations.metrics) | {s.name for s in observations.topology.services}
    ongoing = tuple(d for d in found if d.ongoing and d.harmful)
    own: dict[ServiceName, list[Deviation]] = {}
    for deviation in ongoing:
        own.setdefault(deviation.series.service, []).append(deviation)
    foreign: dict[str, list[AuditLine]] = {}
    for line in outside:
        for name in bare_names(line.identity):
            foreign.setdefault(name, []).append(line)
    sent = tuple(d for d in ongoing if d.meaning.kind == "egress")
    leads: list[Lead] = []
    passing: list[Passing] = []
    for owner in sorted(names):
        seen = _Seen(found, tuple(own.get(owner, ())), sent, tuple(foreign.get(owner, ())), patterns)
        lead = _of_owner(owner, observations, seen, graph)
        if lead is None:
            continue
        rotated = announcement(observations.changes, "rotation", owner, lead.onset)
        if rotated is not None and not any(owner_of(line.identity, names) == owner for line in outside):
            what = f"{rotated.summary!r} came shortly before, and no call of {owner} came from outside"
            passing.append(Passing(owner, Clue("changes", what, _ROTATION_PASSES)))
        elif lead.weight >= _LEAST:
            leads.append(lead)
    for store in sorted({d.series.service for d in found if d.meaning.kind == "egress" and d.ongoing and d.harmful}):
        began = min(d.onset for d in found if d.series.service == store and d.meaning.kind == "egress")
        planned = announcement(observations.changes, "bulk_read", store, began)
        if planned is not None and not any(line.where == store for line in outside):
            what = f"{planned.summary!r} was announced for {store}, and nobody reads it from outside"
            passing.append(Passing(store, Clue("changes", what, _EXPORT_PASSES)))
    return tuple(leads), tuple(passing)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What bears on one owner: all deviations, its own that harm now, all of bytes sent, and calls from outside."""

    found: tuple[Deviation, ...]
    own: tuple[Deviation, ...]
    sent: tuple[Deviation, ...]
    foreign: tuple[AuditLine, ...]
    patterns: tuple[Pattern, ...]


def _of_owner(owner: ServiceName, observations: Observations, seen: _Seen, graph: CallGraph) -> Lead | None:
    found, own, foreign = seen.found, seen.own, seen.foreign
    clues: list[Clue] = []
    onsets: list[float] = []
    if foreign:
        calls = ", ".join(sorted({line.call for line in foreign})[:3])
        first = foreign[0]
        what = f"{len(foreign)} calls of {first.identity} ({calls}) came from outside, first from {first.source}"
        clues.append(Clue("logs", f"{first.where} logs that {what}", 4.0 if len(foreign) > 1 else 3.0))
        onsets.append(first.at)
    for d in own:
        if d.meaning.kind == "identity":
            beyond = _factor(d) / max(1.0, traffic_factor(owner, found))
            if beyond > _BEYOND:
                what = f"{sentence(d)}, {beyond:.2g} times what its requests explain"
                clues.append(Clue("metrics", what, 2.5 * d.score * min(1.0, 2.0 * (beyond - 1.0))))
                onsets.append(d.onset)
        elif d.meaning.kind == "denials":
            clues.append(Clue("metrics", sentence(d), 1.5 * d.score, d.onset))
            onsets.append(d.onset)
    for d in seen.sent:
        store = d.series.service
        if clues and store in graph.dependencies(owner):
            beyond = _factor(d) / max(1.0, traffic_factor(store, found))
            if beyond > _BEYOND:
                clues.append(
                    Clue("metrics", f"{sentence(d)}, {beyond:.2g} times what its requests explain", 1.5 * d.score)
                )
                onsets.append(d.onset)
    for p in seen.patterns:
        text = p.example.lower()
        if p.service == owner and any(word in text for word in _FOREIGN):
            clues.append(Clue("logs", f"{owner} logs {p}", 3.5, p.first_seen.timestamp()))
            onsets.append(p.first_seen.timestamp())
        elif p.service == owner and any(word in text for word in _DENIED) and p.before == 0 and "audit" not in text:
            clues.append(Clue("logs", f"{owner} logs {p}", 1.0, p.first_seen.timestamp()))
    if not onsets or not (
        any(clue.signal == "logs" for clue in clues) or any(d.meaning.kind == "denials" for d in own)
    ):
        # More calls alone may be repeats, or what a cache misses.
        return None
    planned = announcement(observations.changes, "probing", None, min(onsets))
    if planned is not None and not foreign:
        clues.append(
            Clue("changes", f"{planned.summary!r} was announced, and no call of {owner} came from outside", -4.0)
        )
    bulk = announcement(observations.changes, "bulk_read", None, min(onsets))
    if bulk is not None and not foreign:
        clues.append(Clue("changes", f"{bulk.summary!r} was announced, and no call of {owner} came from outside", -4.0))
    weight = sum(clue.weight for clue in clues)
    return Lead(owner, "credential_compromise", min(onsets), tuple(clues), min(1.0, max(0.0, weight / 6.0)))


def _factor(deviation: Deviation) -> float:
    return abs(deviation.excursion.latest) / max(abs(deviation.excursion.baseline), 1e-9)
