"""The practice company: a closed-loop queueing model of a small shop, with faults, remedies, telemetry and alarms."""

from .company import POLICY_FILE, PracticeCompany
from .scenarios import Scenario, load_scenarios

__all__ = ["POLICY_FILE", "PracticeCompany", "Scenario", "load_scenarios"]
