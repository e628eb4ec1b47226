"""A small shop as the telemetry ports would show it: gateway calls search and checkout, checkout calls core-db."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from incident_commander.agents.case import Case
from incident_commander.domain.base import IncidentId, RunId, ServiceName
from incident_commander.domain.findings import Diagnosis, FaultKind, Hypothesis, Impact
from incident_commander.domain.incident import Incident
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import (
    Change,
    LogRecord,
    MetricSeries,
    Observations,
    Service,
    Span,
    Topology,
    Window,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
BROKE = NOW - timedelta(minutes=8)
SEARCH, CHECKOUT, GATEWAY, DATABASE = (ServiceName(name) for name in ("search", "checkout", "gateway", "core-db"))
TOPOLOGY = Topology(
    services=(
        Service(name=GATEWAY, kind="edge", tier=1),
        Service(name=SEARCH, kind="api", tier=1),
        Service(name=CHECKOUT, kind="api", tier=1),
        Service(name=DATABASE, kind="database", tier=3),
    ),
    calls=((GATEWAY, SEARCH), (GATEWAY, CHECKOUT), (CHECKOUT, DATABASE)),
)
SIMULATED = Provenance(kind="simulated", source="practice company")


@dataclass
class Shop:
    """What is wrong: for a service and metric, the value it has had since `BROKE`.

    Attributes:
        failing: The services whose calls fail since then.
        impact: The share of customer requests that fail; None: not measured.
    """

    broken: dict[tuple[ServiceName, str], float] = field(default_factory=dict)
    failing: frozenset[ServiceName] = frozenset()
    changes: tuple[Change, ...] = ()
    logs: tuple[LogRecord, ...] = ()
    impact: float | None = 0.0

    def case(self) -> Case:
        """An hour of it."""
        return Case(
            incident=incident(),
            alerts=(),
            observations=Observations(
                window=Window(start=NOW - timedelta(hours=1), end=NOW),
                onset_hint=BROKE + timedelta(minutes=2),
                metrics=self._metrics(),
                logs=self.logs,
                traces=self._traces(),
                changes=self.changes,
                topology=TOPOLOGY,
                provenance=SIMULATED,
            ),
            impact=None
            if self.impact is None
            else Impact(
                failed_share=self.impact, requests_per_second=100.0, usd_per_minute=Decimal("12.50"),
                provenance=Provenance(kind="assumed", source="assumptions.toml"),
            ),
            now=NOW,
        )  # fmt: skip

    def _metrics(self) -> tuple[MetricSeries, ...]:
        usual = {
            "request_rate": ("per_second", 100.0, 1.0),
            "latency_p99_ms": ("ms", 40.0, 1.0),
            "error_ratio": ("ratio", 0.002, 0.0005),
            "cpu_utilization": ("percent", 45.0, 0.8),
            "memory_utilization": ("percent", 50.0, 0.3),
            "connection_pool_utilization": ("percent", 40.0, 0.8),
        }
        chance = np.random.default_rng(7)
        times = NOW.timestamp() - 15.0 * np.arange(240, 0, -1).astype(np.float64)
        series = []
        for service in (GATEWAY, SEARCH, CHECKOUT, DATABASE):
            for metric, (unit, value, noise) in usual.items():
                now = self.broken.get((service, metric), value)
                values = np.where(times >= BROKE.timestamp(), now, value) + chance.normal(0, noise, times.size)
                series.append(MetricSeries(service, metric, unit, times, values.astype(np.float64)))
        return tuple(series)

    def _traces(self) -> tuple[Span, ...]:
        spans: list[Span] = []
        for number in range(240):
            start = NOW - timedelta(seconds=15.0 * (240 - number))
            path = (GATEWAY, SEARCH) if number % 2 else (GATEWAY, CHECKOUT, DATABASE)
            deepest = max((i for i, service in enumerate(path) if service in self.failing), default=-1)
            for depth, service in enumerate(path):
                spans.append(
                    Span(
                        trace_id=str(number), span_id=f"{number}-{depth}",
                        parent_id=f"{number}-{depth - 1}" if depth else None, service=service, name="call",
                        start=start, duration_ms=20.0, error=start >= BROKE and depth <= deepest,
                    )
                )  # fmt: skip
        return tuple(spans)


def incident(*, status: str = "open") -> Incident:
    """The incident it is about."""
    return Incident.model_validate(
        {
            "id": IncidentId("inc-1"), "title": "HighLatency search", "status": status, "severity": "high",
            "services": ("search",), "sources": ("alertmanager",), "clock": "simulated",
            "practice_run": RunId("run-1"), "began_at": BROKE, "opened_at": BROKE + timedelta(minutes=2),
            "ended_at": NOW + timedelta(minutes=9) if status != "open" else None,
        }
    )  # fmt: skip


def deploy(service: ServiceName, at: datetime, summary: str, reference: str = "4f2a9c") -> Change:
    """A deploy."""
    return Change(at=at, service=service, kind="deploy", reference=reference, summary=summary)


def errors(service: ServiceName, message: str, count: int = 12) -> tuple[LogRecord, ...]:
    """The same error again and again since `BROKE`."""
    return tuple(
        LogRecord(at=BROKE + timedelta(seconds=20 * number), service=service, level="ERROR", message=message)
        for number in range(count)
    )


def causes(*found: tuple[ServiceName, FaultKind, float], change: str | None = None) -> Diagnosis:
    """A diagnosis with these hypotheses, the first by the change."""
    return Diagnosis(
        verdict="likely",
        hypotheses=tuple(
            Hypothesis(
                rank=rank, service=service, fault=fault, probability=probability, change=change if rank == 1 else None
            )
            for rank, (service, fault, probability) in enumerate(found, 1)
        ),
    )


OVERLOADED = Shop(
    broken={
        (SEARCH, "cpu_utilization"): 99.0, (SEARCH, "latency_p99_ms"): 900.0, (SEARCH, "request_rate"): 190.0,
        (SEARCH, "error_ratio"): 0.2, (GATEWAY, "error_ratio"): 0.1, (GATEWAY, "latency_p99_ms"): 500.0,
    },
    failing=frozenset((SEARCH,)),
    logs=errors(SEARCH, "503 refused: the accept queue is full"),
    impact=0.1,
)  # fmt: skip
LEAKING = Shop(
    broken={
        (CHECKOUT, "memory_utilization"): 96.0, (CHECKOUT, "latency_p99_ms"): 400.0,
        (GATEWAY, "latency_p99_ms"): 300.0,
    },
    failing=frozenset((CHECKOUT,)),
    logs=errors(CHECKOUT, "gc pause of 640 ms, heap 95% full"),
    changes=(deploy(CHECKOUT, BROKE - timedelta(minutes=6), "Keep decoded responses in a cache for reuse"),),
    impact=0.05,
)  # fmt: skip
TORN = Shop(broken={**OVERLOADED.broken, **LEAKING.broken}, failing=OVERLOADED.failing | LEAKING.failing, impact=0.3)
"""Two services are in trouble of their own, and little tells which of them the incident is about."""
CALM = Shop()


def without_impact(shop: Shop) -> Case:
    """The case where nobody measures what customers feel."""
    return replace(shop, impact=None).case()
