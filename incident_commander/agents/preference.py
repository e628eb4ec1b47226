"""From scores to a judgement, the same way for every voter that scores plans."""

from ..domain.ballot import Judgement
from ..domain.base import Digest
from ..domain.plan import Plan

INDISTINGUISHABLE = 0.08
"""Scores closer than this to the best are a tie; of tied plans the one proposed first is chosen."""


def prefer(
    plans: tuple[Plan, ...],
    scores: dict[Digest, float],
    confidence: float,
    why: dict[Digest, str],
    evidence: tuple[Digest, ...],
) -> Judgement:
    """Choose the best plan; among plans that the voter cannot tell apart, the one proposed first."""
    rounded = {digest: round(min(1.0, max(0.0, score)), 4) for digest, score in scores.items()}
    best = max(rounded.values())
    choice = next(plan for plan in plans if rounded[plan.digest] >= best - INDISTINGUISHABLE)
    return Judgement(
        choice=choice.digest,
        scores=rounded,
        confidence=round(min(1.0, max(0.0, confidence * rounded[choice.digest])), 4),
        reason=why[choice.digest],
        evidence=evidence,
        choice_without_models=choice.digest,
    )


def abstain(plans: tuple[Plan, ...], reason: str) -> Judgement:
    """No choice, for a voter whose own evidence is missing."""
    return Judgement(choice=None, scores={plan.digest: 0.0 for plan in plans}, confidence=0.0, reason=reason)
