"""What people decide for the whole installation: the kill switch, and how far each class of actions is trusted."""

from typing import Literal

from pydantic import Field

from .base import IncidentId, UtcDatetime, Value
from .incident import Incident
from .plan import ActionName, TrustLevel

World = Literal["live", "practice"]
WORLDS: tuple[World, ...] = ("live", "practice")
Cause = Literal["agreed", "promoted", "disagreed", "demoted", "set"]


class KillSwitch(Value):
    """While it is on nothing is done or taken back automatically. Payload of `kill_switch.thrown`.

    Attributes:
        by: Who threw it last; empty where nobody ever did.
        at: When, wall clock.
    """

    on: bool
    by: str
    reason: str
    at: UtcDatetime | None


class TrustChange(Value):
    """One step, or one count towards the next. Payload of `trust.changed`.

    Attributes:
        cause: `agreed`: counted towards the next step; `promoted`: that made it; `disagreed`: what was counted is void;
            `demoted`: it fell at once; `set`: by an operator's hand.
        agreements: Counted towards the next step, after this.
        incident: Where it happened; None for what an operator set.
        at: Wall clock.
    """

    action: ActionName
    world: World
    cause: Cause
    before: TrustLevel
    after: TrustLevel
    agreements: int = Field(ge=0)
    by: str
    reason: str
    incident: IncidentId | None = None
    at: UtcDatetime


class TrustRow(Value):
    """How far one class of actions is trusted in one world.

    Attributes:
        highest: What it can never pass, since nothing takes such an action back; `auto` for every other class.
        agreements: Counted since the last step; `needed` make the next one.
        reason: Why it stands where it does.
        history: What was changed, the newest first.
    """

    action: ActionName
    world: World
    level: TrustLevel
    highest: TrustLevel
    agreements: int
    needed: int
    reason: str
    history: tuple[TrustChange, ...] = ()


def world_of(incident: Incident) -> World:
    """The world an incident happens in."""
    return "live" if incident.practice_run is None else "practice"
