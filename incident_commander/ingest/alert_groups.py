"""What Alertmanager writes of a whole group into one text: its default template, `__text_alert_list`.

Versions from 0.29 on write the same as JSON. https://github.com/prometheus/alertmanager/blob/main/template/default.tmpl
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue

from .bad_alert import BadAlert
from .fields import read_labels
from .limits import MAX_LABELS

_ENTRY = re.compile(r" - (?P<name>\S+) = (?P<text>.*)", re.DOTALL)
_LABELS, _ANNOTATIONS, _SOURCE = "Labels:", "Annotations:", "Source: "


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """The labels of each alert of a group.

    Attributes:
        common: The labels that all of them have, with the same value.
    """

    alerts: tuple[dict[str, str], ...]
    common: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        shared = set.intersection(*(set(labels.items()) for labels in self.alerts))
        object.__setattr__(self, "common", dict(sorted(shared)))


def read_alert_group(value: JsonValue, count: JsonValue, path: str) -> AlertGroup | None:
    """The group that a detail of Alertmanager's lists; None where it is not one, such as after a template of one's own.

    Args:
        count: How many alerts Alertmanager says there are, as a number or text; None: it does not say.

    Raises:
        BadAlert: it is one, and an alert in it has labels that cannot be taken.
    """
    listed = list(_from_json(value)) if isinstance(value, list) else list(_from_text(value))
    if not listed or (count is not None and str(count) != str(len(listed))):
        return None
    try:
        labels = tuple(read_labels(each, f"{path}[{at}].labels", MAX_LABELS) for at, each in enumerate(listed))
    except BadAlert:
        if isinstance(value, list):
            raise
        return None
    return AlertGroup(labels)


def _from_json(alerts: Iterable[JsonValue]) -> Iterator[JsonValue]:
    for alert in alerts:
        yield alert.get("labels") if isinstance(alert, dict) else None


def _from_text(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """The labels of each alert in a text. A text of several lines goes on until an entry or a heading begins."""
    if not isinstance(value, str) or not value.startswith(_LABELS):
        return
    labels: dict[str, JsonValue] = {}
    name, heading = "", ""
    for line in value.split("\n"):
        if line == _LABELS and heading != _LABELS and heading != _ANNOTATIONS:
            heading, labels, name = _LABELS, {}, ""
        elif line == _ANNOTATIONS and heading == _LABELS:
            heading = _ANNOTATIONS
        elif line.startswith(_SOURCE) and heading == _ANNOTATIONS:
            heading = _SOURCE
            yield labels
        elif heading == _LABELS and (entry := _ENTRY.fullmatch(line)):
            name = entry["name"]
            labels[name] = entry["text"]
        elif heading == _LABELS and name:
            labels[name] = f"{labels[name]}\n{line}"
