"""Ingest: alerts come in, are recognised, and are grouped into incidents."""

from .alertmanager import parse_alertmanager
from .bad_alert import BadAlert, Parsed, shown
from .intake import Acceptance, Intake, Outcome, Overloaded
from .limits import MAX_BODY_BYTES
from .prometheus import parse_prometheus

__all__ = [
    "MAX_BODY_BYTES",
    "Acceptance",
    "BadAlert",
    "Intake",
    "Outcome",
    "Overloaded",
    "Parsed",
    "parse_alertmanager",
    "parse_prometheus",
    "shown",
]
