"""The frame that all events of EventBridge share.

https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from .bad_alert import BadAlert
from .fields import read_object, read_text, read_time
from .limits import MAX_AHEAD, MAX_LABEL_CHARACTERS

_MAX_ID_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Event:
    """An event's frame, and its `detail` as it came.

    Attributes:
        resource: The first of its resources, an ARN; empty where it names none.
    """

    id: str
    kind: str
    account: str
    region: str
    at: datetime
    resource: str
    detail: Mapping[str, JsonValue]
    received_at: datetime

    def text(self, name: str) -> str:
        """A text of `detail`.

        Raises:
            BadAlert: it is missing, empty or no text.
        """
        return _read_filled(self.detail.get(name), f"detail.{name}", MAX_LABEL_CHARACTERS)

    def optional(self, name: str) -> str:
        """A text of `detail`, empty where it has none.

        Raises:
            BadAlert: it is no text.
        """
        value = self.detail.get(name)
        return "" if value is None else read_text(value, f"detail.{name}")


def read_event(body: Mapping[str, JsonValue], received_at: datetime) -> Event:
    """Read an event's frame.

    Raises:
        BadAlert: a field of it is missing or wrong.
    """
    at = read_time(body.get("time"), "time")
    if at > received_at + MAX_AHEAD:
        raise BadAlert("time", body.get("time"), "this is in the future", "set the sender's clock")
    resources = body.get("resources")
    resource = resources[0] if isinstance(resources, list) and resources else ""
    return Event(
        id=_read_filled(body.get("id"), "id", _MAX_ID_CHARACTERS),
        kind=_read_filled(body.get("detail-type"), "detail-type", MAX_LABEL_CHARACTERS),
        account=_read_filled(body.get("account"), "account", _MAX_ID_CHARACTERS),
        region=_read_filled(body.get("region"), "region", _MAX_ID_CHARACTERS),
        at=at,
        resource=read_text(resource, "resources[0]", MAX_LABEL_CHARACTERS),
        detail=read_object(body.get("detail"), "detail"),
        received_at=received_at,
    )


def _read_filled(value: JsonValue, field: str, most: int) -> str:
    text = read_text(value, field, most)
    if not text:
        raise BadAlert(field, value, "this is empty", "send the event as EventBridge writes it")
    return text
