"""What was changed by calls of AWS's APIs, from CloudTrail. It tells of a call some minutes after it."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pydantic import Field, JsonValue

from ...aws import Pascal
from ...domain.base import Value
from ...domain.telemetry import Change, ChangeKind, Gap
from .names import Names, own_name
from .place import Place

_FILE = Path(__file__).with_name("trail.toml")
MOST_EVENTS = 500
"""The newest ones; CloudTrail gives 50 a call and takes two calls a second."""

_SECRET = re.compile(r"passw|secret|token|credential|private|authorization|apikey|api_key", re.IGNORECASE)
_MOST_CHARACTERS = 1500


class TrailEvent(Value):
    """A call that changes something; `trail.toml`."""

    source: str
    name: str
    kind: ChangeKind
    summary: str
    service: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()


class _TrailEvents(Value):
    events: tuple[TrailEvent, ...] = Field(min_length=1)


@cache
def trail_events() -> tuple[TrailEvent, ...]:
    """The calls that are known to change something, validated."""
    return _TrailEvents.model_validate(tomllib.loads(_FILE.read_text("utf-8"))).events


class Trail:
    """CloudTrail of one place."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def changes(self, start: int, end: int, names: Names) -> tuple[list[Change], list[Gap]]:
        """The changes of a span of time, seconds since the epoch, and what of it is missing.

        Raises:
            AwsError: it cannot be read.
        """
        source = await self._place.source("cloudtrail")
        asked = {
            "LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
            "StartTime": datetime.fromtimestamp(start, UTC),
            "EndTime": datetime.fromtimestamp(end, UTC),
            "PaginationConfig": {"MaxItems": MOST_EVENTS, "PageSize": 50},
        }
        found = await self._place.read_all(_Events, "cloudtrail", "LookupEvents", asked)
        gaps = []
        if found.next_token:
            reason = f"{self._place.name}: CloudTrail has more than the newest {MOST_EVENTS} calls of that time"
            gaps.append(Gap(signal="changes", reason=reason, remedy="send changes by EventBridge, docs/doors.md"))
        changes = [change for event in found.events for change in _change(event, names, source)]
        return [change for change in changes if start <= change.at.timestamp() < end], gaps


class _Event(Pascal):
    event_id: str = ""
    event_name: str = ""
    event_time: datetime
    event_source: str = ""
    username: str = ""
    cloud_trail_event: str = ""


class _Events(Pascal):
    events: tuple[_Event, ...] = ()
    next_token: str = ""


def _change(event: _Event, names: Names, source: str) -> Iterator[Change]:
    kind = _known(event)
    if kind is None:
        return
    try:
        read: JsonValue = json.loads(event.cloud_trail_event or "{}")
    except (ValueError, RecursionError):
        read = {}
    document = read if isinstance(read, dict) else {}
    if document.get("errorCode"):
        return  # it was refused, so nothing was changed
    own = _first(document, kind.service)
    yield Change(
        at=event.event_time,
        service=names.of(_owner(own)) if own else None,
        kind=kind.kind,
        reference=_first(document, kind.reference) or event.event_id or event.event_name,
        summary=kind.summary,
        author=event.username,
        detail=_shown(document.get("requestParameters")),
        source=source,
    )


def _known(event: _Event) -> TrailEvent | None:
    source = event.event_source.removesuffix(".amazonaws.com")
    return next((e for e in trail_events() if e.source == source and event.event_name.startswith(e.name)), None)


def _owner(own: str) -> str:
    """`cart` of `service/prod/cart`, which scaling calls a resource, and of whatever else names one."""
    named = own_name(own)
    return named.rpartition("/")[2] if named.startswith(("service/", "table/", "function:")) else named


def _first(document: Mapping[str, JsonValue], paths: Sequence[str]) -> str:
    for path in paths:
        at: JsonValue = dict(document)
        for part in path.split("."):
            if isinstance(at, dict):
                at = at.get(part)
            elif isinstance(at, list) and part.isdigit() and int(part) < len(at):
                at = at[int(part)]
            else:
                at = None
        if isinstance(at, str | int) and not isinstance(at, bool) and str(at):
            return str(at)
    return ""


def _shown(parameters: JsonValue) -> str:
    """What was asked for, without secrets."""
    return "" if parameters is None else json.dumps(_masked(parameters), sort_keys=True)[:_MOST_CHARACTERS]


def _masked(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: "***" if _SECRET.search(name) else _masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return value
