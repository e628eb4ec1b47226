"""What earlier incidents say of one that goes on: which were alike, and what that is worth as evidence.

Likeness is the weighted Jaccard index of symptoms, a symptom weighing more the rarer it is among what is remembered
(inverse document frequency, Sparck Jones 1972). The weights are judgements, in one place.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from ..domain.alert import Alert
from ..domain.findings import Anomaly, Evidence
from ..domain.memory import Cause, Experience, Memory, Recalled, Similar, Tried, Witness
from ..domain.provenance import Provenance, ProvenanceKind

LIMIT = 5
"""So many similar incidents are called to mind at most."""
CAP = 1.0
"""The most that memory weighs for or against a cause, nats: a factor of e on its odds at most, each way."""
ALIKE = 0.3
"""Incidents less alike than this are not similar."""
_TOLD, _MENDED = 1.0, 0.5
"""What a person's word about a cause counts, and what a mended incident does: a restart mends more than it explains."""
_CLEAR = 0.5
"""From this score on an anomaly is a symptom to be remembered."""


def symptoms_of(anomalies: Iterable[Anomaly], alerts: Iterable[Alert]) -> tuple[str, ...]:
    """What an incident looks like: which metrics of which services are off, which way, and which alerts came."""
    seen = [f"{each.metric} {each.direction} at {each.service}" for each in anomalies if each.score >= _CLEAR]
    told = [f"alert {each.name}" + (f" at {each.service}" if each.service else "") for each in alerts]
    return tuple(sorted({*seen, *told}))


def similar(symptoms: Sequence[str], memories: Sequence[Memory], limit: int = LIMIT) -> tuple[Similar, ...]:
    """The incidents that looked most alike, the most alike first; of those alike the newest, which are given last."""
    known = Counter(symptom for each in memories for symptom in set(each.remembered.symptoms))

    def weight(symptom: str) -> float:
        return 1.0 + math.log((1 + len(memories)) / (1 + known[symptom]))

    now = frozenset(symptoms)
    found: list[tuple[float, int, Memory]] = []
    for place, each in enumerate(memories):
        then = frozenset(each.remembered.symptoms)
        whole = sum(weight(symptom) for symptom in sorted(now | then))
        likeness = sum(weight(symptom) for symptom in sorted(now & then)) / whole if whole else 0.0
        if likeness >= ALIKE:
            found.append((round(min(1.0, likeness), 4), place, each))
    found.sort(key=lambda entry: (-entry[0], -entry[1]))
    return tuple(Similar(memory=memory, likeness=likeness) for likeness, _, memory in found[:limit])


def recall(found: Sequence[Similar], kind: ProvenanceKind) -> Recalled:
    """What similar incidents say about causes and actions.

    A cause that nobody remembers is spoken of neither way, so that what never happened before is not held unlikely.

    Args:
        kind: Of the world that they happened in.
    """
    return Recalled(
        similar=tuple((each.memory.remembered.id, each.likeness) for each in found),
        testimony=tuple(_testimony(found, kind)),
        experience=tuple(_experience(found, kind)),
    )


def _testimony(found: Sequence[Similar], kind: ProvenanceKind) -> Iterable[Witness]:
    known = [each for each in found if each.memory.known]
    refuting = [each for each in found if each.memory.refuted is not None]
    named = dict.fromkeys([*(each.memory.cause for each in known), *(each.memory.refuted for each in refuting)])
    for cause in named:
        alike = [each for each in known if each.memory.cause == cause]
        other = [each for each in known if each.memory.cause != cause]
        against = [each for each in refuting if each.memory.refuted == cause and cause is not None]
        weighed = math.log((1.0 + _sum(alike)) / (1.0 + _sum(other) + _sum(against)))
        weight = round(max(-CAP, min(CAP, weighed)), 4)
        if weight == 0.0:
            continue
        what = f"of {len(known)} similar incidents whose cause is known, {len(alike)} had this one"
        if not known:
            what = "no similar incident is known to have had this cause"
        if against:
            what += f"; in {len(against)} it was taken for this, and what was done for it did not hold"
        told = alike or against or other
        yield Witness(cause=cause, evidence=_evidence(what, weight, [*told], cause, kind))


def _experience(found: Sequence[Similar], kind: ProvenanceKind) -> Iterable[Experience]:
    done: dict[Tried, list[Similar]] = {}
    for each in found:
        tried = each.memory.remembered.tried
        if tried is not None and each.memory.remembered.proof != "open":
            done.setdefault(tried, []).append(each)
    for tried, cases in done.items():
        failed = [each for each in cases if each.memory.remembered.proof == "refuted"]
        proven = len(cases) - len(failed)
        what = f"{tried.action} of {tried.target} held in {proven} of {len(cases)} similar incidents"
        cause = Cause(service=tried.target, fault="unknown")
        yield Experience(
            tried=tried,
            proven=proven,
            refuted=len(failed),
            incidents=tuple(each.memory.remembered.id for each in failed),
            evidence=_evidence(what, CAP * (proven - len(failed)) / len(cases), cases, cause, kind),
        )


def _evidence(
    what: str, weight: float, told_by: Sequence[Similar], cause: Cause | None, kind: ProvenanceKind
) -> Evidence:
    named = ", ".join(f"{each.memory.remembered.id} ({each.likeness:.0%} alike)" for each in told_by)
    latest: datetime = max(each.memory.remembered.outcome.ended_at for each in told_by)
    return Evidence(
        signal="memory",
        what=f"{what}: {named}",
        when=latest,
        service=cause.service if cause is not None else None,
        weight=weight,
        provenance=Provenance(kind=kind, source="memory of incidents", reason=named),
    )


def _sum(incidents: Sequence[Similar]) -> float:
    return sum(each.likeness * (_TOLD if each.memory.correction is not None else _MENDED) for each in incidents)
