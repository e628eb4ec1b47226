"""One incident told by ledger events, for tests of what pages show."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from incident_commander.business.usage import Call
from incident_commander.domain.alert import Alert, AlertSource, AlertStatus
from incident_commander.domain.ballot import (
    VOTERS,
    Ballot,
    Certificate,
    Judgement,
    QuorumRule,
    SignedBallot,
    Tally,
    Voter,
)
from incident_commander.domain.base import Digest, Fingerprint, IncidentId, JsonObject, RunId, ServiceName, Value
from incident_commander.domain.event import AgentRun, Event, EventKind, Update
from incident_commander.domain.findings import Diagnosis, Evidence, Hypothesis, Prediction, PredictionOutcome
from incident_commander.domain.incident import Incident, IncidentStatus, Stage
from incident_commander.domain.plan import Action, Authorisation, Check, CheckOutcome, Plan, Receipt
from incident_commander.domain.provenance import Figure, Provenance
from incident_commander.reasoning.services import configured
from incident_commander.response.view_ai import AiState
from incident_commander.response.views import HealthRow, OpsView, build_ops_view
from tests.api.used import asked_for, called, reported

BEGAN = datetime(2026, 1, 2, 14, 0, tzinfo=UTC)
ID = IncidentId("inc-1")
SIMULATED = Provenance(kind="simulated", source="practice company")
RULE = QuorumRule(n=5, f=1, required=4, weights=dict.fromkeys(VOTERS, 0.2))
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><b>p99</b> above 2 s"
DATABASE, CHECKOUT = ServiceName("orders-db"), ServiceName("checkout-api")


def at(seconds: float) -> datetime:
    """A time after the incident began."""
    return BEGAN + timedelta(seconds=seconds)


POOL_CHECK = Check(
    service=DATABASE, metric="connection_pool_utilization", direction="below", threshold=85, deadline_seconds=300
)
LATENCY_CHECK = Check(
    service=CHECKOUT, metric="latency_p99_ms", direction="below", threshold=800, deadline_seconds=420, hold_seconds=60
)
RAISE_POOL = Plan(
    action=Action(name="raise_pool", target=DATABASE, arguments={"size": 80}),
    addresses="connection_pool_exhaustion",
    undo=Action(name="raise_pool", target=DATABASE, arguments={"size": 40}),
    reversible=True,
    checks=(POOL_CHECK, LATENCY_CHECK),
    rationale="The pool is full while CPU is at 38%.",
)
DO_NOTHING = Plan(action=None, addresses=None, undo=None, reversible=True, checks=(), rationale="Tell a person.")
DIAGNOSIS = Diagnosis(
    verdict="confirmed",
    hypotheses=(
        Hypothesis(
            rank=1,
            service=DATABASE,
            fault="connection_pool_exhaustion",
            probability=0.86,
            evidence=(
                Evidence(signal="metrics", what="pool rose to 100%", when=at(10), weight=1.2, provenance=SIMULATED),
            ),
            against=(
                Evidence(signal="metrics", what="CPU stayed at 38%", when=at(20), weight=-0.3, provenance=SIMULATED),
            ),
        ),
        Hypothesis(rank=2, service=CHECKOUT, fault="bad_deploy", probability=0.09, change="deploy 41c9e2"),
    ),
    first_failing=DATABASE,
    blast_radius=(DATABASE, CHECKOUT),
)
PREDICTION = Prediction(
    service=CHECKOUT,
    metric="error_ratio",
    unit="ratio",
    direction="above",
    threshold=0.05,
    by=at(240),
    probability=0.78,
    usd_per_minute=Decimal("412.50"),
    basis="doubles every 55 s",
)
FIGURES = (
    Figure(name="MTTR", value=184, unit="seconds", provenance=SIMULATED, detail="median of 7"),
    Figure(
        name="Efficiency",
        value=None,
        unit="ratio",
        provenance=Provenance(kind="live", source="local", available=False, reason="none has ended"),
    ),
)
HEALTH = (HealthRow(name="database", state="ok", detail="SQLite"),)


def ballot(voter: Voter, plan: Plan | None, reason: str = "its evidence") -> SignedBallot:
    """A ballot of round 1."""
    judgement = Judgement(choice=plan.digest if plan else None, scores={}, confidence=0.8, reason=reason)
    return SignedBallot(
        ballot=Ballot(voter=voter, incident_id=ID, round=1, judgement=judgement, cast_at=at(95), expires_at=at(600)),
        public_key="key",
        signature="signature",
    )


BALLOTS = (*(ballot(voter, RAISE_POOL) for voter in VOTERS[:4]), ballot("communication", None, "cannot tell"))
TALLY = Tally(
    incident_id=ID,
    round=1,
    votes={RAISE_POOL.digest: VOTERS[:4]},
    abstained=("communication",),
    missing=(),
    rejected=(),
    certificate=Certificate(
        incident_id=ID, round=1, plan_digest=RAISE_POOL.digest, rule=RULE, ballots=BALLOTS, issued_at=at(96)
    ),
    reason="4 of 5 voters chose the same plan; 4 are required",
)
RECEIPT = Receipt(
    idempotency_key="key",
    action=Action(name="raise_pool", target=DATABASE, arguments={"size": 80}),
    received_at=at(98),
    completed_at=at(118),
    applied=True,
    repeated=False,
    detail="pool raised from 40 to 80",
    provenance=SIMULATED,
)
RUN = AgentRun(
    agent="detection",
    stage="detect",
    started_at=at(80),
    duration_ms=84.25,
    inputs={"metric series": 84, "log lines": 3120},
    confidence=0.9,
)


def incident(
    status: IncidentStatus = "open",
    stage: Stage | None = "verify",
    id: IncidentId = ID,
    title: str = "orders-db is full",
) -> Incident:
    """The incident, as it stands."""
    return Incident(
        id=id,
        title=title,
        status=status,
        severity="critical",
        verdict="confirmed",
        services=(DATABASE, CHECKOUT),
        sources=("alertmanager", "prometheus"),
        clock="simulated",
        practice_run=RunId("run-1"),
        began_at=at(0),
        opened_at=at(65),
        ended_at=at(600) if status in ("resolved", "closed") else None,
        stage=stage,
    )


def alert(
    source: AlertSource = "alertmanager",
    status: AlertStatus = "firing",
    fingerprint: str = "f1",
    received: float = 65,
    summary: str = HOSTILE,
) -> Alert:
    """One alert of the incident."""
    return Alert(
        fingerprint=Fingerprint(fingerprint),
        name="HighLatency",
        service=CHECKOUT,
        severity="critical",
        status=status,
        labels={},
        annotations={"summary": summary},
        starts_at=at(60),
        ends_at=None,
        source=source,
        received_at=at(received),
    )


def json(value: Value) -> JsonObject:
    """A value as a payload."""
    return value.model_dump(mode="json")


TOLD: tuple[tuple[EventKind, str, JsonObject, float], ...] = (
    ("incident.opened", "ingest", {"title": "orders-db is full"}, 65),
    (
        "alert.grouped",
        "ingest",
        {
            "fingerprint": "f1",
            "name": "HighLatency",
            "source": "alertmanager",
            "reason": "first alert of this incident",
        },
        65,
    ),
    ("stage.started", "response", {"stage": "detect"}, 80),
    ("agent.ran", "detection", json(RUN), 81),
    ("anomalies.detected", "detection", {"anomalies": [{"service": "orders-db"}], "evidence": []}, 82),
    ("stage.finished", "response", {"stage": "detect", "wall_ms": 91.0, "clock_seconds": 2.0, "gaps": []}, 83),
    ("diagnosis.made", "diagnosis", json(DIAGNOSIS), 84),
    ("predictions.made", "prediction", {"predictions": [json(PREDICTION)], "impact": None}, 86),
    ("plans.proposed", "resolution", {"plans": [json(RAISE_POOL), json(DO_NOTHING)]}, 88),
    *(("ballot.cast", signed.ballot.voter, json(signed), 95.0) for signed in BALLOTS),
    ("quorum.reached", "consensus", json(TALLY), 96),
    (
        "authorisation.decided",
        "policy",
        {
            "plan": RAISE_POOL.digest,
            "authorisation": json(Authorisation(decision="allow", rule="practice.raise_pool", reason="reversible")),
        },
        97,
    ),
    (
        "checks.registered",
        "verification",
        {"plan": RAISE_POOL.digest, "checks": [json(POOL_CHECK), json(LATENCY_CHECK)]},
        97,
    ),
    (
        "action.requested",
        "response",
        {"plan": RAISE_POOL.digest, "action": json(RECEIPT.action), "idempotency_key": "key"},
        98,
    ),
    ("action.received", "practice company", json(RECEIPT), 98),
    (
        "check.judged",
        "verification",
        json(CheckOutcome(check=POOL_CHECK, met=True, observed=52.4, judged_at=at(200), reason="below since 14:02")),
        200,
    ),
    (
        "update.published",
        "communication",
        json(Update(audience="on_call", subject="orders-db: pool raised", body="Verifying.")),
        211,
    ),
    (
        "predictions.scored",
        "response",
        {
            "outcomes": [
                json(PredictionOutcome(prediction=PREDICTION.reference(), outcome="hit", reason="crossed at 14:02"))
            ]
        },
        250,
    ),
    ("postmortem.written", "communication", {"markdown": "# Postmortem"}, 260),
)


def events(*told: tuple[EventKind, str, JsonObject, float], id: IncidentId = ID) -> tuple[Event, ...]:
    """These events as the ledger holds them; the whole story when none is given."""
    return tuple(
        Event(
            key=f"{id}:{sequence}",
            incident_id=id,
            kind=kind,
            actor=actor,
            clock="simulated",
            occurred_at=at(seconds),
            payload=payload,
            sequence=sequence,
            recorded_at=at(seconds),
            previous_hash=Digest("0" * 64),
            hash=Digest("0" * 64),
        )
        for sequence, (kind, actor, payload, seconds) in enumerate(told or TOLD, 1)
    )


def view(until: int = len(TOLD), shown: Incident | None = None) -> OpsView:
    """The view after the first events of the story; with none, of a quiet installation."""
    subject = shown or incident()
    if not until:
        return build_ops_view([], [], [], {}, FIGURES, HEALTH, at(300), RULE)
    return build_ops_view(
        [subject],
        events(*TOLD[:until], id=subject.id),
        [RUN],
        {subject.id: (alert(), alert("prometheus"))},
        FIGURES,
        HEALTH,
        at(300),
        RULE,
        ai=AiState(configured({"ai": "aws"}), (), reported(Call(called())), asked_for(subject.id)),
    )
