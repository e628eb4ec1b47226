"""The whole product on an account: a real incident, diagnosed from what CloudWatch, its logs and CloudTrail tell."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from incident_commander.api.incidents import IncidentPage, Timeline
from incident_commander.domain.base import JsonObject, ServiceName
from incident_commander.domain.findings import Diagnosis
from incident_commander.domain.incident import Incident
from incident_commander.domain.telemetry import MetricSeries, Window
from incident_commander.sandbox.logs import lines
from incident_commander.sandbox.scenarios import draw, scenario_named
from incident_commander.sandbox.topology import load_company
from incident_commander.sandbox.world import DAY_SECONDS, World

from ...ingest.alarms import message
from ...running import wait_until
from ..installation import installation
from . import cases
from .cases import ACCOUNT
from .client import REGION
from .cloud import Cloud, Row, arn, metric
from .front import Front

pytestmark = [pytest.mark.loopback, pytest.mark.timeout(300)]

SCENARIO, SEED = "database_cascade", 3
BROKE_AFTER = 6 * 60.0
"""Seconds from the first alert to now: CloudWatch's newest minutes are not read."""

ECS = {"CPUUtilization": "cpu_utilization", "MemoryUtilization": "memory_utilization"}
BALANCED = ("RequestCount", "HTTPCode_Target_5XX_Count", "TargetResponseTime", "HealthyHostCount")
DATABASE = {"CPUUtilization": "cpu_utilization", "DatabaseConnections": "connections_in_use"}


class Company:
    """A practice world whose first alert was some minutes ago, as an account of AWS would have measured it."""

    def __init__(self) -> None:
        company = load_company()
        self.world = World(company, draw(company, scenario_named(SCENARIO), SEED))
        self.world.advance(DAY_SECONDS)
        window = Window(start=self.world.epoch, end=self.world.moment(DAY_SECONDS))
        self.series = {(each.service, each.metric): each for each in self.world.archive.series(window)}
        failing = self.series[ServiceName("checkout"), "error_ratio"]
        self.alerted = float(failing.timestamps[np.flatnonzero(failing.values > 0.1)[0]])
        self.moved = time.time() - BROKE_AFTER - self.alerted

    def mean(self, service: str, name: str, at: datetime) -> float | None:
        """The mean of a metric over the minute from a time on, as it was in the world."""
        series: MetricSeries | None = self.series.get((ServiceName(service), name))
        if series is None:
            return None
        start = at.timestamp() - self.moved
        inside = (series.timestamps >= start) & (series.timestamps < start + 60)
        return float(series.values[inside].mean()) if inside.any() else None

    def sample(self, of: Row, statistic: str, at: datetime) -> float | None:
        """What CloudWatch says of a metric."""
        dimensions = of["Dimensions"]
        assert isinstance(dimensions, list)
        named = {each["Name"]: each["Value"] for each in dimensions}
        name = str(of["MetricName"])
        if "TargetGroup" in named:
            return self._balanced(named["TargetGroup"].split("/")[1], name, statistic, at)
        if "DBInstanceIdentifier" in named:
            return self.mean(named["DBInstanceIdentifier"], DATABASE[name], at)
        if "Service" in named:
            return self.mean(named["Service"], "connection_pool_utilization", at)
        return self.mean(named["ServiceName"], ECS[name], at)

    def _balanced(self, service: str, name: str, statistic: str, at: datetime) -> float | None:
        rate, share = self.mean(service, "request_rate", at), self.mean(service, "error_ratio", at)
        if rate is None or share is None:
            return None
        if name == "RequestCount":
            return rate * 60
        if name == "HTTPCode_Target_5XX_Count":
            return rate * 60 * share
        if name == "HealthyHostCount":
            return self.mean(service, "instances", at)
        latency = self.mean(service, f"latency_{statistic}_ms", at)
        return None if latency is None else latency / 1000


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def cloud(front: Front, company: Company) -> Cloud:
    cloud = Cloud(front)
    specs = company.world.archive.services
    services = [each.name for each in specs if each.kind in ("edge", "api", "worker") and not each.external]
    databases = [each.name for each in specs if each.kind == "database"]
    group = {name: f"targetgroup/{name}/73e2d6bc24d8a067" for name in services}
    cloud.clusters = {
        "prod": [
            {
                "serviceName": name,
                "taskDefinition": arn("ecs", f"task-definition/{name}:1"),
                "loadBalancers": [{"targetGroupArn": arn("elasticloadbalancing", group[name])}],
            }
            for name in services
        ]
    }
    cloud.definitions = {
        arn("ecs", f"task-definition/{name}:1"): [
            {
                "name": "app",
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": f"/ecs/{name}"}},
            }
        ]
        for name in services
    }
    cloud.databases = [{"DBInstanceIdentifier": name} for name in databases]
    for name in services:
        balanced = {"LoadBalancer": "app/shop/50dc6c495c0c9188", "TargetGroup": group[name]}
        cloud.metrics += [metric("AWS/ApplicationELB", of, **balanced) for of in BALANCED]
        cloud.metrics += [metric("AWS/ECS", of, ClusterName="prod", ServiceName=name) for of in ECS]
    for name in databases:
        cloud.metrics += [metric("AWS/RDS", of, DBInstanceIdentifier=name) for of in DATABASE]
    cloud.alarms = [
        # CloudWatch itself knows of no pool; who has been hurt by one counts it, and has an alarm on it.
        {
            "AlarmName": f"{name} pool",
            "StateValue": "OK",
            "Statistic": "Maximum",
            **metric("Shop", "ConnectionPoolUtilizationPercent", Service=name),
        }
        for name in services
        if (ServiceName(name), "connection_pool_utilization") in company.series
    ]
    cloud.samples = company.sample
    nodes = {each.name: number for number, each in enumerate(specs)}
    cloud.nodes = [
        {
            "ReferenceId": number,
            "Name": name,
            "Type": "Database::SQL" if name in databases else "AWS::ECS::Container",
            "Edges": [{"ReferenceId": nodes[callee]} for callee in company.world.archive.topology.callees(name)],
        }
        for name, number in nodes.items()
    ]
    shown = Window(
        start=datetime.fromtimestamp(company.alerted - 1800, UTC),
        end=datetime.fromtimestamp(company.alerted + BROKE_AFTER, UTC),
    )
    cloud.log_groups = [f"/ecs/{name}" for name in services]
    cloud.lines = [
        (f"/ecs/{each.service}", "app/1", each.at + timedelta(seconds=company.moved), f"{each.level} {each.message}")
        for some in lines(company.world.archive, shown)
        for each in some
        if each.level in ("WARN", "ERROR", "FATAL") and each.service in services
    ][-3000:]
    cloud.events = [
        {
            "EventId": change.reference,
            "EventName": "UpdateService",
            "EventTime": change.at + timedelta(seconds=company.moved),
            "EventSource": "ecs.amazonaws.com",
            "Username": change.author,
            "CloudTrailEvent": json.dumps(
                {
                    "requestParameters": {"service": change.service},
                    "responseElements": {"service": {"deployments": [{"id": change.reference}]}},
                }
            ),
        }
        for change in company.world.archive.changes
        if change.kind == "deploy" and change.at.timestamp() < company.alerted
    ]
    return cloud


def test_a_real_incident_is_diagnosed_from_what_an_account_tells(
    cloud: Cloud, company: Company, world: cases.World, tmp_path: Path
) -> None:
    sqs = world.client("sqs")
    queue = str(sqs.create_queue(QueueName=world.name)["QueueUrl"])
    settings = {
        "IC_AWS_REGIONS": json.dumps([REGION]),
        "IC_SQS_QUEUE_URLS": json.dumps([queue]),
        "AWS_DEFAULT_REGION": REGION,
    }
    with installation(tmp_path / "app", **settings) as url:
        began = datetime.fromtimestamp(company.alerted + company.moved, UTC).isoformat()
        trigger: JsonObject = {"MetricName": "ErrorRatio", "Dimensions": [{"name": "service", "value": "checkout"}]}
        alarm = message("checkout fails", at=began, Trigger=trigger)
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(alarm))
        ended = wait_until(lambda: ended_incident(url), 150, "the end of the incident")
        told = httpx.get(f"{url}/api/incidents/{ended.id}/timeline", timeout=30).raise_for_status()
        health = httpx.get(f"{url}/health", timeout=30).raise_for_status().json()["dependencies"]
    events = Timeline.model_validate(told.json()).events
    (made,) = (event for event in events if event.kind == "diagnosis.made")
    diagnosis = Diagnosis.model_validate(made.payload)
    assert diagnosis.cause is not None, diagnosis.next_question
    assert (diagnosis.cause.service, diagnosis.cause.fault) == ("accounts", "connection_pool_exhaustion")
    sources = {(each.signal, each.provenance.source) for each in (*diagnosis.cause.evidence, *diagnosis.cause.against)}
    for signal, service in (("metrics", "cloudwatch"), ("logs", "logs"), ("changes", "cloudtrail")):
        name = f"loopback {service} ({ACCOUNT}, {REGION})"
        assert any(of == signal and name in source for of, source in sources), signal
    (row,) = (each for each in health if each["name"] == f"AWS {REGION}")
    assert row["state"] == "ok", row
    minutes = [int(str(asked["endTime"])) // 60 for call, asked in cloud.asked if call == "StartQuery"]
    assert sorted(set(minutes)) == sorted(minutes), "stages of the same minute share a reading"


def ended_incident(url: str) -> Incident | None:
    found = IncidentPage.model_validate(httpx.get(f"{url}/api/incidents", timeout=30).json()).incidents
    return found[0] if found and found[0].ended_at is not None else None
