"""What EventBridge delivers: an alarm of CloudWatch is an alert; deployments and scaling are changes."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from .aws_event import read_event
from .bad_alert import BadAlert, Parsed
from .changes import change_kinds, is_change, read_change
from .cloudwatch import Origin, read_alarm_event
from .elsewhere import not_for_this_door

ALARM = "CloudWatch Alarm State Change"


def is_taken(body: Mapping[str, JsonValue]) -> bool:
    """Whether an event is of a kind that is an alert or a change here."""
    return body.get("detail-type") == ALARM or body.get("detail-type") in change_kinds()


def parse_eventbridge(body: JsonValue, received_at: datetime) -> Parsed:
    """Read one event.

    Raises:
        BadAlert: it is no event, or none of a kind that is taken here.
    """
    if not isinstance(body, dict) or "detail-type" not in body:
        raise not_for_this_door(body, "an event of EventBridge, with `detail-type` and `detail`")
    event = read_event(body, received_at)
    if event.kind == ALARM:
        origin = Origin(
            account=event.account, region=event.region, at=event.at, source="eventbridge", received_at=received_at
        )
        return read_alarm_event(body, origin)
    if is_change(event):
        return Parsed((), changes=(read_change(event),))
    raise BadAlert(
        "detail-type",
        event.kind,
        f"this is an event of {str(body.get('source'))[:60]!r} that is neither an alert nor a change here",
        f"let the rule match {ALARM!r} and, as changes, {', '.join(map(repr, change_kinds()))}",
    )
