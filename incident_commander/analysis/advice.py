"""What the causes that language models suspect are worth as evidence: together the word of one witness."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..domain.advice import NO_ADVICE, Advice
from ..domain.findings import Evidence
from ..domain.memory import Cause, Witness
from ..domain.provenance import Provenance
from ..domain.reasoning import Counsel, Suspicion
from ..domain.usage import Usage

CAP = math.log(2.0)
"""The most that all models together weigh for a cause, nats: they double its odds at most. Memory may weigh more: what
it says was seen to hold."""
_MOST_OF_A_REASON = 240


@dataclass(frozen=True, slots=True)
class _Testified:
    """What one model suspects, the likeliest first; nothing: it was inconclusive."""

    by: Usage
    causes: dict[Cause, str]


def advice_of(counsel: Counsel, heard_at: datetime) -> Advice:
    """The suspicions of the models that answered, as one witness; those of local stand-ins are no word of a model.

    A model's first suspicion counts whole, its second half, its third a third, and of several models the mean counts:
    one that is inconclusive holds back what the other says. Nothing speaks against a cause.

    Args:
        heard_at: On the incident's clock.
    """
    told = [*_told(counsel)]
    named = dict.fromkeys(cause for each in told for cause in each.causes)
    if not named:
        return NO_ADVICE
    return Advice(
        models=tuple(dict.fromkeys(_name(each.by) for each in told if each.causes)),
        testimony=tuple(Witness(cause=cause, evidence=_evidence(cause, told, heard_at)) for cause in named),
    )


def _told(counsel: Counsel) -> Iterator[_Testified]:
    for said, by in (
        (counsel.analysis, counsel.by("analyse")),
        (counsel.investigation, counsel.by("investigate")),
    ):
        if said is not None and by is not None and by.service is not None and not by.error:
            yield _Testified(by, _causes(said.suspicions))


def _causes(suspicions: Sequence[Suspicion]) -> dict[Cause, str]:
    """Each cause with its reason; one that is named twice stands where it was named first."""
    found: dict[Cause, str] = {}
    for each in suspicions:
        found.setdefault(Cause(service=each.service, fault=each.fault), each.reason)
    return found


def _evidence(cause: Cause, told: Sequence[_Testified], heard_at: datetime) -> Evidence:
    ranks = [(each, [*each.causes].index(cause)) for each in told if cause in each.causes]
    said = (
        f"{_name(each.by)} suspects it, {rank + 1} of {len(each.causes)}: {_short(each.causes[cause])}"
        for each, rank in ranks
    )
    weight = CAP * math.fsum(1 / (rank + 1) for _, rank in ranks) / len(told)
    models = ", ".join(dict.fromkeys(_name(each.by) for each, _ in ranks))
    sources = ", ".join(dict.fromkeys(each.by.provenance.source for each, _ in ranks))
    return Evidence(
        signal="model",
        what="; ".join(said),
        when=heard_at,
        service=cause.service,
        weight=round(weight, 4),
        provenance=Provenance(kind=ranks[0][0].by.provenance.kind, source=sources, reason=f"said by {models}"),
    )


def _name(usage: Usage) -> str:
    return usage.model or str(usage.service)


def _short(reason: str) -> str:
    plain = " ".join(reason.split())
    return plain if len(plain) <= _MOST_OF_A_REASON else f"{plain[:_MOST_OF_A_REASON]}..."
