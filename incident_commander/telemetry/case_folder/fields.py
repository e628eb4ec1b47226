"""Reading single fields leniently: other spellings of a name, texts, numbers and times; None for what is unusable."""

import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from ...domain.base import ServiceName

Fields = dict[str, JsonValue]

TIMES = ("timestamp", "time", "at", "ts", "@timestamp", "created_at", "date", "datetime")
SERVICES = ("service", "service_name", "service.name", "serviceName", "app", "component", "container")
_EARLIEST, _LATEST = 86400.0, 7258118400.0
"""From the day after the epoch, which is what an empty clock shows, to the year 2200."""
_MOST_SECONDS = 1e11
"""What is more counts something shorter than seconds."""
_MOST_CHARACTERS = 20_000
_NESTED = frozenset(("attributes", "tags", "resource", "labels", "fields"))


def pick(fields: Fields, names: Iterable[str]) -> JsonValue:
    """The value of the first of these names that is given and not null."""
    return value_of(fields, name_of(fields, names))


def value_of(fields: Fields, name: str) -> JsonValue:
    """The value of a name that `name_of` gave; None where it gave none."""
    return fields.get(name) if name else None


def name_of(fields: Fields, names: Iterable[str]) -> str:
    """The first of these names that is given and not null; empty where none is."""
    for name in names:
        if fields.get(name) is not None:
            return name
    return ""


def text(value: JsonValue) -> str:
    """A value as text, at most 20,000 characters of it; what is no valid Unicode is replaced."""
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    value = value[:_MOST_CHARACTERS]
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def service(value: JsonValue) -> ServiceName | None:
    """A service's name; None for anything but a text with something in it."""
    name = text(value).strip()[:256] if isinstance(value, str) else ""
    return ServiceName(name) if name else None


def number(value: JsonValue) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def seconds(value: JsonValue) -> float | None:
    """A time in seconds since the epoch; None for what is no time, or not of 1970 to 2199.

    Understood are ISO 8601 (without an offset it is taken as UTC) and seconds, milliseconds, microseconds or
    nanoseconds since the epoch, told apart by their size.
    """
    # Most times are such texts, and a number tried in vain takes longer than reading one.
    count = None if isinstance(value, str) and value[4:5] == "-" else number(value)
    if count is None:
        return _iso_seconds(value) if isinstance(value, str) else None
    for _ in range(3):
        count = count / 1000.0 if abs(count) >= _MOST_SECONDS else count
    return count if _EARLIEST <= count <= _LATEST else None


def moment(value: JsonValue) -> datetime | None:
    """A time as `seconds` reads it, in UTC."""
    since = seconds(value)
    return None if since is None else datetime.fromtimestamp(since, UTC)


def others(fields: Fields, used: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The fields that were not used, as (name, text) in their order; those nested as attributes are unpacked."""
    found: list[tuple[str, str]] = []
    for name, value in fields.items():
        if name in used:
            continue
        if name in _NESTED and isinstance(value, dict):
            found.extend((text(inner), text(each)) for inner, each in value.items())
        else:
            found.append((text(name), text(value)))
    return tuple(found)


def shown(value: JsonValue) -> str:
    """A value as a message quotes it: short, and without anything that a terminal obeys."""
    return ascii(text(value)[:40]) if value is not None else "nothing"


def _iso_seconds(value: str) -> float | None:
    written = value.strip().removesuffix("UTC").rstrip()
    try:
        read = datetime.fromisoformat(written)
        if read.tzinfo is None:
            read = read.replace(tzinfo=UTC)
        since = read.timestamp()
    except (ValueError, OverflowError):
        return None
    return since if _EARLIEST <= since <= _LATEST else None
