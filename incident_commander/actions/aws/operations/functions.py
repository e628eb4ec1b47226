"""Lambda: an alias back to the version before, and a function's reserved concurrency."""

import math

from ....aws import Pascal
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, number, refuse_forward, within
from ..resources import LambdaAlias, LambdaFunction


class AliasState(Value):
    """Where an alias points to.

    Attributes:
        weights: The share of calls that another version gets, while one is tried out.
        earlier: The highest published version below it; empty where there is none or it was not asked for.
        revision: Changes with every change of the alias; AWS refuses a call that names an old one.
    """

    version: str
    weights: dict[str, float]
    earlier: str = ""
    revision: str = ""


class Pointed(Value):
    """Where an alias is to point to."""

    version: str
    weights: dict[str, float]


class AliasBack(Operation[LambdaAlias, AliasState, Pointed]):
    """Points an alias to the version before; while a new version is tried out, ends the trial."""

    wait_seconds = 60.0
    state_type = AliasState
    goal_type = Pointed

    async def read(self, token: str, goal: Pointed | None) -> AliasState:
        named = {"FunctionName": self.resource.function, "Name": self.resource.name}
        alias = await self.aws.read(_Alias, "lambda", "GetAlias", named)
        state = AliasState(
            version=alias.function_version,
            weights={} if alias.routing_config is None else alias.routing_config.additional_version_weights,
            revision=alias.revision_id,
        )
        if goal is not None or not state.version.isdecimal():
            return state
        asked = {"FunctionName": self.resource.function}
        answer = await self.aws.read_all(_Versions, "lambda", "ListVersionsByFunction", asked)
        numbers = [int(each.version) for each in answer.versions if each.version.isdecimal()]
        earlier = max((each for each in numbers if each < int(state.version)), default=None)
        return state.model_copy(update={"earlier": "" if earlier is None else str(earlier)})

    def aim(self, start: AliasState, action: Action) -> Pointed:
        refuse_forward(action)
        if start.weights:
            return Pointed(version=start.version, weights={})
        if not start.earlier:
            raise Impossible(f"{self.resource.id} points to {start.version}, and no earlier version is published")
        return Pointed(version=start.earlier, weights={})

    def way_back(self, start: AliasState) -> Pointed:
        return Pointed(version=start.version, weights=start.weights)

    def call(self, now: AliasState, goal: Pointed, token: str) -> Call:
        return Call(
            service="lambda",
            operation="UpdateAlias",
            parameters={
                "FunctionName": self.resource.function,
                "Name": self.resource.name,
                "FunctionVersion": goal.version,
                "RoutingConfig": {"AdditionalVersionWeights": {**goal.weights}},
                **({"RevisionId": now.revision} if now.revision else {}),
            },
        )

    def judge(self, start: AliasState, goal: Pointed, now: AliasState) -> Progress:
        seen = f"it points to version {now.version}" + (f" with weights {now.weights}" if now.weights else "")
        if (now.version, now.weights) == (goal.version, goal.weights):
            return Progress(state="done", detail=seen)
        untouched = (now.version, now.weights) == (start.version, start.weights)
        return Progress(state="untouched" if untouched else "drifted", detail=seen)


class Reserved(Value):
    """A function's reserved concurrency; None where none is reserved."""

    concurrency: int | None


class _Concurrency(Operation[LambdaFunction, Reserved, Reserved]):
    wait_seconds = 60.0
    state_type = Reserved
    goal_type = Reserved

    async def read(self, token: str, goal: Reserved | None) -> Reserved:
        asked = {"FunctionName": self.resource.name}
        answer = await self.aws.read(_ReservedAnswer, "lambda", "GetFunctionConcurrency", asked)
        return Reserved(concurrency=answer.reserved_concurrent_executions)

    def way_back(self, start: Reserved) -> Reserved:
        return start

    def call(self, now: Reserved, goal: Reserved, token: str) -> Call:
        named = {"FunctionName": self.resource.name}
        if goal.concurrency is None:
            return Call(service="lambda", operation="DeleteFunctionConcurrency", parameters={**named})
        return Call(
            service="lambda",
            operation="PutFunctionConcurrency",
            parameters={**named, "ReservedConcurrentExecutions": goal.concurrency},
        )

    def judge(self, start: Reserved, goal: Reserved, now: Reserved) -> Progress:
        seen = "no concurrency is reserved" if now.concurrency is None else f"{now.concurrency} at once are reserved"
        if now == goal:
            return Progress(state="done", detail=seen)
        return Progress(state="untouched" if now == start else "drifted", detail=seen)


class LimitConcurrency(_Concurrency):
    """Lets only a share of the usual calls run at once."""

    def aim(self, start: Reserved, action: Action) -> Reserved:
        usual = self.resource.usual_concurrency if start.concurrency is None else start.concurrency
        wanted = max(1, math.floor(usual * number(action, "admit") + 1e-9))
        return Reserved(concurrency=within(f"the concurrency of {self.resource.id}", wanted, usual, 1, usual))


class RaiseConcurrency(_Concurrency):
    """Multiplies the reserved concurrency."""

    def aim(self, start: Reserved, action: Action) -> Reserved:
        now = start.concurrency
        if now is None:
            raise Impossible(f"{self.resource.id} reserves no concurrency, so none of its own limits it")
        wanted = math.ceil(now * number(action, "factor") - 1e-9)
        what = f"the concurrency of {self.resource.id}"
        return Reserved(concurrency=within(what, wanted, now, 1, self.resource.max_concurrency))


class _Routing(Pascal):
    additional_version_weights: dict[str, float] = {}


class _Alias(Pascal):
    function_version: str
    routing_config: _Routing | None = None
    revision_id: str = ""


class _Version(Pascal):
    version: str


class _Versions(Pascal):
    versions: tuple[_Version, ...] = ()


class _ReservedAnswer(Pascal):
    reserved_concurrent_executions: int | None = None
