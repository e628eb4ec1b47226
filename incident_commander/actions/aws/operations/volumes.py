"""EBS: a volume made larger."""

import math

from pydantic import Field

from ....aws import Pascal
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, number, unknown, within
from ..resources import Volume


class VolumeState(Value):
    """A volume and its newest modification: empty where it never had one."""

    gib: int
    modification: str


class Size(Value):
    """So much storage."""

    gib: int


class GrowVolume(Operation[Volume, VolumeState, Size]):
    """Multiplies a volume's size, which never shrinks again."""

    wait_seconds = 900.0
    state_type = VolumeState
    goal_type = Size

    async def read(self, token: str, goal: Size | None) -> VolumeState:
        asked = {"VolumeIds": [self.resource.volume_id]}
        volumes = (await self.aws.read(_Volumes, "ec2", "DescribeVolumes", asked)).volumes
        if not volumes:
            raise unknown("ec2:DescribeVolumes", self.resource)
        by_volume = {"Filters": [{"Name": "volume-id", "Values": [self.resource.volume_id]}]}
        found = await self.aws.read(_Modifications, "ec2", "DescribeVolumesModifications", by_volume)
        newest = found.modifications[-1].modification_state if found.modifications else ""
        return VolumeState(gib=volumes[0].size, modification=newest)

    def aim(self, start: VolumeState, action: Action) -> Size:
        if start.modification in ("modifying", "optimizing"):
            raise Impossible(f"{self.resource.id} is {start.modification} already; wait until that is completed")
        wanted = math.ceil(start.gib * number(action, "factor") - 1e-9)
        return Size(
            gib=within(f"the GiB of {self.resource.id}", wanted, start.gib, start.gib, self.resource.max_gib),
        )

    def call(self, now: VolumeState, goal: Size, token: str) -> Call:
        parameters = {"VolumeId": self.resource.volume_id, "Size": goal.gib}
        return Call(service="ec2", operation="ModifyVolume", parameters={**parameters})

    def judge(self, start: VolumeState, goal: Size, now: VolumeState) -> Progress:
        seen = f"it has {now.gib} GiB, its modification is {now.modification or 'none'}"
        if now.modification == "failed" and now.gib != goal.gib:
            return Progress(state="failed" if start.modification != "failed" else "untouched", detail=seen)
        if now.gib == goal.gib:
            return Progress(state="working" if now.modification == "modifying" else "done", detail=seen)
        if now.modification == "modifying":
            return Progress(state="working", detail=seen)
        return Progress(state="untouched" if now.gib == start.gib else "drifted", detail=seen)


class _Volume(Pascal):
    size: int


class _Volumes(Pascal):
    volumes: tuple[_Volume, ...] = ()


class _Modification(Pascal):
    modification_state: str = ""


class _Modifications(Pascal):
    modifications: tuple[_Modification, ...] = Field(default=(), alias="VolumesModifications")
