"""Deployments, scaling and what else EventBridge tells of become changes, each named by its event."""

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from incident_commander.domain.base import JsonObject
from incident_commander.domain.change import ReportedChange
from incident_commander.ingest.bad_alert import BadAlert
from incident_commander.ingest.eventbridge import parse_eventbridge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(kind: str, detail: JsonValue, **changes: JsonValue) -> JsonObject:
    return {
        "version": "0",
        "id": "c071bfbf-83c4-49ca-a6ff-3df053957145",
        "detail-type": kind,
        "source": "aws.example",
        "account": "111122223333",
        "time": "2026-03-01T11:50:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:ecs:eu-west-1:111122223333:service/shop/checkout"],
        "detail": detail,
        **changes,
    }


def change_of(kind: str, detail: JsonObject) -> ReportedChange:
    parsed = parse_eventbridge(event(kind, detail), NOW)
    assert parsed.alerts == ()
    (reported,) = parsed.changes
    return reported


CODEDEPLOY: JsonObject = {
    "application": "checkout", "deploymentGroup": "cache-test", "deploymentId": "d-8XK2LQ", "state": "START"
}  # fmt: skip


def test_a_deployment_is_a_change_of_its_application_named_by_its_id() -> None:
    reported = change_of("CodeDeploy Deployment State-change Notification", CODEDEPLOY)
    change = reported.change
    assert (change.kind, change.service, change.reference) == ("deploy", "checkout", "d-8XK2LQ")
    assert change.at == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert (reported.source, reported.account, reported.region) == ("eventbridge", "111122223333", "eu-west-1")
    assert reported.key == "c071bfbf-83c4-49ca-a6ff-3df053957145"


def test_names_of_a_deployment_are_not_taken_for_what_it_does() -> None:
    change = change_of("CodeDeploy Deployment State-change Notification", CODEDEPLOY).change
    assert "cache" not in change.summary + change.detail
    assert "cache-test" in change.author


@pytest.mark.parametrize(
    ("kind", "detail", "service", "reference"),
    [
        (
            "EC2 Instance-terminate Lifecycle Action",
            {"AutoScalingGroupName": "workers", "EC2InstanceId": "i-1", "LifecycleHookName": "drain"},
            "workers",
            "i-1",
        ),
        (
            "EC2 Instance Launch Unsuccessful",
            {"AutoScalingGroupName": "workers", "EC2InstanceId": "i-2", "StatusMessage": "no capacity"},
            "workers",
            "i-2",
        ),
        (
            "ECS Task State Change",
            {
                "taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/shop/0a1b",
                "group": "service:checkout",
                "lastStatus": "STOPPED",
                "desiredStatus": "STOPPED",
                "stoppedReason": "OutOfMemoryError: Container killed due to memory usage",
            },
            "checkout",
            "0a1b",
        ),
        (
            "ECS Task State Change",
            {"taskArn": "arn:aws:ecs:eu-west-1:1:task/0a1b", "group": "family:batch", "lastStatus": "RUNNING"},
            None,
            "0a1b",
        ),
        (
            "ECS Service Action",
            {"eventName": "SERVICE_TASK_PLACEMENT_FAILURE"},
            "checkout",
            "SERVICE_TASK_PLACEMENT_FAILURE",
        ),
        (
            "ECS Container Instance State Change",
            {"clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/shop", "ec2InstanceId": "i-3", "status": "DRAINING"},
            None,
            "i-3",
        ),
    ],
)
def test_instances_and_tasks_that_come_and_go_are_scaling(
    kind: str, detail: JsonObject, service: str | None, reference: str
) -> None:
    change = change_of(kind, detail).change
    assert (change.kind, change.service, change.reference) == ("scaling", service, reference)


def test_a_deployment_of_ecs_is_a_change_of_the_service_that_its_arn_names() -> None:
    detail: JsonObject = {
        "eventName": "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "deploymentId": "ecs-svc/123",
        "reason": "begun",
    }
    change = change_of("ECS Deployment State Change", detail).change
    assert (change.kind, change.service, change.reference) == ("deploy", "checkout", "ecs-svc/123")
    assert change.summary == "service deployment in progress"


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (event("EC2 Spot Instance Interruption Warning", {}), "detail-type", "neither an alert nor a change"),
        (event("ECS Task State Change", {}), "detail.taskArn", "not a text"),
        (event("ECS Task State Change", []), "detail", "not an object"),
        (event("ECS Task State Change", {}, time="2026-03-09T11:50:00Z"), "time", "future"),
        (event("ECS Task State Change", {}, time="noon"), "time", "not a time"),
        (event("ECS Task State Change", {}, id="x" * 200), "id", "200 characters"),
        (event("ECS Task State Change", {}, account=None), "account", "not a text"),
        ([event("ECS Task State Change", {})], "body", "a list"),
        ({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}, "body", "SNS notification in Lambda's wrapping"),
        ({"Records": [{"eventSource": "aws:sqs", "body": ""}]}, "body", "SQS messages in Lambda's wrapping"),
        ({"Records": [{"eventSource": "aws:s3"}]}, "body", "records of 'aws:s3'"),
        ({"Records": 5}, "body", "Lambda's wrapping"),
        ({"Type": "Notification", "TopicArn": "a"}, "body", "an envelope of SNS"),
        ({"AlarmName": "a"}, "body", "without its SNS envelope"),
        ({"alerts": []}, "body", "Alertmanager's webhook"),
        ({"event_action": "trigger"}, "body", "PagerDuty"),
        ({}, "body", "no message that is known here"),
    ],
)
def test_anything_else_is_refused_by_saying_what_it_is(body: JsonValue, field: str, said: str) -> None:
    with pytest.raises(BadAlert) as caught:
        parse_eventbridge(body, NOW)
    assert caught.value.field == field
    assert said in caught.value.problem
    assert caught.value.remedy
