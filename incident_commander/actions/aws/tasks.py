"""Which operation an action on a resource is."""

import httpx
from pydantic import SecretStr

from ...aws import Aws
from ...domain.plan import ActionName
from ..catalogue import Means
from .operation import Task
from .operations.auto_scaling import RaiseLimits, RefreshInstances, ScaleGroup
from .operations.caches import FailOverShard
from .operations.databases import FailOverCluster, FailOverInstance, GrowInstance, RebootInstance
from .operations.deployments import StopDeployment
from .operations.ecs import ForceNewDeployment, PreviousDefinition, ScaleTasks
from .operations.firewall import Block, LowerLimit
from .operations.functions import AliasBack, LimitConcurrency, RaiseConcurrency
from .operations.messages import PauseRule, Redrive
from .operations.secrets import RotateSecret
from .operations.systems import ParameterBack, RaisePool, RunDocument
from .operations.volumes import GrowVolume
from .resources import (
    AnyResource,
    AuroraCluster,
    Automation,
    AutoScalingGroup,
    CacheGroup,
    DeadLetterQueue,
    DeploymentGroup,
    EcsService,
    EventRule,
    LambdaAlias,
    LambdaFunction,
    Parameter,
    RdsInstance,
    ScalableTarget,
    Secret,
    Volume,
    WafRule,
    Webhook,
)
from .webhook import RunWebhook


class NoSecret(ValueError):
    """A webhook's secret is not among those that were given."""


def aws_task(resource: AnyResource, action: ActionName, means: Means, aws: Aws) -> Task:
    """The operation of AWS that an action on a resource is.

    Raises:
        LookupError: the type of resource does not know the action; its `can` says which ones it does.
    """
    match resource, action:
        case EcsService(), "scale_out":
            return ScaleTasks(aws, resource, means)
        case EcsService(), "restart":
            return ForceNewDeployment(aws, resource, means)
        case EcsService(), "rollback":
            return PreviousDefinition(aws, resource, means)
        case AutoScalingGroup(), "scale_out":
            return ScaleGroup(aws, resource, means)
        case AutoScalingGroup(), "restart":
            return RefreshInstances(aws, resource, means)
        case ScalableTarget(), "scale_out":
            return RaiseLimits(aws, resource, means)
        case LambdaAlias(), "rollback":
            return AliasBack(aws, resource, means)
        case LambdaFunction(), "rate_limit":
            return LimitConcurrency(aws, resource, means)
        case LambdaFunction(), "scale_out":
            return RaiseConcurrency(aws, resource, means)
        case RdsInstance(), "restart":
            return RebootInstance(aws, resource, means)
        case RdsInstance(), "failover":
            return FailOverInstance(aws, resource, means)
        case RdsInstance(), "grow_storage":
            return GrowInstance(aws, resource, means)
        case AuroraCluster(), "failover":
            return FailOverCluster(aws, resource, means)
        case CacheGroup(), "failover":
            return FailOverShard(aws, resource, means)
        case DeadLetterQueue(), "redrive":
            return Redrive(aws, resource, means)
        case EventRule(), "pause":
            return PauseRule(aws, resource, means)
        case WafRule(), "rate_limit":
            return LowerLimit(aws, resource, means)
        case WafRule(), "block_sources":
            return Block(aws, resource, means)
        case Parameter(), "raise_pool":
            return RaisePool(aws, resource, means)
        case Parameter(), "rollback":
            return ParameterBack(aws, resource, means)
        case Automation(), _ if action in resource.can:
            return RunDocument(aws, resource, means)
        case DeploymentGroup(), "rollback":
            return StopDeployment(aws, resource, means)
        case Volume(), "grow_storage":
            return GrowVolume(aws, resource, means)
        case Secret(), "revoke_credentials":
            return RotateSecret(aws, resource, means)
    raise LookupError(f"{action} cannot be done to {resource.id}; what can be is {', '.join(resource.can)}")


def webhook_task(resource: Webhook, http: httpx.AsyncClient, secrets: dict[str, SecretStr]) -> Task:
    """The webhook's runbook.

    Raises:
        NoSecret: its secret was not given.
    """
    if resource.secret not in secrets:
        raise NoSecret(f"{resource.id} is signed with {resource.secret!r}, which IC_RUNBOOK_SECRETS does not name")
    return RunWebhook(http, resource, secrets[resource.secret])
