"""CloudTrail, ECS, CodeDeploy and Lambda over HTTP: what was changed, by whom, and no secret of it."""

import json
from datetime import datetime, timedelta

import pytest

from incident_commander.aws import Aws
from incident_commander.domain.base import ServiceName
from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import Change, Incomplete
from incident_commander.telemetry.aws.changes import AwsChanges
from incident_commander.telemetry.aws.trail import trail_events

from .cloud import HOUR, LATER, NOON, WHERE, Cloud, Row, arn, reader
from .front import Front, Trouble

pytestmark = pytest.mark.loopback

AT = NOON - timedelta(minutes=12)


@pytest.fixture
def cloud(front: Front) -> Cloud:
    return Cloud(front)


async def read(aws: Aws, **services: str) -> tuple[Change, ...]:
    made = reader(aws, {name: ServiceName(service) for name, service in services.items()})
    return await AwsChanges(made.place, made.stock, lambda: LATER).changes(HOUR)


def event(source: str, name: str, at: datetime = AT, *, error: str = "", **parameters: object) -> Row:
    document: Row = {"requestParameters": parameters, "responseElements": {"revisionId": "r-1"}}
    if error:
        document["errorCode"] = error
    return {
        "EventId": f"e-{name}",
        "EventName": name,
        "EventTime": at,
        "EventSource": f"{source}.amazonaws.com",
        "Username": "ada",
        "CloudTrailEvent": json.dumps(document),
    }


async def test_a_call_that_changes_something_is_a_change_of_its_service_without_its_secrets(
    cloud: Cloud, aws: Aws
) -> None:
    environment = {"variables": {"DB_PASSWORD": "hunter2", "POOL": "5"}}
    cloud.events = [
        event("lambda", "UpdateFunctionConfiguration20150331v2", functionName="CartFn", environment=environment)
    ]
    (change,) = await read(aws, CartFn="cart")
    assert (change.at, change.service, change.kind, change.author) == (AT, "cart", "config", "ada")
    assert (change.reference, change.summary) == ("r-1", "the function's configuration is changed")
    assert '"POOL": "5"' in change.detail
    assert "hunter2" not in change.detail
    assert change.source == f"loopback cloudtrail {WHERE}"


async def test_what_was_refused_or_changes_nothing_that_matters_is_no_change(cloud: Cloud, aws: Aws) -> None:
    cloud.events = [
        event("lambda", "UpdateFunctionCode20150331v2", error="AccessDenied", functionName="f"),
        event("s3", "PutObject", bucketName="b"),
        event("nobody", "UpdateService", service="x"),
        {"EventName": "UpdateTable", "EventTime": AT, "EventSource": "dynamodb.amazonaws.com", "CloudTrailEvent": "{"},
    ]
    assert [(change.service, change.summary) for change in await read(aws)] == [(None, "the table is changed")]


async def test_scaling_by_the_resources_long_name_is_of_its_service(cloud: Cloud, aws: Aws) -> None:
    cloud.events = [event("application-autoscaling", "RegisterScalableTarget", resourceId="service/prod/cart")]
    (change,) = await read(aws)
    assert (change.service, change.kind, change.reference) == ("cart", "scaling", "e-RegisterScalableTarget")


async def test_deployments_of_ecs_and_codedeploy_are_known_before_cloudtrail_tells(cloud: Cloud, aws: Aws) -> None:
    deployment = {
        "id": "ecs-svc/1",
        "taskDefinition": arn("ecs", "task-definition/cart:8"),
        "createdAt": AT,
        "rolloutState": "IN_PROGRESS",
    }
    before = {**deployment, "id": "ecs-svc/0", "createdAt": NOON - timedelta(days=2)}
    cloud.clusters = {"prod": [{"serviceName": "cart", "deployments": [deployment, before]}]}
    cloud.deployments = [
        {
            "deploymentId": "d-1",
            "applicationName": "mailer",
            "deploymentGroupName": "prod",
            "status": "Failed",
            "createTime": AT + timedelta(minutes=1),
            "creator": "user",
            "revision": {
                "revisionType": "GitHub",
                "gitHubLocation": {"repository": "shop/mailer", "commitId": "4f2a91c"},
            },
            "errorInformation": {"code": "HEALTH_CONSTRAINTS", "message": "too few healthy"},
        }
    ]
    found = await read(aws)
    assert [(c.service, c.kind, c.reference, c.summary, c.author, c.detail) for c in found] == [
        ("cart", "deploy", "ecs-svc/1", "deployment in progress", "ECS", "cart:8"),
        ("mailer", "deploy", "d-1", "deployment failed", "CodeDeploy, user", "4f2a91c; too few healthy"),
    ]


async def test_a_change_of_a_function_is_told_once_whoever_tells_it(cloud: Cloud, aws: Aws) -> None:
    written = f"{AT:%Y-%m-%dT%H:%M:%S}.000+0000"
    cloud.functions = [
        {"FunctionName": "known", "LastModified": written},
        {"FunctionName": "new", "LastModified": written},
        {"FunctionName": "old", "LastModified": "2020-01-01T00:00:00.000+0000"},
    ]
    cloud.events = [event("lambda", "UpdateFunctionCode20150331v2", functionName="known")]
    found = await read(aws)
    assert {(change.service, change.author) for change in found} == {("known", "ada"), ("new", "Lambda")}


PARTS = {
    "cloudtrail:LookupEvents": "cloudtrail:LookupEvents",
    "codedeploy:ListDeployments": "codedeploy:ListDeployments",
    "ecs:DescribeServices": "ecs:DescribeServices",
}


@pytest.mark.parametrize("call", PARTS)
async def test_a_part_that_is_denied_is_a_gap_and_the_rest_is_told(cloud: Cloud, aws: Aws, call: str) -> None:
    cloud.functions = [{"FunctionName": "new", "LastModified": f"{AT:%Y-%m-%dT%H:%M:%S}.000+0000"}]
    cloud.clusters = {"prod": [{"serviceName": "cart"}]}
    if call == "ecs:DescribeServices":
        # What there is was read before; the permission went since.
        made = reader(aws)
        await made.stock.inventory()
        cloud.front.trouble(call, "deny", times=100)
        found = await AwsChanges(made.place, made.stock, lambda: LATER).changes(HOUR)
    else:
        cloud.front.trouble(call, "deny", times=100)
        found = await read(aws)
    assert [change.service for change in found] == ["new"]
    assert isinstance(found, Incomplete)
    assert [f"allow {PARTS[call]} to" in gap.remedy for gap in found.gaps] == [True]


TROUBLES: list[Trouble] = ["throttle", "fail", "drop_before", "garbage"]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_is_not_answered_for_long_is_a_gap(cloud: Cloud, aws: Aws, trouble: Trouble) -> None:
    cloud.front.trouble("cloudtrail:LookupEvents", trouble, times=100)
    found = await read(aws)
    assert isinstance(found, Incomplete)
    assert found.gaps[0].signal == "changes"


async def test_where_nothing_can_be_read_that_is_said(cloud: Cloud, aws: Aws) -> None:
    cloud.front.trouble("sts:GetCallerIdentity", "deny", times=100)
    with pytest.raises(SourceUnavailable):
        await read(aws)


async def test_more_calls_than_are_read_is_a_gap(cloud: Cloud, aws: Aws) -> None:
    cloud.events = [{**event("dynamodb", "UpdateTable", tableName="t"), "EventId": f"e{n}"} for n in range(600)]
    cloud.pages = 50
    found = await read(aws)
    assert len(found) == 500
    assert cloud.requests("cloudtrail:LookupEvents") == 10
    assert isinstance(found, Incomplete)


def test_every_known_call_is_known_once() -> None:
    named = [(each.source, each.name) for each in trail_events()]
    assert len(set(named)) == len(named)
