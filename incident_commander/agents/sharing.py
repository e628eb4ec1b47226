"""The second round: what a voter makes of the observations that the others cited, none of which it takes on trust.

Evidence can be checked. A voter reads its own case by each faculty's method, and counts of what others cite only what
it found there itself: an observation that is not in its case counts nothing, whoever cites it. So a voter that lies can
keep its own view back, and no more; it cannot put another in its place.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..domain.ballot import VOTERS, Judgement, Voter
from ..domain.base import ServiceName
from ..domain.findings import Evidence
from ..domain.plan import Plan
from ..domain.telemetry import Signal
from .preference import prefer

OTHERS = 0.5
"""What another faculty's reading weighs where a voter's own weighs 1."""


_Gist = tuple[Signal, ServiceName | None, str]
"""What an observation is about, whatever its numbers and its weight: a moment later, to another, they are others."""
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:]\d+)*(?:e[+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a voter makes of its own case by one faculty's method, and the observations that it would cite for it."""

    judgement: Judgement
    cited: tuple[Evidence, ...]


def reconsider(
    voter: Voter, plans: tuple[Plan, ...], readings: Mapping[Voter, Reading], shared: Collection[Evidence]
) -> tuple[Judgement, tuple[Evidence, ...]]:
    """Judge anew, by its own reading first and then by what others cited and it found too.

    Args:
        readings: By each faculty's method, its own among them; of those that failed there is none.
        shared: The observations that all cited in the round before. May hold anything.

    Returns:
        The judgement and what it cites: its own and what it found. Its own judgement alone where it has nothing of its
        own to judge by: then others' is not its to give.
    """
    own = readings[voter].judgement
    if own.choice is None:
        return own, readings[voter].cited
    told, known = ({_gist(each) for each in seen} for seen in (shared, readings[voter].cited))
    found: dict[_Gist, Evidence] = {}
    weights: dict[Voter, float] = {voter: 1.0}
    for other in VOTERS:
        reading = readings.get(other)
        if other == voter or reading is None or reading.judgement.choice is None or not reading.cited:
            continue
        again = [each for each in reading.cited if _gist(each) in told]
        found |= {_gist(each): each for each in again if _gist(each) not in known}
        if again:
            weights[other] = OTHERS * len(again) / len(reading.cited)
    whole = sum(weights.values())
    digests = [plan.digest for plan in plans]
    scores = {
        digest: sum(weight * readings[each].judgement.scores[digest] for each, weight in weights.items()) / whole
        for digest in digests
    }
    checked = f"of {len(told - known)} observations that others cited it found {len(found)} in its own case"
    why = {
        digest: f"{own.reason}; {checked}"
        if digest == own.choice
        else f"{checked}, and they outweigh its own, which left it at: {own.reason}"
        for digest in digests
    }
    sure = own.confidence / own.scores[own.choice] if own.scores[own.choice] > 0 else 0.0
    cited = (*readings[voter].cited, *found.values())
    return prefer(plans, scores, sure, why, tuple(each.reference() for each in cited)), cited


def _gist(evidence: Evidence) -> _Gist:
    return evidence.signal, evidence.service, _NUMBER.sub("#", evidence.what)
