"""What models suspect in a voter's judgement: who was heard, and what it would have been without them."""

from collections.abc import Collection, Mapping

from ..domain.advice import Advice
from ..domain.ballot import Judgement, Voter
from ..domain.findings import Evidence
from ..domain.plan import Plan
from .sharing import Reading, reconsider

ADVISED: Voter = "diagnosis"
"""The one voter that hears models: a fifth of the vote, so that none of them, nor all together, moves a quorum."""

Judged = tuple[Judgement, tuple[Evidence, ...]]
"""A judgement, and the observations that it names."""


def naming(advice: Advice, judged: Judged, without: Judgement) -> Judged:
    """The judgement of a voter that heard models, naming them where that changed anything.

    Args:
        without: Its judgement had it heard none.
    """
    judgement, cited = judged
    unchanged = {"models": without.models, "choice_without_models": without.choice_without_models}
    if judgement.model_copy(update=unchanged) == without:
        return without, cited
    named = {"models": advice.models, "choice_without_models": without.choice}
    return judgement.model_copy(update=named), cited


def reconsider_advised(
    advice: Advice,
    own: Reading,
    plans: tuple[Plan, ...],
    readings: Mapping[Voter, Reading],
    shared: Collection[Evidence],
) -> Judged:
    """The judgement of a later round of the voter that hears models.

    Args:
        own: Its reading by its own method with what it heard.
        readings: By each faculty's method, without.
        shared: See `reconsider`.
    """
    without, _ = reconsider(ADVISED, plans, readings, shared)
    return naming(advice, reconsider(ADVISED, plans, {**readings, ADVISED: own}, shared), without)
