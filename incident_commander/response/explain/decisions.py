"""How a recorded decision came about: every plan with every voter's score, and why it was chosen or was not."""

from collections.abc import Iterator, Mapping

from ...agents.preference import INDISTINGUISHABLE
from ...domain.ballot import VOTERS, Judgement, QuorumRule, Voter
from ...domain.base import Digest, Value
from ...domain.event import EventKind
from ...domain.plan import Plan
from .. import view_text as text
from ..record import IncidentRecord
from ..recording import Recording
from ..view_decision import (
    ActionView,
    CheckRow,
    QuorumView,
    RejectionRow,
    VoteRow,
    action_view,
    check_rows,
    plan_rows,
    quorum_view,
)
from ..view_timeline import TimelineRow, timeline_row
from .producers import ProducerRow, producer_row
from .rule import rule_of

_AFTER_THE_VOTE: tuple[EventKind, ...] = (
    "plans.proposed",
    "round.opened",
    "plan.edited",
    "quorum.reached",
    "quorum.failed",
    "authorisation.decided",
    "approval.requested",
    "approval.answered",
    "checks.registered",
    "action.requested",
    "action.received",
    "action.refused",
    "action.unknown",
    "check.judged",
    "rollback.requested",
    "rollback.received",
    "rollback.refused",
    "rollback.unknown",
    "incident.status_changed",
)


class ScoreCell(Value):
    """One voter's score of one plan, in [0, 1]; `choice`: it voted for this one."""

    voter: str
    score: float
    text: str
    choice: bool


class AlternativeRow(Value):
    """One candidate plan beside the others.

    Attributes:
        why: Why it was chosen, or why it was not, a sentence each.
        undo: How it would be taken back.
    """

    digest: str
    text: str
    addresses: str
    undo: str
    checks: tuple[str, ...]
    rationale: str
    votes: int
    votes_text: str
    chosen: bool
    scores: tuple[ScoreCell, ...]
    why: tuple[str, ...]


class BallotRow(Value):
    """One voter's ballot; `claim` is what its evidence is asked for by."""

    claim: str
    vote: VoteRow
    evidence: str
    signature: str


class CertificateView(Value):
    """The certificate in figures; `there` False where no quorum was reached, with the reason."""

    there: bool = False
    reason: str = ""
    plan: str = ""
    plan_digest: str = ""
    round: int = 0
    rule: str = ""
    ballots: str = ""
    issued: str = ""


class DecisionsView(Value):
    """The Decisions tab."""

    voters: tuple[str, ...] = ()
    alternatives: tuple[AlternativeRow, ...] = ()
    quorum: QuorumView = QuorumView()
    ballots: tuple[BallotRow, ...] = ()
    rejected: tuple[RejectionRow, ...] = ()
    action: ActionView = ActionView()
    checks: tuple[CheckRow, ...] = ()
    course: tuple[TimelineRow, ...] = ()
    certificate: CertificateView = CertificateView()
    producer: ProducerRow = ProducerRow()


def decisions_view(recording: Recording) -> DecisionsView:
    """The decision and what came of it; empty where no alert came."""
    record = recording.record
    if record is None:
        return DecisionsView()
    quorum = quorum_view(record, rule_of(record))
    return DecisionsView(
        voters=tuple(text.sentence(voter) for voter in VOTERS),
        alternatives=_alternatives(record),
        quorum=quorum,
        ballots=_ballots(record, quorum),
        rejected=quorum.rejected,
        action=action_view(record),
        checks=check_rows(record),
        course=tuple(timeline_row(event, record.plans) for event in record.of_kind(*_AFTER_THE_VOTE)),
        certificate=_certificate(record),
        producer=producer_row(recording, "consensus"),
    )


def _alternatives(record: IncidentRecord) -> tuple[AlternativeRow, ...]:
    judgements = {signed.ballot.voter: signed.ballot.judgement for signed in record.ballots}
    rule, chosen = rule_of(record), record.chosen
    plans = {plan.digest: plan for plan in record.plans}
    rows = []
    for row in plan_rows(record):
        plan = plans[Digest(row.digest)]
        why = _why(record, plan, judgements, rule) if row.chosen else _why_not(record, plan, chosen, judgements, rule)
        rows.append(
            AlternativeRow(
                digest=row.digest,
                text=row.text,
                addresses=row.addresses,
                undo=row.undo,
                checks=tuple(text.check_text(check) for check in plan.checks),
                rationale=row.rationale,
                votes=row.votes,
                votes_text=row.votes_text,
                chosen=row.chosen,
                scores=tuple(_scores(plan, judgements)),
                why=tuple(why),
            )
        )
    return tuple(rows)


def _scores(plan: Plan, judgements: Mapping[Voter, Judgement]) -> Iterator[ScoreCell]:
    for voter in VOTERS:
        judgement = judgements.get(voter)
        score = judgement.scores.get(plan.digest) if judgement else None
        yield ScoreCell(
            voter=text.sentence(voter),
            score=score if score is not None else 0.0,
            text="no ballot" if judgement is None else "abstained" if score is None else f"{score:.2f}",
            choice=judgement is not None and judgement.choice == plan.digest,
        )


def _why(record: IncidentRecord, plan: Plan, judgements: Mapping[Voter, Judgement], rule: QuorumRule) -> Iterator[str]:
    voted = _voters_for(plan, judgements)
    yield f"{len(voted)} of {rule.n} signed ballots name it, {rule.required} are needed"
    for voter in voted:
        yield f"{text.sentence(voter)}: {judgements[voter].reason}"
    if plan.action is not None:
        yield "it can be taken back" if plan.reversible else "it cannot be taken back, and was chosen all the same"
    authorisation = record.authorisation
    if authorisation is not None:
        yield f"policy says {text.words(authorisation.decision)} by its rule {authorisation.rule}"


def _why_not(
    record: IncidentRecord,
    plan: Plan,
    chosen: Plan | None,
    judgements: Mapping[Voter, Judgement],
    rule: QuorumRule,
) -> Iterator[str]:
    voted = _voters_for(plan, judgements)
    yield f"{len(voted)} of {rule.n} ballots name it, {rule.required} are needed"
    for voter in voted:
        yield f"for it, {voter}: {judgements[voter].reason}"
    if chosen is not None:
        yield from _against(plan, chosen, judgements)
    if plan.action is not None:
        if not plan.reversible:
            yield "it cannot be taken back"
        yield "policy was not asked: only a certified plan is put to it"


def _against(plan: Plan, chosen: Plan, judgements: Mapping[Voter, Judgement]) -> Iterator[str]:
    """Where the votes for the certified plan left this one: beaten, or tied and proposed later."""
    for voter in _voters_for(chosen, judgements):
        ours, theirs = (judgements[voter].scores.get(each.digest) for each in (plan, chosen))
        if ours is None or theirs is None:
            continue
        if ours >= theirs - INDISTINGUISHABLE:
            yield (
                f"{voter} cannot tell it from the certified plan ({ours:.2f} and {theirs:.2f}, less than "
                f"{INDISTINGUISHABLE:g} apart) and takes the one proposed first"
            )
        else:
            yield f"{voter} gives it {ours:.2f}, the certified plan {theirs:.2f}"


def _voters_for(plan: Plan, judgements: Mapping[Voter, Judgement]) -> tuple[Voter, ...]:
    return tuple(voter for voter in VOTERS if voter in judgements and judgements[voter].choice == plan.digest)


def _ballots(record: IncidentRecord, quorum: QuorumView) -> tuple[BallotRow, ...]:
    cast = {str(signed.ballot.voter): signed for signed in record.ballots}
    rows = []
    for vote in quorum.votes:
        signed = cast.get(vote.voter)
        rows.append(
            BallotRow(
                claim=f"ballot.{vote.voter}" if signed else "",
                vote=vote,
                evidence=f"{len(signed.ballot.judgement.evidence)} observations" if signed else "no ballot",
                signature=signed.signature if signed else "",
            )
        )
    return tuple(rows)


def _certificate(record: IncidentRecord) -> CertificateView:
    tally = record.tally
    certificate = tally.certificate if tally else None
    if certificate is None:
        return CertificateView(reason=tally.reason if tally else "no vote was held")
    rule = certificate.rule
    return CertificateView(
        there=True,
        plan=text.plan_text(record.plan(certificate.plan_digest)),
        plan_digest=certificate.plan_digest,
        round=certificate.round,
        rule=f"n = {rule.n} voters, f = {rule.f} of them arbitrary: {rule.required} must name the same plan",
        ballots=f"{len(certificate.ballots)} signed ballots, dissent included",
        issued=f"{text.date_time(certificate.issued_at)} UTC",
    )
