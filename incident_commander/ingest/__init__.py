"""Ingest: alerts come in, are recognised, and are grouped into incidents."""

from .alertmanager import parse_alertmanager
from .bad_alert import BadAlert, Parsed, shown
from .cloud_events import parse_binary_cloud_event, parse_cloud_event, parse_cloud_events
from .eventbridge import parse_eventbridge
from .generic import parse_generic
from .intake import Acceptance, Intake, Outcome, Overloaded
from .limits import MAX_BODY_BYTES
from .pagerduty import integration, parse_pagerduty, parse_pagerduty_change
from .prometheus import parse_prometheus
from .sns import alertmanager_configuration, parse_sns, read_envelope, read_notification
from .sns_https import SnsOverHttps
from .sns_trust import Sns, SnsRefused, SnsTrust, SnsUnavailable, Unverified

__all__ = [
    "MAX_BODY_BYTES",
    "Acceptance",
    "BadAlert",
    "Intake",
    "Outcome",
    "Overloaded",
    "Parsed",
    "Sns",
    "SnsOverHttps",
    "SnsRefused",
    "SnsTrust",
    "SnsUnavailable",
    "Unverified",
    "alertmanager_configuration",
    "integration",
    "parse_alertmanager",
    "parse_binary_cloud_event",
    "parse_cloud_event",
    "parse_cloud_events",
    "parse_eventbridge",
    "parse_generic",
    "parse_pagerduty",
    "parse_pagerduty_change",
    "parse_prometheus",
    "parse_sns",
    "read_envelope",
    "read_notification",
    "shown",
]
