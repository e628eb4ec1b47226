"""Which log groups are read, and whose lines they hold."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...domain.base import ServiceName
from .estate import Inventory

_OF_A_SERVICE = re.compile(r"^/aws/(?:lambda|rds/(?:instance|cluster)|elasticache|apprunner)/([^/]+)")
_NOT_READ = re.compile(
    r"^/aws/(?:ecs/containerinsights|containerinsights|codebuild|vpc|vpc-flow|cloudtrail|ssm|events|sagemaker/labeling)"
    r"|^(?:aws-cloudtrail-logs|RDSOSMetrics|aws-waf-logs|API-Gateway-Execution-Logs|sns/|/aws-glue/)|cloudtrail|flow-?logs",
    re.IGNORECASE,
)
_MADE_UP = re.compile(r"[^/]+$")


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group that is read.

    Attributes:
        service: Whose it is; where several write into it, whom its name speaks of.
        writers: Who writes which streams, by the first part of their names.
    """

    name: str
    service: ServiceName
    writers: Mapping[str, ServiceName]

    def writer(self, stream: str) -> ServiceName:
        """The service that writes a stream."""
        return self.writers.get(stream.partition("/")[0], self.service)


def chosen(names: Iterable[str], inventory: Inventory) -> tuple[LogGroup, ...]:
    """The groups that are read, those that are known to be of a service first."""
    streams = _streams(inventory)
    known: list[LogGroup] = []
    others: list[LogGroup] = []
    for name in names:
        writers = streams.get(name, {})
        by_name = _OF_A_SERVICE.match(name)
        if name in inventory.names.given or name in inventory.names.tagged:
            known.append(LogGroup(name, inventory.names.of(name), {}))
        elif writers:
            services = list(dict.fromkeys(writers.values()))
            known.append(LogGroup(name, services[0], writers if len(services) > 1 else {}))
        elif by_name is not None:
            known.append(LogGroup(name, inventory.names.of(by_name[1]), {}))
        elif not _NOT_READ.search(name):
            last = _MADE_UP.search(name.rstrip("/"))
            others.append(LogGroup(name, inventory.names.of(last[0] if last else name), {}))
    return (*known, *others)


def _streams(inventory: Inventory) -> dict[str, dict[str, ServiceName]]:
    """By log group and prefix of a stream, the ECS service whose containers write there."""
    found: dict[str, dict[str, ServiceName]] = {}
    for group, prefix, service in _configured(inventory):
        found.setdefault(group, {}).setdefault(prefix, service)
    return found


def _configured(inventory: Inventory) -> Iterator[tuple[str, str, ServiceName]]:
    for service in inventory.services:
        for container in inventory.containers.get(service.task_definition, ()):
            options = container.log_configuration.options
            group = options.get("awslogs-group", "")
            if container.log_configuration.log_driver == "awslogs" and group:
                named = inventory.names.of(service.service_name)
                yield group, options.get("awslogs-stream-prefix", container.name), named
