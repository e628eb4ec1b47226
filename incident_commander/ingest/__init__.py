"""Ingest: alerts come in, are recognised, and are grouped into incidents."""

from .alertmanager import parse_alertmanager
from .bad_alert import BadAlert, Parsed, shown
from .intake import Acceptance, Intake, Outcome, Overloaded
from .limits import MAX_BODY_BYTES
from .pagerduty import integration, parse_pagerduty, parse_pagerduty_change
from .prometheus import parse_prometheus

__all__ = [
    "MAX_BODY_BYTES",
    "Acceptance",
    "BadAlert",
    "Intake",
    "Outcome",
    "Overloaded",
    "Parsed",
    "integration",
    "parse_alertmanager",
    "parse_pagerduty",
    "parse_pagerduty_change",
    "parse_prometheus",
    "shown",
]
