"""Reading what there is in a place, now and then."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from pydantic import BaseModel, Field

from ...aws import AwsError, Camel, Pascal
from ...domain.base import ServiceName
from ...domain.telemetry import Gap
from ..kept import Kept
from .estate import (
    CacheCluster,
    Container,
    DbInstance,
    EcsService,
    EventSource,
    Function,
    Inventory,
    LoadBalancer,
    TargetGroup,
)
from .names import LOGICAL_ID, Names, cache_group, named_by_tags, own_name
from .place import Place

KNOWN_SECONDS = 300.0
"""How long it is taken for what is."""
MOST = 1000
"""Resources of one kind."""
_DESCRIBED = 10
_DEFINITIONS = 60
_STACKS = 25

T = TypeVar("T")
A = TypeVar("A", bound=BaseModel)


class Stock:
    """Reads the inventory of a place, and keeps it for a while.

    Args:
        given: Which service something is, by its own name; goes before everything else.
    """

    def __init__(self, place: Place, given: Mapping[str, ServiceName]) -> None:
        self._place = place
        self._given = given
        self._kept = Kept[None, Inventory](KNOWN_SECONDS, lacking=lambda found: bool(found.gaps))

    async def inventory(self) -> Inventory:
        """What there is. Never raises for what cannot be read: that is a gap of it."""
        return await self._kept.get(None, self._read)

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self) -> Inventory:
        try:
            await self._place.account()
        except AwsError as error:  # the same for all of it
            return Inventory(names=Names(given=self._given), gaps=(self._place.gap("topology", error),))
        gaps: list[Gap] = []

        async def part(reading: Callable[[], Awaitable[tuple[T, ...]]], what: str) -> tuple[T, ...]:
            try:
                return await reading()
            except AwsError as error:
                gaps.append(self._place.gap("topology", error, what))
                return ()

        async with asyncio.TaskGroup() as group:
            services = group.create_task(part(self._services, "the services of ECS"))
            functions = group.create_task(part(self._functions, "the functions of Lambda"))
            sources = group.create_task(part(self._event_sources, "what feeds the functions of Lambda"))
            balancers = group.create_task(part(self._load_balancers, "the load balancers"))
            groups = group.create_task(part(self._target_groups, "the target groups"))
            databases = group.create_task(part(self._databases, "the databases of RDS"))
            caches = group.create_task(part(self._caches, "the caches of ElastiCache"))
            tagged = group.create_task(part(self._tags, "the tags"))
            logical = group.create_task(part(self._stacked, "the stacks of CloudFormation"))
        containers = await part(lambda: self._containers(services.result()), "the task definitions of ECS")
        tags = {each.resource_arn: {tag.key: tag.value for tag in each.tags} for each in tagged.result()}
        return Inventory(
            names=_names(self._given, services.result(), caches.result(), databases.result(), tags, logical.result()),
            services=services.result(),
            containers=dict(containers),
            functions=functions.result(),
            event_sources=sources.result(),
            load_balancers=balancers.result(),
            target_groups=groups.result(),
            databases=databases.result(),
            caches=caches.result(),
            tagged=tags,
            gaps=tuple(gaps),
        )

    async def _all(self, answer: type[A], service: str, operation: str, page: int = 0) -> A:
        sizes: dict[str, object] = {"MaxItems": MOST, **({"PageSize": page} if page else {})}
        return await self._place.read_all(answer, service, operation, {"PaginationConfig": sizes})

    async def _services(self) -> tuple[EcsService, ...]:
        clusters = (await self._all(_Clusters, "ecs", "ListClusters")).cluster_arns

        async def of(cluster: str) -> tuple[EcsService, ...]:
            asked = {"cluster": cluster, "PaginationConfig": {"MaxItems": MOST, "PageSize": 100}}
            arns = (await self._place.read_all(_ServiceArns, "ecs", "ListServices", asked)).service_arns
            some = [arns[start : start + _DESCRIBED] for start in range(0, len(arns), _DESCRIBED)]
            described = await asyncio.gather(
                *(
                    self._place.read(_Services, "ecs", "DescribeServices", {"cluster": cluster, "services": list(each)})
                    for each in some
                )
            )
            return tuple(chain.from_iterable(each.services for each in described))

        return tuple(chain.from_iterable(await asyncio.gather(*(of(cluster) for cluster in clusters))))

    async def _containers(self, services: Sequence[EcsService]) -> tuple[tuple[str, tuple[Container, ...]], ...]:
        arns = list(dict.fromkeys(each.task_definition for each in services if each.task_definition))[:_DEFINITIONS]
        found = await asyncio.gather(
            *(self._place.read(_Defined, "ecs", "DescribeTaskDefinition", {"taskDefinition": arn}) for arn in arns)
        )
        return tuple((arn, each.task_definition.container_definitions) for arn, each in zip(arns, found, strict=True))

    async def _functions(self) -> tuple[Function, ...]:
        return (await self._all(_Functions, "lambda", "ListFunctions")).functions

    async def _event_sources(self) -> tuple[EventSource, ...]:
        return (await self._all(_EventSources, "lambda", "ListEventSourceMappings")).event_source_mappings

    async def _load_balancers(self) -> tuple[LoadBalancer, ...]:
        return (await self._all(_LoadBalancers, "elbv2", "DescribeLoadBalancers")).load_balancers

    async def _target_groups(self) -> tuple[TargetGroup, ...]:
        return (await self._all(_TargetGroups, "elbv2", "DescribeTargetGroups")).target_groups

    async def _databases(self) -> tuple[DbInstance, ...]:
        return (await self._all(_Databases, "rds", "DescribeDBInstances")).instances

    async def _caches(self) -> tuple[CacheCluster, ...]:
        return (await self._all(_Caches, "elasticache", "DescribeCacheClusters")).cache_clusters

    async def _tags(self) -> tuple["_TaggedResource", ...]:
        found = await self._all(_Tagged, "resourcegroupstaggingapi", "GetResources", page=100)
        return found.resource_tag_mapping_list

    async def _stacked(self) -> tuple["_StackResource", ...]:
        """The resources of stacks, with what their templates call them."""
        stacks = (await self._all(_Stacks, "cloudformation", "DescribeStacks")).stacks[:_STACKS]
        found = await asyncio.gather(
            *(
                self._place.read(
                    _StackResources, "cloudformation", "DescribeStackResources", {"StackName": stack.stack_name}
                )
                for stack in stacks
            )
        )
        return tuple(chain.from_iterable(each.stack_resources for each in found))


def _names(
    given: Mapping[str, ServiceName],
    services: Sequence[EcsService],
    caches: Sequence[CacheCluster],
    databases: Sequence[DbInstance],
    tagged: Mapping[str, Mapping[str, str]],
    stacked: Sequence["_StackResource"],
) -> Names:
    logical = {own_name(each.physical_resource_id): each.logical_resource_id for each in stacked}
    logical |= {own_name(arn): tags[LOGICAL_ID] for arn, tags in tagged.items() if LOGICAL_ID in tags}
    nodes = {each.cache_cluster_id: each.replication_group_id or cache_group(each.cache_cluster_id) for each in caches}
    nodes |= {each.id: each.cluster for each in databases if each.cluster}
    groups = {own_name(each.target_group_arn): service for service in services for each in service.load_balancers}
    return Names(
        given=given,
        tagged={own_name(arn): service for arn, tags in tagged.items() if (service := named_by_tags(tags))},
        logical=logical,
        stand_for=nodes | {group: service.service_name for group, service in groups.items() if group},
    )


class _Clusters(Camel):
    cluster_arns: tuple[str, ...] = ()


class _ServiceArns(Camel):
    service_arns: tuple[str, ...] = ()


class _Services(Camel):
    services: tuple[EcsService, ...] = ()


class _Definition(Camel):
    container_definitions: tuple[Container, ...] = ()


class _Defined(Camel):
    task_definition: _Definition


class _Functions(Pascal):
    functions: tuple[Function, ...] = ()


class _EventSources(Pascal):
    event_source_mappings: tuple[EventSource, ...] = ()


class _LoadBalancers(Pascal):
    load_balancers: tuple[LoadBalancer, ...] = ()


class _TargetGroups(Pascal):
    target_groups: tuple[TargetGroup, ...] = ()


class _Databases(BaseModel):
    instances: tuple[DbInstance, ...] = Field(default=(), alias="DBInstances")


class _Caches(Pascal):
    cache_clusters: tuple[CacheCluster, ...] = ()


class _Tag(Pascal):
    key: str
    value: str = ""


class _TaggedResource(BaseModel):
    resource_arn: str = Field(alias="ResourceARN")
    tags: tuple[_Tag, ...] = Field(default=(), alias="Tags")


class _Tagged(Pascal):
    resource_tag_mapping_list: tuple[_TaggedResource, ...] = ()


class _Stack(Pascal):
    stack_name: str


class _Stacks(Pascal):
    stacks: tuple[_Stack, ...] = ()


class _StackResource(Pascal):
    logical_resource_id: str
    physical_resource_id: str = ""


class _StackResources(Pascal):
    stack_resources: tuple[_StackResource, ...] = ()
