"""An account that is read: what is in it, answered by the front in the official client's own protocols."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from incident_commander.aws import Account, Aws
from incident_commander.domain.base import ServiceName
from incident_commander.domain.breaker import Breaker
from incident_commander.domain.telemetry import Window
from incident_commander.telemetry.aws.inventory import Stock
from incident_commander.telemetry.aws.listing import Lister
from incident_commander.telemetry.aws.place import Place
from incident_commander.telemetry.aws.readings import load_readings

from .cases import ACCOUNT
from .client import REGION
from .front import Front
from .protocol import Answer

Row = dict[str, object]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = Window(start=NOON - timedelta(hours=1), end=NOON)
LATER = (NOON + timedelta(minutes=10)).timestamp()
"""When these windows are read: long enough after them for every metric to have settled."""
WHERE = f"({ACCOUNT}, {REGION})"


def arn(service: str, resource: str) -> str:
    """An ARN in this account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def moment(value: object) -> datetime:
    """A time in whichever form a protocol has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    assert isinstance(value, int | float)
    return datetime.fromtimestamp(value, UTC)


def caller(account: str) -> Answer:
    """Who somebody of an account is told to be."""
    return {"Account": account, "Arn": f"arn:aws:iam::{account}:user/x", "UserId": "x"}


def metric(namespace: str, name: str, **dimensions: str) -> Row:
    """A metric as CloudWatch lists it."""
    named = [{"Name": dimension, "Value": value} for dimension, value in dimensions.items()]
    return {"Namespace": namespace, "MetricName": name, "Dimensions": named}


@dataclass(slots=True)
class Cloud:
    """What is in the account; everything may be changed until it is asked for.

    Attributes:
        samples: What a query for a metric and a statistic gives: a value a minute, from noon minus an hour on.
        pages: How many results GetMetricData and ListMetrics give a page.
        at_once: The most queries that were asked for in one GetMetricData.
    """

    front: Front
    metrics: list[Row] = field(default_factory=list)
    samples: Callable[[Row, str, datetime], float | None] = lambda metric, stat, at: 1.0
    statuses: dict[str, str] = field(default_factory=dict)
    pages: int = 500
    at_once: int = 0
    alarms: list[Row] = field(default_factory=list)
    detectors: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    clusters: dict[str, list[Row]] = field(default_factory=dict)
    definitions: dict[str, list[Row]] = field(default_factory=dict)
    functions: list[Row] = field(default_factory=list)
    event_sources: list[Row] = field(default_factory=list)
    load_balancers: list[Row] = field(default_factory=list)
    target_groups: list[Row] = field(default_factory=list)
    databases: list[Row] = field(default_factory=list)
    caches: list[Row] = field(default_factory=list)
    tagged: list[Row] = field(default_factory=list)
    stacks: dict[str, list[Row]] = field(default_factory=dict)
    log_groups: list[str] = field(default_factory=list)
    lines: list[tuple[str, str, datetime, str]] = field(default_factory=list)
    query_status: list[str] = field(default_factory=lambda: ["Scheduled", "Running", "Complete"])
    matched: int | None = None
    trace_ids: list[str] = field(default_factory=list)
    documents: dict[str, list[str]] = field(default_factory=dict)
    nodes: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    deployments: list[Row] = field(default_factory=list)
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for service, operations in self._operations().items():
            self.front.serve(service, operations)

    def requests(self, *calls: str) -> int:
        """How many requests of some operations, or of all of a service, came."""
        return sum(call in calls or call.partition(":")[0] in calls for call in self.front.calls)

    def _operations(self) -> dict[str, dict[str, Callable[[dict[str, object]], Answer]]]:
        return {
            "sts": {
                "GetCallerIdentity": lambda asked: {"Account": ACCOUNT, "Arn": arn("iam", "user/x"), "UserId": "x"}
            },
            "cloudwatch": {
                "ListMetrics": self._list_metrics,
                "GetMetricData": self._metric_data,
                "DescribeAlarms": lambda asked: {"MetricAlarms": self.alarms},
                "DescribeAnomalyDetectors": lambda asked: {"AnomalyDetectors": self.detectors},
                "DescribeAlarmHistory": lambda asked: {"AlarmHistoryItems": self.history},
            },
            "ecs": {
                "ListClusters": lambda asked: {
                    "clusterArns": [arn("ecs", f"cluster/{name}") for name in self.clusters]
                },
                "ListServices": lambda asked: {
                    "serviceArns": [arn("ecs", f"service/{each['serviceName']}") for each in self._cluster(asked)]
                },
                "DescribeServices": self._describe_services,
                "DescribeTaskDefinition": lambda asked: {
                    "taskDefinition": {"containerDefinitions": self.definitions[str(asked["taskDefinition"])]}
                },
            },
            "lambda": {
                "ListFunctions": lambda asked: {"Functions": self.functions},
                "ListEventSourceMappings": lambda asked: {"EventSourceMappings": self.event_sources},
            },
            "elbv2": {
                "DescribeLoadBalancers": lambda asked: {"LoadBalancers": self.load_balancers},
                "DescribeTargetGroups": lambda asked: {"TargetGroups": self.target_groups},
            },
            "rds": {"DescribeDBInstances": lambda asked: {"DBInstances": self.databases}},
            "elasticache": {"DescribeCacheClusters": lambda asked: {"CacheClusters": self.caches}},
            "resourcegroupstaggingapi": {"GetResources": lambda asked: {"ResourceTagMappingList": self.tagged}},
            "cloudformation": {
                "DescribeStacks": lambda asked: {
                    "Stacks": [
                        {"StackName": name, "CreationTime": NOON, "StackStatus": "UPDATE_COMPLETE"}
                        for name in self.stacks
                    ]
                },
                "DescribeStackResources": lambda asked: {"StackResources": self.stacks[str(asked["StackName"])]},
            },
            "logs": {
                "DescribeLogGroups": lambda asked: {"logGroups": [{"logGroupName": name} for name in self.log_groups]},
                "StartQuery": self._start_query,
                "GetQueryResults": self._query_results,
                "StopQuery": lambda asked: {"success": True},
                "FilterLogEvents": self._filter,
            },
            "xray": {
                "GetTraceSummaries": self._summaries,
                "BatchGetTraces": self._batch,
                "GetServiceGraph": lambda asked: {"Services": self.nodes, "StartTime": NOON, "EndTime": NOON},
            },
            "cloudtrail": {"LookupEvents": self._lookup},
            "codedeploy": {
                "ListDeployments": lambda asked: {
                    "deployments": [str(each["deploymentId"]) for each in self.deployments]
                },
                "BatchGetDeployments": lambda asked: {"deploymentsInfo": self.deployments},
            },
        }

    def _note(self, call: str, asked: dict[str, object]) -> None:
        with self._lock:
            self.asked.append((call, asked))

    def _list_metrics(self, asked: dict[str, object]) -> Answer:
        self._note("ListMetrics", asked)
        found = [each for each in self.metrics if asked.get("Namespace") in (None, each["Namespace"])]
        return self._page(asked, "Metrics", found)

    def _page(self, asked: dict[str, object], name: str, found: Sequence[object]) -> Answer:
        start = int(str(asked.get("NextToken") or 0))
        more = start + self.pages < len(found)
        token = {"NextToken": str(start + self.pages)} if more else {}
        return {name: list(found[start : start + self.pages]), **token}

    def _metric_data(self, asked: dict[str, object]) -> Answer:
        self._note("GetMetricData", asked)
        queries = asked["MetricDataQueries"]
        start, end = moment(asked["StartTime"]), moment(asked["EndTime"])
        assert isinstance(queries, list)
        self.at_once = max(self.at_once, len(queries))
        minutes = [start + timedelta(minutes=number) for number in range(int((end - start).total_seconds() // 60))]
        results = []
        for query in queries:
            of, stat = query["MetricStat"]["Metric"], query["MetricStat"]["Stat"]
            seen = [(at, value) for at in minutes if (value := self.samples(of, stat, at)) is not None]
            status = self.statuses.get(of["MetricName"], "Complete")
            messages = [] if status == "Complete" else [{"Code": status, "Value": f"{status} it is"}]
            results.append(
                {
                    "Id": query["Id"],
                    "Label": of["MetricName"],
                    "Timestamps": [at for at, _ in seen],
                    "Values": [value for _, value in seen],
                    "StatusCode": status,
                    "Messages": messages,
                }
            )
        return self._page(asked, "MetricDataResults", results)

    def _cluster(self, asked: dict[str, object]) -> list[Row]:
        return self.clusters[str(asked["cluster"]).rpartition("/")[2]]

    def _describe_services(self, asked: dict[str, object]) -> Answer:
        wanted = asked["services"]
        assert isinstance(wanted, list)
        names = {str(each).rpartition("/")[2] for each in wanted}
        cluster = str(asked["cluster"])
        found = [{**each, "clusterArn": cluster} for each in self._cluster(asked) if each["serviceName"] in names]
        return {"services": found}

    def _start_query(self, asked: dict[str, object]) -> Answer:
        self._note("StartQuery", asked)
        return {"queryId": "q-1"}

    def _query_results(self, asked: dict[str, object]) -> Answer:
        status = self.query_status.pop(0) if len(self.query_status) > 1 else self.query_status[0]
        rows = [
            [
                {"field": "@timestamp", "value": f"{at:%Y-%m-%d %H:%M:%S}.000"},
                {"field": "@log", "value": f"{ACCOUNT}:{group}"},
                {"field": "@logStream", "value": stream},
                {"field": "@message", "value": text},
                {"field": "@ptr", "value": "x"},
            ]
            for group, stream, at, text in self.lines
        ]
        matched = float(len(rows) if self.matched is None else self.matched)
        done = rows if status in ("Complete", "Running") else []
        return {"status": status, "results": done, "statistics": {"recordsMatched": matched}}

    def _filter(self, asked: dict[str, object]) -> Answer:
        self._note("FilterLogEvents", asked)
        start, end = int(str(asked["startTime"])), int(str(asked["endTime"]))
        found = [
            {"timestamp": int(at.timestamp() * 1000), "message": text, "logStreamName": stream, "eventId": "e"}
            for group, stream, at, text in self.lines
            if group == asked["logGroupName"] and start <= at.timestamp() * 1000 < end
        ]
        return {"events": found}

    def _summaries(self, asked: dict[str, object]) -> Answer:
        self._note("GetTraceSummaries", asked)
        return {"TraceSummaries": [{"Id": each} for each in self.trace_ids]}

    def _batch(self, asked: dict[str, object]) -> Answer:
        wanted = asked["TraceIds"]
        assert isinstance(wanted, list)
        assert len(wanted) <= 5
        return {
            "Traces": [
                {
                    "Id": each,
                    "Segments": [{"Id": f"{n}", "Document": text} for n, text in enumerate(self.documents[each])],
                }
                for each in wanted
            ]
        }

    def _lookup(self, asked: dict[str, object]) -> Answer:
        self._note("LookupEvents", asked)
        return self._page(asked, "Events", self.events)


@dataclass(frozen=True, slots=True)
class Reader:
    """What the readers of a place need, at a time that stands still."""

    place: Place
    stock: Stock
    lister: Lister


def reader(aws: Aws, services: dict[str, ServiceName] | None = None, call_seconds: float = 20.0) -> Reader:
    """A place in the account, as telemetry reads it."""
    account = Account(id=ACCOUNT, region=REGION)
    place = Place(account, REGION, aws, call_seconds, lambda: Breaker(rest_seconds=3600))
    return Reader(place, Stock(place, services or {}), Lister(place, load_readings()))
