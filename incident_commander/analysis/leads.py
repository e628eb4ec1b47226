"""Everything that the readers of surges, volumes and intrusions found in one set of observations."""

from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.findings import FaultKind
from ..domain.telemetry import Observations, from_epoch
from .anomaly import Deviation, deviations_in
from .caches import cache_leads
from .call_graph import CallGraph, call_graph
from .clues import Lead, Passing
from .crowds import crowds_that_pass, jobs_that_pass
from .intrusion import intrusion_leads
from .log_patterns import Pattern, rising_patterns
from .metric_kinds import NO_TROUBLE
from .resources import SEEN, SIMULTANEOUS_SECONDS
from .surge import attack_leads
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

    def passing_at(self, service: ServiceName, graph: CallGraph) -> Passing | None:
        """The best reason why trouble of a service passes: what it waits for, or is loaded by, does."""
        near = [
            passing
            for passing in self.passing
            if service == passing.service
            or service in graph.dependents(passing.service)
            or service in graph.dependencies(passing.service)
        ]
        return max(near, key=lambda passing: passing.clue.weight, default=None)

    @property
    def passes(self) -> float:
        """How probable it is that the trouble passes by itself, in [0, 1]."""
        return max((passing.probability for passing in self.passing), default=0.0)

    @property
    def concern(self) -> float:
        """How bad the worst of it is although customers may not feel it, in [0, 1]."""
        return max((lead.concern for lead in self.leads), default=0.0)

    @property
    def attacked(self) -> frozenset[ServiceName]:
        """The services that hostile requests press."""
        return frozenset(lead.service for lead in self.leads if lead.fault == "attack_traffic")


def leads_in(observations: Observations) -> Leads:
    """What can be read from observations alone, by somebody who ranks no causes."""
    until = observations.window.end.timestamp()
    found = tuple(d for d in deviations_in(observations.metrics, until) if d.score >= SEEN)
    return read_leads(
        observations, found, bad_patterns(observations, began(observations, found)), call_graph(observations)
    )


def began(observations: Observations, found: tuple[Deviation, ...]) -> float:
    """When the first trouble, or what tells of it, began, in seconds since the epoch; else when the first alert did."""
    return min(
        (d.onset for d in found if d.harmful and d.ongoing and (_is_trouble(d) or _tells(d))),
        default=observations.onset_hint.timestamp(),
    )


def bad_patterns(observations: Observations, began: float) -> tuple[Pattern, ...]:
    """Warnings and errors that are new, or more frequent, since shortly before a time in seconds since the epoch."""
    start, end = observations.window.start, observations.window.end
    split = from_epoch(began - SIMULTANEOUS_SECONDS)
    return tuple(pattern for pattern in rising_patterns(observations.logs, start, split, end) if pattern.bad)


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
    return Leads(
        (*attacks, *volumes, *cache_leads(found, graph), *intrusions),
        (*announced, *rotations, *crowds, *jobs_that_pass(found, graph)),
    )


def _is_trouble(deviation: Deviation) -> bool:
    return deviation.meaning.kind not in NO_TROUBLE


def _tells(deviation: Deviation) -> bool:
    """Whether it marks the beginning of trouble of another kind: who asks, what is denied."""
    return deviation.meaning.kind in ("clients", "refusals", "denials", "identity") and deviation.score >= 0.5
