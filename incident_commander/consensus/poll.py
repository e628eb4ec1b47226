"""A round of voting as its voters are asked: what their ballots are bound to, and what comes back by each channel."""

from dataclasses import dataclass
from datetime import datetime

from ..domain.ballot import Ballot, Judgement, SignedBallot, Voter
from ..domain.base import Digest, IncidentId


@dataclass(frozen=True, slots=True)
class Poll:
    """One round of one incident. All times are on the incident's clock.

    Attributes:
        candidates: The digests of the plans that are voted on; a ballot counts only when it judged exactly these.
        deadline: A ballot that is received later is late.
        expires_at: Until when the round's ballots are valid.
    """

    incident_id: IncidentId
    round: int
    candidates: frozenset[Digest]
    opened_at: datetime
    deadline: datetime
    expires_at: datetime

    def ballot(self, voter: Voter, judgement: Judgement) -> Ballot:
        """A voter's judgement bound to this round, to be signed."""
        return Ballot(
            voter=voter,
            incident_id=self.incident_id,
            round=self.round,
            judgement=judgement,
            cast_at=self.opened_at,
            expires_at=self.expires_at,
        )


@dataclass(frozen=True, slots=True)
class Submission:
    """A ballot as it was received.

    Attributes:
        sender: The voter by whose channel it came, whatever voter the ballot names.
        received_at: On the incident's clock.
    """

    sender: Voter
    ballot: SignedBallot
    received_at: datetime
