"""What was deployed lately, as ECS, CodeDeploy and Lambda themselves say."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from ...aws import Camel
from ...domain.telemetry import Change
from .estate import EcsService, Inventory
from .names import Names
from .place import Place

_DESCRIBED = 10
_A_BATCH = 25
MOST_DEPLOYMENTS = 100


class _Services(Camel):
    services: tuple[EcsService, ...] = ()


class _Listed(Camel):
    deployments: tuple[str, ...] = ()


class _Error(Camel):
    code: str = ""
    message: str = ""


class _Revision(Camel):
    commit_id: str = ""
    repository: str = ""
    key: str = ""


class _Where(Camel):
    git_hub_location: _Revision = _Revision()
    s3_location: _Revision = _Revision()


class _Info(Camel):
    deployment_id: str = ""
    application_name: str = ""
    deployment_group_name: str = ""
    status: str = ""
    creator: str = ""
    create_time: datetime | None = None
    error_information: _Error = _Error()
    revision: _Where = _Where()


class _Infos(Camel):
    deployments_info: tuple[_Info, ...] = ()


async def ecs_changes(place: Place, inventory: Inventory, start: int, end: int) -> list[Change]:
    """Deployments of ECS services that began in a span of time.

    Raises:
        AwsError: they cannot be read.
    """
    source = await place.source("ecs")
    by_cluster: dict[str, list[str]] = {}
    for service in inventory.services:
        by_cluster.setdefault(service.cluster_arn, []).append(service.service_name)
    asked = [
        {"cluster": cluster, "services": services[first : first + _DESCRIBED]}
        for cluster, services in by_cluster.items()
        for first in range(0, len(services), _DESCRIBED)
    ]
    answers = await asyncio.gather(*(place.read(_Services, "ecs", "DescribeServices", each) for each in asked))
    return [
        Change(
            at=deployment.created_at,
            service=inventory.names.of(service.service_name),
            kind="deploy",
            reference=deployment.id,
            summary=f"deployment {deployment.rollout_state.lower().replace('_', ' ')}".rstrip(),
            author="ECS",
            detail=_joined(deployment.task_definition.rpartition("/")[2], deployment.rollout_state_reason),
            source=source,
        )
        for answer in answers
        for service in answer.services
        for deployment in service.deployments
        if deployment.created_at is not None and start <= deployment.created_at.timestamp() < end
    ]


async def codedeploy_changes(place: Place, names: Names, start: int, end: int) -> list[Change]:
    """Deployments of CodeDeploy that were started in a span of time.

    Raises:
        AwsError: they cannot be read.
    """
    source = await place.source("codedeploy")
    spanned = {"start": datetime.fromtimestamp(start, UTC), "end": datetime.fromtimestamp(end, UTC)}
    asked = {"createTimeRange": spanned, "PaginationConfig": {"MaxItems": MOST_DEPLOYMENTS}}
    ids = (await place.read_all(_Listed, "codedeploy", "ListDeployments", asked)).deployments
    some = [list(ids[first : first + _A_BATCH]) for first in range(0, len(ids), _A_BATCH)]
    answers = await asyncio.gather(
        *(place.read(_Infos, "codedeploy", "BatchGetDeployments", {"deploymentIds": each}) for each in some)
    )
    return [change for answer in answers for change in _told(answer.deployments_info, names, source)]


def lambda_changes(inventory: Inventory, source: str, start: int, end: int) -> list[Change]:
    """Functions that were changed last in a span of time; what of them is not told."""
    return [
        Change(
            at=function.last_modified,
            service=inventory.names.of(function.function_name),
            kind="deploy",
            reference=f"{function.function_name}@{function.last_modified:%Y%m%dT%H%M%SZ}",
            summary="the function is changed",
            author="Lambda",
            source=source,
        )
        for function in inventory.functions
        if function.last_modified is not None and start <= function.last_modified.timestamp() < end
    ]


def _told(infos: Sequence[_Info], names: Names, source: str) -> list[Change]:
    return [
        Change(
            at=info.create_time,
            service=names.of(info.application_name) if info.application_name else None,
            kind="deploy",
            reference=info.deployment_id,
            summary=f"deployment {info.status.lower()}",
            author=f"CodeDeploy, {info.creator or 'deployment group ' + info.deployment_group_name}",
            detail=_joined(
                info.revision.git_hub_location.commit_id or info.revision.s3_location.key,
                info.error_information.message,
            ),
            source=source,
        )
        for info in infos
        if info.create_time is not None
    ]


def _joined(*texts: str) -> str:
    return "; ".join(text for text in texts if text)
