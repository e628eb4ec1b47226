"""PagerDuty's Events API, version 2: https://developer.pagerduty.com/docs/events-api-v2-overview"""

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from ..domain.alert import SEVERITIES, Alert, Severity
from ..domain.base import Digest, Fingerprint, ServiceName
from ..domain.change import ReportedChange
from ..domain.telemetry import Change, ChangeKind
from .alert_groups import AlertGroup, read_alert_group
from .bad_alert import BadAlert
from .fields import read_object, read_starts_at, read_text
from .labels import fingerprint, service, severity, stated_severity
from .limits import MAX_ANNOTATIONS, MAX_LABEL_CHARACTERS, MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS

EventAction = Literal["trigger", "acknowledge", "resolve"]

ROUTING_KEY_CHARACTERS = 32
MAX_DEDUP_KEY_CHARACTERS = 255
MAX_SUMMARY_CHARACTERS = 1024
MAX_LINKS = 100
"""Of one event, and as many images."""
SEVERITY_WORDS = ("critical", "error", "warning", "info")

_REQUIRED = ("summary", "source", "severity")
_PLACES = ("component", "group", "class")
_CHANGE_REFERENCES = ("commit", "revision", "sha", "deployment", "deployment_id", "version", "build_number", "build")
"""The details that name a change, the first present one wins."""
_CHANGE_KINDS: Mapping[str, ChangeKind] = {
    "deploy": "deploy", "commit": "commit", "flag": "flag", "config": "config", "scaling": "scaling",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PagerDutyEvent:
    """One event.

    Attributes:
        dedup_key: As it was sent, or made here for a trigger without one.
        fingerprint: Identity of the condition: the integration together with the dedup key.
        alert: What fires or is over; None for an acknowledgement.
    """

    action: EventAction
    dedup_key: str
    fingerprint: Fingerprint
    alert: Alert | None


def integration(routing_key: str) -> Digest:
    """What an integration is known by here: SHA-256 of its routing key, in hex. The key itself is kept nowhere."""
    return Digest(hashlib.sha256(routing_key.encode("utf-8", "surrogatepass")).hexdigest())


def parse_pagerduty(
    body: JsonValue, received_at: datetime, integrations: Collection[Digest] = frozenset()
) -> PagerDutyEvent:
    """Read an alert event. Unknown keys are accepted.

    A resolve that says nothing but which alert it means gives an alert without labels.

    Args:
        integrations: Those that may send; empty: all may.

    Raises:
        BadAlert: it cannot be taken.
    """
    event = read_object(body, "body")
    sender = _read_integration(event, integrations)
    action = _read_action(event.get("event_action"))
    dedup_key = _read_dedup_key(event.get("dedup_key"), action)
    identity = fingerprint({"pagerduty_integration": sender, "pagerduty_dedup_key": dedup_key})
    url = _read_url(event)
    said = _read_payload(event.get("payload"), received_at, required=action == "trigger")
    if action == "acknowledge":
        return PagerDutyEvent(action, dedup_key, identity, None)
    alert = Alert(
        fingerprint=identity,
        name=said.name or dedup_key,
        service=said.service,
        severity=said.severity,
        status="firing" if action == "trigger" else "resolved",
        labels=said.labels,
        annotations={
            **said.annotations,
            "pagerduty_dedup_key": dedup_key,
            "pagerduty_integration": f"SHA-256 {sender[:12]}",
        },
        starts_at=said.at,
        ends_at=None if action == "trigger" else said.at,
        source="pagerduty",
        generator_url=url,
        received_at=received_at,
    )
    return PagerDutyEvent(action, dedup_key, identity, alert)


def parse_pagerduty_change(
    body: JsonValue, received_at: datetime, integrations: Collection[Digest] = frozenset()
) -> ReportedChange:
    """Read a change event. Its details may name the `service`, the `kind` of change and its `author`.

    Raises:
        BadAlert: it cannot be taken.
    """
    event = read_object(body, "body")
    sender = _read_integration(event, integrations)
    payload = read_object(event.get("payload"), "payload")
    summary = _read_required(payload, "summary", MAX_SUMMARY_CHARACTERS)
    source = _read_optional(payload, "source", MAX_LABEL_CHARACTERS)
    timestamp = payload.get("timestamp")
    at = received_at if timestamp is None else read_starts_at(timestamp, "payload.timestamp", received_at)
    details = _read_details(payload.get("custom_details"))
    link = _read_url(event)
    texts = {name.lower(): text for name, text in details.items()}
    reference = next((texts[name] for name in _CHANGE_REFERENCES if texts.get(name)), "") or link or summary
    listed = [f"{name}={details[name]}" for name in sorted(details)]
    # Without a time of its own two events may be two changes: they must not pass for one that was sent twice.
    told = "\x00".join((summary, source, link, at.isoformat(), *listed))
    return ReportedChange(
        change=Change(
            at=at,
            service=service({name: text for name, text in details.items() if len(text) <= MAX_LABEL_CHARACTERS}),
            kind=_CHANGE_KINDS.get(texts.get("kind", "").lower(), "deploy"),
            reference=reference[:MAX_SUMMARY_CHARACTERS],
            summary=summary,
            author=texts.get("author", "")[:MAX_SUMMARY_CHARACTERS],
            detail=_shortened("\n".join([f"source={source}", *listed] if source else listed)),
        ),
        source="pagerduty",
        key=hashlib.sha256(told.encode()).hexdigest(),
        account=sender,
        received_at=received_at,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What a payload says of an alert; `name` empty and no labels: nothing but that it is over."""

    at: datetime
    name: str
    service: ServiceName | None
    severity: Severity
    labels: dict[str, str]
    annotations: dict[str, str]


def _read_payload(value: JsonValue, received_at: datetime, *, required: bool) -> _Said:
    payload = read_object({} if value is None else value, "payload")
    read = _read_required if required else _read_optional
    summary = read(payload, "summary", MAX_SUMMARY_CHARACTERS)
    places = {"source": read(payload, "source", MAX_LABEL_CHARACTERS)}
    places |= {name: _read_optional(payload, name, MAX_LABEL_CHARACTERS) for name in _PLACES}
    stated = _read_severity(payload.get("severity"), required=required)
    timestamp = payload.get("timestamp")
    at = received_at if timestamp is None else read_starts_at(timestamp, "payload.timestamp", received_at)
    custom = payload.get("custom_details")
    details = _read_details(custom)
    group = _read_group(custom, resolved=not required)
    if not required and not all(payload.get(name) for name in _REQUIRED):
        return _Said(at, summary, None, stated, {}, {})
    annotations = {"summary": summary, **details}
    places = {name: text for name, text in places.items() if text}
    if group is not None and group.common:
        listed = {"labels of the event": ", ".join(f"{name} = {text}" for name, text in places.items())}
        return _Said(
            at=at,
            name=group.common.get("alertname", summary),
            service=next((named for labels in (group.common, *group.alerts) if (named := service(labels))), None),
            severity=_worst(group) or stated,
            labels=group.common,
            annotations={**annotations, **listed},
        )
    labels = {name: text for name, text in details.items() if _fits_label(custom, name)} | places
    return _Said(at, summary, service(labels), stated, labels, annotations)


def _worst(group: AlertGroup) -> Severity | None:
    """The worst severity that an alert of the group states. Alertmanager's own default says `error` of everything."""
    stated = [level for labels in group.alerts if (level := stated_severity(labels))]
    return min(stated, key=SEVERITIES.index, default=None)


def _read_group(custom: JsonValue, *, resolved: bool) -> AlertGroup | None:
    if not isinstance(custom, dict):
        return None
    which = "resolved" if resolved else "firing"
    return read_alert_group(custom.get(which), custom.get(f"num_{which}"), f"payload.custom_details.{which}")


def _read_integration(event: Mapping[str, JsonValue], integrations: Collection[Digest]) -> Digest:
    key = event.get("routing_key")
    if not isinstance(key, str):
        raise BadAlert(
            "routing_key", None, "there is no routing key", f"send {ROUTING_KEY_CHARACTERS} characters; docs/doors.md"
        )
    if len(key) != ROUTING_KEY_CHARACTERS:
        raise BadAlert(
            "routing_key",
            f"{len(key)} characters",
            "a routing key of PagerDuty has another length",
            f"send {ROUTING_KEY_CHARACTERS} characters",
        )
    known = integration(key)
    if integrations and known not in integrations:
        raise BadAlert(
            "routing_key",
            f"SHA-256 {known[:12]}",
            "this routing key is not one of those that may send here",
            "send one of IC_PAGERDUTY_ROUTING_KEYS, or add it there and restart",
        )
    return known


def _read_action(value: JsonValue) -> EventAction:
    match value:
        case "trigger" | "acknowledge" | "resolve":
            return value
    raise BadAlert("event_action", value, "this is not an event's action", "send 'trigger', 'acknowledge' or 'resolve'")


def _read_dedup_key(value: JsonValue, action: EventAction) -> str:
    if value in (None, "") and action == "trigger":
        return secrets.token_hex(16)
    if value in (None, ""):
        remedy = "send the dedup_key that the trigger was sent with, or answered with"
        raise BadAlert("dedup_key", value, f"'{action}' does not say which alert it means", remedy)
    return read_text(value, "dedup_key", MAX_DEDUP_KEY_CHARACTERS)


def _read_severity(value: JsonValue, *, required: bool) -> Severity:
    if isinstance(value, str) and value in SEVERITY_WORDS:
        return severity({"severity": value})
    if value is None and not required:
        return severity({})
    remedy = "send " + ", ".join(repr(word) for word in SEVERITY_WORDS[:-1]) + f" or {SEVERITY_WORDS[-1]!r}"
    raise BadAlert("payload.severity", value, "this is not a severity of PagerDuty's", remedy)


def _read_required(payload: Mapping[str, JsonValue], name: str, most: int) -> str:
    text = read_text(payload.get(name, ""), f"payload.{name}", most)
    if not text:
        raise BadAlert(f"payload.{name}", payload.get(name), "this is missing", "send a text that is not empty")
    return text


def _read_optional(payload: Mapping[str, JsonValue], name: str, most: int) -> str:
    value = payload.get(name)
    return "" if value is None else read_text(value, f"payload.{name}", most)


def _read_details(value: JsonValue) -> dict[str, str]:
    """The custom details as texts: what is not a text is written as JSON, what is too long is shortened."""
    where = "payload.custom_details"
    if isinstance(value, str):
        value = {"details": value}
    details = read_object({} if value is None else value, where)
    if len(details) > MAX_ANNOTATIONS:
        raise BadAlert(where, details, f"there are {len(details)} entries", f"send at most {MAX_ANNOTATIONS}")
    read: dict[str, str] = {}
    for name, entry in details.items():
        if not read_text(name, f"{where} (a name)", MAX_NAME_CHARACTERS):
            raise BadAlert(where, name, "a name is empty", "give every entry a name")
        try:
            text = entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)
        except RecursionError as error:
            raise BadAlert(f"{where}[{name[:40]!r}]", entry, "this nests too deep", "send plainer JSON") from error
        if entry is not None and text:
            read[name] = read_text(_shortened(text), f"{where}[{name[:40]!r}]")
    return read


def _fits_label(custom: JsonValue, name: str) -> bool:
    entry = custom.get(name) if isinstance(custom, dict) else None
    return isinstance(entry, str) and len(entry) <= MAX_LABEL_CHARACTERS


def _read_url(event: Mapping[str, JsonValue]) -> str:
    """The first address by which to look closer: the client's, or a link's. Images are checked and not kept."""
    found: list[str] = []
    for name in ("client", "client_url"):
        if event.get(name) is not None:
            found.append(read_text(event[name], name))
    for name, address in (("links", "href"), ("images", "src")):
        listed = event.get(name)
        if listed is None:
            continue
        if not isinstance(listed, list) or len(listed) > MAX_LINKS:
            raise BadAlert(name, listed, "this is not a list of that length", f"send at most {MAX_LINKS} objects")
        for index, entry in enumerate(listed):
            where = f"{name}[{index}]"
            link = read_object(entry, where)
            text = read_text(link.get(address), f"{where}.{address}")
            if link.get("text") is not None:
                read_text(link["text"], f"{where}.text")
            if name == "links":
                found.append(text)
    return next((text for text in found if text.startswith(("https://", "http://"))), "")


def _shortened(text: str) -> str:
    cut = len(text) - MAX_TEXT_CHARACTERS
    if cut <= 0:
        return text
    note = f" ... ({cut} characters more)"
    return text[: MAX_TEXT_CHARACTERS - len(note)] + note
