"""Everything that the readers of surges, volumes and intrusions found in one set of observations."""

from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.findings import FaultKind
from ..domain.telemetry import Observations
from .anomaly import Deviation
from .call_graph import CallGraph
from .clues import Lead, Passing
from .intrusion import intrusion_leads
from .log_patterns import Pattern
from .surge import attack_leads, crowds_that_pass
from .volumes import volume_leads


@dataclass(frozen=True, slots=True)
class Leads:
    """Leads, and reasons why trouble passes by itself."""

    leads: tuple[Lead, ...]
    passing: tuple[Passing, ...]

    def at(self, service: ServiceName, fault: FaultKind) -> Lead | None:
        """The strongest lead to a kind of fault of a service."""
        fitting = [lead for lead in self.leads if lead.service == service and lead.fault == fault]
        return max(fitting, key=lambda lead: lead.weight, default=None)

    @property
    def concern(self) -> float:
        """How bad the worst of it is although customers may not feel it, in [0, 1]."""
        return max((lead.concern for lead in self.leads), default=0.0)

    @property
    def attacked(self) -> frozenset[ServiceName]:
        """The services that hostile requests press."""
        return frozenset(lead.service for lead in self.leads if lead.fault == "attack_traffic")


def read_leads(
    observations: Observations, found: tuple[Deviation, ...], patterns: tuple[Pattern, ...], graph: CallGraph
) -> Leads:
    """Have every reader look.

    Args:
        found: Deviations of the observations' metrics.
        patterns: Rising warnings and errors of their logs.
    """
    attacks = attack_leads(observations, found, patterns, graph)
    volumes, announced = volume_leads(found, patterns, observations.changes)
    intrusions, rotations = intrusion_leads(observations, found, patterns, graph)
    crowds = crowds_that_pass(observations, found, graph, bool(attacks))
    return Leads((*attacks, *volumes, *intrusions), (*announced, *rotations, *crowds))
