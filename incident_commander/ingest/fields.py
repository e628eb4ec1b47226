"""Reading the fields of an alert as Prometheus and Alertmanager write them, each refused by its name when wrong."""

from datetime import UTC, datetime

from pydantic import JsonValue

from .bad_alert import BadAlert
from .limits import (
    EARLIEST,
    MAX_AHEAD,
    MAX_EXPIRY,
    MAX_LABEL_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_TEXT_CHARACTERS,
)

_TIME_REMEDY = "send an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z"


def read_object(value: JsonValue, field: str) -> dict[str, JsonValue]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise BadAlert(field, value, "this is not an object", "send a JSON object")
    return value


def read_texts(value: JsonValue, field: str, most: int, value_characters: int) -> dict[str, str]:
    """An object of texts, without those that are empty: to both senders an empty label is an absent one."""
    texts = read_object({} if value is None else value, field)
    if len(texts) > most:
        raise BadAlert(field, texts, f"there are {len(texts)} entries", f"send at most {most}")
    read: dict[str, str] = {}
    for name, text in texts.items():
        here = f"{field}[{name[:40]!r}]"
        read_text(name, f"{field} (a name)", MAX_NAME_CHARACTERS)
        if not name:
            raise BadAlert(field, name, "a name is empty", "give every entry a name")
        if checked := read_text(text, here, value_characters):
            read[name] = checked
    return read


def read_labels(value: JsonValue, field: str, most: int) -> dict[str, str]:
    """The labels: an alert's identity, so at least one."""
    labels = read_texts(value, field, most, MAX_LABEL_CHARACTERS)
    if not labels:
        raise BadAlert(field, value, "there are no labels, so the alert has no identity", "send at least `alertname`")
    return labels


def read_text(value: JsonValue, field: str, most: int = MAX_TEXT_CHARACTERS) -> str:
    """A text that every part of the system can store and show; control characters but NUL are fine."""
    if not isinstance(value, str):
        raise BadAlert(field, value, "this is not a text", "send a JSON string")
    if len(value) > most:
        raise BadAlert(field, value, f"the text has {len(value)} characters", f"send at most {most}")
    if "\x00" in value:
        raise BadAlert(field, value, "the text holds a NUL character", "leave it away")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise BadAlert(field, value, "the text holds half a surrogate pair", "send valid Unicode")
    return value


def read_starts_at(value: JsonValue, field: str, received_at: datetime) -> datetime:
    """When the condition began."""
    starts_at = read_time(value, field)
    if starts_at < EARLIEST:
        raise BadAlert(field, value, f"this is before {EARLIEST:%Y}", "set the sender's clock; " + _TIME_REMEDY)
    if starts_at > received_at + MAX_AHEAD:
        raise BadAlert(
            field,
            value,
            f"this is more than {MAX_AHEAD.days} day ahead of our clock, {received_at:%Y-%m-%dT%H:%M:%SZ}",
            "set the sender's clock; an alert begins before it is sent",
        )
    return starts_at


def read_ends_at(value: JsonValue, field: str, received_at: datetime) -> datetime | None:
    """When it was resolved or expires; None for the zero time 0001-01-01T00:00:00Z or nothing: open-ended."""
    if value is None or value == "":
        return None
    ends_at = read_time(value, field)
    if is_zero(ends_at):
        return None
    if ends_at < EARLIEST:
        raise BadAlert(field, value, f"this is before {EARLIEST:%Y}", "set the sender's clock; " + _TIME_REMEDY)
    if ends_at > received_at + MAX_EXPIRY:
        raise BadAlert(
            field,
            value,
            f"this is more than {MAX_EXPIRY.days} days ahead",
            "send 0001-01-01T00:00:00Z for an alert without an end",
        )
    return ends_at


def is_zero(moment: datetime) -> bool:
    """Whether this is Go's zero time, which stands for no time at all."""
    return moment.year == 1


def read_time(value: JsonValue, field: str) -> datetime:
    """A time with an offset, in UTC."""
    if not isinstance(value, str):
        raise BadAlert(field, value, "this is not a time", _TIME_REMEDY)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadAlert(field, value, "this is not a time", _TIME_REMEDY) from error
    if moment.tzinfo is None:
        raise BadAlert(field, value, "this time has no offset", _TIME_REMEDY)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadAlert(field, value, "this time is out of range", _TIME_REMEDY) from error
