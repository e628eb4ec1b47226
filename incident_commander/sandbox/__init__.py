"""The practice company: a closed-loop queueing model of a small shop, with faults, remedies, telemetry and alarms."""

from .assumptions import Assumptions, assume, load_assumptions
from .company import POLICY_FILE, TRUST_FILE, PracticeCompany
from .hindsight import Hindsight, Outcome, courses, hindsight_of, outcome_of
from .remedies import Received
from .scenarios import Scenario, load_scenarios

__all__ = [
    "POLICY_FILE",
    "TRUST_FILE",
    "Assumptions",
    "Hindsight",
    "Outcome",
    "PracticeCompany",
    "Received",
    "Scenario",
    "assume",
    "courses",
    "hindsight_of",
    "load_assumptions",
    "load_scenarios",
    "outcome_of",
]
