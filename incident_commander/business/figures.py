"""The business figures of /ops, as pure functions of incidents and their ledger events.

What is read of the events, by kind; each is the payload that the response writes:

- `incident.status_changed`: `{"from", "to", "reason"}`
- `approval.answered`: any: a person, or the modelled operator, was asked
- `predictions.made`: `{"predictions": [Prediction], ...}`
- `predictions.scored`: `{"outcomes": [PredictionOutcome]}`, and optionally `"happened": [Digest]`, the predictions that
  came true in our own world too
- `impact.compared`: `{"ours_usd", "human_usd", ...}`

Practice incidents and real ones are never added up: each world that has incidents has figures of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import fmean

from pydantic import TypeAdapter

from ..domain.base import Digest, IncidentId
from ..domain.event import Event, EventKind
from ..domain.findings import Prediction, PredictionOutcome
from ..domain.incident import Incident
from ..domain.provenance import Figure, Provenance

READ: tuple[EventKind, ...] = (
    "incident.status_changed",
    "approval.answered",
    "predictions.made",
    "predictions.scored",
    "impact.compared",
)
"""The kinds of event that `figures` reads; it passes over all others."""

_LIVE = Provenance(kind="live", source="local", reason="computed from the ledger's real incidents")
_SIMULATED = Provenance(
    kind="simulated", source="practice company", reason="computed from the ledger's practice incidents"
)
_ENDED = ("resolved", "escalated", "closed")
_OUTCOMES = TypeAdapter(list[PredictionOutcome])
_PREDICTIONS = TypeAdapter(list[Prediction])
_DIGESTS = TypeAdapter(list[Digest])


def figures(incidents: Iterable[Incident], events: Iterable[Event]) -> tuple[Figure, ...]:
    """MTTR, incidents handled, prevented, cost avoided and efficiency, for real incidents and for practice apart.

    Args:
        incidents: Those to count, in any order.
        events: Theirs, in any order; of other incidents they are passed over.

    Returns:
        Five figures for each world that has incidents, the real one first; where there are none at all, five of the
        real one whose values are not known yet.
    """
    by_incident: dict[IncidentId, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda each: each.sequence):
        by_incident[event.incident_id].append(event)
    known = tuple(incidents)
    real = [incident for incident in known if incident.practice_run is None]
    practice = [incident for incident in known if incident.practice_run is not None]
    found: tuple[Figure, ...] = ()
    if real or not practice:
        found += _of_world(real, by_incident, _LIVE)
    if practice:
        found += _of_world(practice, by_incident, _SIMULATED)
    return found


def mttr(incidents: Sequence[Incident], provenance: Provenance) -> Figure:
    """Mean time from an incident's beginning to its end, over the resolved ones, in seconds on their own clock."""
    durations = [(each.ended_at - each.began_at).total_seconds() for each in incidents if each.ended_at is not None]
    return Figure(
        name="MTTR",
        value=fmean(durations) if durations else None,
        unit="seconds",
        provenance=provenance,
        detail=f"from the first alert's beginning to the end, mean of {len(durations)} resolved"
        if durations
        else "no incident is resolved yet",
    )


def handled(incidents: Sequence[Incident], provenance: Provenance) -> Figure:
    """How many incidents came to an end: resolved, escalated or closed."""
    ended = sum(incident.status in _ENDED for incident in incidents)
    return Figure(
        name="incidents handled",
        value=float(ended),
        unit="count",
        provenance=provenance,
        detail=f"{len(incidents) - ended} still open",
    )


def prevented(
    incidents: Sequence[Incident],
    events: dict[IncidentId, list[Event]],
    resolved: frozenset[IncidentId],
    provenance: Provenance,
) -> Figure:
    """How many predictions came true where nobody acted, and were averted here: resolved before their time.

    None while no prediction was scored: of a real incident nobody knows what would have happened.
    """
    scored, averted = 0, 0
    for incident in incidents:
        predictions = {each.reference(): each for each in _predictions(events[incident.id])}
        for outcome, happened in _outcomes(events[incident.id]):
            if outcome.outcome == "unscored":
                continue
            scored += 1
            predicted = predictions.get(outcome.prediction)
            if (
                outcome.outcome == "hit"
                and not happened
                and predicted is not None
                and incident.id in resolved
                and _before(incident.ended_at, predicted.by)
            ):
                averted += 1
    return Figure(
        name="prevented",
        value=float(averted) if scored else None,
        unit="count",
        provenance=provenance,
        detail=f"of {scored} scored predictions, those that came true with nobody acting and not here"
        if scored
        else "no prediction was scored against a world where nobody acted",
    )


def cost_avoided(
    incidents: Sequence[Incident], events: dict[IncidentId, list[Event]], provenance: Provenance
) -> Figure:
    """Customers' cost with the modelled human less that with this response, summed, in USD; may be negative.

    None while nothing was compared: of a real incident there is no second course to compare with.
    """
    saved = [
        human - ours
        for incident in incidents
        for event in events[incident.id]
        if event.kind == "impact.compared"
        and isinstance(human := event.payload.get("human_usd"), int | float)
        and isinstance(ours := event.payload.get("ours_usd"), int | float)
    ]
    return Figure(
        name="cost avoided",
        value=float(sum(saved)) if saved else None,
        unit="USD",
        provenance=provenance,
        detail=f"{len(saved)} incident{'' if len(saved) == 1 else 's'} against the modelled human on the same seed"
        if saved
        else "there is no recorded baseline to compare with",
    )


def efficiency(
    incidents: Sequence[Incident],
    events: dict[IncidentId, list[Event]],
    resolved: frozenset[IncidentId],
    provenance: Provenance,
) -> Figure:
    """Share of the ended incidents that were closed verified without a person, in [0, 1]; None while none ended."""
    ended = [incident for incident in incidents if incident.status in _ENDED]
    alone = [
        incident
        for incident in ended
        if incident.id in resolved and not any(event.kind == "approval.answered" for event in events[incident.id])
    ]
    return Figure(
        name="efficiency",
        value=len(alone) / len(ended) if ended else None,
        unit="ratio",
        provenance=provenance,
        detail=f"{len(alone)} of {len(ended)} ended were closed verified without a person",
    )


def _of_world(
    incidents: Sequence[Incident], events: dict[IncidentId, list[Event]], provenance: Provenance
) -> tuple[Figure, ...]:
    resolved = frozenset(incident.id for incident in incidents if _was_resolved(incident, events[incident.id]))
    return (
        mttr([incident for incident in incidents if incident.id in resolved], provenance),
        handled(incidents, provenance),
        prevented(incidents, events, resolved, provenance),
        cost_avoided(incidents, events, provenance),
        efficiency(incidents, events, resolved, provenance),
    )


def _was_resolved(incident: Incident, events: Sequence[Event]) -> bool:
    """Whether it is resolved, or was and has been closed since."""
    if incident.status == "resolved":
        return True
    changes = [event.payload.get("to") for event in events if event.kind == "incident.status_changed"]
    return incident.status == "closed" and "resolved" in changes


def _predictions(events: Sequence[Event]) -> list[Prediction]:
    made = [event for event in events if event.kind == "predictions.made"]
    return _PREDICTIONS.validate_python(made[-1].payload["predictions"]) if made else []


def _outcomes(events: Sequence[Event]) -> list[tuple[PredictionOutcome, bool]]:
    scored = [event for event in events if event.kind == "predictions.scored"]
    if not scored:
        return []
    happened = frozenset(_DIGESTS.validate_python(scored[-1].payload.get("happened", [])))
    outcomes = _OUTCOMES.validate_python(scored[-1].payload["outcomes"])
    return [(outcome, outcome.prediction in happened) for outcome in outcomes]


def _before(moment: datetime | None, limit: datetime) -> bool:
    return moment is not None and moment <= limit
