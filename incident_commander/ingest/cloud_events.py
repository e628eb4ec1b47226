"""CloudEvents 1.0 over HTTP, whose data is an alert: structured, in batches, and binary.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

from pydantic import JsonValue

from .alertmanager import read_list
from .bad_alert import BadAlert, Parsed
from .fields import read_object, read_starts_at, read_text
from .generic import Carrier, read_generic
from .limits import MAX_LABEL_CHARACTERS

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
HEADER = "ce-"
_SPECVERSION = "1.0"


def parse_cloud_event(body: JsonValue, received_at: datetime) -> Parsed:
    """Read one event in structured mode. Its type, source and time stand for what its alert leaves out.

    Raises:
        BadAlert: it cannot be taken.
    """
    return _read(body, "body", "", received_at)


def parse_cloud_events(body: JsonValue, received_at: datetime) -> Parsed:
    """Read a batch of events.

    Raises:
        BadAlert: the body itself is not a batch.
    """
    every = [_read_or_refuse(each, f"[{at}]", received_at) for at, each in enumerate(read_list(body, "body"))]
    return Parsed(
        tuple(alert for parsed in every for alert in parsed.alerts),
        tuple(bad for parsed in every for bad in parsed.bad),
    )


def parse_binary_cloud_event(headers: Mapping[str, str], body: JsonValue, received_at: datetime) -> Parsed:
    """Read an event in binary mode: its attributes are headers, its data is the body.

    Args:
        headers: By names in lower case.

    Raises:
        BadAlert: it cannot be taken.
    """
    attributes: dict[str, JsonValue] = {
        name.removeprefix(HEADER): unquote(text) for name, text in headers.items() if name.startswith(HEADER)
    }
    return _read_event({**attributes, "data": body}, HEADER, "body", "", received_at)


def _read_or_refuse(event: JsonValue, where: str, received_at: datetime) -> Parsed:
    try:
        return _read(event, where, f"{where}.", received_at)
    except BadAlert as error:
        return Parsed((), (error,))


def _read(event: JsonValue, whole: str, path: str, received_at: datetime) -> Parsed:
    fields = read_object(event, whole)
    if "data_base64" in fields:
        where = f"{path}data_base64"
        raise BadAlert(where, fields["data_base64"], "the data is not JSON", "send the alert as an object in `data`")
    return _read_event(fields, path, f"{path}data", f"{path}data.", received_at)


def _read_event(
    fields: Mapping[str, JsonValue], attribute: str, data: str, data_path: str, received_at: datetime
) -> Parsed:
    version = fields.get("specversion")
    if version != _SPECVERSION:
        remedy = f"send CloudEvents {_SPECVERSION}"
        raise BadAlert(f"{attribute}specversion", version, "this version of CloudEvents is not known", remedy)
    said = {name: _read_attribute(fields.get(name), f"{attribute}{name}") for name in ("id", "source", "type")}
    time = fields.get("time")
    at = None if time is None else read_starts_at(time, f"{attribute}time", received_at)
    return read_generic(fields.get("data"), data, data_path, Carrier(said["type"], said["source"], at), received_at)


def _read_attribute(value: JsonValue, field: str) -> str:
    if value is None or value == "":
        raise BadAlert(field, value, "this attribute is missing", "send id, source and type with every event")
    return read_text(value, field, MAX_LABEL_CHARACTERS)
