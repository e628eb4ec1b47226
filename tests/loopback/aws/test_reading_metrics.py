"""CloudWatch's metrics over HTTP: few requests, in our names and units, and whatever is missing said."""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest

from incident_commander.aws import Aws
from incident_commander.domain.base import ServiceName
from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import Gap, Incomplete, MetricSeries, Window
from incident_commander.telemetry.aws.cloudwatch import CloudWatchMetrics
from incident_commander.telemetry.aws.readings import load_readings

from .cloud import HOUR, LATER, NOON, WHERE, Cloud, Row, arn, caller, metric, reader
from .front import Front, Trouble
from .protocol import Answer, Refusal

pytestmark = pytest.mark.loopback

Samples = Callable[[Row, str, datetime], float | None]
BALANCED = {"LoadBalancer": "app/shop/50dc6c495c0c9188", "TargetGroup": "targetgroup/cart/73e2d6bc24d8a067"}


@pytest.fixture
def cloud(front: Front) -> Cloud:
    return Cloud(front)


async def read(aws: Aws, window: Window = HOUR, *, now: float = LATER, **services: str) -> tuple[MetricSeries, ...]:
    made = reader(aws, {name: ServiceName(service) for name, service in services.items()})
    source = CloudWatchMetrics(made.place, made.stock, made.lister, load_readings(), lambda: now)
    return await source.metrics(window)


async def gaps_of(aws: Aws) -> tuple[Gap, ...]:
    with pytest.raises(SourceUnavailable) as caught:
        await read(aws)
    return caught.value.gaps


def by_name(found: tuple[MetricSeries, ...]) -> dict[tuple[str, str], MetricSeries]:
    named = {(str(each.service), each.metric): each for each in found}
    assert len(named) == len(found), "a metric of a service comes once"
    return named


def values(amounts: dict[tuple[str, str], float]) -> Samples:
    """Gives each metric and statistic one value throughout; of others nothing."""
    return lambda of, stat, at: amounts.get((str(of["MetricName"]), stat))


async def test_an_hour_of_two_hundred_metrics_takes_two_requests_and_then_one(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Errors", FunctionName=f"f{number}") for number in range(100)]
    cloud.metrics += [metric("AWS/Lambda", "Invocations", FunctionName=f"f{number}") for number in range(100)]
    made = reader(aws)
    source = CloudWatchMetrics(made.place, made.stock, made.lister, load_readings(), lambda: LATER)
    found = await source.metrics(HOUR)
    assert len(found) == 200, "a rate and the share of errors for each function"
    assert all(series.values.size == 60 for series in found)
    assert cloud.requests("cloudwatch:ListMetrics", "cloudwatch:GetMetricData") == 2
    later = Window(start=HOUR.start + timedelta(minutes=5), end=HOUR.end + timedelta(minutes=5))
    await source.metrics(later)
    assert cloud.requests("cloudwatch:ListMetrics", "cloudwatch:GetMetricData") == 3
    await source.metrics(later)
    assert cloud.requests("cloudwatch:ListMetrics", "cloudwatch:GetMetricData") == 3, "the same is not asked twice"


async def test_a_metric_that_is_listed_twice_is_read_once(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/SQS", "NumberOfMessagesSent", QueueName="orders")] * 3
    made = reader(aws)
    source = CloudWatchMetrics(made.place, made.stock, made.lister, load_readings(), lambda: LATER)
    (series,) = await source.metrics(HOUR)
    assert series.values.tolist() == [1 / 60] * 60
    assert cloud.at_once == 1


async def test_what_stands_before_a_service_of_ecs_tells_its_rate_errors_and_latency(cloud: Cloud, aws: Aws) -> None:
    group = arn("elasticloadbalancing", BALANCED["TargetGroup"])
    cloud.clusters = {"prod": [{"serviceName": "CartService", "loadBalancers": [{"targetGroupArn": group}]}]}
    names = ("RequestCount", "HTTPCode_Target_5XX_Count", "TargetResponseTime", "HealthyHostCount")
    cloud.metrics = [metric("AWS/ApplicationELB", name, **BALANCED) for name in names]
    cloud.metrics += [metric("AWS/ECS", "CPUUtilization", ClusterName="prod", ServiceName="CartService")]
    cloud.samples = values(
        {
            ("RequestCount", "Sum"): 600.0,
            ("HTTPCode_Target_5XX_Count", "Sum"): 30.0,
            ("TargetResponseTime", "p50"): 0.02,
            ("TargetResponseTime", "p99"): 0.7,
            ("HealthyHostCount", "Minimum"): 3.0,
            ("CPUUtilization", "Average"): 41.0,
        }
    )
    found = by_name(await read(aws, CartService="cart"))
    assert {key: (series.unit, round(float(series.values[0]), 9)) for key, series in found.items()} == {
        ("cart", "request_rate"): ("per_second", 10.0),
        ("cart", "error_ratio"): ("ratio", 0.05),
        ("cart", "client_error_ratio"): ("ratio", 0.0),
        ("cart", "latency_p50_ms"): ("ms", 20.0),
        ("cart", "latency_p99_ms"): ("ms", 700.0),
        ("cart", "instances"): ("count", 3.0),
        ("cart", "cpu_utilization"): ("percent", 41.0),
    }
    assert {series.source for series in found.values()} == {f"loopback cloudwatch {WHERE}"}


async def test_errors_that_were_not_counted_are_none_and_no_calls_are_no_share(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/Lambda", name, FunctionName="f") for name in ("Invocations", "Errors")]
    busy, failing = NOON - timedelta(minutes=30), NOON - timedelta(minutes=10)

    def samples(of: Row, stat: str, at: datetime) -> float | None:
        if of["MetricName"] == "Errors":
            return 6.0 if at >= failing else None
        return 60.0 if at >= busy else 0.0

    cloud.samples = samples
    share = by_name(await read(aws))["f", "error_ratio"]
    assert share.values.tolist() == [0.0] * 20 + [0.1] * 10


async def test_no_share_of_errors_is_told_of_what_counts_none(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/SQS", "NumberOfMessagesSent", QueueName="orders")]
    assert {name for _, name in by_name(await read(aws))} == {"request_rate"}


async def test_what_is_free_of_a_volume_is_told_as_what_is_used(cloud: Cloud, aws: Aws) -> None:
    cloud.databases = [{"DBInstanceIdentifier": "orders", "AllocatedStorage": 100}]
    cloud.metrics = [metric("AWS/RDS", "FreeStorageSpace", DBInstanceIdentifier=name) for name in ("orders", "other")]
    cloud.samples = lambda of, stat, at: 25.0 * 2**30
    found = by_name(await read(aws))
    assert found["orders", "disk_utilization"].values.tolist() == [75.0] * 60
    assert ("other", "disk_utilization") not in found, "whose size is not known"


async def test_a_cache_tells_how_often_it_has_what_is_asked_for(cloud: Cloud, aws: Aws) -> None:
    node = {"CacheClusterId": "sessions-0001-002", "CacheNodeId": "0001"}
    cloud.metrics = [metric("AWS/ElastiCache", name, **node) for name in ("CacheHits", "CacheMisses")]
    cloud.caches = [{"CacheClusterId": "sessions-0001-002", "ReplicationGroupId": "sessions"}]
    cloud.samples = values({("CacheHits", "Sum"): 90.0, ("CacheMisses", "Sum"): 30.0})
    assert by_name(await read(aws))["sessions", "cache_hit_ratio"].values.tolist() == [0.75] * 60


async def test_a_tag_names_the_service_and_a_made_up_name_is_what_the_template_calls_it(cloud: Cloud, aws: Aws) -> None:
    functions = ("worker-a", "shop-MailFunction-1AB2CD3EF4GH", "plain")
    cloud.metrics = [metric("AWS/Lambda", "Invocations", FunctionName=name) for name in functions]
    cloud.tagged = [
        {"ResourceARN": arn("lambda", "function:worker-a"), "Tags": [{"Key": "Service", "Value": "billing"}]}
    ]
    cloud.stacks = {
        "shop": [
            {
                "LogicalResourceId": "MailFunction",
                "PhysicalResourceId": "shop-MailFunction-1AB2CD3EF4GH",
                "ResourceType": "AWS::Lambda::Function",
                "ResourceStatus": "UPDATE_COMPLETE",
                "Timestamp": NOON,
            }
        ]
    }
    assert {name for name, _ in by_name(await read(aws))} == {"billing", "MailFunction", "plain"}


async def test_a_metric_that_somebody_watches_is_read_by_its_own_name_and_statistic(cloud: Cloud, aws: Aws) -> None:
    watched = metric("Shop", "CheckoutFailures", Service="checkout")
    detected = metric("Shop", "BasketSize", Service="basket")
    refunds = metric("Shop", "Refunds", Service="pay")
    cloud.alarms = [
        {"AlarmName": "checkout", "StateValue": "ALARM", "Statistic": "Maximum", **watched},
        {
            "AlarmName": "math",
            "StateValue": "OK",
            "Metrics": [
                {
                    "Id": "a",
                    "MetricStat": {"Metric": refunds, "Period": 60, "Stat": "p90"},
                },
                {"Id": "b", "Expression": "a * 2"},
            ],
        },
    ]
    cloud.detectors = [{"SingleMetricAnomalyDetector": {**detected, "Stat": "Average"}, "StateValue": "TRAINED"}]
    cloud.samples = values(
        {("CheckoutFailures", "Maximum"): 7.0, ("Refunds", "p90"): 2.0, ("BasketSize", "Average"): 3.0}
    )
    found = by_name(await read(aws))
    assert {key: float(series.values[0]) for key, series in found.items()} == {
        ("checkout", "checkout_failures"): 7.0,
        ("pay", "refunds"): 2.0,
        ("basket", "basket_size"): 3.0,
    }


async def test_many_metrics_are_listed_by_namespace_and_asked_for_five_hundred_at_once(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Duration", FunctionName=f"f{number}") for number in range(700)]
    cloud.metrics += [metric("Nobody/Knows", "Thing", Name=f"n{number}") for number in range(700)]
    found = await read(aws)
    assert len(found) == 1400, "two statistics of each function"
    assert cloud.at_once == 500
    assert [asked.get("Namespace") for call, asked in cloud.asked if call == "ListMetrics"].count("Nobody/Knows") == 0
    assert not isinstance(found, Incomplete)


async def test_results_that_come_in_pages_are_put_together(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Invocations", FunctionName=f"f{number}") for number in range(9)]
    cloud.pages = 4
    found = by_name(await read(aws))
    assert {name for name, _ in found} == {f"f{number}" for number in range(9)}


async def test_more_than_is_read_is_a_gap(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Duration", FunctionName=f"f{number}") for number in range(1300)]
    cloud.pages = 5000
    found = await read(aws)
    assert isinstance(found, Incomplete)
    assert "2,600 metrics that mean something here, and 2,500 are read" in found.gaps[0].reason


@pytest.mark.parametrize(
    ("status", "remedy"), [("PartialData", "read again"), ("InternalError", "read again"), ("Forbidden", "allow")]
)
async def test_what_comes_in_part_is_a_gap_that_names_it(cloud: Cloud, aws: Aws, status: str, remedy: str) -> None:
    cloud.metrics = [metric("AWS/Lambda", name, FunctionName="f") for name in ("Invocations", "Throttles")]
    cloud.statuses = {"Throttles": status}
    found = await read(aws)
    assert ("f", "request_rate") in by_name(found)
    assert isinstance(found, Incomplete)
    assert f"gave Throttles of f in part: {status} ({status} it is)" in found.gaps[0].reason
    assert remedy in found.gaps[0].remedy


async def test_a_sample_stands_for_the_minute_before_it_and_the_newest_are_left_out(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName="orders")]
    now = NOON.timestamp()
    (series,) = await read(aws, now=now)
    assert series.timestamps[0] == HOUR.start.timestamp() + 60
    assert series.timestamps[-1] <= now - 90
    assert np.all(np.diff(series.timestamps) == 60)


async def test_no_metric_at_all_is_no_gap_and_no_series(cloud: Cloud, aws: Aws) -> None:
    assert await read(aws) == ()
    assert cloud.requests("cloudwatch:GetMetricData") == 0


@pytest.mark.parametrize("call", ["cloudwatch:ListMetrics", "cloudwatch:GetMetricData"])
async def test_a_denial_is_one_gap_that_names_the_permission(cloud: Cloud, aws: Aws, call: str) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Invocations", FunctionName="f")]
    cloud.front.trouble(call, "deny", times=100)
    (gap,) = await gaps_of(aws)
    assert gap.signal == "metrics"
    assert f"allow {call} to" in gap.remedy
    assert "123456789012, eu-west-1" in gap.reason


@pytest.mark.parametrize("call", ["cloudwatch:DescribeAlarms", "cloudwatch:DescribeAnomalyDetectors"])
async def test_alarms_that_may_not_be_seen_are_a_gap_beside_the_metrics(cloud: Cloud, aws: Aws, call: str) -> None:
    cloud.metrics = [metric("AWS/SQS", "NumberOfMessagesSent", QueueName="q")]
    cloud.front.trouble(call, "deny", times=100)
    found = await read(aws)
    assert len(found) == 1
    assert isinstance(found, Incomplete)
    assert f"allow {call} to" in found.gaps[0].remedy


TROUBLES: list[tuple[Trouble, str]] = [
    ("throttle", "Rate exceeded"),
    ("fail", "the service failed in itself"),
    ("drop_before", "gave no answer"),
    ("garbage", "cannot be read"),
]


@pytest.mark.parametrize(("trouble", "reason"), TROUBLES)
async def test_what_aws_does_not_answer_for_long_is_a_gap_with_a_remedy(
    cloud: Cloud, aws: Aws, trouble: Trouble, reason: str
) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Invocations", FunctionName="f")]
    cloud.front.trouble("cloudwatch:GetMetricData", trouble, times=100)
    (gap,) = await gaps_of(aws)
    assert reason in gap.reason
    assert gap.remedy


async def test_one_throttle_costs_nothing(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/SQS", "NumberOfMessagesSent", QueueName="q")]
    cloud.front.trouble("cloudwatch:GetMetricData", "throttle")
    cloud.front.trouble("cloudwatch:ListMetrics", "throttle")
    found = await read(aws)
    assert len(found) == 1
    assert not isinstance(found, Incomplete)


async def test_a_service_that_says_nothing_costs_its_time_once(cloud: Cloud, hasty: Aws) -> None:
    cloud.front.trouble("cloudwatch:ListMetrics", "stall_before", times=100)
    made = reader(hasty)
    source = CloudWatchMetrics(made.place, made.stock, made.lister, load_readings(), lambda: LATER)
    for _ in range(4):
        with pytest.raises(SourceUnavailable):
            await source.metrics(HOUR)
    # Alarms and detectors were asked for beside it, before anybody knew.
    assert cloud.requests("cloudwatch:ListMetrics") <= 3
    with pytest.raises(SourceUnavailable) as caught:
        await source.metrics(HOUR)
    assert "was not called: cloudwatch could not be reached lately; it is asked again in" in caught.value.gap.reason


async def test_credentials_of_another_account_read_nothing(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Invocations", FunctionName="f")]
    cloud.front.serve("sts", {"GetCallerIdentity": lambda asked: caller("999900001111")})
    (gap,) = await gaps_of(aws)
    assert "the credentials are of account 999900001111" in gap.reason
    assert cloud.requests("cloudwatch") == 0


def refusing(cloud: Cloud, *names: str) -> None:
    """Let GetMetricData refuse a request for the sake of some metrics."""
    answer = cloud._metric_data

    def refuse(asked: dict[str, object]) -> Answer:
        if any(f"'MetricName': '{name}'" in str(asked["MetricDataQueries"]) for name in names):
            cloud.asked.append(("GetMetricData", asked))
            raise Refusal("ValidationError", "The statistic is not valid for this metric", 400)
        return answer(asked)

    cloud.front.serve("cloudwatch", {"GetMetricData": refuse})


async def test_one_refused_statistic_keeps_no_other_metric_from_being_read(cloud: Cloud, aws: Aws) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Invocations", FunctionName=f"f{number}") for number in range(50)]
    cloud.metrics += [metric("AWS/Lambda", "Duration", FunctionName="f7")]
    refusing(cloud, "Duration")
    made = reader(aws)
    source = CloudWatchMetrics(made.place, made.stock, made.lister, load_readings(), lambda: LATER)
    found = await source.metrics(HOUR)
    assert isinstance(found, Incomplete)
    assert {series.service for series in found} == {f"f{number}" for number in range(50)}
    assert any("CloudWatch refuses" in gap.reason and "Duration of f7" in gap.reason for gap in found.gaps)
    asked = cloud.requests("cloudwatch:GetMetricData")
    later = Window(start=HOUR.start + timedelta(minutes=5), end=HOUR.end + timedelta(minutes=5))
    again = await source.metrics(later)
    assert isinstance(again, Incomplete)
    assert cloud.requests("cloudwatch:GetMetricData") == asked + 1, "what was refused is not asked again"


async def test_where_everything_is_refused_it_is_a_gap_after_a_bounded_number_of_requests(
    cloud: Cloud, aws: Aws
) -> None:
    cloud.metrics = [metric("AWS/Lambda", "Errors", FunctionName=f"f{number}") for number in range(300)]
    refusing(cloud, "Errors")
    gaps = await gaps_of(aws)
    assert any("The statistic is not valid" in gap.reason for gap in gaps)
    assert cloud.requests("cloudwatch:GetMetricData") < 60
