"""What Prometheus posts to an Alertmanager, `POST /api/v2/alerts`: Alertmanager's OpenAPI, `postableAlerts`.

A firing alert carries an `endsAt` in the future and is sent again about every minute. One whose `endsAt` is not in the
future is resolved. Which of the two is decided by the clock of the world the alert belongs to, so not here: what this
parser calls firing, the intake resolves by that clock.
"""

from datetime import datetime

from pydantic import JsonValue

from ..domain.alert import Alert
from .alertmanager import UNNAMED, read_list
from .bad_alert import BadAlert, Parsed
from .fields import read_ends_at, read_labels, read_object, read_starts_at, read_text, read_texts
from .labels import fingerprint, service, severity
from .limits import MAX_ANNOTATIONS, MAX_LABELS, MAX_TEXT_CHARACTERS

_ZERO = "0001-01-01T00:00:00Z"


def parse_prometheus(body: JsonValue, received_at: datetime) -> Parsed:
    """Read an array of alerts. Unknown keys are accepted; an alert without `startsAt` begins when it is received.

    Raises:
        BadAlert: the body itself is not such an array.
    """
    alerts: list[Alert] = []
    bad: list[BadAlert] = []
    for index, entry in enumerate(read_list(body, "body")):
        try:
            alerts.append(_read(entry, f"[{index}]", received_at))
        except BadAlert as error:
            bad.append(error)
    return Parsed(tuple(alerts), tuple(bad))


def _read(entry: JsonValue, field: str, received_at: datetime) -> Alert:
    fields = read_object(entry, field)
    labels = read_labels(fields.get("labels"), f"{field}.labels", MAX_LABELS)
    starts_at = fields.get("startsAt")
    return Alert(
        fingerprint=fingerprint(labels),
        name=labels.get("alertname", UNNAMED),
        service=service(labels),
        severity=severity(labels),
        status="firing",
        labels=labels,
        annotations=read_texts(fields.get("annotations"), f"{field}.annotations", MAX_ANNOTATIONS, MAX_TEXT_CHARACTERS),
        starts_at=received_at
        if starts_at in (None, _ZERO)
        else read_starts_at(starts_at, f"{field}.startsAt", received_at),
        ends_at=read_ends_at(fields.get("endsAt"), f"{field}.endsAt", received_at),
        source="prometheus",
        generator_url=read_text(fields.get("generatorURL") or "", f"{field}.generatorURL"),
        received_at=received_at,
    )
