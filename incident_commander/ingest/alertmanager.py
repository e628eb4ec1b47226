"""Alertmanager's webhook, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""

from datetime import datetime

from pydantic import JsonValue

from ..domain.alert import Alert, AlertStatus
from .bad_alert import BadAlert, Parsed
from .fields import read_ends_at, read_labels, read_object, read_starts_at, read_text, read_texts
from .labels import fingerprint, service, severity
from .limits import MAX_ALERTS, MAX_ANNOTATIONS, MAX_LABELS, MAX_TEXT_CHARACTERS

_VERSIONS = ("4",)
UNNAMED = "unnamed alert"
"""The name of an alert without the label `alertname`."""


def parse_alertmanager(body: JsonValue, received_at: datetime) -> Parsed:
    """Read a webhook's body. Unknown keys are accepted; the fingerprint is ours, so that it agrees with other doors.

    Raises:
        BadAlert: the body itself is not a webhook's.
    """
    webhook = read_object(body, "body")
    version = webhook.get("version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise BadAlert("version", version, "this webhook version is not known", "send version '4', Alertmanager's own")
    if "alerts" not in webhook:
        raise BadAlert("alerts", None, "the alerts are missing", "send Alertmanager's webhook body, version 4")
    alerts: list[Alert] = []
    bad: list[BadAlert] = []
    for index, entry in enumerate(read_list(webhook["alerts"], "alerts")):
        try:
            alerts.append(_read(entry, f"alerts[{index}]", received_at))
        except BadAlert as error:
            bad.append(error)
    return Parsed(tuple(alerts), tuple(bad))


def read_list(value: JsonValue, field: str) -> list[JsonValue]:
    """A list of alerts that is not too long."""
    if not isinstance(value, list):
        raise BadAlert(field, value, "this is not a list", "send a JSON array of alerts")
    if len(value) > MAX_ALERTS:
        raise BadAlert(
            field,
            value,
            f"there are {len(value)} alerts in one post",
            f"send at most {MAX_ALERTS}; Alertmanager's setting is `max_alerts`",
        )
    return value


def _read(entry: JsonValue, field: str, received_at: datetime) -> Alert:
    fields = read_object(entry, field)
    labels = read_labels(fields.get("labels"), f"{field}.labels", MAX_LABELS)
    status = _read_status(fields.get("status"), f"{field}.status")
    ends_at = read_ends_at(fields.get("endsAt"), f"{field}.endsAt", received_at)
    return Alert(
        fingerprint=fingerprint(labels),
        name=labels.get("alertname", UNNAMED),
        service=service(labels),
        severity=severity(labels),
        status=status,
        labels=labels,
        annotations=read_texts(fields.get("annotations"), f"{field}.annotations", MAX_ANNOTATIONS, MAX_TEXT_CHARACTERS),
        starts_at=read_starts_at(fields.get("startsAt"), f"{field}.startsAt", received_at),
        ends_at=ends_at or received_at if status == "resolved" else ends_at,
        source="alertmanager",
        generator_url=read_text(fields.get("generatorURL") or "", f"{field}.generatorURL"),
        received_at=received_at,
    )


def _read_status(value: JsonValue, field: str) -> AlertStatus:
    if value == "firing":
        return "firing"
    if value == "resolved":
        return "resolved"
    raise BadAlert(field, value, "this is not an alert's status", "send 'firing' or 'resolved'")
