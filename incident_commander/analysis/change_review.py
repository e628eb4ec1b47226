"""Whether a change may have caused the trouble of a service: its service, its time and its content must all fit."""

from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.telemetry import Change, from_epoch
from .call_graph import mentioned


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SUSPECT_SECONDS = 1800.0
"""A change older than this when the trouble began is not suspected of it by its time alone."""
_SLACK_SECONDS = 60.0
_HARMLESS = _words(
    "docs doc readme typo comment comments copy copyright test tests lint format formatting css "
    "colour color style logo translation translations changelog ci rename imports docstring wording "
    "banner text label labels"
)


@dataclass(frozen=True, slots=True)
class Review:
    """A change held against the trouble of one service; `reason` says in words why it fits, or why it does not."""

    change: Change
    service: ServiceName
    convicted: bool
    reason: str


def review_changes(
    changes: tuple[Change, ...], began: dict[ServiceName, float], names: frozenset[ServiceName]
) -> tuple[Review, ...]:
    """Review every change of a service in trouble (or that names one), the latest before the trouble first.

    Args:
        began: Onset of each service's trouble, seconds since the epoch.
    """
    reviews = []
    for change in sorted(changes, key=lambda c: c.at, reverse=True):
        if change.kind == "scaling":
            continue
        touched = (change.service,) if change.service is not None else mentioned(change.summary, names)
        for service in touched:
            if service in began:
                reviews.append(_review(change, service, began[service]))
    return tuple(reviews)


def _review(change: Change, service: ServiceName, onset: float) -> Review:
    age = onset - change.at.timestamp()
    at = f"{from_epoch(onset):%H:%M:%S}"
    if age < -_SLACK_SECONDS:
        return Review(change, service, False, f"it came {-age / 60:.0f} min after the trouble began at {at}")
    if age > SUSPECT_SECONDS:
        return Review(change, service, False, f"{service} ran well for {age / 60:.0f} min after it")
    words = frozenset(word.strip(".,:;()[]\"'").lower() for word in f"{change.summary} {change.detail}".split())
    harmless = sorted(words & _HARMLESS)
    if harmless:
        return Review(change, service, False, f"its content ({', '.join(harmless[:3])}) cannot do this")
    return Review(change, service, True, f"the trouble of {service} began {max(age, 0) / 60:.0f} min after it")
