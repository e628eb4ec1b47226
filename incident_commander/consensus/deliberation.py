"""What follows a round of voting: its certificate is acted on, the voters share their evidence, or a person decides."""

from typing import Literal

from ..domain.ballot import Round, Tally

Following = Literal["certified", "again", "person"]


def following(outcome: Tally, opened: Round) -> Following:
    """Without a quorum the voters vote once more, by the evidence of all; where they did so already, a person decides.

    So an incident asks its voters a bounded number of times, however they vote and whoever of them is silent.
    """
    if outcome.certificate is not None:
        return "certified"
    return "again" if opened.why in ("first", "stale") else "person"
