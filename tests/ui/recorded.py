"""Recordings for tests of what /demo shows: one told by `story`, and those that come with the product."""

from functools import cache
from typing import Literal

from incident_commander.domain.base import JsonObject, RunId
from incident_commander.domain.event import Event, EventKind
from incident_commander.domain.findings import Anomaly
from incident_commander.domain.incident import IncidentStatus
from incident_commander.domain.practice import Answer, Baseline, Course, Courses, Flow, PracticeRun
from incident_commander.domain.provenance import Provenance
from incident_commander.response.recording import AssumedFigure, Recording, load_recording
from incident_commander.response.report import (
    CertificateReport,
    ClockReport,
    LedgerState,
    PlanReport,
    PredictionsReport,
    RootCauseReport,
    RunReport,
)
from tests.running import REPOSITORY
from tests.ui import story

SIMULATED = Provenance(kind="simulated", source="practice company")
INTERVAL_SECONDS = 15.0
SCRAPES = 100
FILES = sorted((REPOSITORY / "assets" / "scenarios").glob("*.json"))
"""The recordings that come with the product."""

FIGURES = (
    AssumedFigure(name="usd_per_failed_request", value=0.02, source="assumption, no source"),
    AssumedFigure(name="usd_per_slow_request", value=0.005, source="assumption, no source"),
    AssumedFigure(name="human_notice_seconds", value=60.0, source="assumption, no source"),
    AssumedFigure(name="stage_detect_seconds", value=10.0, source="assumption, no source"),
)
ANOMALY = Anomaly(
    service=story.DATABASE,
    metric="connection_pool_utilization",
    unit="percent",
    score=1.0,
    direction="up",
    onset=story.at(10),
    baseline=40.0,
    observed=100.0,
    ongoing=True,
)


@cache
def kept(name: str) -> Recording:
    """One of those that come with the product."""
    return load_recording(REPOSITORY / "assets" / "scenarios" / name)


def course(name: Literal["ours", "human", "nobody"], failing: range, well: int | None = None) -> Course:
    """A course on which ten requests a second fail in these scrapes."""
    failed = tuple(10.0 if scrape in failing else 0.0 for scrape in range(SCRAPES))
    return Course(
        name=name,
        requests_per_second=tuple(100.0 for _ in range(SCRAPES)),
        flows=(
            Flow(name="failed requests", price="usd_per_failed_request", per_second=failed),
            Flow(name="slow requests", price="usd_per_slow_request", per_second=tuple(0.0 for _ in range(SCRAPES))),
        ),
        acknowledged_at=None if name == "nobody" else story.at({"ours": 65, "human": 365}[name]),
        acted_at=None if name == "nobody" else story.at({"ours": 98, "human": 800}[name]),
        well_at=None if well is None else story.at(well * INTERVAL_SECONDS),
    )


def courses(*, ours: int = 20, human: int = 60, alarm: bool = True) -> Courses:
    """Three courses: ours and the human's fail until these scrapes, nobody's to the end."""
    return Courses(
        start=story.at(0),
        interval_seconds=INTERVAL_SECONDS,
        alerted_at=story.at(65) if alarm else None,
        ours=course("ours", range(4, ours), ours),
        human=course("human", range(4, human), human),
        nobody=course("nobody", range(4, SCRAPES)),
    )


def recording(
    *,
    status: IncidentStatus = "resolved",
    correct: bool = True,
    executed: bool = True,
    acceptable: bool = True,
    named: bool = True,
    mttr_seconds: float | None = 300.0,
    human_mttr_seconds: float | None = 900.0,
    onset: bool = True,
    alarm: bool = True,
    told: Courses | None = None,
    scenario: str = "database_cascade",
    seed: int = 7,
) -> Recording:
    """A run that went like this."""
    events: tuple[Event, ...] = story.events(*_told(status)) if alarm else ()
    return Recording(
        recorded_at=story.at(90_000),
        versions={"incident-commander": "0.1.0"},
        title="Connections run out",
        description="",
        run=PracticeRun(
            id=RunId("run-1"),
            scenario=scenario,
            seed=seed,
            epoch=story.at(-4000),
            opened_at=story.at(-400),
            started_at=story.at(90_000),
            clock_at=story.at(1500),
            ended=True,
        ),
        report=RunReport(
            incident_id=story.ID if alarm else None,
            scenario=scenario,
            seed=seed,
            run_id=RunId("run-1"),
            status=status if alarm else "closed",
            verdict="confirmed" if named else "inconclusive",
            root_cause=RootCauseReport(
                service=story.DATABASE if named else None,
                fault="connection_pool_exhaustion" if named else None,
                correct=correct,
            ),
            plan=PlanReport(
                action="raise_pool" if executed else "none",
                target=story.DATABASE if executed else None,
                executed=executed,
                acceptable=acceptable,
            ),
            certificate=CertificateReport(valid=executed, ballots=4 if executed else 0),
            clock=ClockReport(
                mttd_seconds=65.0 if onset and alarm else None,
                mttr_seconds=mttr_seconds,
                baseline_mttr_seconds=human_mttr_seconds,
            ),
            predictions=PredictionsReport(made=1, hits=1, misses=0),
            wall_seconds=6.5,
            ledger=LedgerState(events=len(events), valid=True),
        ),
        incident=story.incident(status=status) if alarm else None,
        events=events,
        public_keys={},
        answer=Answer(
            service=story.DATABASE if onset else None,
            fault="connection_pool_exhaustion" if onset else None,
            onset=story.at(0) if onset else None,
            acceptable=(("raise_pool", story.DATABASE),) if acceptable == executed else (),
            harmful=(),
            explanation="Report readers hold all sessions of orders-db.",
        ),
        baseline=Baseline(
            acknowledged_seconds=365.0 if alarm else None,
            mttr_seconds=human_mttr_seconds,
            customer_cost_usd={"human": 168.0, "nobody": 288.0},
            assumptions={},
            provenance=SIMULATED,
        ),
        courses=told or courses(alarm=alarm),
        assumptions=FIGURES,
        producers=(),
    ).sealed()


def _told(status: IncidentStatus) -> tuple[tuple[EventKind, str, JsonObject, float], ...]:
    """The story with its alert in full, and its end."""
    opening: JsonObject = {
        "alert": story.json(story.alert(summary="checkout-api fails 12% of its requests")),
        "reason": "",
    }
    replaced: dict[str, JsonObject] = {
        "alert.grouped": opening,
        "anomalies.detected": {"anomalies": [story.json(ANOMALY)], "evidence": []},
    }
    told = [(kind, actor, replaced.get(kind, payload), at) for kind, actor, payload, at in story.TOLD]
    change: JsonObject = {"from": "open", "to": status, "reason": "a certified action ran"}
    return (*told, ("incident.status_changed", "response", change, 310.0))
