"""Secrets Manager: a secret rotated, so that the old one opens nothing any more."""

from pydantic import Field

from ....aws import Pascal
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress
from ..resources import Secret


class SecretState(Value):
    """A secret: whether it rotates, its current version, and the stages of the version with our token."""

    rotates: bool
    current: str
    ours: tuple[str, ...]


class Rotated(Value):
    """Another version than this one is to be current."""

    was: str


class RotateSecret(Operation[Secret, SecretState, Rotated]):
    """Rotates a secret by its own rotation. AWS takes the same token once."""

    state_type = SecretState
    goal_type = Rotated

    async def read(self, token: str, goal: Rotated | None) -> SecretState:
        asked = {"SecretId": self.resource.name}
        secret = await self.aws.read(_Secret, "secretsmanager", "DescribeSecret", asked)
        versions = secret.versions.items()
        return SecretState(
            rotates=secret.rotation_enabled,
            current=next((version for version, stages in versions if "AWSCURRENT" in stages), ""),
            ours=secret.versions.get(token, ()),
        )

    def aim(self, start: SecretState, action: Action) -> Rotated:
        if not start.rotates:
            raise Impossible(f"{self.resource.id} has no rotation; set one up in Secrets Manager, or name a runbook")
        return Rotated(was=start.current)

    def call(self, now: SecretState, goal: Rotated, token: str) -> Call:
        parameters = {"SecretId": self.resource.name, "ClientRequestToken": token}
        return Call(service="secretsmanager", operation="RotateSecret", parameters={**parameters})

    def judge(self, start: SecretState, goal: Rotated, now: SecretState) -> Progress:
        if "AWSCURRENT" in now.ours:
            return Progress(state="done", detail=f"version {now.current} is current")
        if now.ours:
            return Progress(state="working", detail=f"the new version is {', '.join(now.ours)}, not yet current")
        return Progress(state="untouched", detail=f"version {now.current} is current, and none bears our token")


class _Secret(Pascal):
    rotation_enabled: bool = False
    versions: dict[str, tuple[str, ...]] = Field(default={}, alias="VersionIdsToStages")
