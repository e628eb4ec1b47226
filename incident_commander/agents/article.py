"""An ended incident as an article for a knowledge base: what it looked like, why, what was done, what it taught."""

from collections.abc import Sequence

from ..analysis.recollection import symptoms_of
from ..domain.alert import Alert
from ..domain.event import Event
from ..domain.findings import Anomaly, Diagnosis
from ..domain.incident import Incident
from ..domain.memory import Correction
from .discretion import withheld
from .postmortem import follow_ups, how_checks_ended, plain, root_cause, what_was_done
from .updates import end_reason, latest, listed, minutes


def article(
    incident: Incident, alerts: Sequence[Alert], events: Sequence[Event], correction: Correction | None = None
) -> str:
    """Markdown, from the ledger's events alone; the same incident gives the same article.

    Args:
        correction: What a person said of the cause afterwards, which stands above what was concluded.
    """
    parts = [
        f"# {plain(incident.title)}",
        _what(incident, events),
        "## Symptoms\n\n" + _symptoms(alerts, events),
        "## Cause\n\n" + _corrected(correction) + root_cause(events),
        "## What was done\n\n" + what_was_done(events),
        "## Proof\n\n" + how_checks_ended(events),
        "## Learned\n\n" + follow_ups(incident, events),
    ]
    found = latest(Diagnosis, events, "diagnosis.made")
    if found is not None and found.cause is not None and withheld(found.cause.fault):
        parts.insert(1, f"> {withheld(found.cause.fault)}")
    return "\n\n".join(parts) + "\n"


def _what(incident: Incident, events: Sequence[Event]) -> str:
    world = "A practice run, simulated." if incident.practice_run is not None else "A real incident."
    ended = incident.ended_at
    lasted = f", for {minutes((ended - incident.began_at).total_seconds())}" if ended is not None else ""
    services = ", ".join(plain(service, 100) for service in incident.services) or "none that is known"
    return "\n".join(
        [
            f"- Incident {plain(incident.id, 100)}. {world}",
            f"- From {incident.began_at:%Y-%m-%d %H:%M} UTC{lasted}; severity {incident.severity}.",
            f"- Services that alerted: {services}",
            f"- It ended {incident.status}: {plain(end_reason(events) or 'its status never changed')}.",
        ]
    )


def _symptoms(alerts: Sequence[Alert], events: Sequence[Event]) -> str:
    seen = symptoms_of(listed(Anomaly, events, "anomalies.detected", "anomalies"), alerts)
    return "\n".join(f"- {plain(each)}" for each in seen) or "None is on record."


def _corrected(correction: Correction | None) -> str:
    if correction is None:
        return ""
    cause = correction.cause
    was = "nothing was wrong" if cause is None else f"{cause.fault.replace('_', ' ')} of {plain(cause.service, 100)}"
    return f"A person corrected what is said below: {was}. {plain(correction.reason)}\n\n"
