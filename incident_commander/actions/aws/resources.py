"""The types of resources a service may consist of: what names one, what can be done to it, and within which bounds."""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ...domain.base import ServiceName, Value
from ...domain.plan import ActionName

Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Resource(Value):
    """What all resources have in common.

    Attributes:
        can: The actions that its type knows.
        service: The service it belongs to, as the topology and the plans name it.
        account: Which of the file's accounts it is in; may be left out where there is one.
        actions: Those of `can` that are done to this resource; None: all. Two resources of a service may not share one.
    """

    can: ClassVar[tuple[ActionName, ...]] = ()

    service: ServiceName
    account: str | None = None
    actions: tuple[ActionName, ...] | None = None

    @property
    def id(self) -> str:
        """What it is known by: its type and its names."""
        raise NotImplementedError

    @property
    def aws_name(self) -> str:
        """What AWS calls the service by; empty where it is a part of one, such as a parameter or a volume."""
        return ""

    @property
    def does(self) -> tuple[ActionName, ...]:
        """The actions that are done to it."""
        return self.can if self.actions is None else self.actions

    @model_validator(mode="after")
    def _able(self) -> Self:
        wrong = [name for name in self.actions or () if name not in self.can]
        if wrong:
            raise ValueError(f"{wrong[0]!r} cannot be done to it; what can be is {', '.join(self.can)}")
        return self


class EcsService(Resource):
    """An ECS service with rolling deployments."""

    can = ("rollback", "restart", "scale_out")
    type: Literal["ecs_service"]
    cluster: Name
    name: Name
    min_count: int = Field(default=1, ge=0)
    max_count: int = Field(ge=1)

    @property
    def id(self) -> str:
        return f"{self.type} {self.cluster}/{self.name}"

    @property
    def aws_name(self) -> str:
        return self.name


class AutoScalingGroup(Resource):
    """An EC2 Auto Scaling group; `max_count` bounds the group's own maximum too, which is raised where needed."""

    can = ("restart", "scale_out")
    type: Literal["auto_scaling_group"]
    name: Name
    min_count: int = Field(default=1, ge=0)
    max_count: int = Field(ge=1)
    min_healthy_percent: int = Field(default=90, ge=0, le=100)

    @property
    def id(self) -> str:
        return f"{self.type} {self.name}"

    @property
    def aws_name(self) -> str:
        return self.name


class ScalableTarget(Resource):
    """A target of Application Auto Scaling: both of its limits are multiplied, and its policies choose in between."""

    can = ("scale_out",)
    type: Literal["scalable_target"]
    namespace: Name
    resource_id: Name
    dimension: Name
    min_count: int = Field(default=1, ge=0)
    max_count: int = Field(ge=1)

    @property
    def id(self) -> str:
        return f"{self.type} {self.namespace}/{self.resource_id}/{self.dimension}"


class LambdaAlias(Resource):
    """An alias of a Lambda function."""

    can = ("rollback",)
    type: Literal["lambda_alias"]
    function: Name
    name: Name

    @property
    def id(self) -> str:
        return f"{self.type} {self.function}:{self.name}"

    @property
    def aws_name(self) -> str:
        return self.function


class LambdaFunction(Resource):
    """A Lambda function's reserved concurrency; `usual_concurrency` counts where none is reserved."""

    can = ("rate_limit", "scale_out")
    type: Literal["lambda_function"]
    name: Name
    usual_concurrency: int = Field(ge=1)
    max_concurrency: int = Field(ge=1)

    @property
    def id(self) -> str:
        return f"{self.type} {self.name}"

    @property
    def aws_name(self) -> str:
        return self.name


class RdsInstance(Resource):
    """An RDS database instance; `max_gib` bounds its storage."""

    can = ("restart", "failover", "grow_storage")
    type: Literal["rds_instance"]
    name: Name
    max_gib: int = Field(ge=5)

    @property
    def id(self) -> str:
        return f"{self.type} {self.name}"

    @property
    def aws_name(self) -> str:
        return self.name


class AuroraCluster(Resource):
    """An Aurora cluster."""

    can = ("failover",)
    type: Literal["aurora_cluster"]
    name: Name

    @property
    def id(self) -> str:
        return f"{self.type} {self.name}"

    @property
    def aws_name(self) -> str:
        return self.name


class CacheGroup(Resource):
    """A replication group of ElastiCache, cluster mode off; its shard is failed over."""

    can = ("failover",)
    type: Literal["elasticache_group"]
    name: Name
    node_group: Name = "0001"

    @property
    def id(self) -> str:
        return f"{self.type} {self.name}/{self.node_group}"

    @property
    def aws_name(self) -> str:
        return self.name


class DeadLetterQueue(Resource):
    """A dead-letter queue of SQS, by its ARN: its messages are moved back to where they came from."""

    can = ("redrive",)
    type: Literal["dead_letter_queue"]
    arn: str = Field(pattern=r"^arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:.+$")

    @property
    def id(self) -> str:
        return f"{self.type} {self.arn.rpartition(':')[2]}"


class EventRule(Resource):
    """A rule of EventBridge that starts work."""

    can = ("pause",)
    type: Literal["event_rule"]
    name: Name
    bus: Name = "default"

    @property
    def id(self) -> str:
        return f"{self.type} {self.bus}/{self.name}"


class WafRule(Resource):
    """A rule of a web ACL: a rate-based one for `rate_limit`, and any with an action of its own for `block_sources`."""

    can = ("rate_limit", "block_sources")
    type: Literal["waf_rule"]
    web_acl: Name
    web_acl_id: Name
    scope: Literal["REGIONAL", "CLOUDFRONT"] = "REGIONAL"
    rule: Name
    lowest_limit: int = Field(default=10, ge=10)

    @property
    def id(self) -> str:
        return f"{self.type} {self.web_acl}/{self.rule}"


class Parameter(Resource):
    """A plain parameter of Parameter Store that the service reads: its pool size, or its configuration."""

    can = ("raise_pool", "rollback")
    type: Literal["ssm_parameter"]
    name: Name
    lowest: int = Field(default=1, ge=0)
    highest: int | None = None

    @property
    def id(self) -> str:
        return f"{self.type} {self.name}"

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if "raise_pool" in self.does and self.highest is None:
            raise ValueError("raise_pool needs 'highest', the largest pool it may set; or leave it out of 'actions'")
        return self


class Automation(Resource):
    """An SSM Automation document that does what no other type can; its parameters are fixed here."""

    can = ("free_storage", "revoke_credentials", "grow_storage", "restart", "failover", "runbook")
    type: Literal["ssm_automation"]
    document: Name
    version: str | None = None
    parameters: dict[str, tuple[str, ...]] = {}
    wait_seconds: float = Field(default=900, gt=0)

    @property
    def id(self) -> str:
        return f"{self.type} {self.document}"


class DeploymentGroup(Resource):
    """A deployment group of CodeDeploy, whose running deployment is stopped and rolled back."""

    can = ("rollback",)
    type: Literal["codedeploy_group"]
    application: Name
    name: Name

    @property
    def id(self) -> str:
        return f"{self.type} {self.application}/{self.name}"


class Volume(Resource):
    """An EBS volume. The file system on it is grown by the instance itself, or by a runbook."""

    can = ("grow_storage",)
    type: Literal["ebs_volume"]
    volume_id: str = Field(pattern=r"^vol-[0-9a-f]+$")
    max_gib: int = Field(ge=1)

    @property
    def id(self) -> str:
        return f"{self.type} {self.volume_id}"


class Secret(Resource):
    """A secret of Secrets Manager that rotates."""

    can = ("revoke_credentials",)
    type: Literal["secret"]
    name: Name

    @property
    def id(self) -> str:
        return f"{self.type} {self.name}"


def _safe_url(url: str) -> str:
    if not re.match(r"^(https://[^/@\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?)(/|$)", url):
        raise ValueError(f"{url!r} is not an https address; only 127.0.0.1 may be asked without encryption")
    return url


class Webhook(Resource):
    """A runbook of yours behind a signed webhook, for anything else; `secret` names the key of IC_RUNBOOK_SECRETS."""

    can = (
        "rollback", "restart", "scale_out", "failover", "raise_pool", "rate_limit", "block_sources", "free_storage",
        "grow_storage", "revoke_credentials", "redrive", "pause", "runbook",
    )  # fmt: skip
    type: Literal["webhook"]
    url: Annotated[str, AfterValidator(_safe_url)]
    secret: Name
    actions: tuple[ActionName, ...] = Field(min_length=1)
    wait_seconds: float = Field(default=900, gt=0)

    @property
    def id(self) -> str:
        return f"{self.type} {self.url}"


AnyResource = Annotated[
    EcsService
    | AutoScalingGroup
    | ScalableTarget
    | LambdaAlias
    | LambdaFunction
    | RdsInstance
    | AuroraCluster
    | CacheGroup
    | DeadLetterQueue
    | EventRule
    | WafRule
    | Parameter
    | Automation
    | DeploymentGroup
    | Volume
    | Secret
    | Webhook,
    Field(discriminator="type"),
]
