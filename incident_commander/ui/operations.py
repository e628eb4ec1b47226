"""What a page may ask of the response, and nothing else; `response.operations` does it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ..domain.base import IncidentId
from ..domain.practice import ApproverKind, PracticeRun
from ..response.faults import FaultChange
from ..response.operator_controls import OperatorControls
from ..response.view_live_vote import LiveVote
from ..response.views import HealthRow, OpsView


class Operations(OperatorControls, Protocol):
    """The services behind /ops."""

    async def ops_view(self, shown: IncidentId | None = None) -> OpsView:
        """What /ops shows, with one incident in detail: the newest for None, or where none has that id."""
        ...

    def scenario_names(self) -> Sequence[str]:
        """The practice scenarios that can be started."""
        ...

    async def start_scenario(
        self, scenario: str | None, seed: int | None, *, approver: ApproverKind = "modelled"
    ) -> PracticeRun:
        """Start a practice run and return once it is under way; None lets the practice company choose.

        Args:
            approver: Who answers its approvals.

        Raises:
            ValueError: the scenario or the seed is not possible; the message says what is.
        """
        ...

    async def fault_changes(self) -> tuple[FaultChange, ...]:
        """Every fault that was injected into the live voters or taken back, oldest first."""
        ...

    async def live_vote(self) -> LiveVote:
        """The newest real incident's vote, of those that came to one, and which live agents do not count now."""
        ...

    async def health(self) -> tuple[HealthRow, ...]:
        """What this installation depends on."""
        ...

    def subscribe(self, listener: Callable[[frozenset[IncidentId]], None]) -> Callable[[], None]:
        """Have `listener` called after each commit with the incidents touched; returns the call that ends it."""
        ...
