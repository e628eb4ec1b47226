"""What every operation on a resource has in common: read it, say what it is to become, call once, judge what is seen.

An operation never counts a call as done: only the state read back counts. To take an action back is the same again,
with the recorded state before it as the goal.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from ...aws import Aws, NotFound
from ...domain.base import JsonObject, Value
from ...domain.plan import Action, Argument
from ...domain.ports import ActionFailed
from ..catalogue import Means
from .resources import Resource

R = TypeVar("R", bound=Resource)
S = TypeVar("S", bound=Value)
G = TypeVar("G", bound=Value)


class Impossible(ActionFailed):
    """This action cannot be done to this resource as it is now; nothing was called."""


class Call(Value):
    """One call that changes something."""

    service: str
    operation: str
    parameters: JsonObject

    @property
    def permission(self) -> str:
        """The IAM permission it needs."""
        return f"{self.service}:{self.operation}"


class Progress(Value):
    """How far a resource has come towards a goal.

    Attributes:
        state: `untouched`: nothing of it is to be seen. `working`: it was taken and is not finished. `done`. `failed`:
            it was taken and did not work. `drifted`: it is neither as before nor as it should become, so somebody else
            changed it.
        detail: What is seen, in words with values.
    """

    state: Literal["untouched", "working", "done", "failed", "drifted"]
    detail: str


class Task(Protocol):
    """An operation as the executor sees it, whatever its states are: they come and go as JSON."""

    @property
    def reversible(self) -> bool: ...

    @property
    def repeatable(self) -> bool: ...

    @property
    def permissions(self) -> tuple[str, ...]: ...

    def longest_wait(self) -> float: ...

    def source(self) -> str: ...

    async def observed(self, token: str, goal: JsonObject | None) -> JsonObject: ...

    def aimed(self, start: JsonObject, action: Action) -> JsonObject: ...

    def aimed_back(self, start: JsonObject) -> JsonObject: ...

    def called(self, now: JsonObject, goal: JsonObject, token: str) -> Call: ...

    def judged(self, start: JsonObject, goal: JsonObject, now: JsonObject) -> Progress: ...

    async def sent(self, now: JsonObject, goal: JsonObject, token: str) -> str: ...


class Operation(ABC, Generic[R, S, G]):
    """One action on one type of resource.

    Which calls it may make, and whether the state before can be brought back, its `means` in the catalogue say.

    Class attributes:
        repeatable: Whether the same call again, towards the same goal and with the same token, changes nothing more.
            Where it does not, a call whose answer was lost is never sent again.
        wait_seconds: How long it may take until it is seen to be done.
    """

    repeatable: ClassVar[bool] = True
    wait_seconds: ClassVar[float] = 300.0
    state_type: type[S]
    goal_type: type[G]

    def __init__(self, aws: Aws, resource: R, means: Means) -> None:
        self.aws = aws
        self.resource = resource
        self.means = means

    @property
    def permissions(self) -> tuple[str, ...]:
        """The IAM permissions it needs."""
        return self.means.permissions

    @property
    def reversible(self) -> bool:
        """Whether the recorded state before can be brought back."""
        return self.means.reversible

    @abstractmethod
    async def read(self, token: str, goal: G | None) -> S:
        """The resource as it is now.

        Args:
            token: The action's own, by which what it started is found again.
            goal: What it is to become; None before that is decided.

        Raises:
            AwsError: it cannot be read.
            Impossible: it is of a kind that the operation cannot be done to.
        """

    @abstractmethod
    def aim(self, start: S, action: Action) -> G:
        """What the action makes of the resource.

        Raises:
            Impossible: it is out of the resource's bounds, or there is nothing to do.
        """

    def way_back(self, start: S) -> G:
        """The goal that brings the recorded state back.

        Raises:
            Impossible: nothing does.
        """
        raise Impossible("what was done here cannot be taken back; a person must decide what to do")

    @abstractmethod
    def call(self, now: S, goal: G, token: str) -> Call:
        """The one call that brings the resource from where it is to its goal."""

    @abstractmethod
    def judge(self, start: S, goal: G, now: S) -> Progress:
        """How far it has come."""

    async def send(self, now: S, goal: G, token: str) -> str:
        """Make the call; AWS's request id.

        Raises:
            AwsError: as `Aws.write`.
        """
        call = self.call(now, goal, token)
        return await self.aws.write(call.service, call.operation, call.parameters)

    def source(self) -> str:
        """Who answers, for provenance."""
        return self.aws.source(self.means.call.partition(":")[0])

    def longest_wait(self) -> float:
        """How long to wait until it is seen to be done, in seconds."""
        return self.wait_seconds

    # The same with states as JSON, as the journal keeps them.

    async def observed(self, token: str, goal: JsonObject | None) -> JsonObject:
        """See `read`."""
        return (await self.read(token, None if goal is None else self._goal(goal))).model_dump(mode="json")

    def aimed(self, start: JsonObject, action: Action) -> JsonObject:
        """See `aim`."""
        return self.aim(self._state(start), action).model_dump(mode="json")

    def aimed_back(self, start: JsonObject) -> JsonObject:
        """See `way_back`."""
        return self.way_back(self._state(start)).model_dump(mode="json")

    def called(self, now: JsonObject, goal: JsonObject, token: str) -> Call:
        """See `call`."""
        return self.call(self._state(now), self._goal(goal), token)

    def judged(self, start: JsonObject, goal: JsonObject, now: JsonObject) -> Progress:
        """See `judge`."""
        return self.judge(self._state(start), self._goal(goal), self._state(now))

    async def sent(self, now: JsonObject, goal: JsonObject, token: str) -> str:
        """See `send`."""
        return await self.send(self._state(now), self._goal(goal), token)

    def _state(self, document: JsonObject) -> S:
        return self.state_type.model_validate(document)

    def _goal(self, document: JsonObject) -> G:
        return self.goal_type.model_validate(document)


def number(action: Action, name: str) -> float:
    """A numeric argument.

    Raises:
        Impossible: it is missing, or no number.
    """
    value: Argument | None = action.arguments.get(name)
    if value is None or isinstance(value, str):
        raise Impossible(f"{action.name}: {name} = {value!r} is not a number")
    return float(value)


def within(what: str, wanted: int, now: int, lowest: int, highest: int) -> int:
    """`wanted`, where it lies within the resource's bounds and is a change.

    Raises:
        Impossible: it does not.
    """
    if not lowest <= wanted <= highest:
        raise Impossible(
            f"{what} would go from {now} to {wanted}, and its bounds in the resources' file are {lowest} to {highest}"
        )
    if wanted == now:
        raise Impossible(f"{what} is {now} already; there is nothing to change")
    return wanted


def refuse_forward(action: Action) -> None:
    """A rollback goes back; forward is only how one is taken back.

    Raises:
        Impossible: it is to go forward.
    """
    if action.arguments.get("direction", "back") != "back":
        raise Impossible("a release is rolled forward only to take a rollback back, and none is recorded for this")


def from_mode(action: Action, wanted: str) -> None:
    """An action with a mode is done in one and taken back in the other.

    Raises:
        Impossible: it is asked for in the other mode.
    """
    if action.arguments.get("mode", wanted) != wanted:
        raise Impossible(f"{action.name} by {action.arguments['mode']!r} only takes one back, and none is recorded")


def unknown(call: str, resource: Resource) -> NotFound:
    """AWS answered, and the resource is not among what it knows."""
    return NotFound(call, "", f"{call} knows no {resource.id}; see to its name, its account and its region")
