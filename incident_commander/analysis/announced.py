"""Whether what is seen was announced: planned work that the change feed tells of, by its words, service and time."""

import re
from typing import Literal

from ..domain.base import ServiceName
from ..domain.telemetry import Change
from .call_graph import mentioned

Activity = Literal["volume_work", "bulk_read", "probing", "rotation"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EARLIEST_SECONDS = 5400.0
_SLACK_SECONDS = 120.0
_WORDS: dict[Activity, frozenset[str]] = {
    "volume_work": _words("snapshot snapshots backup backups vacuum reindex compaction"),
    "bulk_read": _words("export exports backup backups dump migration copy archive restore replication"),
    "probing": _words("penetration pentest pentesters probing probe"),
    "rotation": _words("rotate rotated rotates rotation rotating credential credentials secret secrets"),
}


def announcement(
    changes: tuple[Change, ...], activity: Activity, service: ServiceName | None, began: float
) -> Change | None:
    """The latest change that announces an activity, not long before (or just after) `began`, seconds since the epoch.

    Args:
        service: Whose change it must be, or named in it; None: any service's.
    """
    fitting = [
        change
        for change in changes
        if -_SLACK_SECONDS <= began - change.at.timestamp() <= _EARLIEST_SECONDS
        and _WORDS[activity] & frozenset(re.findall(r"[a-z]+", change.summary.lower()))
        and (
            service is None or change.service == service or mentioned(change.summary + " " + change.detail, (service,))
        )
    ]
    return max(fitting, key=lambda change: change.at, default=None)
