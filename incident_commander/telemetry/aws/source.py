"""AWS as a telemetry source: an account in a region with all its ports, and how it is."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ...aws import Account, AwsError
from ...domain.base import ServiceName
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Change, Gap, Incomplete, LogRecord, MetricSeries, Signal, Span, Topology, Window
from ..merging import MergedLogs
from ..source import LastSeen, SourceState
from .alarms import AlarmHistory
from .changes import AwsChanges
from .cloudwatch import CloudWatchMetrics
from .inventory import Stock
from .listing import Lister
from .logs import CloudWatchLogs
from .place import Place
from .readings import load_readings
from .topology import AwsTopology
from .xray import ServiceGraph, XRayTraces

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AwsAt:
    """Which accounts and regions to read.

    Attributes:
        accounts: As the resources' file names them.
        regions: Of the account that the process' own credentials are of.
        services: Which service something is, by its own name in AWS.
        metrics: A file of CloudWatch metrics of one's own.
    """

    accounts: tuple[Account, ...] = ()
    regions: tuple[str, ...] = ()
    services: Mapping[str, ServiceName] = field(default_factory=dict)
    metrics: Path | None = None


def aws_sources(at: AwsAt) -> tuple["AwsSource", ...]:
    """A source for each account and region; touches no network.

    Raises:
        SourceMisconfigured: the file of metrics is wrong.
    """
    readings = load_readings(at.metrics)
    places = [Place(account, account.region) for account in at.accounts]
    # An account without a role is of the process' own credentials, as the regions are: it is not read twice.
    own = {account.region for account in at.accounts if account.role is None}
    places += [Place(None, region) for region in dict.fromkeys(at.regions) if region not in own]
    found = []
    for place in places:
        stock, lister = Stock(place, at.services), Lister(place, readings)
        metrics = CloudWatchMetrics(place, stock, lister, readings)
        logs, alarms = CloudWatchLogs(place, stock), AlarmHistory(place, stock, lister)
        traces, changes = XRayTraces(place, stock), AwsChanges(place, stock)
        found.append(AwsSource(place, stock, lister, metrics, logs, alarms, traces, changes))
    return tuple(found)


class AwsSource:
    """See MetricsPort, LogsPort, TracesPort, ChangesPort, TopologyPort and Source; of one place."""

    def __init__(
        self,
        place: Place,
        stock: Stock,
        lister: Lister,
        metrics: CloudWatchMetrics,
        logs: CloudWatchLogs,
        alarms: AlarmHistory,
        traces: XRayTraces,
        changes: AwsChanges,
    ) -> None:
        self._place = place
        self._metrics = metrics
        self._logs = MergedLogs((logs, alarms))
        self._traces = traces
        self._changes = changes
        self._topology = AwsTopology(place, stock, ServiceGraph(place))
        self._kept = (stock, lister, metrics, logs, alarms, traces, changes, self._topology)
        self._last = LastSeen(f"AWS {place.name}")
        self._missing: dict[Signal, Sequence[Gap]] = {}

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """See MetricsPort."""
        return await self._noted("metrics", self._metrics.metrics(window))

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        """See LogsPort."""
        return await self._noted("logs", self._logs.logs(window))

    async def traces(self, window: Window) -> tuple[Span, ...]:
        """See TracesPort."""
        return await self._noted("traces", self._traces.traces(window))

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """See ChangesPort."""
        return await self._noted("changes", self._changes.changes(window))

    async def topology(self) -> Topology:
        """See TopologyPort."""
        return await self._noted("topology", self._topology.topology())

    @property
    def place(self) -> str:
        """The account, as far as it is known, and the region, as a metric's name may end."""
        return self._place.name.replace(", ", "_").replace("-", "_")

    def seen(self) -> SourceState:
        """See Source."""
        return self._last.state

    async def check(self) -> SourceState:
        """See Source. One call that needs no permission, and costs nothing."""
        try:
            await self._place.account()
        except AwsError as error:
            gap = self._place.gap("metrics", error)
            return self._last.note("down", f"{gap.reason}; {gap.remedy}")
        return self._last.note("ok", f"the credentials are known; {await self._place.source('sts')}")

    async def close(self) -> None:
        """See Source."""
        for each in self._kept:
            each.close()
        self._place.close()

    async def _noted(self, signal: Signal, reading: Awaitable[T]) -> T:
        try:
            found = await reading
        except SourceUnavailable as error:
            self._note(signal, error.gaps)
            raise
        self._note(signal, found.gaps if isinstance(found, Incomplete | Topology) else ())
        return found

    def _note(self, signal: Signal, gaps: Sequence[Gap]) -> None:
        self._missing[signal] = gaps
        missing = [gap for each in self._missing.values() for gap in each]
        if missing:
            more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
            self._last.note("degraded", f"{missing[0].reason}; {missing[0].remedy}{more}")
        else:
            self._last.note("ok", f"read: {', '.join(self._missing)}")
