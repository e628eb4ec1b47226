"""Who calls whom in a place: as X-Ray has seen it, as load balancers and functions are fed, as settings name others."""

import re
from collections.abc import Iterator

from ...aws import AwsError
from ...domain.base import ServiceName
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Service, ServiceKind, Topology
from ..kept import Kept
from .estate import Inventory
from .inventory import KNOWN_SECONDS, Stock
from .names import own_name
from .place import Place
from .xray import ServiceGraph

_QUEUE_URL = re.compile(r"https://(?:sqs\.[a-z0-9-]+|queue)\.amazonaws\.com(?:\.cn)?/\d{12}/([\w.-]+)")
_ARN = re.compile(r"arn:aws[a-z-]*:(sqs|sns|dynamodb|kinesis|lambda|s3|states):[a-z0-9-]*:\d*:[\w./:-]+")
_KIND_OF: dict[str, ServiceKind] = {
    "sqs": "queue",
    "sns": "queue",
    "kinesis": "queue",
    "dynamodb": "database",
    "s3": "storage",
    "lambda": "api",
    "states": "worker",
}

Known = tuple[ServiceName, ServiceKind]


class AwsTopology:
    """See TopologyPort; of one place."""

    def __init__(self, place: Place, stock: Stock, graph: ServiceGraph) -> None:
        self._place = place
        self._stock = stock
        self._graph = graph
        self._kept = Kept[None, Topology](KNOWN_SECONDS, lacking=lambda found: bool(found.gaps))

    async def topology(self) -> Topology:
        """See TopologyPort.

        Raises:
            SourceUnavailable: nothing could be read.
        """
        return await self._kept.get(None, self._read)

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self) -> Topology:
        inventory = await self._stock.inventory()
        gaps = list(inventory.gaps)
        kinds: dict[ServiceName, ServiceKind] = {}
        calls: dict[tuple[ServiceName, ServiceName], None] = {}
        for (caller, of_caller), (callee, of_callee) in _calls(inventory):
            kinds.setdefault(caller, of_caller)
            kinds.setdefault(callee, of_callee)
            calls[caller, callee] = None
        for name, kind in _alone(inventory):
            kinds.setdefault(name, kind)
        asked = []
        try:
            asked.append(await self._place.source("xray"))
            services, seen = await self._graph.read(inventory.names)
        except AwsError as error:
            gaps.append(self._place.gap("topology", error))
        else:
            for service in services:
                if kinds.get(service.name, "unknown") == "unknown":
                    kinds[service.name] = service.kind
            calls |= dict.fromkeys(seen)
        if not kinds and gaps:
            raise SourceUnavailable(*dict.fromkeys(gaps))
        if inventory.services or inventory.functions or inventory.load_balancers:
            asked.append(f"{self._place.name}: ECS, ELB, Lambda")
        return Topology(
            services=tuple(Service(name=name, kind=kind) for name, kind in kinds.items()),
            calls=tuple((caller, callee) for caller, callee in calls if caller != callee),
            gaps=tuple(dict.fromkeys(gaps)),
            source="; ".join(asked),
        )


def _alone(inventory: Inventory) -> Iterator[Known]:
    """Every service that is known to be there, whoever calls it."""
    names = inventory.names
    for service in inventory.services:
        yield names.of(service.service_name), "api" if service.load_balancers else "worker"
    for function in inventory.functions:
        yield names.of(function.function_name), "api"
    for database in inventory.databases:
        yield names.of(database.cluster or database.id), "database"
    for cache in inventory.caches:
        yield names.of(cache.cache_cluster_id), "cache"


def _calls(inventory: Inventory) -> Iterator[tuple[Known, Known]]:
    names = inventory.names
    balanced = {
        own_name(balancer.target_group_arn): service.service_name
        for service in inventory.services
        for balancer in service.load_balancers
    }
    for group in inventory.target_groups:
        behind = balanced.get(group.target_group_name)
        if behind is not None:
            for arn in group.load_balancer_arns:
                yield (names.of(own_name(arn)), "edge"), (names.of(behind), "api")
    for each in inventory.event_sources:
        if each.event_source_arn and each.function_arn:
            # A worker calls the queue that it consumes.
            kind = _KIND_OF.get(each.event_source_arn.split(":")[2], "queue")
            yield (names.of(own_name(each.function_arn)), "worker"), (names.of(own_name(each.event_source_arn)), kind)
    hosts = {database.endpoint.address.lower(): database for database in inventory.databases}
    for caller, value in _settings(inventory):
        for host, database in hosts.items():
            if host and host in value.lower():
                yield caller, (names.of(database.cluster or database.id), "database")
        for queue in _QUEUE_URL.findall(value):
            yield caller, (names.of(queue), "queue")
        for found in _ARN.finditer(value):
            yield caller, (names.of(own_name(found[0])), _KIND_OF[found[1]])


def _settings(inventory: Inventory) -> Iterator[tuple[Known, str]]:
    """What services and functions are told by their environment, which names what they use."""
    names = inventory.names
    for service in inventory.services:
        kind: ServiceKind = "api" if service.load_balancers else "worker"
        for container in inventory.containers.get(service.task_definition, ()):
            for setting in container.environment:
                yield (names.of(service.service_name), kind), setting.value
    for function in inventory.functions:
        for value in function.environment.variables.values():
            yield (names.of(function.function_name), "api"), value
