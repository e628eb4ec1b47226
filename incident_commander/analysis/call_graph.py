"""Who depends on whom: the topology, completed by what traces show and logs say, with reachability."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.telemetry import Observations, Span


@dataclass(frozen=True, slots=True)
class CallGraph:
    """Direct dependencies by service. May have cycles and islands; every walk visits a service once."""

    callees: dict[ServiceName, frozenset[ServiceName]]
    callers: dict[ServiceName, frozenset[ServiceName]]

    def dependents(self, service: ServiceName) -> tuple[ServiceName, ...]:
        """All services that depend on `service`, directly or not, nearest first."""
        return _walk(service, self.callers)

    def dependencies(self, service: ServiceName) -> tuple[ServiceName, ...]:
        """All services that `service` depends on, directly or not, nearest first."""
        return _walk(service, self.callees)


def call_graph(observations: Observations) -> CallGraph:
    """The graph of the topology; where there is none, of the spans' parents and of the names that log lines mention."""
    edges = set(observations.topology.calls) | set(span_edges(observations.traces))
    if not observations.topology.calls:
        names = {series.service for series in observations.metrics} | {log.service for log in observations.logs}
        for record in observations.logs:
            if record.level in ("WARN", "ERROR", "FATAL"):
                edges |= {(record.service, name) for name in mentioned(record.message, names) if name != record.service}
        edges = {(caller, callee) for caller, callee in edges if (callee, caller) not in edges or caller < callee}
    callees: dict[ServiceName, set[ServiceName]] = {}
    callers: dict[ServiceName, set[ServiceName]] = {}
    for caller, callee in edges:
        if caller != callee:
            callees.setdefault(caller, set()).add(callee)
            callers.setdefault(callee, set()).add(caller)
    return CallGraph(
        {service: frozenset(others) for service, others in callees.items()},
        {service: frozenset(others) for service, others in callers.items()},
    )


def span_edges(spans: Iterable[Span]) -> Iterable[tuple[ServiceName, ServiceName]]:
    """(caller, callee) of every span whose parent is known and of another service."""
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    for span in by_id.values():
        parent = by_id.get((span.trace_id, span.parent_id)) if span.parent_id is not None else None
        if parent is not None and parent.service != span.service:
            yield parent.service, span.service


def mentioned(text: str, names: Iterable[ServiceName]) -> tuple[ServiceName, ...]:
    """The service names that occur in a text as whole words, or as hosts, in alphabetical order."""
    words = frozenset(re.findall(r"[A-Za-z0-9_.-]+", text))
    stripped = frozenset(word.strip(".-_") for word in words)
    hosts = frozenset(word.partition(".")[0] for word in stripped if word.count(".") >= 2)
    return tuple(sorted(name for name in names if name in stripped or name in hosts))


def _walk(start: ServiceName, neighbours: dict[ServiceName, frozenset[ServiceName]]) -> tuple[ServiceName, ...]:
    seen = {start}
    order: list[ServiceName] = []
    layer = [start]
    while layer:
        layer = sorted({other for service in layer for other in neighbours.get(service, frozenset())} - seen)
        seen.update(layer)
        order.extend(layer)
    return tuple(order)
