"""The business figures: from ledger events alone, practice never added to real, nothing invented."""

from datetime import UTC, datetime, timedelta

from incident_commander.business.figures import figures
from incident_commander.domain.base import Digest, IncidentId, JsonObject, RunId, ServiceName
from incident_commander.domain.event import Event, EventKind
from incident_commander.domain.findings import Prediction
from incident_commander.domain.incident import Incident, IncidentStatus
from incident_commander.domain.provenance import Figure

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def incident(
    name: str, status: IncidentStatus = "resolved", *, minutes: float | None = 10, practice: bool = True
) -> Incident:
    return Incident(
        id=IncidentId(name), title=name, status=status, severity="high", services=(), sources=(),
        clock="simulated" if practice else "wall", practice_run=RunId("run-1") if practice else None,
        began_at=START, opened_at=START + timedelta(minutes=1),
        ended_at=START + timedelta(minutes=minutes) if minutes is not None else None,
    )  # fmt: skip


def event(number: int, name: str, kind: EventKind, payload: JsonObject) -> Event:
    return Event(
        key=f"{name}/{number}", incident_id=IncidentId(name), kind=kind, actor="response", clock="simulated",
        occurred_at=START, payload=payload, sequence=number, recorded_at=START, previous_hash=Digest("0" * 64),
        hash=Digest("0" * 64),
    )  # fmt: skip


def values(found: tuple[Figure, ...], kind: str = "simulated") -> dict[str, float | None]:
    return {figure.name: figure.value for figure in found if figure.provenance.kind == kind}


def prediction(minutes: float) -> Prediction:
    return Prediction(
        service=ServiceName("search"), metric="memory_utilization", unit="percent", direction="above", threshold=90.0,
        by=START + timedelta(minutes=minutes), probability=0.8, usd_per_minute=None, basis="",
    )  # fmt: skip


def scored(predictions: dict[Prediction, str], happened: list[str] | None = None) -> list[Event]:
    made = [each.model_dump(mode="json") for each in predictions]
    payload: JsonObject = {
        "outcomes": [{"prediction": p.reference(), "outcome": o, "reason": ""} for p, o in predictions.items()]
    }
    if happened is not None:
        payload["happened"] = [*happened]
    return [event(1, "a", "predictions.made", {"predictions": [*made], "impact": None}),
            event(2, "a", "predictions.scored", payload)]  # fmt: skip


def test_mttr_is_the_mean_over_resolved_incidents_in_seconds() -> None:
    found = figures([incident("a", minutes=10), incident("b", minutes=20), incident("c", "escalated", minutes=99)], [])
    assert values(found)["MTTR"] == 900.0
    assert values(found)["incidents handled"] == 3.0


def test_practice_and_real_incidents_have_figures_of_their_own() -> None:
    found = figures([incident("a", minutes=10), incident("b", minutes=30, practice=False)], [])
    assert values(found, "simulated")["MTTR"] == 600.0
    assert values(found, "live")["MTTR"] == 1800.0
    assert len(found) == 10


def test_with_no_incident_at_all_nothing_is_known() -> None:
    found = values(figures([], []), "live")
    assert found == {
        "MTTR": None, "incidents handled": 0.0, "prevented": None, "cost avoided": None, "efficiency": None
    }  # fmt: skip


def test_cost_avoided_is_the_humans_cost_less_ours_and_may_be_negative() -> None:
    events = [
        event(1, "a", "impact.compared", {"ours_usd": 40.0, "human_usd": 190.5, "nobody_usd": 900.0}),
        event(2, "b", "impact.compared", {"ours_usd": 80.0, "human_usd": 20.0, "nobody_usd": 90.0}),
    ]
    assert values(figures([incident("a"), incident("b")], events))["cost avoided"] == 90.5
    assert values(figures([incident("b")], events))["cost avoided"] == -60.0


def test_cost_avoided_is_not_known_without_a_recorded_baseline() -> None:
    figure = next(f for f in figures([incident("a", practice=False)], []) if f.name == "cost avoided")
    assert figure.value is None
    assert figure.detail == "there is no recorded baseline to compare with"


def test_prevented_counts_what_came_true_with_nobody_and_was_resolved_here_before() -> None:
    late, early, missed = prediction(30), prediction(5), prediction(31)
    events = scored({late: "hit", early: "hit", missed: "miss"})
    assert values(figures([incident("a", minutes=10)], events))["prevented"] == 1.0
    assert values(figures([incident("a", "escalated", minutes=10)], events))["prevented"] == 0.0


def test_a_prediction_that_came_true_here_too_was_not_prevented() -> None:
    late = prediction(30)
    assert values(figures([incident("a")], scored({late: "hit"}, [late.reference()])))["prevented"] == 0.0


def test_unscored_predictions_leave_prevented_unknown() -> None:
    assert values(figures([incident("a")], scored({prediction(30): "unscored"})))["prevented"] is None


def test_efficiency_is_the_share_closed_verified_without_a_person() -> None:
    events = [
        event(1, "b", "approval.answered", {"answer": "approved", "by": "modelled operator"}),
        event(2, "d", "incident.status_changed", {"from": "open", "to": "resolved", "reason": ""}),
        event(3, "d", "incident.status_changed", {"from": "resolved", "to": "closed", "reason": ""}),
    ]
    known = [incident("a"), incident("b"), incident("c", "escalated"), incident("d", "closed"),
             incident("e", "open", minutes=None)]  # fmt: skip
    assert values(figures(known, events))["efficiency"] == 0.5


def test_an_incident_that_closed_by_itself_was_not_resolved_by_us() -> None:
    found = values(figures([incident("a", "closed")], []))
    assert found["MTTR"] is None
    assert found["efficiency"] == 0.0
