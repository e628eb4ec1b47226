"""The alerts of an incident as rows, one for each condition."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from ..domain.alert import Alert
from ..domain.base import Fingerprint, Value
from . import view_text as text


class AlertRow(Value):
    """One condition, with every door it came in by."""

    fingerprint: str
    name: str
    service: str
    severity: str
    status: str
    sources: str
    began: str
    summary: str
    reason: str


def alert_rows(reasons: Mapping[Fingerprint, str], alerts: Sequence[Alert]) -> tuple[AlertRow, ...]:
    """The conditions of an incident by when they began, each with why it was grouped, which `reasons` say."""
    latest = latest_by_fingerprint(alerts)
    by_identity = sorted(alerts, key=lambda alert: alert.fingerprint)
    sources = {
        fingerprint: " + ".join(sorted({alert.source for alert in doors}))
        for fingerprint, doors in groupby(by_identity, key=lambda alert: alert.fingerprint)
    }
    return tuple(
        AlertRow(
            fingerprint=alert.fingerprint,
            name=alert.name,
            service=alert.service or "no service named",
            severity=alert.severity,
            status=alert.status,
            sources=sources[alert.fingerprint],
            began=text.clock_time(alert.starts_at),
            summary=alert.annotations.get("summary") or alert.annotations.get("description") or "",
            reason=reasons.get(alert.fingerprint, ""),
        )
        for alert in sorted(latest.values(), key=lambda alert: alert.starts_at)
    )


def latest_by_fingerprint(alerts: Sequence[Alert]) -> dict[str, Alert]:
    """The newest notification of each condition."""
    return {alert.fingerprint: alert for alert in sorted(alerts, key=lambda alert: alert.received_at)}
