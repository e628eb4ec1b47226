"""Sampled traces of a window, and who calls whom, from X-Ray."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import Field

from ...aws import AwsError, Pascal
from ...domain.base import ServiceName
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Gap, Incomplete, Service, ServiceKind, Span, Window
from .inventory import Stock
from .minutes import Minutes
from .names import Names
from .place import Place
from .segments import spans_of

LATEST_SECONDS = 15 * 60
"""How far back the traces of the incident itself lie; the others are of before."""
MOST_SUMMARIES = 300
"""That are looked through for each kind of traces."""
FAILING, LATEST, EARLIER = 30, 25, 25
"""How many traces are read: failing ones, what else goes on now, and how it was before."""
GRAPH_SECONDS = 30 * 60
"""What the service graph is drawn of."""

_A_BATCH = 5
_FAILING = "fault = true OR error = true OR throttle = true"
_KINDS: tuple[tuple[str, ServiceKind], ...] = (
    ("AWS::ApiGateway", "edge"),
    ("AWS::CloudFront", "edge"),
    ("AWS::ElasticLoadBalancing", "edge"),
    ("AWS::DynamoDB", "database"),
    ("AWS::RDS", "database"),
    ("Database::", "database"),
    ("AWS::ElastiCache", "cache"),
    ("AWS::SQS", "queue"),
    ("AWS::SNS", "queue"),
    ("AWS::Kinesis", "queue"),
    ("AWS::Events", "queue"),
    ("AWS::S3", "storage"),
    ("AWS::Lambda", "api"),
    ("AWS::ECS", "api"),
    ("AWS::EKS", "api"),
    ("AWS::EC2", "api"),
    ("AWS::ElasticBeanstalk", "api"),
    ("AWS::AppRunner", "api"),
)


class XRayTraces:
    """See TracesPort; of one place."""

    def __init__(self, place: Place, stock: Stock, now: Callable[[], float] = time.time) -> None:
        self._place = place
        self._stock = stock
        self._kept = Minutes[tuple[Span, ...]](self._read, now)

    async def traces(self, window: Window) -> tuple[Span, ...]:
        """See TracesPort. What was not read is a gap of an incomplete answer.

        Raises:
            SourceUnavailable: nothing could be read.
        """
        return await self._kept.get(window)

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self, start: int, end: int) -> tuple[Span, ...]:
        latest = max(start, end - LATEST_SECONDS)
        try:
            source = await self._place.source("xray")
            failing, going_on, before = await asyncio.gather(
                self._summaries(latest, end, FAILING, _FAILING),
                self._summaries(latest, end, LATEST),
                self._summaries(start, latest, EARLIER),
            )
        except AwsError as error:
            raise SourceUnavailable(self._place.gap("traces", error)) from error
        ids = list(dict.fromkeys((*failing, *going_on, *before)))
        names = (await self._stock.inventory()).names
        gaps: list[Gap] = []
        spans: list[Span] = []
        unreadable, failed = 0, 0
        for answer in await asyncio.gather(
            *(self._traces(ids[first : first + _A_BATCH]) for first in range(0, len(ids), _A_BATCH)),
            return_exceptions=True,
        ):
            if isinstance(answer, AwsError):
                gaps.append(self._place.gap("traces", answer))
                failed += 1
            elif isinstance(answer, BaseException):
                raise answer
            else:
                for trace in answer:
                    documents = [segment.document for segment in trace.segments]
                    found, lost = await asyncio.to_thread(spans_of, trace.id, documents, names, source)
                    spans += found
                    unreadable += lost
        if unreadable:
            reason = f"{self._place.name}: {unreadable} segments of X-Ray cannot be read"
            gaps.append(Gap(signal="traces", reason=reason, remedy="see to what sends them"))
        inside = sorted((s for s in spans if start <= s.start.timestamp() < end), key=lambda span: span.start)
        if not inside and failed:
            raise SourceUnavailable(*dict.fromkeys(gaps))
        return Incomplete(inside, dict.fromkeys(gaps)) if gaps else tuple(inside)

    async def _summaries(self, start: int, end: int, most: int, only: str = "") -> Sequence[str]:
        """The ids of some traces, spread evenly over a span of time."""
        if end <= start:
            return ()
        asked: dict[str, object] = {
            "StartTime": datetime.fromtimestamp(start, UTC),
            "EndTime": datetime.fromtimestamp(end, UTC),
            "TimeRangeType": "Event",
            "Sampling": not only,
            "PaginationConfig": {"MaxItems": MOST_SUMMARIES},
        }
        if only:
            asked["FilterExpression"] = only
        found = (await self._place.read_all(_Summaries, "xray", "GetTraceSummaries", asked)).trace_summaries
        step = max(1, -(-len(found) // most))
        return [each.id for each in found[::step]]

    async def _traces(self, ids: Sequence[str]) -> tuple["_Trace", ...]:
        return (await self._place.read_all(_Traces, "xray", "BatchGetTraces", {"TraceIds": list(ids)})).traces


class ServiceGraph:
    """Who calls whom as X-Ray has seen it lately; of one place."""

    def __init__(self, place: Place, now: Callable[[], float] = time.time) -> None:
        self._place = place
        self._now = now

    async def read(self, names: Names) -> tuple[tuple[Service, ...], tuple[tuple[ServiceName, ServiceName], ...]]:
        """Its services and its calls.

        Raises:
            AwsError: it cannot be read.
        """
        end = int(self._now())
        asked = {
            "StartTime": datetime.fromtimestamp(end - GRAPH_SECONDS, UTC),
            "EndTime": datetime.fromtimestamp(end, UTC),
        }
        nodes = (await self._place.read_all(_Graph, "xray", "GetServiceGraph", asked)).services
        named = {node.reference_id: names.of(node.name) for node in nodes if node.name and node.type != "client"}
        kinds: dict[ServiceName, ServiceKind] = {}
        for node in nodes:
            if node.reference_id in named:
                kind: ServiceKind = next((kind for start, kind in _KINDS if node.type.startswith(start)), "unknown")
                if kinds.get(named[node.reference_id], "unknown") == "unknown":
                    kinds[named[node.reference_id]] = kind
        calls = dict.fromkeys(
            (named[node.reference_id], named[edge.reference_id])
            for node in nodes
            for edge in node.edges
            if node.reference_id in named and edge.reference_id in named
        )
        return (
            tuple(Service(name=name, kind=kind) for name, kind in kinds.items()),
            tuple((caller, callee) for caller, callee in calls if caller != callee),
        )


class _Summary(Pascal):
    id: str


class _Summaries(Pascal):
    trace_summaries: tuple[_Summary, ...] = ()


class _Document(Pascal):
    document: str = ""


class _Trace(Pascal):
    id: str = ""
    segments: tuple[_Document, ...] = ()


class _Traces(Pascal):
    traces: tuple[_Trace, ...] = ()


class _Edge(Pascal):
    reference_id: int = -1


class _Node(Pascal):
    reference_id: int = -1
    name: str = ""
    type: str = ""
    edges: tuple[_Edge, ...] = Field(default=())


class _Graph(Pascal):
    services: tuple[_Node, ...] = ()
