"""The story of `tests.ui.story` as a recording that holds: signed ballots, a counted certificate, a chain of events."""

from incident_commander.consensus.poll import Poll, Submission
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, Ballot, Judgement, SignedBallot, Voter
from incident_commander.domain.base import Digest, JsonObject
from incident_commander.domain.event import AgentRun, Event, EventKind, NewEvent, Update
from incident_commander.domain.findings import Anomaly, Evidence
from incident_commander.domain.plan import Plan
from incident_commander.domain.telemetry import Gap
from incident_commander.response.recording import MetricTrace, Producer, Recording
from incident_commander.store.chain import GENESIS, chained
from tests.consensus.ballot_box import KEYS
from tests.ui import recorded, story

POOL = Anomaly(
    service=story.DATABASE,
    metric="connection_pool_utilization",
    unit="percent",
    score=0.99,
    direction="up",
    onset=story.at(10),
    baseline=40.0,
    observed=100.0,
    ongoing=True,
)
SEEN = Evidence(
    signal="metrics",
    what="connection pool utilization of orders-db rose from 40 % to 100 % at 14:00:10",
    when=story.at(10),
    service=story.DATABASE,
    weight=2.9,
    provenance=story.SIMULATED,
)
LOGGED = Evidence(
    signal="logs",
    what=f"checkout-api logs '{story.HOSTILE}'",
    when=story.at(12),
    service=story.CHECKOUT,
    weight=-0.4,
    provenance=story.SIMULATED,
)
UNTOLD = Digest("f" * 64)
"""The digest of an observation that the ledger holds no words for."""
GAP = Gap(signal="traces", reason="no trace source is configured", remedy="configure one")
TRACE = MetricTrace(
    service=story.DATABASE,
    metric="connection_pool_utilization",
    unit="percent",
    start=story.at(-3000),
    interval_seconds=15.0,
    values=(*(40.0 for _ in range(200)), None, *(100.0 for _ in range(30)), *(42.0 for _ in range(40))),
)
POSTMORTEM = "# orders-db is full\n\n## Impact\n\n- &lt;b&gt; <b>bold</b> [a link](https://example.com) ![](x.png)\n"


def signed(voter: Voter, plan: Plan | None, scores: tuple[float, float]) -> SignedBallot:
    """A ballot of the story, signed with its voter's key."""
    judgement = Judgement(
        choice=plan.digest if plan else None,
        scores=dict(zip((story.RAISE_POOL.digest, story.DO_NOTHING.digest), scores, strict=True)),
        confidence=0.8,
        reason=f"as {voter} sees it",
        evidence=(SEEN.reference(), LOGGED.reference(), UNTOLD),
        choice_without_models=plan.digest if plan else None,
    )
    ballot = Ballot(
        voter=voter,
        incident_id=story.ID,
        round=1,
        judgement=judgement,
        cast_at=story.at(95),
        expires_at=story.at(600),
    )
    return KEYS.signer(voter).sign(ballot)


def told(for_it: int = 4) -> tuple[tuple[EventKind, str, JsonObject, float], ...]:
    """The story, in which so many of the five vote for raising the pool, and the others for doing nothing."""
    ballots = [
        signed(voter, story.RAISE_POOL if place < for_it else story.DO_NOTHING, (0.9, 0.85 if place == 0 else 0.1))
        for place, voter in enumerate(VOTERS)
    ]
    poll = Poll(
        story.ID,
        1,
        frozenset((story.RAISE_POOL.digest, story.DO_NOTHING.digest)),
        opened_at=story.at(95),
        deadline=story.at(96),
        expires_at=story.at(600),
    )
    cast = [Submission(ballot.ballot.voter, ballot, story.at(95)) for ballot in ballots]
    outcome = tally(poll, cast, rule(), KEYS.public_keys, story.at(96))
    alert = story.alert()
    grouped: JsonObject = {
        "name": alert.name,
        "service": alert.service,
        "reason": "opens it",
        "alert": story.json(alert),
    }
    diagnosis = story.DIAGNOSIS.model_copy(update={"gaps": (GAP,), "next_question": "Who holds the connections?"})
    run = AgentRun.model_validate({**story.RUN.model_dump(), "confidence": 0.97})
    replaced: dict[EventKind, JsonObject] = {
        "alert.grouped": grouped,
        "agent.ran": story.json(run),
        "anomalies.detected": {"anomalies": [story.json(POOL)], "evidence": [story.json(SEEN)]},
        "diagnosis.made": story.json(diagnosis),
        "postmortem.written": {"markdown": POSTMORTEM},
        "update.published": story.json(
            Update(audience="on_call", subject=f"Pool {story.HOSTILE}", body="Verifying.", delivered_to=("slack",))
        ),
    }
    before = [
        *(each for each in story.TOLD if each[3] < 95),
        *_stages(("diagnose", "predict", "propose", "deliberate")),
    ]
    after = [*(each for each in story.TOLD if each[3] > 96), *_stages(("execute", "verify"))]
    if outcome.certificate is None:
        after = [story.TOLD[-1]]
    voted: list[tuple[EventKind, str, JsonObject, float]] = [
        ("evidence.cited", "response", {"evidence": [story.json(SEEN), story.json(LOGGED)]}, 95),
        *(("ballot.cast", signed.ballot.voter, story.json(signed), 95.0) for signed in ballots),
        ("quorum.reached" if outcome.certificate else "quorum.failed", "consensus", story.json(outcome), 96),
    ]
    return tuple(
        (kind, actor, replaced.get(kind, payload), at) for kind, actor, payload, at in (*before, *voted, *after)
    )


def _stages(names: tuple[str, ...]) -> list[tuple[EventKind, str, JsonObject, float]]:
    """The ends of these stages."""
    return [
        ("stage.finished", "response", {"stage": name, "wall_ms": 120.0, "clock_seconds": 5.0, "gaps": []}, 94)
        for name in names
    ]


def recording(for_it: int = 4) -> Recording:
    """The story as it was recorded: it holds whatever it is checked by."""
    events: list[Event] = []
    for place, (kind, actor, payload, seconds) in enumerate(told(for_it), 1):
        new = NewEvent(
            key=f"{story.ID}/{place}",
            incident_id=story.ID,
            kind=kind,
            actor=actor,
            clock="simulated",
            occurred_at=story.at(seconds),
            payload=payload,
        )
        events.append(chained(new, place, story.at(seconds), events[-1].hash if events else GENESIS))
    method = Producer(actor="detection", what="Compares each metric with its past.", provenance=story.SIMULATED)
    base = recorded.recording()
    ledger = base.report.ledger.model_copy(update={"events": len(events)})
    return base.model_copy(
        update={
            "report": base.report.model_copy(update={"ledger": ledger}),
            "events": tuple(events),
            "public_keys": dict(KEYS.public_keys),
            "traces": (TRACE,),
            "producers": (method,),
        }
    ).sealed()
