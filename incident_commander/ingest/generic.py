"""Alerts of any sender, in a small JSON form of ours; docs/doors.md shows it."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from ..domain.alert import SEVERITIES, Alert, AlertStatus, Severity
from ..domain.base import Fingerprint
from .alertmanager import read_list
from .bad_alert import BadAlert, Parsed
from .fields import read_ends_at, read_object, read_starts_at, read_text, read_texts
from .labels import fingerprint, service, severity, stated_severity
from .limits import MAX_ANNOTATIONS, MAX_LABEL_CHARACTERS, MAX_LABELS, MAX_TEXT_CHARACTERS

GENERIC_FIELDS = (
    "id", "source", "name", "service", "severity", "status", "labels", "annotations", "summary", "starts_at", "ends_at",
    "url",
)  # fmt: skip
"""All that an alert may have."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """What the carrier of an alert says of it, for what the alert itself leaves out."""

    name: str = ""
    source: str = ""
    at: datetime | None = None


def parse_generic(body: JsonValue, received_at: datetime) -> Parsed:
    """Read one alert, or an object with a list of `alerts`.

    Raises:
        BadAlert: the body itself is neither.
    """
    return read_generic(body, "body", "", Carrier(), received_at)


def read_generic(document: JsonValue, whole: str, path: str, carrier: Carrier, received_at: datetime) -> Parsed:
    """Read what a carrier has in it.

    Args:
        whole: What the document is called.
        path: What its fields' names begin with.

    Raises:
        BadAlert: it is neither an alert nor a list of them.
    """
    fields = read_object(document, whole)
    if "alerts" not in fields:
        return Parsed((_read(fields, path, carrier, received_at),))
    _refuse_unknown(fields, ("alerts",), path)
    alerts: list[Alert] = []
    bad: list[BadAlert] = []
    for index, entry in enumerate(read_list(fields["alerts"], f"{path}alerts")):
        where = f"{path}alerts[{index}]"
        try:
            alerts.append(_read(read_object(entry, where), f"{where}.", carrier, received_at))
        except BadAlert as error:
            bad.append(error)
    return Parsed(tuple(alerts), tuple(bad))


def _read(fields: dict[str, JsonValue], path: str, carrier: Carrier, received_at: datetime) -> Alert:
    _refuse_unknown(fields, GENERIC_FIELDS, path)
    status = _read_status(fields.get("status"), f"{path}status")
    id = _read_short(fields, "id", path)
    source = _read_short(fields, "source", path) or carrier.source
    labels = read_texts(fields.get("labels"), f"{path}labels", MAX_LABELS, MAX_LABEL_CHARACTERS)
    annotations = read_texts(fields.get("annotations"), f"{path}annotations", MAX_ANNOTATIONS, MAX_TEXT_CHARACTERS)
    for name, text in (("summary", _read_text(fields, "summary", path)), ("source", source)):
        if text:
            annotations[name] = text
    for label, text in (
        ("alertname", _read_short(fields, "name", path)),
        ("service", _read_short(fields, "service", path)),
    ):
        if text:
            labels[label] = text
    only_over = status == "resolved" and bool(id) and not labels
    if not only_over and not labels.setdefault("alertname", carrier.name):
        raise BadAlert(f"{path}name", fields.get("name"), "the alert has no name", "send the rule's or check's name")
    told_at = carrier.at or received_at
    ends_at = read_ends_at(fields.get("ends_at"), f"{path}ends_at", received_at)
    if status == "resolved":
        ends_at = ends_at or told_at
    elif ends_at is not None and ends_at <= received_at:
        remedy = "send the status 'resolved', or when it expires unless it is sent again"
        raise BadAlert(f"{path}ends_at", fields["ends_at"], "a firing alert has not ended yet", remedy)
    starts_at = fields.get("starts_at")
    return Alert(
        fingerprint=_identity(id, source, labels),
        name=labels.get("alertname", id),
        service=service(labels),
        severity=_read_severity(fields.get("severity"), f"{path}severity") or severity(labels),
        status=status,
        labels=labels,
        annotations=annotations,
        starts_at=min(told_at, ends_at or told_at)
        if starts_at is None
        else read_starts_at(starts_at, f"{path}starts_at", received_at),
        ends_at=ends_at,
        source="generic",
        generator_url=_read_text(fields, "url", path),
        received_at=received_at,
    )


def _identity(id: str, source: str, labels: dict[str, str]) -> Fingerprint:
    """The sender's own id, apart from other senders' by `source`; without one the labels, as by every other door."""
    return fingerprint({"generic_source": source, "generic_id": id} if id else labels)


def _read_status(value: JsonValue, field: str) -> AlertStatus:
    match value:
        case "firing" | "resolved":
            return value
        case None:
            return "firing"
    raise BadAlert(
        field, value, "this is not an alert's status", "send 'firing' or 'resolved', or nothing for 'firing'"
    )


def _read_severity(value: JsonValue, field: str) -> Severity | None:
    if value is None:
        return None
    stated = stated_severity({"severity": value}) if isinstance(value, str) else None
    if stated is None:
        raise BadAlert(field, value, "this severity is not known", "send one of " + ", ".join(map(repr, SEVERITIES)))
    return stated


def _read_short(fields: dict[str, JsonValue], name: str, path: str) -> str:
    return _read_text(fields, name, path, MAX_LABEL_CHARACTERS).strip()


def _read_text(fields: dict[str, JsonValue], name: str, path: str, most: int = MAX_TEXT_CHARACTERS) -> str:
    value = fields.get(name)
    return "" if value is None else read_text(value, f"{path}{name}", most)


def _refuse_unknown(fields: dict[str, JsonValue], known: tuple[str, ...], path: str) -> None:
    for name in fields:
        if name not in known:
            remedy = f"send {', '.join(known)}; whatever else there is goes into `labels` or `annotations`"
            raise BadAlert(f"{path}{name[:40] or repr(name)}", fields[name], "an alert has no such field here", remedy)
