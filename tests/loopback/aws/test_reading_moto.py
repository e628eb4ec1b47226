"""The same readers against moto, which knows nothing of our tests."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from incident_commander.aws import Aws
from incident_commander.domain.base import ServiceName
from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import Window
from incident_commander.telemetry.aws.cloudwatch import CloudWatchMetrics
from incident_commander.telemetry.aws.logs import CloudWatchLogs
from incident_commander.telemetry.aws.readings import load_readings
from incident_commander.telemetry.aws.topology import AwsTopology
from incident_commander.telemetry.aws.xray import ServiceGraph

from .cases import World, function
from .cloud import reader

pytestmark = pytest.mark.loopback


def last_hour() -> Window:
    end = datetime.now(UTC)
    return Window(start=end - timedelta(hours=1), end=end)


async def test_metrics_that_moto_was_given_come_back(world: World, aws: Aws) -> None:
    client = world.client("cloudwatch")
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    dimensions = [{"Name": "QueueName", "Value": world.name}]
    for minutes in range(5, 35):
        datum = {
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": dimensions,
            "Timestamp": now - timedelta(minutes=minutes),
            "Value": float(minutes),
        }
        client.put_metric_data(Namespace="AWS/SQS", MetricData=[datum])
    made = reader(aws)
    source = CloudWatchMetrics(made.place, made.stock, made.lister, load_readings(), time.time)
    found = [each for each in await source.metrics(last_hour()) if each.service == world.name]
    (series,) = found
    assert (series.metric, series.unit) == ("queue_depth", "count")
    assert series.values.tolist() == [float(minutes) for minutes in range(34, 4, -1)]
    assert series.timestamps[-1] == (now - timedelta(minutes=4)).timestamp()


async def test_functions_queues_and_what_feeds_them_come_back(world: World, aws: Aws) -> None:
    function(world)
    queue = world.client("sqs").create_queue(QueueName=f"{world.name}-jobs")["QueueUrl"]
    asked = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
    arn = world.client("sqs").get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    world.client("lambda").create_event_source_mapping(FunctionName=world.name, EventSourceArn=arn)
    made = reader(aws)
    found = await AwsTopology(made.place, made.stock, ServiceGraph(made.place)).topology()
    assert (world.name, f"{world.name}-jobs") in found.calls
    assert {service.name: service.kind for service in found.services}[ServiceName(f"{world.name}-jobs")] == "queue"


async def test_lines_that_moto_was_given_come_back_one_by_one(world: World, aws: Aws) -> None:
    client = world.client("logs")
    group = f"/ecs/{world.name}"
    client.create_log_group(logGroupName=group)
    client.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    lines = [{"timestamp": now - 60_000, "message": "ERROR no route"}, {"timestamp": now - 30_000, "message": "fine"}]
    client.put_log_events(logGroupName=group, logStreamName="s", logEvents=lines)
    world.front.trouble("logs:StartQuery", "deny", times=100)
    made = reader(aws)
    try:
        found = await CloudWatchLogs(made.place, made.stock).logs(last_hour())
    except SourceUnavailable as error:
        pytest.fail(str(error.gaps))
    assert "ERROR no route" in {each.message for each in found if each.service == world.name}
