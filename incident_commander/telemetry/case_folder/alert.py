"""The alert of a case: alert.json, the one file that cannot be missed."""

from pathlib import Path

from ...domain.base import ServiceName, UtcDatetime, Value
from .documents import CaseFolderError, Unusable, read_object
from .fields import SERVICES, moment, number, others, pick, service, shown, text

FILE = "alert.json"
_TIMES = ("fired_at", "firedAt", "starts_at", "startsAt", "started_at", "triggered_at", "timestamp", "time", "at")
_METRICS = ("metric", "metric_name")
_OBSERVED = ("observed", "value", "current_value")
_SUMMARIES = ("summary", "description", "title", "message")
_REMEDY = 'give one JSON object with at least "fired_at" (such as "2026-01-31T12:00:00Z") and "service"'


class CaseAlert(Value):
    """What fired, and when.

    Attributes:
        service: None where the alert names none.
        threshold: What was crossed; observed: the value that crossed it; in the metric's unit.
        other: Its other fields as (name, text).
    """

    service: ServiceName | None
    metric: str = ""
    threshold: float | None = None
    observed: float | None = None
    fired_at: UtcDatetime
    severity: str = ""
    summary: str = ""
    other: tuple[tuple[str, str], ...] = ()


def read_alert(path: Path) -> CaseAlert:
    """The alert in a file.

    Raises:
        CaseFolderError: it is missing, no JSON object, or does not say when it fired.
    """
    try:
        fields = read_object(path)
    except Unusable as error:
        raise CaseFolderError(f"{path}: {error}; {_REMEDY}") from error
    fired_at = moment(pick(fields, _TIMES))
    if fired_at is None:
        given = pick(fields, _TIMES)
        raise CaseFolderError(f'{path}: "fired_at" is {shown(given)}, which is no time; {_REMEDY}')
    used = (*_TIMES, *SERVICES, *_METRICS, "threshold", *_OBSERVED, "severity", *_SUMMARIES)
    return CaseAlert(
        service=service(pick(fields, SERVICES)),
        metric=text(pick(fields, _METRICS)),
        threshold=number(fields.get("threshold")),
        observed=number(pick(fields, _OBSERVED)),
        fired_at=fired_at,
        severity=text(fields.get("severity")),
        summary=text(pick(fields, _SUMMARIES)),
        other=others(fields, used),
    )
