"""Systems Manager: a plain parameter changed or put back, and an Automation document run."""

import math

from pydantic import Field

from ....aws import Pascal
from ....domain.base import JsonObject, Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, number, refuse_forward, within
from ..resources import Automation, Parameter


class ParameterState(Value):
    """A parameter with its newest version.

    Attributes:
        earlier: The value of the version before; None where there is none any more.
        tier, data_type: Kept as they are with every change.
    """

    value: str
    version: int
    earlier: str | None
    tier: str
    data_type: str


class Text(Value):
    """The value that the parameter is to have."""

    value: str


class _OfParameter(Operation[Parameter, ParameterState, Text]):
    """What all operations on a parameter have in common. It has an effect once the service reads it anew."""

    wait_seconds = 60.0
    state_type = ParameterState
    goal_type = Text

    async def read(self, token: str, goal: Text | None) -> ParameterState:
        history = await self.aws.read_all(_History, "ssm", "GetParameterHistory", {"Name": self.resource.name})
        versions = sorted(history.parameters, key=lambda each: each.version)
        newest = versions[-1]
        if newest.type != "String":
            raise Impossible(f"{self.resource.id} is a {newest.type}; only a plain String is changed, never a secret")
        return ParameterState(
            value=newest.value,
            version=newest.version,
            earlier=versions[-2].value if len(versions) > 1 else None,
            tier=newest.tier,
            data_type=newest.data_type,
        )

    def way_back(self, start: ParameterState) -> Text:
        return Text(value=start.value)

    def call(self, now: ParameterState, goal: Text, token: str) -> Call:
        parameters: JsonObject = {
            "Name": self.resource.name,
            "Value": goal.value,
            "Type": "String",
            "Overwrite": True,
            "Tier": now.tier,
            "DataType": now.data_type,
        }
        return Call(service="ssm", operation="PutParameter", parameters=parameters)

    def judge(self, start: ParameterState, goal: Text, now: ParameterState) -> Progress:
        seen = f"version {now.version} is {now.value[:100]!r}"
        if now.value == goal.value:
            return Progress(state="done", detail=seen)
        return Progress(state="untouched" if now.version == start.version else "drifted", detail=seen)


class RaisePool(_OfParameter):
    """Multiplies a parameter that is a whole number, such as the size of a connection pool."""

    def aim(self, start: ParameterState, action: Action) -> Text:
        what, highest = f"the value of {self.resource.id}", self.resource.highest
        if not start.value.strip().isdecimal() or highest is None:
            raise Impossible(f"{what} is {start.value[:100]!r}, which is no whole number that could be multiplied")
        now = int(start.value)
        wanted = math.ceil(now * number(action, "factor") - 1e-9)
        return Text(value=str(within(what, wanted, now, self.resource.lowest, highest)))


class ParameterBack(_OfParameter):
    """Puts the value of the version before back."""

    def aim(self, start: ParameterState, action: Action) -> Text:
        refuse_forward(action)
        if start.earlier is None or start.earlier == start.value:
            raise Impossible(f"{self.resource.id} has no earlier version with another value to go back to")
        return Text(value=start.earlier)


class Run(Value):
    """A run of an Automation document that this action started; empty where it started none yet."""

    id: str = ""
    status: str = ""
    failure: str = ""


class Started(Value):
    """What is to be run, with its parameters."""

    document: str
    parameters: dict[str, tuple[str, ...]]


class RunDocument(Operation[Automation, Run, Started]):
    """Runs an Automation document once. Its run bears the action's token as a tag, by which it is found again."""

    state_type = Run
    goal_type = Started

    def longest_wait(self) -> float:
        return self.resource.wait_seconds

    async def read(self, token: str, goal: Started | None) -> Run:
        asked = {"Filters": [{"Key": "TagKey", "Values": [_tag(token)]}]}
        found = await self.aws.read_all(_Runs, "ssm", "DescribeAutomationExecutions", asked)
        newest = found.executions[0] if found.executions else _Run()
        return Run(id=newest.execution_id, status=newest.status, failure=newest.failure_message)

    def aim(self, start: Run, action: Action) -> Started:
        return Started(document=self.resource.document, parameters=self.resource.parameters)

    def call(self, now: Run, goal: Started, token: str) -> Call:
        parameters: JsonObject = {
            "DocumentName": goal.document,
            "Parameters": {name: list(values) for name, values in goal.parameters.items()},
            "ClientToken": token,
            "Tags": [{"Key": _tag(token), "Value": self.resource.service}],
        }
        if self.resource.version is not None:
            parameters["DocumentVersion"] = self.resource.version
        return Call(service="ssm", operation="StartAutomationExecution", parameters=parameters)

    def judge(self, start: Run, goal: Started, now: Run) -> Progress:
        if not now.id:
            return Progress(state="untouched", detail=f"no run of {goal.document} bears this action's token")
        seen = f"run {now.id} of {goal.document} is {now.status} {now.failure}".strip()
        if now.status in ("Success", "CompletedWithSuccess"):
            return Progress(state="done", detail=seen)
        ended = now.status in ("TimedOut", "Cancelled", "Failed", "Rejected", "CompletedWithFailure", "Exited")
        return Progress(state="failed" if ended else "working", detail=seen)


def _tag(token: str) -> str:
    return f"incident-commander:{token}"


class _Version(Pascal):
    value: str
    version: int
    type: str
    tier: str = "Standard"
    data_type: str = "text"


class _History(Pascal):
    parameters: tuple[_Version, ...] = Field(min_length=1)


class _Run(Pascal):
    execution_id: str = Field(default="", alias="AutomationExecutionId")
    status: str = Field(default="", alias="AutomationExecutionStatus")
    failure_message: str = ""


class _Runs(Pascal):
    executions: tuple[_Run, ...] = Field(default=(), alias="AutomationExecutionMetadataList")
