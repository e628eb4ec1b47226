"""The practice company: a closed-loop queueing model of a small shop, with faults, remedies, telemetry and alarms."""

from .company import POLICY_FILE, PracticeCompany
from .hindsight import Hindsight, Outcome, hindsight_of, outcome_of
from .remedies import Received
from .scenarios import Scenario, load_scenarios

__all__ = [
    "POLICY_FILE",
    "Hindsight",
    "Outcome",
    "PracticeCompany",
    "Received",
    "Scenario",
    "hindsight_of",
    "load_scenarios",
    "outcome_of",
]
