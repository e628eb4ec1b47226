"""Which service something in AWS is: by the resources' file, a tag, CloudFormation, or its own name.

A resource's own name is what AWS shows for it: `cart` of `arn:aws:ecs:eu-west-1:111122223333:service/prod/cart`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...domain.base import ServiceName

TAGS = ("service", "service_name", "app", "application", "app.kubernetes.io/name")
"""The tags that name a service, the first one present; in any case of letters."""
LOGICAL_ID = "aws:cloudformation:logical-id"

_GENERATED = re.compile(r"-[A-Za-z0-9]{8,14}$")
"""How a name ends that CloudFormation made up."""
_MADE_UP = re.compile(r"(?=.*\d)(?=.*[A-Za-z])")
_LOAD_BALANCER = re.compile(r"(?:loadbalancer/)?(?:app|net|gwy)/([^/]+)/[0-9a-f]+$")
_TARGET_GROUP = re.compile(r"targetgroup/([^/]+)/[0-9a-f]+$")
_NODE = re.compile(r"^(.+?)(?:-\d{4})?-\d{3}$")


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of names.

    Attributes:
        given: By the resources' file.
        tagged: By a tag; logical: what a template calls it. Both by own name.
        stand_for: Own names that are a part of another resource: a target group of an ECS service.
    """

    given: Mapping[str, ServiceName] = field(default_factory=dict)
    tagged: Mapping[str, ServiceName] = field(default_factory=dict)
    logical: Mapping[str, str] = field(default_factory=dict)
    stand_for: Mapping[str, str] = field(default_factory=dict)

    def of(self, own: str) -> ServiceName:
        """The service that something is, or belongs to."""
        own = self.stand_for.get(own, own)
        if own in self.given:
            return self.given[own]
        if own in self.tagged:
            return self.tagged[own]
        made_up = _GENERATED.search(own)
        if made_up is not None and _MADE_UP.search(made_up.group()) and own in self.logical:
            return ServiceName(self.logical[own])
        return ServiceName(own)


def own_name(arn: str) -> str:
    """The name that AWS shows for what an ARN, a URL or a dimension names; another text as it is."""
    if arn.startswith(("http://", "https://")):
        return arn.rstrip("/").rpartition("/")[2]
    found = _LOAD_BALANCER.search(arn) or _TARGET_GROUP.search(arn)
    if found is not None:
        return found[1]
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return arn
    resource = parts[5]
    if parts[2] == "logs":
        return resource.removeprefix("log-group:").removesuffix(":*")
    if parts[2] == "lambda":
        return resource.removeprefix("function:").partition(":")[0]
    if parts[2] == "s3":
        return resource.partition("/")[0]
    if parts[2] == "dynamodb":
        return resource.removeprefix("table/").partition("/")[0]
    return re.split(r"[:/]", resource)[-1]


def cache_group(cluster_id: str) -> str:
    """The replication group of a cache's node: `shop` of `shop-0001-002` and of `shop-002`."""
    found = _NODE.match(cluster_id)
    return found[1] if found else cluster_id


def named_by_tags(tags: Mapping[str, str]) -> ServiceName | None:
    """The service that a resource's tags name."""
    lowered = {key.lower(): value.strip() for key, value in tags.items()}
    return next((ServiceName(lowered[key]) for key in TAGS if lowered.get(key)), None)
