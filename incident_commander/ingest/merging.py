"""What a delivery makes of an alert that is known already: the same condition, sent again or by another door."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..domain.alert import Alert
from ..store import Door, StoredAlert

_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Merged:
    """An alert with its doors after a delivery.

    Attributes:
        changes: What changed for a person; empty for a mere re-sending.
    """

    alert: Alert
    doors: tuple[Door, ...]
    changes: tuple[str, ...]


def merge(known: StoredAlert, delivery: Alert) -> Merged:
    """Take a delivery of a known condition in.

    The last word counts, whichever door says it. A resolved alert is resolved for every door; a firing one lives on
    until the last of the doors that call it firing lets it expire, and open-ended when one of them says no end. A
    delivery without labels says nothing but which condition it means: what is known of it stays.
    """
    if not delivery.labels:
        told = delivery.model_dump(include={"status", "starts_at", "ends_at", "source", "received_at"})
        delivery = known.alert.model_copy(update=told)
    doors = _doors(known.doors, delivery)
    again = delivery.status == "firing" and known.alert.status != "firing"
    ends = [door.ends_at for door in doors if door.status == "firing"]
    firing_ends = None if None in ends else max((end for end in ends if end is not None), default=None)
    alert = delivery.model_copy(
        update={
            "source": known.alert.source,
            "starts_at": delivery.starts_at if again else min(known.alert.starts_at, delivery.starts_at),
            "ends_at": firing_ends if delivery.status == "firing" else delivery.ends_at,
        }
    )
    return Merged(alert, doors, _changes(known, delivery, again=again))


def overtaken(known: Sequence[StoredAlert], delivery: Alert) -> str:
    """Why a delivery says nothing any more of a condition, in words; empty where it does.

    AWS delivers once or more, in any order: what was said later is not undone by what was said before it.
    """
    for alert in (stored.alert for stored in known):
        if delivery.said_at is not None and alert.said_at is not None and delivery.said_at < alert.said_at:
            later = f"{alert.said_at:%Y-%m-%dT%H:%M:%SZ}"
            return f"it comes late: at {later}, after this was said, {alert.source} said that it is {alert.status}"
    return ""


def deliveries(doors: tuple[Door, ...]) -> int:
    """How often an alert came in, by all its doors."""
    return sum(door.deliveries for door in doors)


def _doors(known: tuple[Door, ...], delivery: Alert) -> tuple[Door, ...]:
    kept: list[Door] = []
    for door in known:
        if door.source == delivery.source:
            door = door.model_copy(
                update={
                    "status": delivery.status,
                    "ends_at": delivery.ends_at,
                    "last_received_at": delivery.received_at,
                    "deliveries": door.deliveries + 1,
                }
            )
        elif delivery.status != "firing":
            door = door.model_copy(update={"status": delivery.status})
        kept.append(door)
    if all(door.source != delivery.source for door in known):
        kept.append(Door.of(delivery))
    return tuple(kept)


def _changes(known: StoredAlert, delivery: Alert, *, again: bool) -> tuple[str, ...]:
    changes = []
    if all(door.source != delivery.source for door in known.doors):
        changes.append(f"also reported by {delivery.source}")
    if again:
        changes.append(f"fires again after it was {known.alert.status}")
    if delivery.severity != known.alert.severity:
        changes.append(f"severity {known.alert.severity} became {delivery.severity}")
    if _wording(known.alert) != _wording(delivery):
        changes.append("its text changed")
    return tuple(changes)


def _wording(alert: Alert) -> dict[str, str]:
    """The annotations without their numbers: rules put the current value there, which is new every minute."""
    return {name: _NUMBERS.sub("#", text) for name, text in alert.annotations.items()}
