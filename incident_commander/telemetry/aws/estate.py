"""What there is in a place: services, what stands before and behind them, and how all is named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, Field

from ...aws import Camel, Pascal
from ...domain.telemetry import Gap
from .names import Names


class Deployment(Camel):
    """A deployment of an ECS service."""

    id: str = ""
    status: str = ""
    task_definition: str = ""
    created_at: datetime | None = None
    rollout_state: str = ""
    rollout_state_reason: str = ""


class _Balancer(Camel):
    target_group_arn: str = ""


class EcsService(Camel):
    """An ECS service."""

    service_name: str
    cluster_arn: str = ""
    task_definition: str = ""
    load_balancers: tuple[_Balancer, ...] = ()
    deployments: tuple[Deployment, ...] = ()


class Function(Pascal):
    """A Lambda function; its `LastModified` is a text with an offset."""

    function_name: str
    last_modified: datetime | None = None
    version: str = ""
    environment: "_Variables" = Field(default_factory=lambda: _Variables())


class _Variables(Pascal):
    variables: dict[str, str] = {}


class EventSource(Pascal):
    """What a function is fed from."""

    event_source_arn: str = ""
    function_arn: str = ""


class LoadBalancer(Pascal):
    """A load balancer."""

    load_balancer_arn: str
    load_balancer_name: str


class TargetGroup(Pascal):
    """A target group, and the load balancers before it."""

    target_group_name: str
    target_group_arn: str = ""
    load_balancer_arns: tuple[str, ...] = ()


class _Endpoint(Pascal):
    address: str = ""


class DbInstance(BaseModel):
    """A database instance; its storage in GiB, 0 or 1 where a cluster keeps it."""

    id: str = Field(alias="DBInstanceIdentifier")
    cluster: str = Field(default="", alias="DBClusterIdentifier")
    gib: int = Field(default=0, alias="AllocatedStorage")
    endpoint: _Endpoint = Field(default_factory=_Endpoint, alias="Endpoint")


class CacheCluster(Pascal):
    """A node of a cache."""

    cache_cluster_id: str
    replication_group_id: str = ""


class _Setting(Camel):
    name: str = ""
    value: str = ""


class _LogConfiguration(Camel):
    log_driver: str = ""
    options: dict[str, str] = {}


class Container(Camel):
    """A container of a task definition."""

    name: str = ""
    environment: tuple[_Setting, ...] = ()
    log_configuration: _LogConfiguration = _LogConfiguration()


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is, as far as it could be read.

    Attributes:
        containers: By the task definition's ARN.
        tagged: Every tagged resource's ARN with its tags.
        gaps: What could not be read; of the topology.
    """

    names: Names = field(default_factory=Names)
    services: tuple[EcsService, ...] = ()
    containers: Mapping[str, tuple[Container, ...]] = field(default_factory=dict)
    functions: tuple[Function, ...] = ()
    event_sources: tuple[EventSource, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    databases: tuple[DbInstance, ...] = ()
    caches: tuple[CacheCluster, ...] = ()
    tagged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()

    @property
    def allocated_bytes(self) -> dict[str, float]:
        """The storage of each database instance that has its own."""
        return {each.id: each.gib * 2.0**30 for each in self.databases if each.gib > 1}
