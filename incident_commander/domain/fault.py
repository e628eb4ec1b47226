"""Ways in which a voter may be made to fail, on purpose, to see what the others then decide."""

from typing import Literal

from .ballot import Voter
from .base import Value

VoterFault = Literal["lie", "flip", "silent", "slow", "equivocate", "forge", "replay", "collude", "injected"]
"""What each does with its vote is in `consensus.faults`."""


class FaultInjection(Value):
    """Somebody made a live voter fail, or let it vote honestly again (`fault` None): payload of `fault.injected`."""

    voter: Voter
    fault: VoterFault | None
    by: str
    reason: str
