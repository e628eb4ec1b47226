"""An incident's record: what the ledger's events say, as domain values. Everything a stage needs, it reads from here.

Payloads, by event kind:

- `incident.status_changed`: `{from, to, reason}`; `stage.started`: `{stage, round}`;
  `stage.finished`: `{stage, round, next, wall_ms, clock_seconds, gaps: [Gap], error}`; `agent.ran`: AgentRun
- `anomalies.detected`: `{anomalies: [Anomaly], evidence: [Evidence]}`; `diagnosis.made`: Diagnosis;
  `predictions.made`: `{predictions: [Prediction], impact: Impact | null}`; `plans.proposed`: `{plans: [Plan]}`;
  `counsel.given`: Counsel, what was asked at that stage
- `evidence.cited`: `{evidence: [Evidence]}`, each that a ballot of the round names by its reference, once;
  `ballot.cast`: SignedBallot, the actor being who sent it; `ballot.rejected`: Rejection;
  `quorum.reached` and `quorum.failed`: Tally; `agent.quarantined`: Quarantined, of a practice incident; those of real
  ones, and `agent.released`: Released, belong to the installation
- `round.opened`: Round; `plan.edited`: `{plan: Plan, edited: Digest, by, reason}`
- `authorisation.decided`: `{plan: Digest, authorisation: Authorisation}`;
  `approval.requested`: ApprovalRequest; `approval.answered`: ApprovalAnswer
- `checks.registered`: `{plan: Digest, checks: [Check], before: [float | null]}`, each metric's value right before the
  action; `check.judged`: CheckOutcome
- `action.requested`: `{plan: Digest, action: Action, idempotency_key}`, `rollback.requested`: the same with `reason`;
  `action.received`, `rollback.received`: Receipt;
  `action.refused`, `action.unknown`, `rollback.refused`, `rollback.unknown`: `{plan: Digest, reason}`
- `memory.recalled`: Recalled; `outcome.remembered`: Remembered;
  `update.published`: Update; `predictions.scored`: Scores;
  `impact.compared`: Comparison; `postmortem.written`: `{markdown}`

Of the installation: `kill_switch.thrown`: KillSwitch; `trust.changed`: TrustChange; `memory.corrected`: Correction;
`memory.forgotten`: Forgetting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TypeVar

from pydantic import TypeAdapter

from ..analysis.advice import advice_of
from ..domain.advice import NO_ADVICE, Advice
from ..domain.ballot import FIRST_ROUND, Round, SignedBallot, Tally
from ..domain.base import Digest, Fingerprint, JsonObject, Value
from ..domain.event import Event, EventKind
from ..domain.findings import Anomaly, Diagnosis, Evidence, Prediction, PredictionOutcome
from ..domain.incident import Incident, Stage
from ..domain.memory import NOTHING_RECALLED, Recalled
from ..domain.plan import (
    Action,
    ApprovalAnswer,
    ApprovalRequest,
    Authorisation,
    Check,
    CheckOutcome,
    Plan,
    Receipt,
    Registered,
)
from ..domain.provenance import Provenance
from ..domain.reasoning import NO_COUNSEL, Counsel

V = TypeVar("V", bound=Value)


class Comparison(Value):
    """A practice incident's customer cost, in USD, beside the same seed without us: payload of `impact.compared`."""

    ours_usd: float
    human_usd: float
    nobody_usd: float
    mttd_seconds: float | None
    mttr_seconds: float | None
    baseline_mttr_seconds: float | None
    provenance: Provenance


@dataclass(frozen=True)
class IncidentRecord:
    """One incident with its events, oldest first."""

    incident: Incident
    events: tuple[Event, ...]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all events: what has been written is never written again."""
        return frozenset(event.key for event in self.events)

    @cached_property
    def groupings(self) -> dict[Fingerprint, str]:
        """Why each alert belongs to this incident, in words that a person can check."""
        return grouping_reasons(self.events)

    def of_kind(self, *kinds: EventKind) -> tuple[Event, ...]:
        """The events of these kinds, oldest first."""
        return tuple(event for event in self.events if event.kind in kinds)

    def latest(self, *kinds: EventKind) -> Event | None:
        """The newest event of these kinds."""
        found = self.of_kind(*kinds)
        return found[-1] if found else None

    def before(self, kind: EventKind) -> "IncidentRecord":
        """The record as it was before the first event of a kind; all of it where there is none."""
        end = next((place for place, event in enumerate(self.events) if event.kind == kind), len(self.events))
        return IncidentRecord(self.incident, self.events[:end])

    def stage_event(self, kind: EventKind, stage: Stage, round: int | None = None) -> Event | None:
        """The `stage.started` or `stage.finished` event of a stage: in that round, or the newest for None."""
        found = [
            event
            for event in self.of_kind(kind)
            if event.payload["stage"] == stage and round in (None, event.payload.get("round", 1))
        ]
        return found[-1] if found else None

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds of voting opened so far, the first among them."""
        return (FIRST_ROUND, *(Round.model_validate(event.payload) for event in self.of_kind("round.opened")))

    def _value(self, model: type[V], *kinds: EventKind) -> V | None:
        event = self.latest(*kinds)
        return model.model_validate(event.payload) if event else None

    def _values(self, model: type[V], kind: EventKind, field: str) -> tuple[V, ...]:
        event = self.latest(kind)
        return _tuple_of(model, event.payload[field]) if event else ()

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """What detection saw; empty before it ran."""
        return self._values(Anomaly, "anomalies.detected", "anomalies")

    @property
    def detection_evidence(self) -> tuple[Evidence, ...]:
        """What detection judged by."""
        return self._values(Evidence, "anomalies.detected", "evidence")

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis, None before it was made."""
        return self._value(Diagnosis, "diagnosis.made")

    @property
    def recalled(self) -> Recalled:
        """What memory said before the diagnosis."""
        return self._value(Recalled, "memory.recalled") or NOTHING_RECALLED

    @property
    def counsel(self) -> Counsel:
        """What the reasoning services said so far."""
        given = (Counsel.model_validate(event.payload) for event in self.of_kind("counsel.given"))
        return reduce(Counsel.with_, given, NO_COUNSEL)

    @property
    def advice(self) -> Advice:
        """What models suspect of the cause so far, as one witness."""
        given = [each for each in self.of_kind("counsel.given") if {"analysis", "investigation"} & _told(each.payload)]
        return advice_of(self.counsel, given[-1].occurred_at) if given else NO_ADVICE

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """What was predicted to break next."""
        return self._values(Prediction, "predictions.made", "predictions")

    @property
    def prediction_outcomes(self) -> tuple[PredictionOutcome, ...]:
        """How the predictions came out; empty before they were scored."""
        return self._values(PredictionOutcome, "predictions.scored", "outcomes")

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Every candidate plan there was: those proposed, then those that a person edited."""
        edited = tuple(Plan.model_validate(event.payload["plan"]) for event in self.of_kind("plan.edited"))
        return (*self._values(Plan, "plans.proposed", "plans"), *edited)

    def candidates(self, round: Round) -> tuple[Plan, ...]:
        """The plans that a round votes on."""
        plans = self.plans if round.candidates is None else (self.plan(digest) for digest in round.candidates)
        return tuple(plan for plan in plans if plan is not None)

    @property
    def cited_evidence(self) -> tuple[Evidence, ...]:
        """What the last round's ballots name by reference; empty before it."""
        return self._values(Evidence, "evidence.cited", "evidence")

    @property
    def all_ballots(self) -> tuple[SignedBallot, ...]:
        """The ballots that were sent in any round, forged and replayed ones too, in the order of their events."""
        return tuple(SignedBallot.model_validate(event.payload) for event in self.of_kind("ballot.cast"))

    @property
    def ballots(self) -> tuple[SignedBallot, ...]:
        """The ballots that voters sent in their own names, of the newest round in which any did."""
        sent = zip(self.of_kind("ballot.cast"), self.all_ballots, strict=True)
        own = [
            signed
            for event, signed in sent
            if event.actor == signed.ballot.voter
            and signed.ballot.incident_id == self.incident.id
            and signed.ballot.round <= len(self.rounds)
        ]
        newest = max((signed.ballot.round for signed in own), default=0)
        return tuple(signed for signed in own if signed.ballot.round == newest)

    @property
    def tally(self) -> Tally | None:
        """The newest outcome of a round."""
        return self._value(Tally, "quorum.reached", "quorum.failed")

    @property
    def chosen(self) -> Plan | None:
        """The certified plan, None without a certificate."""
        tally = self.tally
        if tally is None or tally.certificate is None:
            return None
        return self.plan(tally.certificate.plan_digest)

    def plan(self, digest: Digest) -> Plan | None:
        """The candidate plan with this digest."""
        return next((plan for plan in self.plans if plan.digest == digest), None)

    @property
    def authorisation(self) -> Authorisation | None:
        """What policy said of the certified plan."""
        event = self.latest("authorisation.decided")
        return Authorisation.model_validate(event.payload["authorisation"]) if event else None

    @property
    def approval(self) -> ApprovalAnswer | None:
        """What the person who was asked last answered."""
        return self._value(ApprovalAnswer, "approval.answered")

    @property
    def approvals(self) -> tuple[ApprovalAnswer, ...]:
        """Every answer that a person gave, oldest first."""
        return tuple(ApprovalAnswer.model_validate(event.payload) for event in self.of_kind("approval.answered"))

    @property
    def request(self) -> ApprovalRequest | None:
        """The newest question to a person, answered or not."""
        return self._value(ApprovalRequest, "approval.requested")

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks registered before the action."""
        return self._values(Check, "checks.registered", "checks")

    @property
    def registered(self) -> tuple[Registered, ...]:
        """The checks registered before the action, each with its metric's value then."""
        event = self.latest("checks.registered")
        before = event.payload.get("before") if event else None
        values = TypeAdapter(list[float | None]).validate_python(before or [None] * len(self.checks))
        return tuple(Registered(check=check, before=value) for check, value in zip(self.checks, values, strict=True))

    def registered_for(self, plan: Digest) -> bool:
        """Whether the checks of this very plan are registered."""
        return any(event.payload["plan"] == plan for event in self.of_kind("checks.registered"))

    @property
    def check_outcomes(self) -> tuple[CheckOutcome, ...]:
        """How they ended, in the order they were judged."""
        return tuple(CheckOutcome.model_validate(event.payload) for event in self.of_kind("check.judged"))

    @property
    def receipt(self) -> Receipt | None:
        """The executor's receipt for the action, None when none was received."""
        return self._value(Receipt, "action.received")

    @property
    def actions_taken(self) -> tuple[Action, ...]:
        """Every action that was received for this incident, rollbacks included, oldest first."""
        received = self.of_kind("action.received", "rollback.received")
        return tuple(Receipt.model_validate(event.payload).action for event in received)

    @property
    def comparison(self) -> Comparison | None:
        """Our cost beside the baselines', for a practice incident that ended."""
        return self._value(Comparison, "impact.compared")


def grouping_reasons(events: Sequence[Event]) -> dict[Fingerprint, str]:
    """Why each alert belongs to an incident, from the incident's events."""
    return {
        Fingerprint(str(event.payload["fingerprint"])): str(event.payload["reason"])
        for event in events
        if event.kind == "alert.grouped"
    }


def _told(payload: JsonObject) -> set[str]:
    """The fields that say something."""
    return {name for name, value in payload.items() if value is not None}


def _tuple_of(model: type[V], values: object) -> tuple[V, ...]:
    return TypeAdapter(tuple[model, ...]).validate_python(values)  # type: ignore[valid-type]
