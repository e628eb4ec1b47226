"""Localisation on a diagnosis's own observations: series of any source put into rows, blame returned as clues."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..domain.base import ServiceName
from ..domain.telemetry import FloatArray, MetricSeries
from .anomaly import clean
from .call_graph import CallGraph
from .clues import Clue
from .excess_harm import CallMetrics, Harm
from .localisation import Localisation, localise
from .metric_kinds import meaning_of, milliseconds

_LEAST_REFERENCE = 12
_MOST_ROWS = 2000
_LEAD = 0.25
"""Rows before the onset that belong to the window, as a part of those after it: they show how all were just before."""
_MOST_NATS = 2.5
_STATISTICS = (("average", "avg", "mean"), ("p50", "median"), (), ("p75", "p90"), ("p95",), ("p99", "p999", "max"))
"""Which statistic of a latency adds up over calls best, first; the empty one: none is named."""


@dataclass(frozen=True, slots=True)
class ObservedOrigin:
    """Where the trouble of an alerting service begins.

    Attributes:
        harm: The kind that is the more unusual at the alerting service.
        found: The ranking; without suspects where nothing is unusual.
        clues: For each service that the alerting one reaches and that has metrics, what its place in the ranking says;
            empty without suspects.
    """

    harm: Harm
    found: Localisation
    clues: Mapping[ServiceName, Clue]


def observed_origin(
    metrics: Sequence[MetricSeries], graph: CallGraph, alerting: ServiceName, onset: float, until: float
) -> ObservedOrigin | None:
    """Localise what an alerting service suffers from latency, errors (or availability) and traffic of all services.

    A clue's weight is the log of the service's blame beside an even share, within +-2.5 nats.

    Args:
        onset: When it began, seconds since the epoch; nothing before is taken for harm for sure, nothing after for
            normal. until: The end of the window.

    Returns:
        None where the alerting service has neither latency nor errors, or too few rows before or after the onset.
    """
    rows = _Rows.of([series for series in metrics if series.service == alerting], onset, until)
    if rows is None:
        return None
    tables = [table for harm in ("latency", "errors") if (table := _table(harm, metrics, rows)) is not None]
    calls: dict[str, frozenset[ServiceName]] = {str(caller): callees for caller, callees in graph.callees.items()}
    found = [
        (localise(calls, alerting, table, next((o for o in tables if o.harm != table.harm), None)), table)
        for table in tables
        if alerting in table.nodes
    ]
    if not found:
        return None
    best, table = min(found, key=lambda each: (each[0].chance, each[1].harm))
    return ObservedOrigin(table.harm, best, _clues(best, table, graph, alerting))


def _clues(found: Localisation, table: CallMetrics, graph: CallGraph, alerting: ServiceName) -> dict[ServiceName, Clue]:
    if not found.suspects:
        return {}
    blame = {suspect.node: suspect for suspect in found.suspects}
    known = sorted({alerting, *graph.dependencies(alerting)} & set(table.nodes))
    clues: dict[ServiceName, Clue] = {}
    for service in known:
        suspect = blame.get(service)
        part = 0.0 if suspect is None else suspect.probability
        weight = float(np.clip(np.log(max(part, 1e-6) * len(known)), -_MOST_NATS, _MOST_NATS))
        what = (
            "; ".join(suspect.evidence)
            if suspect is not None and weight > 0
            else f"{part * 100:.0f} % of what {alerting} suffers begins in {service}"
        )
        clues[ServiceName(service)] = Clue("metrics", what, weight)
    return clues


@dataclass(frozen=True, slots=True)
class _Rows:
    """A grid of rows of `step` seconds from `start` on; those from `first` on are the window."""

    start: float
    step: float
    count: int
    first: int

    @classmethod
    def of(cls, series: Iterable[MetricSeries], onset: float, until: float) -> "_Rows | None":
        times = [clean(each.timestamps, each.values)[0] for each in series]
        known = [each[each < until] for each in times]
        known = [each for each in known if each.size >= 2]
        if not known:
            return None
        start = min(float(each[0]) for each in known)
        step = max(float(np.median([np.median(np.diff(each)) for each in known])), (until - start) / _MOST_ROWS)
        count = int((until - start) / step - 1e-9) + 1
        began = int((onset - start) / step)
        first = began - max(1, int(_LEAD * (count - began)))
        if first < _LEAST_REFERENCE or began >= count:
            return None
        return cls(start, step, count, first)

    def mean(self, series: MetricSeries) -> FloatArray:
        """The mean of each row, float64[count]; NaN where it has no point."""
        times, values = clean(series.timestamps, series.values)
        row = np.floor((times - self.start) / self.step).astype(np.int64)
        inside = (row >= 0) & (row < self.count)
        n = np.bincount(row[inside], minlength=self.count)
        total = np.bincount(row[inside], weights=values[inside], minlength=self.count)
        return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def _table(harm: Harm, metrics: Sequence[MetricSeries], rows: _Rows) -> CallMetrics | None:
    by_service: dict[str, list[MetricSeries]] = {}
    for series in metrics:
        by_service.setdefault(series.service, []).append(series)
    nodes: list[str] = []
    harms: list[FloatArray] = []
    calls: list[FloatArray] = []
    for service in sorted(by_service):
        asked = _calls(by_service[service], rows)
        values = _latency(by_service[service], rows) if harm == "latency" else _errors(by_service[service], rows, asked)
        if values is not None:
            nodes.append(service)
            harms.append(values)
            calls.append(asked)
    if not nodes:
        return None
    harmed, counted = np.column_stack(harms), np.column_stack(calls)
    cut = rows.first
    return CallMetrics(harm, tuple(nodes), harmed[:cut], harmed[cut:], counted[:cut], counted[cut:])


def _calls(series: Iterable[MetricSeries], rows: _Rows) -> FloatArray:
    """Calls a row; NaN where no traffic is known."""
    found = sorted((each for each in series if _kind(each) == "traffic"), key=lambda each: (_rank(each), each.metric))
    if not found:
        return np.full(rows.count, np.nan)
    mean = rows.mean(found[0])
    per_second = "second" in found[0].unit.lower() or found[0].unit.lower() in ("1/s", "rps", "qps")
    return np.asarray(mean * rows.step) if per_second else mean


def _latency(series: Iterable[MetricSeries], rows: _Rows) -> FloatArray | None:
    """Seconds a call."""
    found = [each for each in series if _kind(each) == "latency" and milliseconds(1.0, each.unit) is not None]
    if not found:
        return None
    best = min(found, key=lambda each: (_rank(each), each.metric))
    return np.asarray(rows.mean(best) * ((milliseconds(1.0, best.unit) or 0.0) / 1000.0))


def _errors(series: Sequence[MetricSeries], rows: _Rows, calls: FloatArray) -> FloatArray | None:
    """The share of calls that fail, in [0, 1]: given, as availability, or counted beside the traffic."""
    for wanted in ("errors", "availability"):
        for each in sorted((s for s in series if _kind(s) == wanted), key=lambda s: s.metric):
            whole = {"percent": 100.0, "%": 100.0, "pct": 100.0, "ratio": 1.0}.get(each.unit.lower())
            if whole is not None:
                share = rows.mean(each) / whole
                return np.clip(share if wanted == "errors" else 1.0 - share, 0.0, 1.0)
    for each in sorted((s for s in series if _kind(s) == "errors"), key=lambda s: s.metric):
        if np.isfinite(calls).any():
            per_second = "second" in each.unit.lower() or each.unit.lower() == "1/s"
            failed = rows.mean(each) * (rows.step if per_second else 1.0)
            return np.clip(np.where(calls > 0, failed / np.where(calls > 0, calls, 1.0), np.nan), 0.0, 1.0)
    return None


def _kind(series: MetricSeries) -> str:
    return meaning_of(series.metric, series.unit).kind


def _rank(series: MetricSeries) -> int:
    words = set(re.split(r"[^a-z0-9]+", series.metric.lower()))
    return next((i for i, names in enumerate(_STATISTICS) if words & set(names)), 2)
