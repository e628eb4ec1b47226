"""Cases for the agents' tests, on the series of the analysis' tests."""

from dataclasses import replace
from datetime import timedelta

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents.case import Case
from incident_commander.domain.alert import Alert
from incident_commander.domain.base import Fingerprint, IncidentId, ServiceName
from incident_commander.domain.findings import FaultKind
from incident_commander.domain.incident import Incident
from incident_commander.domain.plan import ActionName, Argument, Plan
from incident_commander.domain.telemetry import Observations

NOTHING = Plan(action=None, addresses=None, undo=None, reversible=True, checks=(), rationale="tell a person")


def case_of(observations: Observations) -> Case:
    """A firing alert at the edge about what is observed."""
    now = observations.window.end
    began = observations.onset_hint
    return Case(
        incident=Incident(
            id=IncidentId("inc-1"), title="HighErrorRatio", status="open", severity="high",
            services=(ServiceName("edge"),), sources=("alertmanager",), clock="simulated",
            began_at=began, opened_at=began + timedelta(minutes=1),
        ),
        alerts=(
            Alert(
                fingerprint=Fingerprint("f"), name="HighErrorRatio", service=ServiceName("edge"), severity="high",
                status="firing", labels={}, annotations={}, starts_at=began, ends_at=None, source="alertmanager",
                received_at=now,
            ),
        ),
        observations=observations,
        impact=None,
        now=now,
    )  # fmt: skip


def blinded(case: Case) -> Case:
    """The same case with no metric to read."""
    return replace(case, observations=replace(case.observations, metrics=()))


def plan(name: ActionName, target: str, fault: FaultKind, **arguments: Argument) -> Plan:
    """A candidate plan without checks, for voters that look at the action only."""
    return Plan(
        action=load_catalogue().action(name, ServiceName(target), arguments),
        addresses=fault, undo=None, reversible=True, checks=(), rationale="",
    )  # fmt: skip
