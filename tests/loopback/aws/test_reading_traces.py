"""X-Ray over HTTP: spans of sampled traces, and who calls whom by all that AWS tells."""

import json
from datetime import timedelta

import pytest

from incident_commander.aws import Aws
from incident_commander.domain.base import ServiceName
from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import Incomplete, Span, Topology
from incident_commander.telemetry.aws.topology import AwsTopology
from incident_commander.telemetry.aws.xray import ServiceGraph, XRayTraces

from .cases import ACCOUNT
from .client import REGION
from .cloud import HOUR, LATER, NOON, WHERE, Cloud, arn, reader
from .front import Front, Trouble

pytestmark = pytest.mark.loopback

AT = (NOON - timedelta(minutes=5)).timestamp()


@pytest.fixture
def cloud(front: Front) -> Cloud:
    return Cloud(front)


async def read(aws: Aws, **services: str) -> tuple[Span, ...]:
    made = reader(aws, {name: ServiceName(service) for name, service in services.items()})
    return await XRayTraces(made.place, made.stock, lambda: LATER).traces(HOUR)


async def topology(aws: Aws, **services: str) -> Topology:
    made = reader(aws, {name: ServiceName(service) for name, service in services.items()})
    return await AwsTopology(made.place, made.stock, ServiceGraph(made.place, lambda: LATER)).topology()


def segment(id_: str, name: str, seconds: float = 0.1, **more: object) -> str:
    return json.dumps({"id": id_, "name": name, "start_time": AT, "end_time": AT + seconds, **more})


async def test_a_trace_is_spans_with_what_is_called_and_what_failed(cloud: Cloud, aws: Aws) -> None:
    cloud.trace_ids = ["1-a"]
    calls = [
        {
            "id": "c1",
            "name": "accounts.shop.local",
            "start_time": AT,
            "end_time": AT + 0.05,
            "namespace": "remote",
            "fault": True,
            "http": {"request": {"method": "GET", "url": "http://accounts.shop.local/me"}, "response": {"status": 502}},
        },
        {
            "id": "c2",
            "name": "DynamoDB",
            "start_time": AT + 0.01,
            "end_time": AT + 0.02,
            "namespace": "aws",
            "aws": {"operation": "GetItem", "table_name": "carts"},
        },
        {
            "id": "c3",
            "name": "orders",
            "start_time": AT + 0.02,
            "end_time": AT + 0.03,
            "sql": {"url": "jdbc:postgresql://orders-db.abc.eu-west-1.rds.amazonaws.com:5432/orders"},
        },
    ]
    cause = {"exceptions": [{"type": "Timeout", "message": "no answer from accounts"}]}
    cloud.documents = {
        "1-a": [
            segment("s1", "cart", fault=True, cause=cause, subsegments=calls),
            segment("s2", "accounts", 0.04, parent_id="c1", fault=True),
        ]
    }
    found = await read(aws, **{"orders-db": "orders-db"})
    told = {
        (each.span_id, each.parent_id, each.service, each.name, round(each.duration_ms), each.error) for each in found
    }
    assert told == {
        ("s1", None, "cart", "cart", 100, True),
        ("c1", "s1", "cart", "GET /me", 50, True),
        ("s2", "c1", "accounts", "accounts", 40, True),
        ("c2", "s1", "cart", "DynamoDB GetItem", 10, False),
        ("c2.callee", "c2", "carts", "DynamoDB GetItem", 10, False),
        ("c3", "s1", "cart", "orders", 10, False),
        ("c3.callee", "c3", "orders-db", "orders", 10, False),
    }
    root = next(each for each in found if each.span_id == "s1")
    assert root.attributes == (("exception.message", "Timeout: no answer from accounts"),)
    assert root.source == f"loopback xray {WHERE}"
    assert not isinstance(found, Incomplete)


async def test_failing_ones_and_others_before_and_now_are_looked_for_and_few_are_read(cloud: Cloud, aws: Aws) -> None:
    cloud.trace_ids = [f"1-{number}" for number in range(200)]
    cloud.documents = {each: [segment(each, "cart")] for each in cloud.trace_ids}
    found = await read(aws)
    assert 25 <= len(found) <= 80
    assert cloud.requests("xray:BatchGetTraces") <= 16
    assert [asked.get("FilterExpression") for _, asked in cloud.asked].count(None) == 2


async def test_what_is_no_segment_is_counted_and_the_rest_is_read(cloud: Cloud, aws: Aws) -> None:
    cloud.trace_ids = ["1-a"]
    cloud.documents = {
        "1-a": ["{", '{"id": "x"}', segment("s", "cart", start_time=float("1e300")), segment("t", "cart")]
    }
    found = await read(aws)
    assert [each.span_id for each in found] == ["t"]
    assert isinstance(found, Incomplete)
    assert "2 segments of X-Ray cannot be read" in found.gaps[0].reason


@pytest.mark.parametrize("call", ["xray:GetTraceSummaries", "xray:BatchGetTraces"])
async def test_what_is_denied_names_its_permission(cloud: Cloud, aws: Aws, call: str) -> None:
    cloud.trace_ids = ["1-a"]
    cloud.front.trouble(call, "deny", times=100)
    with pytest.raises(SourceUnavailable) as caught:
        await read(aws)
    assert caught.value.gap.signal == "traces"
    assert f"allow {call} to" in caught.value.gap.remedy


TROUBLES: list[Trouble] = ["throttle", "fail", "drop_before", "garbage"]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_is_not_answered_for_long_is_a_gap(cloud: Cloud, aws: Aws, trouble: Trouble) -> None:
    cloud.front.trouble("xray:GetTraceSummaries", trouble, times=100)
    with pytest.raises(SourceUnavailable) as caught:
        await read(aws)
    assert caught.value.gap.remedy


async def test_no_trace_is_no_gap(cloud: Cloud, aws: Aws) -> None:
    assert await read(aws) == ()


def balancer(name: str) -> str:
    return arn("elasticloadbalancing", f"loadbalancer/app/{name}/50dc6c495c0c9188")


async def test_who_calls_whom_is_told_by_xray_balancers_feeds_and_settings(cloud: Cloud, aws: Aws) -> None:
    group = arn("elasticloadbalancing", "targetgroup/cart-tg/73e2d6bc24d8a067")
    definition = arn("ecs", "task-definition/cart:3")
    cloud.clusters = {
        "prod": [
            {"serviceName": "cart", "taskDefinition": definition, "loadBalancers": [{"targetGroupArn": group}]},
            {"serviceName": "mailer", "taskDefinition": definition.replace("cart", "mailer")},
        ]
    }
    queue = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"
    settings = {
        "QUEUE": queue,
        "DB": "postgres://u:p@shop-1.abc.rds.amazonaws.com/x",
        "T": arn("dynamodb", "table/carts"),
    }
    cloud.definitions = {
        definition: [{"environment": [{"name": name, "value": value} for name, value in settings.items()]}],
        definition.replace("cart", "mailer"): [],
    }
    cloud.load_balancers = [{"LoadBalancerArn": balancer("shop"), "LoadBalancerName": "shop"}]
    cloud.target_groups = [
        {"TargetGroupArn": group, "TargetGroupName": "cart-tg", "LoadBalancerArns": [balancer("shop")]}
    ]
    cloud.databases = [
        {
            "DBInstanceIdentifier": "shop-1",
            "DBClusterIdentifier": "shop-db",
            "Endpoint": {"Address": "shop-1.abc.rds.amazonaws.com"},
        }
    ]
    cloud.functions = [{"FunctionName": "thumbs"}]
    cloud.event_sources = [{"EventSourceArn": arn("sqs", "orders"), "FunctionArn": arn("lambda", "function:thumbs")}]
    cloud.nodes = [
        {"ReferenceId": 0, "Name": "cart", "Type": "AWS::ECS::Container", "Edges": [{"ReferenceId": 1}]},
        {"ReferenceId": 1, "Name": "search", "Type": "AWS::EC2::Instance"},
        {"ReferenceId": 2, "Name": "cart", "Type": "client", "Edges": [{"ReferenceId": 0}]},
    ]
    found = await topology(aws)
    assert set(found.calls) == {
        ("shop", "cart"),
        ("thumbs", "orders"),
        ("cart", "orders"),
        ("cart", "shop-db"),
        ("cart", "carts"),
        ("cart", "search"),
    }
    assert {service.name: service.kind for service in found.services} == {
        "shop": "edge",
        "cart": "api",
        "mailer": "worker",
        "thumbs": "worker",
        "orders": "queue",
        "shop-db": "database",
        "carts": "database",
        "search": "api",
    }
    assert found.gaps == ()
    assert f"loopback xray {WHERE}" in found.source


PARTS = {
    "ecs:ListClusters": "allow ecs:ListClusters to",
    "lambda:ListFunctions": "allow lambda:ListFunctions to",
    "lambda:ListEventSourceMappings": "allow lambda:ListEventSourceMappings to",
    "elbv2:DescribeLoadBalancers": "allow elasticloadbalancing:DescribeLoadBalancers to",
    "elbv2:DescribeTargetGroups": "allow elasticloadbalancing:DescribeTargetGroups to",
    "rds:DescribeDBInstances": "allow rds:DescribeDBInstances to",
    "elasticache:DescribeCacheClusters": "allow elasticache:DescribeCacheClusters to",
    "resourcegroupstaggingapi:GetResources": "allow tag:GetResources to",
    "cloudformation:DescribeStacks": "allow cloudformation:DescribeStacks to",
    "xray:GetServiceGraph": "allow xray:GetServiceGraph to",
}


@pytest.mark.parametrize("call", PARTS)
async def test_a_part_that_is_denied_is_a_gap_and_the_rest_is_told(cloud: Cloud, aws: Aws, call: str) -> None:
    cloud.functions = [{"FunctionName": "thumbs"}]
    cloud.nodes = [{"ReferenceId": 0, "Name": "cart", "Type": "AWS::ECS::Container"}]
    cloud.front.trouble(call, "deny", times=100)
    found = await topology(aws)
    assert found.services
    (gap,) = found.gaps
    assert gap.signal == "topology"
    assert PARTS[call] in gap.remedy


async def test_without_credentials_that_is_said_once(cloud: Cloud, aws: Aws) -> None:
    cloud.front.trouble("sts:GetCallerIdentity", "deny", times=100)
    with pytest.raises(SourceUnavailable) as caught:
        await topology(aws)
    assert len({gap.reason.partition("User")[0] for gap in caught.value.gaps}) == 1
    assert cloud.requests("ecs", "lambda", "rds") == 0
