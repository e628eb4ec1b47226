"""AWS as one source of everything, beside another region, and the whole product on it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from incident_commander.actions.policy import DenyAll
from incident_commander.aws import Account
from incident_commander.domain.telemetry import Incomplete, Topology, Window
from incident_commander.response.observe import observe
from incident_commander.telemetry.aws import AwsAt, aws_sources
from incident_commander.telemetry.sources import Sources, telemetry_sources
from incident_commander.telemetry.unconfigured import NoTelemetry

from .cases import ACCOUNT
from .client import REGION
from .cloud import HOUR, NOON, Cloud, metric
from .front import Front

pytestmark = pytest.mark.loopback
OTHER = "999988887777"


@pytest.fixture
def cloud(front: Front) -> Cloud:
    return Cloud(front)


@pytest.fixture
def sources(cloud: Cloud) -> Sources:
    return telemetry_sources(NoTelemetry(), aws=aws_sources(AwsAt(regions=(REGION, "us-east-1", REGION))))


async def test_a_region_that_is_set_is_read_once_and_two_regions_are_told_apart(cloud: Cloud, sources: Sources) -> None:
    cloud.metrics = [metric("AWS/SQS", "NumberOfMessagesSent", QueueName="orders")]
    cloud.functions = [{"FunctionName": "thumbs"}]
    live = sources.live(DenyAll())
    seen, _ = await observe(live, NOON, NOON + timedelta(minutes=5))
    await sources.close()
    assert [each.name for each in sources.seen()] == [f"AWS {REGION}", "AWS us-east-1"]
    assert [(each.service, each.metric, each.source) for each in seen.metrics] == [
        ("orders", "request_rate", f"loopback cloudwatch ({ACCOUNT}, {REGION})"),
        ("orders", "request_rate_us_east_1", f"loopback cloudwatch ({ACCOUNT}, us-east-1)"),
    ]
    assert seen.topology.services
    assert {gap.signal for gap in seen.gaps} == {"impact"}
    assert [each.state for each in sources.seen()] == ["ok", "ok"]


async def test_a_denial_shows_on_the_source_until_it_is_mended(cloud: Cloud, sources: Sources) -> None:
    live = sources.live(DenyAll())
    cloud.front.trouble("xray:GetTraceSummaries", "deny", times=8)
    found = await live.topology.topology()
    assert isinstance(found, Topology)
    seen, _ = await observe(live, NOON, NOON + timedelta(minutes=5))
    assert any("xray:GetTraceSummaries" in gap.remedy for gap in seen.gaps)
    assert {each.state for each in sources.seen()} == {"degraded"}
    cloud.front.reset()
    Cloud(cloud.front)
    traces = await live.traces.traces(Window(start=HOUR.start, end=HOUR.end + timedelta(seconds=30)))
    assert not isinstance(traces, Incomplete)
    assert {each.state for each in sources.seen()} == {"ok"}
    await sources.close()


async def test_who_is_asked_how_it_is_makes_one_call_that_costs_nothing(cloud: Cloud, sources: Sources) -> None:
    states = await sources.check()
    await sources.close()
    assert [each.state for each in states] == ["ok", "ok"]
    assert cloud.front.calls == ["sts:GetCallerIdentity"] * 2


async def test_expired_credentials_are_down_with_their_remedy(cloud: Cloud, sources: Sources) -> None:
    cloud.front.trouble("sts:GetCallerIdentity", "expire", times=100)
    states = await sources.check()
    await sources.close()
    assert {each.state for each in states} == {"down"}
    assert all("ExpiredToken" in each.detail and "give credentials" in each.detail for each in states)


async def test_they_are_closed_where_the_loop_has_no_threads_any_more(sources: Sources) -> None:
    await sources.check()
    gone = ThreadPoolExecutor()
    gone.shutdown()
    asyncio.get_running_loop().set_default_executor(gone)  # as the workflow engine leaves it
    await sources.close()


async def test_a_region_of_an_account_that_is_named_without_a_role_is_read_once(cloud: Cloud) -> None:
    own = Account(id=ACCOUNT, region=REGION)
    other = Account(id=OTHER, region="us-east-1", role=f"arn:aws:iam::{OTHER}:role/reader")
    found = aws_sources(AwsAt(accounts=(own, other), regions=(REGION, "us-east-1")))
    places = [source.seen().name for source in found]
    for source in found:
        await source.close()
    assert places == [f"AWS {ACCOUNT}, {REGION}", f"AWS {OTHER}, us-east-1", "AWS us-east-1"]
