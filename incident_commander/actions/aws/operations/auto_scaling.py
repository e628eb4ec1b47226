"""EC2 Auto Scaling groups and targets of Application Auto Scaling: more capacity, and instances replaced in turn."""

import math
from datetime import datetime

from pydantic import Field

from ....aws import Pascal
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, number, unknown, within
from ..resources import AutoScalingGroup, ScalableTarget


class Capacity(Value):
    """A group's capacity: what is wanted, at most, and how many instances are in service."""

    desired: int
    maximum: int
    in_service: int = 0


class ScaleGroup(Operation[AutoScalingGroup, Capacity, Capacity]):
    """Multiplies the desired capacity, and raises the group's own maximum where it is in the way."""

    wait_seconds = 600.0
    state_type = Capacity
    goal_type = Capacity

    async def read(self, token: str, goal: Capacity | None) -> Capacity:
        asked = {"AutoScalingGroupNames": [self.resource.name]}
        answer = await self.aws.read(_Groups, "autoscaling", "DescribeAutoScalingGroups", asked)
        if not answer.groups:
            raise unknown("autoscaling:DescribeAutoScalingGroups", self.resource)
        group = answer.groups[0]
        serving = [each for each in group.instances if each.lifecycle_state == "InService"]
        healthy = sum(each.health_status.lower() == "healthy" for each in serving)
        return Capacity(desired=group.desired_capacity, maximum=group.max_size, in_service=healthy)

    def aim(self, start: Capacity, action: Action) -> Capacity:
        wanted = math.ceil(start.desired * number(action, "factor") - 1e-9)
        bounds = self.resource
        wanted = within(f"the capacity of {bounds.id}", wanted, start.desired, bounds.min_count, bounds.max_count)
        return Capacity(desired=wanted, maximum=max(wanted, start.maximum))

    def way_back(self, start: Capacity) -> Capacity:
        return start

    def call(self, now: Capacity, goal: Capacity, token: str) -> Call:
        sizes = {"DesiredCapacity": goal.desired, "MaxSize": goal.maximum}
        return Call(
            service="autoscaling",
            operation="UpdateAutoScalingGroup",
            parameters={"AutoScalingGroupName": self.resource.name, **sizes},
        )

    def judge(self, start: Capacity, goal: Capacity, now: Capacity) -> Progress:
        seen = f"{now.in_service} instances serve, {now.desired} are wanted and {now.maximum} allowed"
        if (now.desired, now.maximum) == (goal.desired, goal.maximum):
            return Progress(state="done" if now.in_service == now.desired else "working", detail=seen)
        untouched = (now.desired, now.maximum) == (start.desired, start.maximum)
        return Progress(state="untouched" if untouched else "drifted", detail=seen)


class Refresh(Value):
    """The newest refresh of a group's instances; empty where there was none."""

    id: str
    status: str
    percent: int


class RefreshedAfter(Value):
    """Any refresh newer than this one."""

    id: str


class RefreshInstances(Operation[AutoScalingGroup, Refresh, RefreshedAfter]):
    """Replaces the instances of a group in turn. One refresh runs at a time: AWS refuses a second."""

    repeatable = False
    wait_seconds = 1800.0
    state_type = Refresh
    goal_type = RefreshedAfter

    async def read(self, token: str, goal: RefreshedAfter | None) -> Refresh:
        asked = {"AutoScalingGroupName": self.resource.name}
        answer = await self.aws.read(_Refreshes, "autoscaling", "DescribeInstanceRefreshes", asked)
        newest = max(answer.instance_refreshes, key=lambda each: each.start_time, default=None)
        if newest is None:
            return Refresh(id="", status="", percent=0)
        return Refresh(id=newest.instance_refresh_id, status=newest.status, percent=newest.percentage_complete)

    def aim(self, start: Refresh, action: Action) -> RefreshedAfter:
        if start.status in ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"):
            raise Impossible(f"the instances of {self.resource.id} are being refreshed already by {start.id}")
        return RefreshedAfter(id=start.id)

    def call(self, now: Refresh, goal: RefreshedAfter, token: str) -> Call:
        return Call(
            service="autoscaling",
            operation="StartInstanceRefresh",
            parameters={
                "AutoScalingGroupName": self.resource.name,
                "Strategy": "Rolling",
                "Preferences": {"MinHealthyPercentage": self.resource.min_healthy_percent},
            },
        )

    def judge(self, start: Refresh, goal: RefreshedAfter, now: Refresh) -> Progress:
        if now.id == goal.id:
            return Progress(state="untouched", detail=f"no refresh newer than {goal.id or 'none'} is known")
        seen = f"refresh {now.id} is {now.status}, {now.percent} % done"
        if now.status == "Successful":
            return Progress(state="done", detail=seen)
        ended = now.status in ("Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful")
        return Progress(state="failed" if ended else "working", detail=seen)


class Span(Value):
    """The least and the most that a target may be scaled to."""

    least: int
    most: int


class RaiseLimits(Operation[ScalableTarget, Span, Span]):
    """Multiplies both limits of a scalable target."""

    wait_seconds = 60.0
    state_type = Span
    goal_type = Span

    async def read(self, token: str, goal: Span | None) -> Span:
        asked = {**self._named(), "ResourceIds": [self.resource.resource_id]}
        del asked["ResourceId"]
        answer = await self.aws.read(_Targets, "application-autoscaling", "DescribeScalableTargets", asked)
        if not answer.scalable_targets:
            raise unknown("application-autoscaling:DescribeScalableTargets", self.resource)
        target = answer.scalable_targets[0]
        return Span(least=target.min_capacity, most=target.max_capacity)

    def aim(self, start: Span, action: Action) -> Span:
        factor, bounds = number(action, "factor"), self.resource
        most = math.ceil(start.most * factor - 1e-9)
        most = within(f"the upper limit of {bounds.id}", most, start.most, bounds.min_count, bounds.max_count)
        return Span(least=min(most, max(bounds.min_count, math.ceil(start.least * factor - 1e-9))), most=most)

    def way_back(self, start: Span) -> Span:
        return start

    def call(self, now: Span, goal: Span, token: str) -> Call:
        limits = {"MinCapacity": goal.least, "MaxCapacity": goal.most}
        return Call(
            service="application-autoscaling",
            operation="RegisterScalableTarget",
            parameters={**self._named(), **limits},
        )

    def judge(self, start: Span, goal: Span, now: Span) -> Progress:
        seen = f"the limits are {now.least} to {now.most}"
        if now == goal:
            return Progress(state="done", detail=seen)
        return Progress(state="untouched" if now == start else "drifted", detail=seen)

    def _named(self) -> dict[str, str]:
        return {
            "ServiceNamespace": self.resource.namespace,
            "ResourceId": self.resource.resource_id,
            "ScalableDimension": self.resource.dimension,
        }


class _Instance(Pascal):
    lifecycle_state: str
    health_status: str


class _Group(Pascal):
    desired_capacity: int
    max_size: int
    instances: tuple[_Instance, ...] = ()


class _Groups(Pascal):
    groups: tuple[_Group, ...] = Field(alias="AutoScalingGroups")


class _Refresh(Pascal):
    instance_refresh_id: str
    status: str
    start_time: datetime
    percentage_complete: int = 0


class _Refreshes(Pascal):
    instance_refreshes: tuple[_Refresh, ...] = ()


class _Target(Pascal):
    min_capacity: int
    max_capacity: int


class _Targets(Pascal):
    scalable_targets: tuple[_Target, ...] = ()
