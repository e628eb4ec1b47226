"""CloudWatch's logs and alarms over HTTP: what complains, whose it is, and what was not read."""

import json
from datetime import timedelta

import pytest

from incident_commander.aws import Aws
from incident_commander.domain.base import ServiceName
from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import Gap, Incomplete, LogRecord
from incident_commander.telemetry.aws.alarms import AlarmHistory
from incident_commander.telemetry.aws.logs import CloudWatchLogs

from .cloud import HOUR, LATER, NOON, WHERE, Cloud, Row, arn, metric, reader
from .front import Front, Trouble

pytestmark = pytest.mark.loopback

EARLY, LATE = NOON - timedelta(minutes=50), NOON - timedelta(minutes=2)


@pytest.fixture
def cloud(front: Front) -> Cloud:
    return Cloud(front)


def source(aws: Aws, **services: str) -> CloudWatchLogs:
    made = reader(aws, {name: ServiceName(service) for name, service in services.items()})
    return CloudWatchLogs(made.place, made.stock, lambda: LATER)


async def read(aws: Aws, **services: str) -> tuple[LogRecord, ...]:
    return await source(aws, **services).logs(HOUR)


async def gap_of(aws: Aws) -> Gap:
    with pytest.raises(SourceUnavailable) as caught:
        await read(aws)
    assert len(caught.value.gaps) == 1
    return caught.value.gap


def container(name: str, group: str, prefix: str) -> Row:
    options = {"awslogs-group": group, "awslogs-stream-prefix": prefix}
    return {"name": name, "logConfiguration": {"logDriver": "awslogs", "options": options}}


async def test_lines_that_complain_are_of_the_service_that_wrote_them(cloud: Cloud, aws: Aws) -> None:
    definitions = {name: arn("ecs", f"task-definition/{name}:1") for name in ("Cart", "Mail")}
    cloud.clusters = {
        "prod": [{"serviceName": name, "taskDefinition": definition} for name, definition in definitions.items()]
    }
    cloud.definitions = {
        definitions["Cart"]: [container("app", "/ecs/prod", "cart")],
        definitions["Mail"]: [container("app", "/ecs/prod", "mail")],
    }
    cloud.tagged = [
        {"ResourceARN": arn("logs", "log-group:gateway-x:*"), "Tags": [{"Key": "service", "Value": "gateway"}]}
    ]
    cloud.log_groups = ["/ecs/prod", "/aws/lambda/thumbs", "gateway-x", "/aws/codebuild/nobody", "/shop/search"]
    said = json.dumps({"level": "error", "msg": "no connection", "order": 7})
    cloud.lines = [
        ("/ecs/prod", "mail/app/1", LATE, "2026-11-24 WARN queue is full"),
        ("/ecs/prod", "cart/app/2", EARLY, said),
        ("/aws/lambda/thumbs", "2026/11/24/[$LATEST]x", LATE, "Task timed out after 3.00 seconds"),
        ("gateway-x", "s", LATE, "upstream refused"),
        ("/shop/search", "s", LATE, "java.lang.OutOfMemoryError: Java heap space"),
    ]
    found = await read(aws, Cart="cart")
    assert [(each.at, each.service, each.level, each.message) for each in found] == [
        (EARLY, "cart", "ERROR", "no connection"),
        (LATE, "Mail", "WARN", "2026-11-24 WARN queue is full"),
        (LATE, "thumbs", "ERROR", "Task timed out after 3.00 seconds"),
        (LATE, "gateway", "INFO", "upstream refused"),
        (LATE, "search", "INFO", "java.lang.OutOfMemoryError: Java heap space"),
    ]
    assert found[0].attributes == (("order", "7"),)
    assert {each.source for each in found} == {f"loopback logs {WHERE}"}
    assert not isinstance(found, Incomplete)
    ((_, asked),) = cloud.asked
    assert asked["logGroupNames"] == ["/ecs/prod", "/aws/lambda/thumbs", "gateway-x", "/shop/search"]


async def test_a_query_is_looked_at_until_it_is_done_and_the_same_is_not_asked_twice(cloud: Cloud, aws: Aws) -> None:
    cloud.log_groups = ["/ecs/cart"]
    cloud.lines = [("/ecs/cart", "s", LATE, "ERROR x")]
    logs = source(aws)
    assert len(await logs.logs(HOUR)) == 1
    assert len(await logs.logs(HOUR)) == 1
    assert cloud.requests("logs:StartQuery") == 1
    assert cloud.requests("logs:GetQueryResults") == 3


async def test_more_than_was_read_is_a_gap(cloud: Cloud, aws: Aws) -> None:
    cloud.log_groups = ["/ecs/cart"]
    cloud.lines = [("/ecs/cart", "s", LATE, "ERROR x")]
    cloud.matched = 12345
    found = await read(aws)
    assert isinstance(found, Incomplete)
    assert "12,345 lines complain, and the newest 1 were read" in found.gaps[0].reason


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout"])
async def test_a_query_that_fails_is_a_gap(cloud: Cloud, aws: Aws, status: str) -> None:
    cloud.log_groups = ["/ecs/cart"]
    cloud.query_status = ["Running", status]
    assert f"is '{status}'" in (await gap_of(aws)).reason


@pytest.mark.parametrize("call", ["logs:StartQuery", "logs:DescribeLogGroups"])
async def test_what_is_denied_names_its_permission(cloud: Cloud, aws: Aws, call: str) -> None:
    cloud.log_groups = ["/ecs/cart"]
    cloud.front.trouble(call, "deny", times=100)
    gap = await gap_of(aws)
    assert gap.signal == "logs"
    assert f"allow {call} to" in gap.remedy


async def test_without_logs_insights_the_groups_are_read_one_by_one_the_latest_first(cloud: Cloud, aws: Aws) -> None:
    cloud.log_groups = ["/ecs/cart", "/ecs/mail"]
    cloud.lines = [("/ecs/cart", "s", LATE, "ERROR late"), ("/ecs/mail", "s", EARLY, "ERROR early")]
    cloud.front.trouble("logs:StartQuery", "deny", times=100)
    found = await read(aws)
    assert [(each.service, each.message) for each in found] == [("mail", "ERROR early"), ("cart", "ERROR late")]
    assert isinstance(found, Incomplete)
    assert "allow logs:StartQuery" in found.gaps[0].remedy
    starts = [asked["startTime"] for call, asked in cloud.asked if call == "FilterLogEvents"]
    assert max(map(str, starts)) == str(int((NOON - timedelta(minutes=20)).timestamp()) * 1000)


TROUBLES: list[Trouble] = ["throttle", "fail", "drop_before", "garbage"]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_is_not_answered_for_long_is_a_gap(cloud: Cloud, aws: Aws, trouble: Trouble) -> None:
    cloud.log_groups = ["/ecs/cart"]
    cloud.front.trouble("logs:GetQueryResults", trouble, times=100)
    assert (await gap_of(aws)).remedy


async def test_no_log_group_is_no_gap(cloud: Cloud, aws: Aws) -> None:
    assert await read(aws) == ()
    assert cloud.requests("logs:StartQuery") == 0


async def test_more_groups_than_are_read_is_a_gap(cloud: Cloud, aws: Aws) -> None:
    cloud.log_groups = [f"/ecs/s{number}" for number in range(170)]
    found = await read(aws)
    assert cloud.requests("logs:StartQuery") == 3
    assert isinstance(found, Incomplete)
    assert "170 log groups, and 150 are read" in found.gaps[0].reason


async def test_alarms_that_changed_their_state_are_lines_that_name_the_service(cloud: Cloud, aws: Aws) -> None:
    cloud.alarms = [
        {"AlarmName": "cart-5xx", **metric("AWS/Lambda", "Errors", FunctionName="CartFn"), "StateValue": "ALARM"}
    ]
    cloud.history = [
        {"AlarmName": "cart-5xx", "Timestamp": LATE, "HistorySummary": "Alarm updated from OK to ALARM"},
        {"AlarmName": "old", "Timestamp": EARLY, "HistorySummary": "Alarm updated from ALARM to OK"},
    ]
    made = reader(aws, {"CartFn": ServiceName("cart")})
    found = await AlarmHistory(made.place, made.stock, made.lister, lambda: LATER).logs(HOUR)
    assert [(each.service, each.level, each.message) for each in found] == [
        ("cloudwatch", "INFO", "alarm old of no service: Alarm updated from ALARM to OK"),
        ("cloudwatch", "WARN", "alarm cart-5xx of cart: Alarm updated from OK to ALARM"),
    ]


async def test_alarms_history_that_may_not_be_seen_names_the_permission(cloud: Cloud, aws: Aws) -> None:
    cloud.front.trouble("cloudwatch:DescribeAlarmHistory", "deny", times=100)
    made = reader(aws)
    with pytest.raises(SourceUnavailable) as caught:
        await AlarmHistory(made.place, made.stock, made.lister, lambda: LATER).logs(HOUR)
    assert caught.value.gap.signal == "alerts"
    assert "allow cloudwatch:DescribeAlarmHistory to" in caught.value.gap.remedy
