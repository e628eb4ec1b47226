"""Where requests come in: the services that tell who asks, and those that they let requests through to."""

from ..domain.base import ServiceName
from ..domain.telemetry import Observations
from .call_graph import CallGraph
from .metric_kinds import meaning_of


def edges(observations: Observations, graph: CallGraph) -> tuple[ServiceName, ...]:
    """The edges by the topology; else what counts who asks; else whoever calls others and is called by nobody."""
    named = {service.name for service in observations.topology.services if service.kind == "edge"}
    counting = {s.service for s in observations.metrics if meaning_of(s.metric, s.unit).kind == "clients"}
    first = {service for service in graph.callees if not graph.callers.get(service)}
    return tuple(sorted(named or counting or first))


def behind(edge: ServiceName, observations: Observations, graph: CallGraph) -> tuple[ServiceName, ...]:
    """The services that an edge calls; where nothing tells who calls whom, all that get requests."""
    if graph.callees:
        return tuple(sorted(graph.callees.get(edge, frozenset())))
    asked = {s.service for s in observations.metrics if meaning_of(s.metric, s.unit).kind == "traffic"}
    return tuple(sorted(asked - {edge}))
