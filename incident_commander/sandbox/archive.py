"""What was scraped: samples of every service's state. All that the telemetry ports can see, and nothing else."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from ..domain.base import ServiceName
from ..domain.telemetry import Change, FloatArray, LogRecord, MetricSeries, Span, Topology, Window
from .topology import ServiceSpec

COLUMNS: tuple[tuple[str, str], ...] = (
    ("request_rate", "per_second"),
    ("error_ratio", "ratio"),
    ("latency_p50_ms", "ms"),
    ("latency_p99_ms", "ms"),
    ("cpu_utilization", "percent"),
    ("memory_utilization", "percent"),
    ("instances", "count"),
    ("connection_pool_utilization", "percent"),
    ("connections_in_use", "count"),
    ("disk_utilization", "percent"),
    ("queue_depth", "count"),
    ("oldest_message_age_seconds", "seconds"),
    ("cache_hit_ratio", "ratio"),
    ("new_source_ratio", "ratio"),
    ("top_sources_ratio", "ratio"),
    ("checkout_ratio", "ratio"),
    ("client_error_ratio", "ratio"),
    ("egress_bytes_per_second", "bytes_per_second"),
    ("io_latency_ms", "ms"),
    ("write_error_rate", "per_second"),
    ("auth_failure_rate", "per_second"),
    ("identity_call_rate", "per_second"),
)
"""Metric and unit, in the order in which a sample holds them."""
HIDDEN_COLUMNS = (
    "refused", "pool_refused", "oom_kills", "shed", "pool_size",
    "turned_away", "hostile_rate", "bot_rate", "logs_growth", "spool_growth",
    "intruder_reads", "export_reads", "stolen_cpu", "denied", "probes", "pentest",
)  # fmt: skip
"""What log lines speak of besides; not exported as metrics."""
WIDTH = len(COLUMNS) + len(HIDDEN_COLUMNS)
COLUMN = {name: i for i, name in enumerate([*(metric for metric, _ in COLUMNS), *HIDDEN_COLUMNS])}


def metrics_of(spec: ServiceSpec, *, holds_credentials: bool) -> tuple[str, ...]:
    """The metrics that a service exports: those that apply to it."""
    metrics = ["request_rate", "error_ratio", "latency_p50_ms", "latency_p99_ms"]
    if not spec.external:
        metrics += ["cpu_utilization", "memory_utilization", "instances"]
    if spec.pool is not None:
        metrics += ["connection_pool_utilization", "connections_in_use"]
    if spec.disk_percent is not None:
        metrics.append("disk_utilization")
    if spec.kind == "queue":
        metrics += ["queue_depth", "oldest_message_age_seconds"]
    if spec.hit_ratio is not None:
        metrics.append("cache_hit_ratio")
    if spec.kind == "edge":
        metrics += ["new_source_ratio", "top_sources_ratio", "checkout_ratio", "client_error_ratio"]
    if spec.response_kb is not None:
        metrics.append("egress_bytes_per_second")
    if spec.disk_percent is not None:
        metrics += ["io_latency_ms", "write_error_rate"]
    if holds_credentials:
        metrics += ["auth_failure_rate", "identity_call_rate"]
    return tuple(metrics)


@dataclass(slots=True)
class Archive:
    """Samples so far, one row a scrape.

    Attributes:
        epoch: Simulated time of second 0.
        interval: Seconds between scrapes; row k was scraped at (k + 1) * interval.
        exported: For each service, the metrics that it exports.
        edges: (caller, callee) positions, in the order of `failing`.
        rows: float64[n_scrapes, n_services, WIDTH]; grown by doubling, only the first `count` are valid.
        failing: float64[n_scrapes, n_edges]: share of calls that fail or time out as the caller sees it.
        customers: float64[n_scrapes, 4]: customer requests, failed, slow and late, per second, mean over the scrape.
        intrusion: float64[n_scrapes, 2]: records read by intruders per second, and instances that work for them, mean
            over the scrape. Nobody in the company can measure that; it is for the judge, and no port leads here.
        changes: What was changed so far, oldest first.
        lines: Log lines of the rows that somebody read; `spans`: sampled spans of them. A row never changes.
    """

    epoch: datetime
    interval: float
    services: tuple[ServiceSpec, ...]
    topology: Topology
    exported: tuple[tuple[str, ...], ...]
    edges: tuple[tuple[int, int, float], ...]
    text_seed: int
    count: int = 0
    rows: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 0)))
    failing: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    customers: FloatArray = field(default_factory=lambda: np.zeros((0, 4)))
    intrusion: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    changes: list[Change] = field(default_factory=list)
    lines: dict[int, list[LogRecord]] = field(default_factory=dict)
    spans: dict[int, list[Span]] = field(default_factory=dict)

    def append(self, row: FloatArray, failing: list[float], customers: list[float], intrusion: list[float]) -> None:
        """Add one scrape."""
        if self.count == len(self.rows):
            more = max(512, self.count)
            self.rows = _grown(self.rows, (more, len(self.services), WIDTH))
            self.failing = _grown(self.failing, (more, len(self.edges)))
            self.customers = _grown(self.customers, (more, 4))
            self.intrusion = _grown(self.intrusion, (more, 2))
        self.rows[self.count] = row
        self.failing[self.count] = failing
        self.customers[self.count] = customers
        self.intrusion[self.count] = intrusion
        self.count += 1

    def span(self, window: Window) -> tuple[int, int]:
        """The half-open range of rows that were scraped inside a window."""
        first = (window.start - self.epoch).total_seconds() / self.interval
        last = (window.end - self.epoch).total_seconds() / self.interval
        low = max(0, int(np.ceil(first - 1e-9)) - 1)
        high = max(0, int(np.ceil(last - 1e-9)) - 1)
        return min(low, self.count), min(high, self.count)

    def at(self, row: int) -> datetime:
        """When a row was scraped."""
        return self.epoch + timedelta(seconds=(row + 1) * self.interval)

    def series(self, window: Window) -> tuple[MetricSeries, ...]:
        """Every exported series inside the window."""
        low, high = self.span(window)
        if low >= high:
            return ()
        stamps = self.epoch.timestamp() + np.arange(low + 1, high + 1, dtype=np.float64) * self.interval
        units = dict(COLUMNS)
        return tuple(
            MetricSeries(
                service=spec.name, metric=metric, unit=units[metric], timestamps=stamps,
                values=self.rows[low:high, i, COLUMN[metric]].copy(),
            )
            for i, spec in enumerate(self.services)
            for metric in self.exported[i]
        )  # fmt: skip

    def values(self, service: ServiceName, metric: str) -> FloatArray:
        """One metric of one service from the epoch on, float64[n_scrapes]."""
        position = next(i for i, s in enumerate(self.services) if s.name == service)
        return self.rows[: self.count, position, COLUMN[metric]]


def _grown(old: FloatArray, more: tuple[int, ...]) -> FloatArray:
    fresh = np.zeros(more)
    return fresh if old.size == 0 else np.concatenate([old, fresh])
