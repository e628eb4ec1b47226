"""ECS services: force a new deployment, go back to the last stable task definition, change the number of tasks."""

import math
from datetime import datetime
from typing import Generic, TypeVar

from ....aws import Camel
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, number, refuse_forward, unknown, within
from ..resources import EcsService


class EcsState(Value):
    """A service: its tasks, its task definition, and its newest deployment.

    Attributes:
        stable: The task definition of the last other deployment that succeeded; empty where none is known or asked for.
    """

    desired: int
    running: int
    task_definition: str
    deployment: str
    rollout: str
    stable: str = ""


class Count(Value):
    """So many tasks."""

    desired: int


class Replaced(Value):
    """Any deployment newer than this one."""

    deployment: str


class Definition(Value):
    """A task definition, by its ARN."""

    arn: str


G = TypeVar("G", Count, Replaced, Definition)


class _OfService(Operation[EcsService, EcsState, G], Generic[G]):
    """What all operations on a service have in common."""

    state_type = EcsState

    async def read(self, token: str, goal: G | None) -> EcsState:
        return (await self._service()).state()

    async def _service(self) -> "_Service":
        asked = {"cluster": self.resource.cluster, "services": [self.resource.name]}
        answer = await self.aws.read(_Services, "ecs", "DescribeServices", asked)
        if not answer.services or answer.services[0].status == "INACTIVE":
            raise unknown("ecs:DescribeServices", self.resource)
        service = answer.services[0]
        if service.deployment_controller.type != "ECS":
            raise Impossible(
                f"{self.resource.id} is deployed by {service.deployment_controller.type}; name its deployment group "
                "in the resources' file instead"
            )
        return service

    def _update(self, **changed: str | int | bool) -> Call:
        named = {"cluster": self.resource.cluster, "service": self.resource.name}
        return Call(service="ecs", operation="UpdateService", parameters={**named, **changed})


class ScaleTasks(_OfService[Count]):
    """Multiplies the desired number of tasks."""

    goal_type = Count

    def aim(self, start: EcsState, action: Action) -> Count:
        wanted = math.ceil(start.desired * number(action, "factor") - 1e-9)
        what = f"the number of tasks of {self.resource.id}"
        return Count(
            desired=within(what, wanted, start.desired, self.resource.min_count, self.resource.max_count),
        )

    def way_back(self, start: EcsState) -> Count:
        return Count(desired=start.desired)

    def call(self, now: EcsState, goal: Count, token: str) -> Call:
        return self._update(desiredCount=goal.desired)

    def judge(self, start: EcsState, goal: Count, now: EcsState) -> Progress:
        seen = f"{now.running} of {now.desired} tasks run, {start.desired} were wanted before"
        if now.desired == goal.desired:
            return Progress(state="done" if now.running == now.desired else "working", detail=seen)
        return Progress(state="untouched" if now.desired == start.desired else "drifted", detail=seen)


class ForceNewDeployment(_OfService[Replaced]):
    """Replaces every task by a new one of the same task definition."""

    repeatable = False
    wait_seconds = 600.0
    goal_type = Replaced

    def aim(self, start: EcsState, action: Action) -> Replaced:
        if start.rollout == "IN_PROGRESS":
            raise Impossible(f"{self.resource.id} is being deployed already; wait until {start.deployment} is done")
        return Replaced(deployment=start.deployment)

    def call(self, now: EcsState, goal: Replaced, token: str) -> Call:
        return self._update(forceNewDeployment=True)

    def judge(self, start: EcsState, goal: Replaced, now: EcsState) -> Progress:
        if now.deployment == goal.deployment:
            return Progress(state="untouched", detail=f"{now.deployment} is still the newest deployment")
        return _rolled_out(now)


class PreviousDefinition(_OfService[Definition]):
    """Puts the last stable task definition back."""

    wait_seconds = 600.0
    goal_type = Definition

    async def read(self, token: str, goal: Definition | None) -> EcsState:
        service = await self._service()
        return service.state(await self._stable(service) if goal is None else "")

    def aim(self, start: EcsState, action: Action) -> Definition:
        refuse_forward(action)
        if not start.stable:
            raise Impossible(
                f"no deployment of {self.resource.id} with another task definition than {start.task_definition} "
                "is known to have succeeded, so there is nothing to go back to"
            )
        return Definition(arn=start.stable)

    def way_back(self, start: EcsState) -> Definition:
        return Definition(arn=start.task_definition)

    def call(self, now: EcsState, goal: Definition, token: str) -> Call:
        return self._update(taskDefinition=goal.arn)

    def judge(self, start: EcsState, goal: Definition, now: EcsState) -> Progress:
        if now.task_definition == goal.arn:
            return _rolled_out(now)
        seen = f"{now.task_definition} is deployed"
        return Progress(state="untouched" if now.task_definition == start.task_definition else "drifted", detail=seen)

    async def _stable(self, service: "_Service") -> str:
        """What ran before: the deployment that is being replaced, else the last other one that succeeded."""
        for each in service.deployments:
            if each.status == "ACTIVE" and each.task_definition != service.task_definition:
                return each.task_definition
        asked = {"cluster": self.resource.cluster, "service": self.resource.name, "status": ["SUCCESSFUL"]}
        found = await self.aws.read(_Deployments, "ecs", "ListServiceDeployments", asked)
        newest_first = sorted(found.service_deployments, key=lambda each: each.created_at, reverse=True)
        revisions = [each.target_service_revision_arn for each in newest_first][:20]
        if not revisions:
            return ""
        described = await self.aws.read(
            _Revisions, "ecs", "DescribeServiceRevisions", {"serviceRevisionArns": revisions}
        )
        by_arn = {each.service_revision_arn: each.task_definition for each in described.service_revisions}
        ran = (by_arn.get(revision, "") for revision in revisions)
        return next((arn for arn in ran if arn and arn != service.task_definition), "")


def _rolled_out(now: EcsState) -> Progress:
    seen = f"deployment {now.deployment} of {now.task_definition}: {now.rollout or 'no state'}, "
    seen += f"{now.running} of {now.desired} tasks run"
    if now.rollout == "FAILED":
        return Progress(state="failed", detail=seen)
    finished = now.rollout == "COMPLETED" and now.running == now.desired
    return Progress(state="done" if finished else "working", detail=seen)


class _Deployment(Camel):
    id: str
    status: str
    task_definition: str
    rollout_state: str = ""


class _Controller(Camel):
    type: str = "ECS"


class _Service(Camel):
    status: str
    desired_count: int
    running_count: int
    task_definition: str
    deployments: tuple[_Deployment, ...] = ()
    deployment_controller: _Controller = _Controller()

    def state(self, stable: str = "") -> EcsState:
        primary = next((each for each in self.deployments if each.status == "PRIMARY"), None)
        return EcsState(
            desired=self.desired_count,
            running=self.running_count,
            task_definition=self.task_definition,
            deployment="" if primary is None else primary.id,
            rollout="" if primary is None else primary.rollout_state,
            stable=stable,
        )


class _Services(Camel):
    services: tuple[_Service, ...] = ()


class _ServiceDeployment(Camel):
    target_service_revision_arn: str
    created_at: datetime


class _Deployments(Camel):
    service_deployments: tuple[_ServiceDeployment, ...] = ()


class _Revision(Camel):
    service_revision_arn: str
    task_definition: str


class _Revisions(Camel):
    service_revisions: tuple[_Revision, ...] = ()
