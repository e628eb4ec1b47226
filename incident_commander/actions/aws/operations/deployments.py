"""CodeDeploy: the deployment under way is stopped and rolled back."""

from ....aws import Camel
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, refuse_forward
from ..resources import DeploymentGroup

_UNDER_WAY = ("Created", "Queued", "InProgress", "Baking", "Ready")


class DeploymentState(Value):
    """A deployment, and the one that rolls it back; empty where there is none."""

    id: str = ""
    status: str = ""
    back: str = ""
    back_status: str = ""


class Stopped(Value):
    """The deployment that is to be stopped and rolled back."""

    id: str


class StopDeployment(Operation[DeploymentGroup, DeploymentState, Stopped]):
    """Stops the deployment under way and has CodeDeploy deploy the last good revision again."""

    wait_seconds = 1800.0
    state_type = DeploymentState
    goal_type = Stopped

    async def read(self, token: str, goal: Stopped | None) -> DeploymentState:
        if goal is not None:
            return await self._deployment(goal.id)
        asked = {
            "applicationName": self.resource.application,
            "deploymentGroupName": self.resource.name,
            "includeOnlyStatuses": list(_UNDER_WAY),
        }
        answer = await self.aws.read_all(_Deployments, "codedeploy", "ListDeployments", asked)
        return await self._deployment(answer.deployments[0]) if answer.deployments else DeploymentState()

    async def _deployment(self, deployment: str) -> DeploymentState:
        info = await self._info(deployment)
        back = info.rollback_info.rollback_deployment_id
        back_status = (await self._info(back)).status if back else ""
        return DeploymentState(id=deployment, status=info.status, back=back, back_status=back_status)

    async def _info(self, deployment: str) -> "_Info":
        asked = {"deploymentId": deployment}
        return (await self.aws.read(_Deployment, "codedeploy", "GetDeployment", asked)).deployment_info

    def aim(self, start: DeploymentState, action: Action) -> Stopped:
        refuse_forward(action)
        if not start.id:
            raise Impossible(f"{self.resource.id} has no deployment under way that could be stopped")
        return Stopped(id=start.id)

    def call(self, now: DeploymentState, goal: Stopped, token: str) -> Call:
        parameters = {"deploymentId": goal.id, "autoRollbackEnabled": True}
        return Call(service="codedeploy", operation="StopDeployment", parameters={**parameters})

    def judge(self, start: DeploymentState, goal: Stopped, now: DeploymentState) -> Progress:
        seen = f"deployment {now.id} is {now.status}"
        seen += f", and {now.back} that rolls it back is {now.back_status}" if now.back else ""
        if now.status == "Succeeded":
            return Progress(state="failed", detail=f"{seen}: it ended before it could be stopped")
        if now.back_status == "Succeeded":
            return Progress(state="done", detail=seen)
        if now.back_status in ("Failed", "Stopped"):
            return Progress(state="failed", detail=seen)
        return Progress(state="working" if now.status == "Stopped" or now.back else "untouched", detail=seen)


class _RollbackInfo(Camel):
    rollback_deployment_id: str = ""


class _Info(Camel):
    status: str
    rollback_info: _RollbackInfo = _RollbackInfo()


class _Deployment(Camel):
    deployment_info: _Info


class _Deployments(Camel):
    deployments: tuple[str, ...] = ()
