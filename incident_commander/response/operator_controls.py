"""What an operator may do, whichever door they come by: the doors identify them, `response.operations` does it."""

from typing import Literal, Protocol

from ..domain.ballot import Voter
from ..domain.base import Digest, IncidentId
from ..domain.fault import VoterFault
from ..domain.memory import Cause, Memory
from ..domain.operator import KillSwitch, TrustChange, World
from ..domain.plan import ActionName, Argument, TrustLevel
from .view_approval import PendingApproval


class OperatorControls(Protocol):
    """What pages, routes and Slack's buttons offer to an operator whom they have identified as `by`."""

    async def approvals(self) -> tuple[PendingApproval, ...]:
        """Every question that waits for a person, the oldest first."""
        ...

    async def answer_approval(
        self,
        incident_id: IncidentId,
        plan: Digest,
        answer: Literal["approved", "denied"],
        by: str,
        reason: str,
        scope: Literal["plan", "class"] = "plan",
        arguments: dict[str, Argument] | None = None,
    ) -> None:
        """Answer for an operator.

        Raises:
            UnknownIncident: there is no such incident.
            NotAwaiting: nothing waits for this answer.
            NotPermitted: policy names others who may answer.
            OutOfBounds: the catalogue does not allow these arguments.
        """
        ...

    async def throw_kill_switch(self, on: bool, by: str, reason: str) -> KillSwitch:
        """Turn it on or off, at once in every worker; returns how it stands."""
        ...

    async def set_trust(
        self, action: ActionName, level: TrustLevel, by: str, reason: str, world: World = "live"
    ) -> TrustChange:
        """Set by hand how far a class is trusted.

        Raises:
            BeyondTrust: nothing takes such an action back, and the level is `auto`.
        """
        ...

    async def report_advice(self, incident_id: IncidentId, right: bool, by: str, reason: str) -> TrustChange | None:
        """What an operator says of a plan that was only observed or advised; None where it counts for nothing.

        Raises:
            UnknownIncident: there is no such incident.
            NotAdvised: no plan of it was only observed or advised.
        """
        ...

    async def inject_fault(self, voter: Voter, fault: VoterFault | None, by: str, reason: str) -> None:
        """Make a live voter fail from its next vote on, or let it vote honestly again."""
        ...

    async def release_agent(self, voter: Voter, by: str, reason: str) -> None:
        """Let a quarantined voter count again.

        Raises:
            NotQuarantined: it counts already.
        """
        ...

    async def correct_memory(self, incident_id: IncidentId, cause: Cause | None, by: str, reason: str) -> Memory:
        """Say what a remembered incident's cause was; None: nothing was wrong.

        Raises:
            NotRemembered: it is not held.
        """
        ...

    async def forget(self, incident_id: IncidentId, by: str, reason: str) -> None:
        """Call a remembered incident to mind no more.

        Raises:
            NotRemembered: it is not held.
        """
        ...

    async def reset_practice(self) -> None:
        """End all practice runs and forget their worlds; the ledger keeps what happened."""
        ...
