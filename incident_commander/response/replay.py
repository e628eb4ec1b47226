"""Counterfactuals: one practice incident's vote held again with something otherwise, and what would flip its decision.

A practice run is a function of its scenario, its seed and the actions it received, so its case can be built again and
its voters asked again: without one of them, with a signal kept from all agents, at another threshold, with a voter
failing. All of it is pure and meant for a worker process. The vote with nothing supposed is held against the record:
where another version of this program wrote that, it may be another vote, and then it says so.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from ..analysis.anomaly import deviations_in
from ..analysis.metric_kinds import NO_TROUBLE
from ..analysis.resources import is_symptom
from ..consensus.certificate import verify_certificate
from ..consensus.faults import FAULT_KINDS
from ..consensus.rule import rule
from ..domain.advice import NO_ADVICE, Advice
from ..domain.ballot import VOTERS, Certificate, Tally, Voter
from ..domain.base import Digest, IncidentId, ServiceName
from ..domain.fault import VoterFault
from ..domain.incident import Incident
from ..domain.memory import NOTHING_RECALLED, Recalled
from ..domain.plan import Plan
from ..domain.practice import PracticeRun
from ..domain.telemetry import Signal
from ..sandbox import Assumptions
from . import view_text as text
from .decide import Booth, Decision, RoundHeld
from .hearing import NOTHING, Hearing, Sight, Stops, Withheld, hear, look
from .record import IncidentRecord
from .rehearsed_gate import RehearsedGate
from .replayed import BallotState, Ending, Replay, Replayed, ReplayedBallot, ReplayedRound, Supposition

SIGNALS: tuple[Signal, ...] = ("metrics", "logs", "traces", "changes", "topology", "impact")
"""What can be kept from the agents as a whole."""
MOST_METRICS = 4
"""How many single metrics are tried in a search: each costs a diagnosis."""


class NotReplayable(ValueError):
    """An incident whose vote cannot be held again; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A practice incident as far as its vote is concerned. Picklable.

    Attributes:
        figures: What was assumed; None: as the cited file says.
        faults: The voters that the run itself made fail.
        plans: The candidates' digests, as recorded.
        choices: Of the voters that did not fail, what each chose in the first round, as recorded.
        certified: The plan that was certified by disagreement's last round, as recorded; None: no plan was.
        recalled: What memory said of it then.
        advice: What models suspected by the vote; `diagnosed_on`: by the diagnosis.
    """

    scenario: str
    seed: int
    incident: IncidentId
    figures: Assumptions | None
    faults: tuple[tuple[Voter, VoterFault], ...]
    stops: Stops
    plans: tuple[Digest, ...]
    choices: tuple[tuple[Voter, Digest | None], ...]
    certified: Digest | None
    recalled: Recalled = NOTHING_RECALLED
    advice: Advice = NO_ADVICE
    diagnosed_on: Advice = NO_ADVICE

    @classmethod
    def of(cls, run: PracticeRun, record: IncidentRecord, figures: Assumptions | None = None) -> Self:
        """The subject that an incident of a practice run is.

        Raises:
            NotReplayable: it never came to a vote.
        """
        tallies = [Tally.model_validate(each.payload) for each in record.of_kind("quorum.reached", "quorum.failed")]
        opened = [each for each in record.rounds if each.why in ("first", "disagreement")]
        held = [tally for tally, each in zip(tallies, opened, strict=False) if tally.round == each.round]
        if not held:
            raise NotReplayable(f"incident {record.incident.id!r} never came to a vote, so there is none to hold again")
        certificate = held[-1].certificate
        return cls(
            scenario=run.scenario,
            seed=run.seed,
            incident=record.incident.id,
            figures=figures,
            faults=tuple(run.faults.items()),
            stops=_stops(record, len(held)),
            plans=tuple(plan.digest for plan in record.candidates(opened[0])),
            choices=tuple(
                (signed.ballot.voter, signed.ballot.judgement.choice)
                for signed in record.all_ballots
                if signed.ballot.round == 1 and signed.ballot.voter not in run.faults
            ),
            certified=certificate.plan_digest if certificate is not None else None,
            recalled=record.recalled,
            advice=record.before("ballot.cast").advice,
            diagnosed_on=record.before("diagnosis.made").advice,
        )


def replay(subject: Subject, suppositions: Iterable[Supposition]) -> Replay:
    """Hold the vote with nothing supposed, and under each supposition.

    Raises:
        NotReplayable: its world, built again, raises no alarm.
    """
    base = Supposition(faults=dict(subject.faults))
    as_it_was, decision = _held(subject, base)
    supposed = []
    for each in suppositions:
        also = each.model_copy(update={"faults": {**base.faults, **each.faults}})
        found, _ = _held(subject, also)
        flips = (found.ending, found.decision) != (as_it_was.ending, as_it_was.decision)
        supposed.append(found.model_copy(update={"suppose": each, "title": each.title, "flips": flips}))
    return Replay(
        scenario=subject.scenario,
        seed=subject.seed,
        incident=subject.incident,
        as_it_was=as_it_was,
        differs=_differs(subject, decision),
        supposed=tuple(supposed),
    )


def what_flips(subject: Subject) -> Replay:
    """Hold the vote with each single thing taken away: a voter, a signal, one of the most telling metrics, a ballot.

    Raises:
        NotReplayable: its world, built again, raises no alarm.
    """
    return replay(subject, single_removals(subject))


def single_removals(subject: Subject) -> tuple[Supposition, ...]:
    """What `what_flips` tries, the quick ones first.

    Raises:
        NotReplayable: its world, built again, raises no alarm.
    """
    required = rule().required
    return (
        *(Supposition(absent=(voter,)) for voter in VOTERS),
        *(Supposition(required=number) for number in range(1, len(VOTERS) + 1) if number != required),
        *(Supposition(withheld=Withheld(signals=(signal,))) for signal in SIGNALS),
        *(Supposition(withheld=Withheld(metrics=(metric,))) for metric in _telling(_hearing(subject, NOTHING))),
    )


def single_faults(seed: int = 0) -> tuple[Supposition, ...]:
    """Each voter failing alone in each way."""
    return tuple(Supposition(faults={voter: kind}, seed=seed) for kind in FAULT_KINDS for voter in VOTERS)


def _stops(record: IncidentRecord, rounds: int) -> Stops:
    """When the stages began and ended, by the record; a second round that was not held is thought of right after."""
    started = [record.stage_event("stage.started", "deliberate", number) for number in range(1, rounds + 1)]
    over = record.stage_event("stage.finished", "deliberate", rounds)
    diagnose, propose = (record.stage_event("stage.started", stage) for stage in ("diagnose", "propose"))
    if diagnose is None or propose is None or over is None or None in started:
        raise NotReplayable(f"incident {record.incident.id!r} has no record of when its stages began")
    began = [each.occurred_at for each in started if each is not None]
    end = over.occurred_at
    if rounds == 1:
        return Stops(
            diagnose=diagnose.occurred_at, propose=propose.occurred_at, rounds=(began[0], end),
            over=end + (end - began[0]),
        )  # fmt: skip
    return Stops(diagnose=diagnose.occurred_at, propose=propose.occurred_at, rounds=tuple(began), over=end)


@lru_cache(maxsize=2)
def _sight(subject: Subject) -> Sight:
    sight = look(subject.scenario, subject.seed, subject.figures, subject.stops)
    if sight is None:
        raise NotReplayable(f"{subject.scenario} with seed {subject.seed} raises no alarm any more: record it again")
    return sight


@lru_cache(maxsize=16)
def _hearing(subject: Subject, withheld: Withheld) -> Hearing:
    return hear(_sight(subject), withheld, subject.recalled, subject.advice, subject.diagnosed_on)


def _telling(hearing: Hearing) -> tuple[tuple[ServiceName, str], ...]:
    """The metrics that say most of what was decided on: of the cause's service first, what ran out before symptoms."""
    seen, cause = hearing.cases[0].observations, hearing.diagnosis.cause
    found = [
        each
        for each in deviations_in(seen.metrics, seen.window.end.timestamp())
        if each.harmful and each.ongoing and each.meaning.kind not in NO_TROUBLE
    ]
    where = cause.service if cause is not None else None
    found.sort(key=lambda each: (each.series.service != where, is_symptom(each), -each.score, each.series.metric))
    return tuple((each.series.service, each.series.metric) for each in found[:MOST_METRICS])


def _held(subject: Subject, suppose: Supposition) -> tuple[Replayed, Decision]:
    """The vote under a supposition, from the diagnosis on where agents see less."""
    hearing = _hearing(subject, suppose.withheld)
    installed = rule()
    required = suppose.required or installed.required
    booth = Booth(hearing, installed.model_copy(update={"required": required}))
    decision = booth.decide(suppose.faults, suppose.absent, suppose.seed)
    # Below the rule's own threshold the weights would still ask for as much, so plans are told by their ballots alone.
    won = [_won(held.outcome, hearing, required) for held in decision.rounds]
    last = next((number for number, plans in enumerate(won) if plans), len(won) - 1)
    ending, plan, why = _ended(booth, decision.rounds[last], won[last])
    cause = hearing.diagnosis.cause
    replayed = Replayed(
        suppose=suppose,
        title=suppose.title,
        required=required,
        bears=2 * required - installed.n - 1 if 2 * required > installed.n else None,
        verdict=hearing.diagnosis.verdict,
        cause=None if cause is None else f"{text.words(cause.fault)} of {cause.service}",
        plans=tuple(text.plan_text(each) for each in hearing.plans),
        rounds=tuple(_round(held, hearing) for held in decision.rounds[: last + 1]),
        ending=ending,
        action=plan.action if plan is not None and ending == "acts" else None,
        decision=" and ".join(text.plan_text(each) for each in won[last]) or "No decision, tell a person",
        why=why,
    )
    return replayed, decision


def _won(outcome: Tally, hearing: Hearing, required: int) -> list[Plan]:
    return [plan for plan in hearing.plans if len(outcome.votes.get(plan.digest, ())) >= required]


def _ended(booth: Booth, held: RoundHeld, won: Sequence[Plan]) -> tuple[Ending, Plan | None, str]:
    """How it ends, the plan that was decided on, and why in words."""
    if not won:
        return "no_quorum", None, held.outcome.reason
    if len(won) > 1:
        return "conflict", None, "so few ballots are a quorum for two plans at once, so neither may run"
    plan = won[0]
    voters = held.outcome.votes[plan.digest]
    by = f"{len(voters)} of {booth.rule.n} voters chose it; {booth.rule.required} are required"
    if plan.action is None:
        return "tells_a_person", plan, by

    def verify(certificate: Certificate, certified: Plan, incident: Incident) -> None:
        verify_certificate(certificate, certified.digest, incident.id, booth.public_keys, booth.rule)

    kept_back = asyncio.run(RehearsedGate(booth.hearing, verify).keeps_back(plan, held.poll.round))
    return ("kept_back", plan, f"{by}; but {kept_back}") if kept_back else ("acts", plan, by)


def _round(held: RoundHeld, hearing: Hearing) -> ReplayedRound:
    plans = {plan.digest: text.plan_text(plan) for plan in hearing.plans}
    return ReplayedRound(
        round=held.poll.round,
        ballots=tuple(_ballot(voter, held, plans) for voter in VOTERS),
        votes={plans[digest]: voters for digest, voters in held.outcome.votes.items()},
        outcome=held.outcome.reason,
    )


def _ballot(voter: Voter, held: RoundHeld, plans: dict[Digest, str]) -> ReplayedBallot:
    own = [each.ballot.ballot for each in held.sent if each.sender == voter and each.ballot.ballot.voter == voter]
    rejected = tuple(dict.fromkeys(each.reason for each in held.outcome.rejected if each.sender == voter))
    counted = voter not in held.outcome.missing
    state: BallotState = "silent"
    if counted:
        state = "abstained" if voter in held.outcome.abstained else "counted"
    elif rejected:
        state = "rejected"
    honest = held.honest.get(voter)
    sent = own[0].judgement if own else None
    # What a fooled language model changed may count for what its voter thought without it.
    counts_for = next((digest for digest, voters in held.outcome.votes.items() if voter in voters), None)
    choice = counts_for if counted else sent.choice if sent is not None else None
    return ReplayedBallot(
        voter=voter,
        state=state,
        plan=None if choice is None else plans.get(choice, text.plan_text(None)),
        honest=None if honest is None or honest.choice is None else plans[honest.choice],
        confidence=sent.confidence if sent is not None else None,
        reason=sent.reason if sent is not None else "",
        rejected=rejected,
        heard=text.heard_text(sent, lambda digest: plans.get(digest, text.plan_text(None))) if sent is not None else "",
    )


def _differs(subject: Subject, decision: Decision) -> str:
    """How the vote as it is now differs from the record's, in words."""
    hearing = _hearing(subject, NOTHING)
    if tuple(plan.digest for plan in hearing.plans) != subject.plans:
        return "other plans are proposed for it now than when it was recorded: another version of this program wrote it"
    honest = decision.rounds[0].honest
    other = [voter for voter, choice in subject.choices if voter in honest and honest[voter].choice != choice]
    if other:
        return f"{', '.join(other)} would vote otherwise now: another version of this program recorded it"
    certificate = decision.certificate
    if (certificate.plan_digest if certificate is not None else None) != subject.certified:
        return "it is decided otherwise now than when it was recorded"
    return ""
