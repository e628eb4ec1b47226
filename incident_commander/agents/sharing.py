"""The second round: what a voter makes of the observations that the others cited, none of which it takes on trust.

Evidence can be checked. A voter reads its own case by each faculty's method, and counts of what others cite only what
it found there itself: an observation that is not in its case counts nothing, whoever cites it. So a voter that lies can
keep its own view back, and no more; it cannot put another in its place.
"""

from collections.abc import Collection, Mapping

from ..domain.ballot import VOTERS, Judgement, Voter
from ..domain.base import Digest
from ..domain.plan import Plan
from .preference import prefer

OTHERS = 0.5
"""What another faculty's reading weighs where a voter's own weighs 1."""


def reconsider(
    voter: Voter, plans: tuple[Plan, ...], readings: Mapping[Voter, Judgement], shared: Collection[Digest]
) -> Judgement:
    """Judge anew, by its own reading first and then by what others cited and it found too.

    Args:
        readings: What the voter makes of its own case by each faculty's method, its own among them; of those that
            failed there is none.
        shared: References of the observations that all cited in the round before. May hold anything.

    Returns:
        The voter's own judgement where it has nothing of its own to judge by: then others' is not its to give.
    """
    own = readings[voter]
    if own.choice is None:
        return own
    found: list[Digest] = []
    weights: dict[Voter, float] = {voter: 1.0}
    for other in VOTERS:
        reading = readings.get(other)
        if other == voter or reading is None or reading.choice is None or not reading.evidence:
            continue
        again = [reference for reference in reading.evidence if reference in shared]
        found.extend(reference for reference in again if reference not in own.evidence and reference not in found)
        if again:
            weights[other] = OTHERS * len(again) / len(reading.evidence)
    whole = sum(weights.values())
    scores = {
        plan.digest: sum(weight * readings[each].scores[plan.digest] for each, weight in weights.items()) / whole
        for plan in plans
    }
    cited = len(set(shared) - set(own.evidence))
    checked = f"of {cited} observations that others cited it found {len(found)} in its own case"
    why = {
        plan.digest: f"{own.reason}; {checked}"
        if plan.digest == own.choice
        else f"{checked}, and they outweigh its own, which left it at: {own.reason}"
        for plan in plans
    }
    sure = own.confidence / own.scores[own.choice] if own.scores[own.choice] > 0 else 0.0
    return prefer(plans, scores, sure, why, (*own.evidence, *found))
