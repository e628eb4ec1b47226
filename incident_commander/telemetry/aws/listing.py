"""Which of CloudWatch's metrics there are, and which of them are read: what is known, and what somebody watches."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from ...aws import AwsError, Pascal
from ...domain.telemetry import Gap
from ..kept import Kept
from .names import own_name
from .place import Place
from .readings import Reading, Readings, Set, as_words

KNOWN_SECONDS = 600.0
"""How long a listing is taken for what there is; CloudWatch itself shows a new metric after minutes."""
MOST_LISTED = 10_000
"""Metrics of a namespace."""
_ACTIVE = "PT3H"
_NAMING = (
    "service", "servicename", "service_name", "app", "application", "functionname", "dbinstanceidentifier",
    "dbclusteridentifier", "cacheclusterid", "queuename", "tablename", "targetgroup", "loadbalancer", "apiname",
    "autoscalinggroupname", "clustername",
)  # fmt: skip
"""Dimensions of a watched metric that name its service, the first one present; in lower case."""


class Dimension(Pascal):
    """What a metric is of."""

    name: str
    value: str


class Metric(Pascal):
    """A metric as CloudWatch names it."""

    namespace: str
    metric_name: str
    dimensions: tuple[Dimension, ...] = ()

    @property
    def of(self) -> dict[str, str]:
        """Its dimensions."""
        return {each.name: each.value for each in self.dimensions}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One statistic of one metric, to be read.

    Attributes:
        owner: The own name of what it is of.
        rank: Where several sets have a metric of a service, the lowest counts.
    """

    metric: Metric
    reading: Reading
    owner: str
    rank: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A metric with the statistic that somebody watches."""

    metric: Metric
    stat: str

    @property
    def owner(self) -> str:
        """The own name of what it is of; empty where no dimension names one."""
        lowered = {name.lower(): value for name, value in self.metric.of.items()}
        return next((own_name(lowered[name]) for name in _NAMING if lowered.get(name)), "")


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of CloudWatch, with the metrics that it watches."""

    name: str
    state: str
    reason: str
    metrics: tuple[Watched, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What is to be read, the most telling first, and what could not be listed."""

    wanted: tuple[Wanted, ...]
    alarms: tuple[Alarm, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Lister:
    """Lists the metrics of a place, and keeps the list for a while."""

    def __init__(self, place: Place, readings: Readings) -> None:
        self._place = place
        self._readings = readings
        self._kept = Kept[None, Listing](KNOWN_SECONDS, lacking=lambda found: bool(found.gaps))

    async def listing(self) -> Listing:
        """What is to be read.

        Raises:
            AwsError: metrics cannot be listed.
        """
        return await self._kept.get(None, self._read)

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self) -> Listing:
        gaps: list[Gap] = []
        metrics, alarms, detectors = await asyncio.gather(self._listed(gaps), self._alarms(gaps), self._detectors(gaps))
        known = tuple(self._known(metrics))
        watched = _watched([*chain.from_iterable(alarm.metrics for alarm in alarms), *detectors], known)
        return Listing((*watched, *known), alarms, tuple(gaps))

    async def _listed(self, gaps: list[Gap]) -> tuple[Metric, ...]:
        first = await self._place.read(_Listed, "cloudwatch", "ListMetrics", {"RecentlyActive": _ACTIVE})
        if not first.next_token:
            return first.metrics
        # There are many: only what the data knows is listed to its end.
        bounded = {"RecentlyActive": _ACTIVE, "PaginationConfig": {"MaxItems": MOST_LISTED}}
        pages = await asyncio.gather(
            *(
                self._place.read_all(_Listed, "cloudwatch", "ListMetrics", {"Namespace": namespace, **bounded})
                for namespace in self._readings.namespaces
            )
        )
        for namespace, page in zip(self._readings.namespaces, pages, strict=True):
            if page.next_token:
                gaps.append(
                    Gap(
                        signal="metrics",
                        reason=f"{self._place.name}: {namespace} has more than {MOST_LISTED:,} metrics",
                        remedy="name accounts and regions of their own, or read it by a Prometheus",
                    )
                )
        return tuple(chain.from_iterable(page.metrics for page in pages))

    async def _alarms(self, gaps: list[Gap]) -> tuple[Alarm, ...]:
        asked = {"AlarmTypes": ["MetricAlarm"], "PaginationConfig": {"MaxItems": 1000, "PageSize": 100}}
        try:
            found = await self._place.read_all(_Alarms, "cloudwatch", "DescribeAlarms", asked)
        except AwsError as error:
            gaps.append(self._place.gap("alerts", error, "the alarms"))
            return ()
        return tuple(
            Alarm(each.alarm_name, each.state_value, each.state_reason, each.watched) for each in found.metric_alarms
        )

    async def _detectors(self, gaps: list[Gap]) -> tuple[Watched, ...]:
        asked = {"PaginationConfig": {"MaxItems": 500}}
        try:
            found = await self._place.read_all(_Detectors, "cloudwatch", "DescribeAnomalyDetectors", asked)
        except AwsError as error:
            gaps.append(self._place.gap("alerts", error, "the anomaly detectors"))
            return ()
        return tuple(each.watched for each in found.anomaly_detectors if each.watched is not None)

    def _known(self, metrics: Iterable[Metric]) -> Iterator[Wanted]:
        """The readings of listed metrics, in the order of the data."""
        sets: dict[tuple[str, frozenset[str], str], list[tuple[int, Set, Reading]]] = {}
        for rank, of in enumerate(self._readings.sets):
            for reading in of.metrics:
                key = of.namespace, frozenset(of.dimensions), reading.name
                sets.setdefault(key, []).append((rank, of, reading))
        found = [
            Wanted(metric, reading, own_name(metric.of[of.service]), rank)
            for metric in {_key(metric): metric for metric in metrics}.values()
            for rank, of, reading in sets.get((metric.namespace, frozenset(metric.of), metric.metric_name), ())
        ]
        return iter(sorted(found, key=lambda wanted: wanted.rank))


def _watched(watched: Sequence[Watched], known: Sequence[Wanted]) -> Iterator[Wanted]:
    """What somebody has set an alarm or a detector on, and the data does not know, under its own name."""
    read = {_key(wanted.metric) for wanted in known}
    for each in watched:
        if each.owner and _key(each.metric) not in read:
            read.add(_key(each.metric))
            called = as_words(each.metric.metric_name)
            name = called if called[:1].isalpha() else f"metric_{called}"
            reading = Reading(name=each.metric.metric_name, stat=each.stat, metric=name, unit="")
            yield Wanted(each.metric, reading, each.owner, -1)


def _key(metric: Metric) -> tuple[str, str, frozenset[tuple[str, str]]]:
    return metric.namespace, metric.metric_name, frozenset(metric.of.items())


class _Listed(Pascal):
    metrics: tuple[Metric, ...] = ()
    next_token: str = ""


class _MetricStat(Pascal):
    metric: Metric
    stat: str = "Average"


class _Query(Pascal):
    metric_stat: _MetricStat | None = None


class _MetricAlarm(Pascal):
    alarm_name: str
    state_value: str = ""
    state_reason: str = ""
    namespace: str = ""
    metric_name: str = ""
    dimensions: tuple[Dimension, ...] = ()
    statistic: str = ""
    extended_statistic: str = ""
    metrics: tuple[_Query, ...] = ()

    @property
    def watched(self) -> tuple[Watched, ...]:
        """What it watches, be it one metric or an expression of several."""
        if self.metric_name:
            metric = Metric.model_construct(
                namespace=self.namespace, metric_name=self.metric_name, dimensions=self.dimensions
            )
            return (Watched(metric, self.extended_statistic or self.statistic or "Average"),)
        queries = (each.metric_stat for each in self.metrics if each.metric_stat is not None)
        return tuple(Watched(each.metric, each.stat) for each in queries)


class _Alarms(Pascal):
    metric_alarms: tuple[_MetricAlarm, ...] = ()


class _Single(Metric):
    stat: str = "Average"


class _Detector(Pascal):
    single_metric_anomaly_detector: _Single | None = None

    @property
    def watched(self) -> Watched | None:
        """The metric; None for one of an expression."""
        single = self.single_metric_anomaly_detector
        return None if single is None else Watched(single, single.stat)


class _Detectors(Pascal):
    anomaly_detectors: tuple[_Detector, ...] = ()
