"""What a policy's file may say: rules, limits over all of them, freezes, and maintenance windows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal, Self

from pydantic import Field, model_validator

from ..domain.base import UtcDatetime, Value
from ..domain.incident import Incident
from ..domain.operator import world_of
from ..domain.plan import Action, ActionName
from ..domain.policy import Circumstances, Notice, PastAction
from ..domain.telemetry import Service, ServiceKind
from .hours import HoursList
from .reach import Reach, reach_of

Decision = Literal["allow", "needs_approval", "deny"]

DECISIONS: tuple[Decision, ...] = ("allow", "needs_approval", "deny")
"""From mildest to strictest."""

HOUR = timedelta(hours=1)


class Rule(Value):
    """One rule. It speaks of a plan when all of its conditions hold; a condition that is left out holds always.

    What a condition asks for may not be known. Then the rule gives no permission, but may still make one stricter.

    Attributes:
        incidents: `live` (the default), `practice` or `any`.
        services: Names of targets; `*` and `?` stand for any letters.
        kinds: Kinds of targets; not known where the topology does not know the target. `tiers` likewise.
        verdicts: The verdicts about the cause that it asks for.
        hours: When it holds; always where it is left out.
        approvers: Who may answer where a person must agree; None: whoever the file names, or any operator.
        max_uses_per_incident: After so many actions of these names in one incident the rule denies.
        max_per_hour: After so many actions of these names in an hour, in all incidents together, it denies.
        max_dependents: It denies where more services depend on the target, or where that is not known.
        max_reach: The same as a share of all other services, in [0, 1].
    """

    id: str = Field(min_length=1)
    decision: Decision
    incidents: Literal["live", "practice", "any"] = "live"
    actions: tuple[ActionName, ...] = Field(min_length=1)
    services: tuple[str, ...] = ("*",)
    kinds: tuple[ServiceKind, ...] | None = None
    tiers: tuple[int, ...] | None = None
    verdicts: tuple[Literal["confirmed", "likely"], ...] | None = None
    hours: HoursList | None = None
    approvers: tuple[str, ...] | None = Field(default=None, min_length=1)
    max_uses_per_incident: int | None = Field(default=None, ge=1)
    max_per_hour: int | None = Field(default=None, ge=1)
    max_dependents: int | None = Field(default=None, ge=0)
    max_reach: float | None = Field(default=None, ge=0, le=1)

    def speaks_of(self, incident: Incident, action: Action, circumstances: Circumstances) -> bool | None:
        """Whether its conditions hold; None: that depends on what is not known of the target."""
        if not (
            self.incidents in (world_of(incident), "any")
            and action.name in self.actions
            and any(fnmatchcase(action.target, pattern) for pattern in self.services)
            and (self.verdicts is None or incident.verdict in self.verdicts)
            and (self.hours is None or any(circumstances.now in hours for hours in self.hours))
        ):
            return False
        target = _target(action, circumstances)
        kind = None if target is None or target.kind == "unknown" else target.kind
        tier = None if target is None else target.tier
        asked = [
            None if known is None else known in wanted
            for known, wanted in ((kind, self.kinds), (tier, self.tiers))
            if wanted is not None
        ]
        if False in asked:
            return False
        return None if None in asked else True

    def exceeded(self, incident: Incident, action: Action, circumstances: Circumstances) -> str:
        """Which of its limits an action would go beyond, in words; empty where it keeps them all."""
        ours = [past for past in circumstances.history if past.name in self.actions and not past.undoes]
        here = sum(past.incident_id == incident.id for past in ours)
        if self.max_uses_per_incident is not None and here >= self.max_uses_per_incident:
            return (
                f"{here} such actions ran for this incident, and the rule allows {self.max_uses_per_incident}; "
                "a person must go on"
            )
        lately = within(HOUR, ours, circumstances.now)
        if self.max_per_hour is not None and len(lately) >= self.max_per_hour:
            return (
                f"such actions within an hour: {len(lately)} ran, and the rule allows {self.max_per_hour}; "
                f"the next may run at {free_at(HOUR, lately, self.max_per_hour)}"
            )
        return beyond(self.max_dependents, self.max_reach, "the rule", action, circumstances)


class Limits(Value):
    """What holds for all actions together, whatever rule allows them.

    Attributes:
        max_per_hour: Actions within any hour; `_per_service` on one target, `_per_action` of one name.
        max_per_incident: Actions for one incident.
        max_dependents: Services that may depend on the target; none is acted upon where that is not known.
        max_reach: The same as a share of all other services, in [0, 1].
    """

    max_per_hour: int | None = Field(default=None, ge=1)
    max_per_hour_per_service: int | None = Field(default=None, ge=1)
    max_per_hour_per_action: int | None = Field(default=None, ge=1)
    max_per_incident: int | None = Field(default=None, ge=1)
    max_dependents: int | None = Field(default=None, ge=0)
    max_reach: float | None = Field(default=None, ge=0, le=1)

    def exceeded(self, incident: Incident, action: Action, circumstances: Circumstances) -> str:
        """Which limit an action would go beyond, in words; empty where it keeps them all."""
        done = [past for past in circumstances.history if not past.undoes]
        here = sum(past.incident_id == incident.id for past in done)
        if self.max_per_incident is not None and here >= self.max_per_incident:
            return f"actions for this incident: {here} ran, and {self.max_per_incident} may; a person must go on"
        lately = within(HOUR, done, circumstances.now)
        counted: tuple[tuple[str, int | None, list[PastAction]], ...] = (
            ("actions", self.max_per_hour, lately),
            (
                f"actions on {action.target!r}",
                self.max_per_hour_per_service,
                [past for past in lately if past.target == action.target],
            ),
            (
                f"{action.name} actions",
                self.max_per_hour_per_action,
                [past for past in lately if past.name == action.name],
            ),
        )
        for what, most, found in counted:
            if most is not None and len(found) >= most:
                return (
                    f"{what} within an hour: {len(found)} ran, and {most} may; "
                    f"the next may run at {free_at(HOUR, found, most)}"
                )
        return beyond(self.max_dependents, self.max_reach, "the policy", action, circumstances)


class Freeze(Value):
    """A span of time, `start <= t < end`, in which nothing runs but the actions it excepts."""

    id: str = Field(min_length=1)
    start: UtcDatetime
    end: UtcDatetime
    reason: str
    excepted: tuple[ActionName, ...] = ()
    tell: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"the freeze ends at {self.end.isoformat()}, not after its start {self.start.isoformat()}")
        return self

    def at(self, now: datetime) -> Notice | None:
        """What it says of a moment; None outside it."""
        if not self.start <= now < self.end:
            return None
        return Notice(
            kind="freeze", id=self.id, until=self.end, reason=self.reason, excepted=self.excepted, tell=self.tell
        )


class Maintenance(Value):
    """A span of time, or hours of every week, in which services are worked on.

    Their alerts are expected, and acting on them, or on what they alert about, needs a person.

    Attributes:
        services: Names; `*` and `?` stand for any letters.
        tell: Who must know of an incident meanwhile.
    """

    id: str = Field(min_length=1)
    services: tuple[str, ...] = Field(min_length=1)
    start: UtcDatetime | None = None
    end: UtcDatetime | None = None
    hours: HoursList | None = None
    reason: str
    tell: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if (self.start is None) != (self.end is None) or (self.start is None) == (self.hours is None):
            raise ValueError("a maintenance window has a start and an end, or hours; give it one of the two")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"the window ends at {self.end.isoformat()}, not after its start {self.start.isoformat()}")
        return self

    def at(self, now: datetime) -> Notice | None:
        """What it says of a moment; None outside it."""
        ends = [hours.until(now) for hours in self.hours or ()]
        if self.start is not None and self.end is not None and self.start <= now < self.end:
            ends.append(self.end)
        until = max((end for end in ends if end is not None), default=None)
        if until is None:
            return None
        return Notice(
            kind="maintenance", id=self.id, until=until, reason=self.reason, services=self.services, tell=self.tell
        )


def within(span: timedelta, history: Sequence[PastAction], now: datetime) -> list[PastAction]:
    """What was done in the span of time before now."""
    return [past for past in history if now - past.at < span]


def free_at(span: timedelta, counted: Sequence[PastAction], most: int) -> str:
    """When fewer than `most` of the counted actions will lie in the span before it, as an ISO time."""
    return (sorted(past.at for past in counted)[-most] + span).isoformat(timespec="seconds")


def beyond(
    max_dependents: int | None, max_reach: float | None, who: str, action: Action, circumstances: Circumstances
) -> str:
    """How an action reaches further than it may, in words; empty where it does not, or where no bound is set."""
    if max_dependents is None and max_reach is None:
        return ""
    reach: Reach | None = reach_of(action.target, circumstances.topology)
    if reach is None:
        return f"it is not known how many services depend on {action.target!r}, and {who} bounds how many may"
    count = len(reach.dependents)
    depend = f"{count} of {reach.others} other services depend on {action.target!r}"
    if max_dependents is not None and count > max_dependents:
        return f"{depend}, and {who} allows {max_dependents}"
    if max_reach is not None and reach.share > max_reach:
        return f"{depend}, a share of {reach.share:.2f}, and {who} allows {max_reach:g}"
    return ""


def _target(action: Action, circumstances: Circumstances) -> Service | None:
    if circumstances.topology is None:
        return None
    return next((each for each in circumstances.topology.services if each.name == action.target), None)
