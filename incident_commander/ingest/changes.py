"""Events of AWS that say that something was changed: deployments, and instances and tasks that come and go.

The names in a deployment's event go to the change's service, reference and author, never to its summary: diagnosis
reads that for what the change does, and a service called `cache` must not look like a change of a cache.
"""

from collections.abc import Callable

from ..domain.base import ServiceName
from ..domain.change import ReportedChange
from ..domain.telemetry import Change, ChangeKind
from .aws_event import Event


def is_change(event: Event) -> bool:
    """Whether this kind of event says that something was changed."""
    return event.kind in _READERS


def change_kinds() -> tuple[str, ...]:
    """The kinds of event that are changes, as `detail-type` names them."""
    return tuple(_READERS)


def read_change(event: Event) -> ReportedChange:
    """The change that an event tells of; the event's id is its key.

    Raises:
        BadAlert: a field of it is missing or wrong.
    """
    return ReportedChange(
        change=_READERS[event.kind](event),
        source="eventbridge",
        key=event.id,
        account=event.account,
        region=event.region,
        received_at=event.received_at,
    )


def _codedeploy(event: Event) -> Change:
    group = event.optional("deploymentGroup")
    return _change(
        event,
        "deploy",
        service=event.text("application"),
        reference=event.text("deploymentId"),
        summary=f"deployment {event.text('state').lower()}",
        author=f"CodeDeploy, deployment group {group}" if group else "CodeDeploy",
    )


def _instance(event: Event) -> Change:
    status = event.optional("StatusMessage") or event.optional("Cause")
    return _change(
        event,
        "scaling",
        service=event.text("AutoScalingGroupName"),
        reference=event.text("EC2InstanceId"),
        summary=f"{event.kind}{f': {status}' if status else ''}",
        author="Auto Scaling",
    )


def _instance_refresh(event: Event) -> Change:
    return _change(
        event,
        "deploy",
        service=event.text("AutoScalingGroupName"),
        reference=event.text("InstanceRefreshId"),
        summary=event.kind,
        author="Auto Scaling",
    )


def _ecs_deployment(event: Event) -> Change:
    return _change(
        event,
        "deploy",
        service=_last(event.resource),
        reference=event.text("deploymentId"),
        summary=_words(event.text("eventName")),
        author="ECS",
        detail=event.optional("reason"),
    )


def _ecs_service(event: Event) -> Change:
    return _change(
        event,
        "scaling",
        service=_last(event.resource),
        reference=event.text("eventName"),
        summary=_words(event.text("eventName")),
        author="ECS",
        detail=event.optional("reason"),
    )


def _ecs_task(event: Event) -> Change:
    group = event.optional("group")
    wanted = event.optional("desiredStatus")
    return _change(
        event,
        "scaling",
        service=group.removeprefix("service:") if group.startswith("service:") else "",
        reference=_last(event.text("taskArn")),
        summary=f"task {event.text('lastStatus')}{f', wanted {wanted}' if wanted else ''}",
        author="ECS",
        detail=event.optional("stoppedReason"),
    )


def _ecs_instance(event: Event) -> Change:
    return _change(
        event,
        "scaling",
        service="",
        reference=event.optional("ec2InstanceId") or _last(event.text("containerInstanceArn")),
        summary=f"container instance {event.text('status')} in cluster {_last(event.text('clusterArn'))}",
        author="ECS",
        detail="" if event.detail.get("agentConnected") is not False else "its agent is not connected",
    )


def _change(
    event: Event, kind: ChangeKind, *, service: str, reference: str, summary: str, author: str, detail: str = ""
) -> Change:
    return Change(
        at=event.at,
        service=ServiceName(service) if service else None,
        kind=kind,
        reference=reference,
        summary=summary,
        author=author,
        detail=detail,
    )


def _last(arn: str) -> str:
    """The resource's own name: `checkout` of `arn:aws:ecs:eu-west-1:111122223333:service/shop/checkout`."""
    return arn.rpartition("/")[2]


def _words(name: str) -> str:
    """`SERVICE_DEPLOYMENT_FAILED` is `service deployment failed`."""
    return name.replace("_", " ").lower()


_READERS: dict[str, Callable[[Event], Change]] = {
    "CodeDeploy Deployment State-change Notification": _codedeploy,
    "EC2 Instance-launch Lifecycle Action": _instance,
    "EC2 Instance-terminate Lifecycle Action": _instance,
    "EC2 Instance Launch Successful": _instance,
    "EC2 Instance Launch Unsuccessful": _instance,
    "EC2 Instance Terminate Successful": _instance,
    "EC2 Instance Terminate Unsuccessful": _instance,
    "EC2 Auto Scaling Instance Refresh Started": _instance_refresh,
    "EC2 Auto Scaling Instance Refresh Succeeded": _instance_refresh,
    "EC2 Auto Scaling Instance Refresh Failed": _instance_refresh,
    "EC2 Auto Scaling Instance Refresh Cancelled": _instance_refresh,
    "ECS Deployment State Change": _ecs_deployment,
    "ECS Service Action": _ecs_service,
    "ECS Task State Change": _ecs_task,
    "ECS Container Instance State Change": _ecs_instance,
}
