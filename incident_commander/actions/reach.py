"""How far an action on a service reaches: the services that depend on it, directly or through others."""

from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.telemetry import Topology


@dataclass(frozen=True, slots=True)
class Reach:
    """The blast radius of a service.

    Attributes:
        dependents: The services that depend on it, by name.
        others: How many services there are beside it.
    """

    dependents: tuple[ServiceName, ...]
    others: int

    @property
    def share(self) -> float:
        """Of all other services, those that depend on it, in [0, 1]."""
        return len(self.dependents) / self.others if self.others else 0.0


def reach_of(service: ServiceName, topology: Topology | None) -> Reach | None:
    """The reach of a service; None where the topology is not known, or does not know the service."""
    if topology is None or all(each.name != service for each in topology.services):
        return None
    found: set[ServiceName] = set()
    waiting = [service]
    while waiting:
        new = set(topology.callers(waiting.pop())) - found - {service}
        found |= new
        waiting += sorted(new)
    known = {each.name for each in topology.services} | found
    return Reach(tuple(sorted(found)), len(known) - 1)
