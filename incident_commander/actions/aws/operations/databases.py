"""RDS and Aurora: reboot, fail over, and grow the storage."""

import math
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import Field

from ....aws import Pascal
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, number, unknown, within
from ..resources import AuroraCluster, RdsInstance

_SERVING = ("available", "storage-optimization")


class InstanceState(Value):
    """A database instance.

    Attributes:
        other_zone: Where its standby is; empty where it has none.
        gib: Its storage; `pending_gib`: what it is being changed to, None where it is not.
        restarted: When it last restarted, ISO 8601; empty where that is longer ago than its events tell.
    """

    status: str
    zone: str
    other_zone: str
    gib: int
    pending_gib: int | None
    restarted: str = ""


class RestartedAfter(Value):
    """Any restart later than this one."""

    restarted: str


class Zone(Value):
    """Where the instance is to run."""

    zone: str


class Size(Value):
    """So much storage."""

    gib: int


G = TypeVar("G", RestartedAfter, Zone, Size)


class _OfInstance(Operation[RdsInstance, InstanceState, G], Generic[G]):
    """What all operations on a database instance have in common."""

    state_type = InstanceState
    wait_seconds = 900.0

    async def read(self, token: str, goal: G | None) -> InstanceState:
        answer = await self.aws.read(
            _Instances, "rds", "DescribeDBInstances", {"DBInstanceIdentifier": self.resource.name}
        )
        if not answer.instances:
            raise unknown("rds:DescribeDBInstances", self.resource)
        instance = answer.instances[0]
        return InstanceState(
            status=instance.status,
            zone=instance.availability_zone,
            other_zone=instance.secondary_availability_zone if instance.multi_az else "",
            gib=instance.allocated_storage,
            pending_gib=instance.pending_modified_values.allocated_storage,
        )

    def _reboot(self, *, failover: bool) -> Call:
        return Call(
            service="rds",
            operation="RebootDBInstance",
            parameters={"DBInstanceIdentifier": self.resource.name, "ForceFailover": failover},
        )


class RebootInstance(_OfInstance[RestartedAfter]):
    """Restarts the database; it is away meanwhile. That it did is seen by its events."""

    repeatable = False
    goal_type = RestartedAfter

    async def read(self, token: str, goal: RestartedAfter | None) -> InstanceState:
        state = await super().read(token, goal)
        day = 24 * 60
        asked = {"SourceIdentifier": self.resource.name, "SourceType": "db-instance", "Duration": day}
        events = (await self.aws.read_all(_Events, "rds", "DescribeEvents", asked)).events
        restarts = [each.date.isoformat() for each in events if "restarted" in each.message.lower()]
        return state.model_copy(update={"restarted": max(restarts, default="")})

    def aim(self, start: InstanceState, action: Action) -> RestartedAfter:
        _refuse_unless_serving(self.resource, start)
        return RestartedAfter(restarted=start.restarted)

    def call(self, now: InstanceState, goal: RestartedAfter, token: str) -> Call:
        return self._reboot(failover=False)

    def judge(self, start: InstanceState, goal: RestartedAfter, now: InstanceState) -> Progress:
        seen = f"it is {now.status}, and restarted last {now.restarted or 'more than a day ago'}"
        if now.restarted > goal.restarted:
            return Progress(state="done" if now.status in _SERVING else "working", detail=seen)
        return Progress(state="working" if now.status == "rebooting" else "untouched", detail=seen)


class FailOverInstance(_OfInstance[Zone]):
    """Swaps an instance in two zones with its standby."""

    repeatable = False
    goal_type = Zone

    def aim(self, start: InstanceState, action: Action) -> Zone:
        _refuse_unless_serving(self.resource, start)
        if not start.other_zone:
            raise Impossible(f"{self.resource.id} has no standby in another zone, so there is nothing to fail over to")
        return Zone(zone=start.other_zone)

    def way_back(self, start: InstanceState) -> Zone:
        return Zone(zone=start.zone)

    def call(self, now: InstanceState, goal: Zone, token: str) -> Call:
        return self._reboot(failover=True)

    def judge(self, start: InstanceState, goal: Zone, now: InstanceState) -> Progress:
        seen = f"it runs in {now.zone} and is {now.status}, its standby is in {now.other_zone or 'no zone'}"
        if now.zone == goal.zone:
            return Progress(state="done" if now.status in _SERVING else "working", detail=seen)
        if now.status not in _SERVING:
            return Progress(state="working", detail=seen)
        return Progress(state="untouched" if now.zone == start.zone else "drifted", detail=seen)


class GrowInstance(_OfInstance[Size]):
    """Multiplies an instance's storage, which never shrinks again."""

    wait_seconds = 1800.0
    goal_type = Size

    def aim(self, start: InstanceState, action: Action) -> Size:
        if start.pending_gib is not None or start.status != "available":
            raise Impossible(
                f"{self.resource.id} is {start.status} with {start.pending_gib or 'no'} GiB pending; storage is grown "
                "only while it is available, and six hours after the last time"
            )
        wanted = math.ceil(start.gib * number(action, "factor") - 1e-9)
        return Size(
            gib=within(f"the GiB of {self.resource.id}", wanted, start.gib, start.gib, self.resource.max_gib),
        )

    def call(self, now: InstanceState, goal: Size, token: str) -> Call:
        return Call(
            service="rds",
            operation="ModifyDBInstance",
            parameters={
                "DBInstanceIdentifier": self.resource.name,
                "AllocatedStorage": goal.gib,
                "ApplyImmediately": True,
            },
        )

    def judge(self, start: InstanceState, goal: Size, now: InstanceState) -> Progress:
        seen = f"it has {now.gib} GiB and is {now.status}"
        if now.gib == goal.gib:
            return Progress(state="done", detail=seen)
        if now.pending_gib == goal.gib or now.status == "modifying":
            return Progress(state="working", detail=f"{seen}, {now.pending_gib} GiB are pending")
        return Progress(state="untouched" if now.gib == start.gib else "drifted", detail=seen)


def _refuse_unless_serving(resource: RdsInstance, state: InstanceState) -> None:
    if state.status not in _SERVING:
        raise Impossible(f"{resource.id} is {state.status}; wait until it is available")


class ClusterState(Value):
    """A cluster: who writes, and the readers that may take over, the first choice first."""

    status: str
    writer: str
    readers: tuple[str, ...] = ()


class Writer(Value):
    """The instance that is to write."""

    writer: str


class FailOverCluster(Operation[AuroraCluster, ClusterState, Writer]):
    """Makes a named reader the writer: the one with the best promotion tier among those that serve."""

    wait_seconds = 600.0
    state_type = ClusterState
    goal_type = Writer

    async def read(self, token: str, goal: Writer | None) -> ClusterState:
        answer = await self.aws.read(
            _Clusters, "rds", "DescribeDBClusters", {"DBClusterIdentifier": self.resource.name}
        )
        if not answer.clusters:
            raise unknown("rds:DescribeDBClusters", self.resource)
        cluster = answer.clusters[0]
        writer = next((each.name for each in cluster.members if each.is_cluster_writer), "")
        if goal is not None:
            return ClusterState(status=cluster.status, writer=writer)
        asked = {"Filters": [{"Name": "db-cluster-id", "Values": [self.resource.name]}]}
        instances = await self.aws.read_all(_Instances, "rds", "DescribeDBInstances", asked)
        serving = {each.name for each in instances.instances if each.status in _SERVING}
        readers = sorted(
            (each.promotion_tier, each.name)
            for each in cluster.members
            if not each.is_cluster_writer and each.name in serving
        )
        return ClusterState(status=cluster.status, writer=writer, readers=tuple(name for _, name in readers))

    def aim(self, start: ClusterState, action: Action) -> Writer:
        if start.status != "available" or not start.readers:
            raise Impossible(
                f"{self.resource.id} is {start.status} with {len(start.readers)} readers that serve; a failover needs "
                "an available cluster with one at least"
            )
        return Writer(writer=start.readers[0])

    def way_back(self, start: ClusterState) -> Writer:
        return Writer(writer=start.writer)

    def call(self, now: ClusterState, goal: Writer, token: str) -> Call:
        return Call(
            service="rds",
            operation="FailoverDBCluster",
            parameters={"DBClusterIdentifier": self.resource.name, "TargetDBInstanceIdentifier": goal.writer},
        )

    def judge(self, start: ClusterState, goal: Writer, now: ClusterState) -> Progress:
        seen = f"{now.writer or 'nobody'} writes, and the cluster is {now.status}"
        if now.writer == goal.writer:
            return Progress(state="done" if now.status == "available" else "working", detail=seen)
        if now.status == "failing-over":
            return Progress(state="working", detail=seen)
        return Progress(state="untouched" if now.writer == start.writer else "drifted", detail=seen)


class _Pending(Pascal):
    allocated_storage: int | None = None


class _Instance(Pascal):
    name: str = Field(alias="DBInstanceIdentifier")
    status: str = Field(alias="DBInstanceStatus")
    availability_zone: str = ""
    secondary_availability_zone: str = ""
    multi_az: bool = Field(default=False, alias="MultiAZ")
    allocated_storage: int = 0
    pending_modified_values: _Pending = _Pending()


class _Instances(Pascal):
    instances: tuple[_Instance, ...] = Field(default=(), alias="DBInstances")


class _Member(Pascal):
    name: str = Field(alias="DBInstanceIdentifier")
    is_cluster_writer: bool
    promotion_tier: int = 15


class _Cluster(Pascal):
    status: str
    members: tuple[_Member, ...] = Field(default=(), alias="DBClusterMembers")


class _Clusters(Pascal):
    clusters: tuple[_Cluster, ...] = Field(default=(), alias="DBClusters")


class _Event(Pascal):
    date: datetime
    message: str = ""


class _Events(Pascal):
    events: tuple[_Event, ...] = ()
