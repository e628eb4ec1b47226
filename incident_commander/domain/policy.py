"""What a policy goes by beside the plan and its incident, and what it has to say of a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from .base import IncidentId, ServiceName, UtcDatetime, Value
from .plan import Action, ActionName
from .telemetry import Topology


class PastAction(Value):
    """An action that was let through to the world; `undoes`: it took an earlier one back."""

    name: ActionName
    target: ServiceName
    incident_id: IncidentId
    at: UtcDatetime
    undoes: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds when a plan is put to a policy.

    Attributes:
        now: On the incident's clock.
        topology: Who calls whom; None where that is not known.
        history: What was done in this incident's world before: all of this incident, and of others what is recent.
    """

    now: datetime
    topology: Topology | None = None
    history: Sequence[PastAction] = ()


class Notice(Value):
    """What a policy says of a moment: nothing is to be changed, or a service is being worked on.

    Attributes:
        services: Names; `*` and `?` stand for any letters.
        excepted: Actions that a freeze lets pass.
        tell: Who must know of an incident meanwhile.
    """

    kind: Literal["freeze", "maintenance"]
    id: str
    until: UtcDatetime
    reason: str
    services: tuple[str, ...] = ("*",)
    excepted: tuple[ActionName, ...] = ()
    tell: tuple[str, ...] = ()

    def concerns(self, service: ServiceName) -> bool:
        """Whether it speaks of a service."""
        return any(fnmatchcase(service, pattern) for pattern in self.services)

    def stops(self, action: Action) -> bool:
        """Whether it is a freeze that this action falls in."""
        return self.kind == "freeze" and action.name not in self.excepted and self.concerns(action.target)
