"""What a counterfactual is asked and answers: a vote with something otherwise, as values for a page to show."""

from typing import Literal

from pydantic import Field

from ..domain.ballot import VOTERS, RejectionReason, Voter
from ..domain.base import IncidentId, Value
from ..domain.fault import VoterFault
from ..domain.findings import Verdict
from ..domain.plan import Action
from . import view_text as text
from .hearing import Withheld

Ending = Literal["acts", "kept_back", "tells_a_person", "no_quorum", "conflict"]
"""It acts; an action is certified and kept back, by verdict, policy, or because no alert fires; doing nothing is
certified; nothing is, in any round; or, at a threshold that is too low, two plans have a quorum at once."""
BallotState = Literal["counted", "abstained", "silent", "rejected"]


class Supposition(Value):
    """What is otherwise. Nothing given: nothing.

    Attributes:
        absent: Voters that are not there; they stay among the n.
        withheld: What is kept from every agent, from the diagnosis on.
        required: How many ballots make a quorum, whatever they weigh; None: as the rule says.
        faults: Voters that fail, and how.
        seed: Of what the faults leave open.
    """

    absent: tuple[Voter, ...] = ()
    withheld: Withheld = Withheld()
    required: int | None = Field(default=None, ge=1, le=len(VOTERS))
    faults: dict[Voter, VoterFault] = {}
    seed: int = 0

    @property
    def title(self) -> str:
        """In words: `without logs`, `at 5 ballots`, `detection: lie`."""
        parts = [
            *(f"without {voter}" for voter in self.absent),
            *(f"without {signal}" for signal in self.withheld.signals),
            *(f"without {text.words(metric)} of {service}" for service, metric in self.withheld.metrics),
            *(() if self.required is None else (f"at {self.required} of {len(VOTERS)} ballots",)),
            *(f"{voter}: {kind}" for voter, kind in self.faults.items()),
        ]
        return ", ".join(parts) or "as it was"


class ReplayedBallot(Value):
    """What one voter's channel brought in a round.

    Attributes:
        plan: What it chose, in words; None where it chose nothing.
        honest: What it judged by its own case, in words, whatever it sent; None where that was nothing.
        confidence: As its ballot states it; None where it sent none of its own.
        rejected: Why what it sent did not count, each reason once.
        heard: The models whose word changed what it sent, and what it would have chosen without; empty: none did.
    """

    voter: Voter
    state: BallotState
    plan: str | None
    honest: str | None
    confidence: float | None
    reason: str
    rejected: tuple[RejectionReason, ...] = ()
    heard: str = ""


class ReplayedRound(Value):
    """One round of voting.

    Attributes:
        votes: By plan in words, the voters that count for it.
        outcome: Whether that was enough, in words.
    """

    round: int
    ballots: tuple[ReplayedBallot, ...]
    votes: dict[str, tuple[Voter, ...]]
    outcome: str


class Replayed(Value):
    """How the vote goes under a supposition.

    Attributes:
        bears: With so many arbitrary voters this threshold still lets no two plans be certified in one round; None: it
            does not do that even with none.
        cause: The cause that was named, in words; None where none was.
        plans: The candidates in words, the most promising first.
        action: What would be carried out; None where nothing would.
        decision, why: In words.
        flips: It is another decision than with nothing supposed.
    """

    suppose: Supposition
    title: str
    required: int
    bears: int | None
    verdict: Verdict
    cause: str | None
    plans: tuple[str, ...]
    rounds: tuple[ReplayedRound, ...]
    ending: Ending
    action: Action | None
    decision: str
    why: str
    flips: bool = False


class Replay(Value):
    """A vote as it is with nothing supposed, and under each supposition.

    Attributes:
        differs: How the vote with nothing supposed differs from the record's, in words; empty where it does not.
    """

    scenario: str
    seed: int
    incident: IncidentId
    as_it_was: Replayed
    differs: str
    supposed: tuple[Replayed, ...]

    @property
    def flipping(self) -> tuple[Replayed, ...]:
        """What would have made it another decision."""
        return tuple(each for each in self.supposed if each.flips)
