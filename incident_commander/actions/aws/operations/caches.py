"""ElastiCache: a replica takes over from the primary."""

from ....aws import Pascal
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, unknown
from ..resources import CacheGroup


class ShardState(Value):
    """A shard of a replication group: which of its nodes is the primary, and how many replicas it has."""

    status: str
    primary: str
    replicas: int
    automatic_failover: str


class Unlike(Value):
    """Any primary but this one."""

    primary: str


class FailOverShard(Operation[CacheGroup, ShardState, Unlike]):
    """Fails a shard over by AWS's own test of it, which replaces the old primary: AWS chooses which replica follows."""

    repeatable = False
    wait_seconds = 900.0
    state_type = ShardState
    goal_type = Unlike

    async def read(self, token: str, goal: Unlike | None) -> ShardState:
        asked = {"ReplicationGroupId": self.resource.name}
        answer = await self.aws.read(_Groups, "elasticache", "DescribeReplicationGroups", asked)
        if not answer.replication_groups:
            raise unknown("elasticache:DescribeReplicationGroups", self.resource)
        group = answer.replication_groups[0]
        shard = next((each for each in group.node_groups if each.node_group_id == self.resource.node_group), None)
        if shard is None:
            shards = ", ".join(each.node_group_id for each in group.node_groups) or "none"
            raise Impossible(f"{self.resource.name} has no shard {self.resource.node_group!r}; its shards are {shards}")
        roles = [(each.current_role, each.cache_cluster_id) for each in shard.node_group_members]
        return ShardState(
            status=group.status if group.status != "available" else shard.status,
            primary=next((name for role, name in roles if role == "primary"), ""),
            replicas=sum(role == "replica" for role, _ in roles),
            automatic_failover=group.automatic_failover,
        )

    def aim(self, start: ShardState, action: Action) -> Unlike:
        if not start.primary:
            raise Impossible(
                f"AWS does not tell the primary of {self.resource.id}, as with cluster mode on, so a failover could "
                "not be seen; do it by a runbook"
            )
        if start.automatic_failover != "enabled" or start.status != "available" or start.replicas == 0:
            raise Impossible(
                f"{self.resource.id} is {start.status}, has {start.replicas} replicas, and automatic failover is "
                f"{start.automatic_failover}; it must be available, with a replica and automatic failover"
            )
        return Unlike(primary=start.primary)

    def call(self, now: ShardState, goal: Unlike, token: str) -> Call:
        return Call(
            service="elasticache",
            operation="TestFailover",
            parameters={"ReplicationGroupId": self.resource.name, "NodeGroupId": self.resource.node_group},
        )

    def judge(self, start: ShardState, goal: Unlike, now: ShardState) -> Progress:
        seen = f"{now.primary or 'no node'} is the primary, and the shard is {now.status}"
        if now.status != "available" or not now.primary:
            return Progress(state="working", detail=seen)
        return Progress(state="untouched" if now.primary == goal.primary else "done", detail=seen)


class _Member(Pascal):
    cache_cluster_id: str
    current_role: str = ""


class _Shard(Pascal):
    node_group_id: str
    status: str = "available"
    node_group_members: tuple[_Member, ...] = ()


class _Group(Pascal):
    status: str
    automatic_failover: str = "disabled"
    node_groups: tuple[_Shard, ...] = ()


class _Groups(Pascal):
    replication_groups: tuple[_Group, ...] = ()
