"""How an incident was decided, and what came of it: votes, plans, action, checks, updates."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Literal

from ..agents.updates import ENDED_WORDS
from ..domain.ballot import VOTERS, QuorumRule, SignedBallot, Tally, Voter
from ..domain.base import Digest, Value
from ..domain.event import Event, Update
from ..domain.plan import Check, CheckOutcome, Plan, Receipt
from . import view_text as text
from .record import IncidentRecord

VOTE_STATES = ("for", "other", "abstained", "rejected", "missing")
"""As they are drawn, from the left."""


class VoteRow(Value):
    """One voter's place in the round.

    Attributes:
        heard: The models whose word changed its judgement, and what it would have chosen without; empty: none did.
    """

    voter: str
    label: str
    state: Literal["for", "other", "abstained", "rejected", "missing"]
    state_text: str
    choice: str
    confidence_text: str
    reason: str
    heard: str = ""


class RejectionRow(Value):
    """A ballot that was not counted, by the voter who sent it."""

    voter: str
    reason: str
    detail: str


class QuorumView(Value):
    """Where the vote stands against the line.

    Attributes:
        leading: The number of votes for the plan that leads.
        slots: The states of the votes, those for the leading plan first, to draw against the line.
    """

    state: Literal["none", "voting", "reached", "failed"] = "none"
    text: str = ""
    round: int = 0
    n: int = 0
    required: int = 0
    leading: int = 0
    leading_plan: str = ""
    reason: str = ""
    slots: tuple[str, ...] = ()
    votes: tuple[VoteRow, ...] = ()
    rejected: tuple[RejectionRow, ...] = ()


class PlanRow(Value):
    """One candidate plan."""

    digest: str
    text: str
    addresses: str
    undo: str
    rationale: str
    votes: int
    votes_text: str
    chosen: bool


class ActionView(Value):
    """What was done, by whose leave, and the certificate that allowed it.

    Attributes:
        told_only: The plan was only recorded or told to a person, who can say whether it was right.
    """

    state: Literal["none", "waiting", "requested", "applied", "not_applied", "refused", "unknown", "nothing"] = "none"
    state_text: str = ""
    text: str = ""
    detail: str = ""
    at: str = ""
    kind: str = ""
    source: str = ""
    policy: str = ""
    approval: str = ""
    rollback: str = ""
    rollback_state: str = ""
    certificate: str = ""
    certificate_text: str = ""
    told_only: bool = False


class CheckRow(Value):
    """A check registered before the action, with its outcome."""

    text: str
    state: Literal["met", "unmet", "pending"]
    state_text: str
    observed: str
    reason: str
    guard: bool


class UpdateRow(Value):
    """A message to people, and where it really went."""

    at: str
    audience: str
    subject: str
    body: str
    delivered: str
    failed: bool


def quorum_view(record: IncidentRecord, rule: QuorumRule) -> QuorumView:
    """The votes of the newest round against the line."""
    tally, ballots = record.tally, record.ballots
    if tally is None and not ballots:
        return QuorumView()
    current = max([signed.ballot.round for signed in ballots] + ([tally.round] if tally else []))
    if tally is not None and tally.round != current:
        tally = None
    cast = {signed.ballot.voter: signed for signed in ballots if signed.ballot.round == current}
    return count_view(current, cast, tally, record.plan, rule)


def count_view(
    round: int,
    cast: Mapping[Voter, SignedBallot],
    tally: Tally | None,
    plan_of: Callable[[Digest], Plan | None],
    rule: QuorumRule,
) -> QuorumView:
    """The votes of a round against the line.

    Args:
        cast: The ballots that voters cast in their own names; of one that cast several, any.
        tally: Its outcome; None while it is voted.
        plan_of: The candidate with a digest.
    """
    rejected = tally.rejected if tally else ()
    if tally is not None:
        votes = {digest: len(voters) for digest, voters in tally.votes.items()}
        uncounted = {rejection.sender for rejection in rejected} & set(tally.missing)
    else:
        votes = Counter(choice for signed in cast.values() if (choice := signed.ballot.judgement.choice) is not None)
        uncounted = set()
    leading_plan = max(votes, key=lambda digest: votes[digest], default=None)
    leading = votes[leading_plan] if leading_plan else 0
    state: Literal["voting", "reached", "failed"] = (
        "voting" if tally is None else "reached" if tally.certificate else "failed"
    )
    rows = tuple(_vote(plan_of, voter, cast.get(voter), leading_plan, uncounted) for voter in VOTERS)
    said = {"reached": "quorum reached", "failed": "no quorum", "voting": "voting"}[state]
    return QuorumView(
        state=state,
        text=f"{leading} of {rule.n} for one plan, {rule.required} needed: {said}",
        round=round,
        n=rule.n,
        required=rule.required,
        leading=leading,
        leading_plan=text.plan_text(plan_of(leading_plan)) if leading_plan else "",
        reason=tally.reason if tally else "",
        slots=tuple(sorted((row.state for row in rows), key=VOTE_STATES.index)),
        votes=rows,
        rejected=tuple(
            RejectionRow(voter=rejection.sender, reason=text.words(rejection.reason), detail=rejection.detail)
            for rejection in rejected
        ),
    )


def _vote(
    plan_of: Callable[[Digest], Plan | None],
    voter: str,
    signed: SignedBallot | None,
    leading_plan: Digest | None,
    uncounted: Collection[str],
) -> VoteRow:
    judgement = signed.ballot.judgement if signed else None
    state: Literal["for", "other", "abstained", "rejected", "missing"]
    if voter in uncounted:
        state, state_text = "rejected", "Not counted"
    elif judgement is None:
        state, state_text = "missing", "No ballot"
    elif judgement.choice is None:
        state, state_text = "abstained", "Abstained"
    elif judgement.choice == leading_plan:
        state, state_text = "for", "For the leading plan"
    else:
        state, state_text = "other", "For another plan"
    choice = judgement.choice if judgement else None
    return VoteRow(
        voter=voter,
        label=text.sentence(voter),
        state=state,
        state_text=state_text,
        choice=text.plan_text(plan_of(choice)) if choice else "",
        confidence_text=f"confidence {text.share(judgement.confidence)}" if judgement else "",
        reason=judgement.reason if judgement else "",
        heard=text.heard_text(judgement, lambda digest: text.plan_text(plan_of(digest))) if judgement else "",
    )


def plan_rows(record: IncidentRecord) -> tuple[PlanRow, ...]:
    """The candidate plans, the one with most votes first."""
    choices = Counter(signed.ballot.judgement.choice for signed in record.ballots)
    chosen = record.chosen
    rows = [_plan(plan, choices[plan.digest], plan == chosen) for plan in record.plans]
    return tuple(sorted(rows, key=lambda row: -row.votes))


def _plan(plan: Plan, votes: int, chosen: bool) -> PlanRow:
    if plan.action is None:
        undo = ""
    elif plan.undo is not None:
        undo = f"Undo: {text.action_text(plan.undo)}"
    else:
        undo = "Nothing to undo" if plan.reversible else "Cannot be undone"
    return PlanRow(
        digest=plan.digest,
        text=text.plan_text(plan),
        addresses=text.words(plan.addresses) if plan.addresses else "",
        undo=undo,
        rationale=plan.rationale,
        votes=votes,
        votes_text=f"{votes} vote{'' if votes == 1 else 's'}",
        chosen=chosen,
    )


def action_view(record: IncidentRecord) -> ActionView:
    """What was done about the certified plan."""
    tally, authorisation, approval = record.tally, record.authorisation, record.approval
    requested, refused, receipt = (
        record.latest("action.requested"),
        record.latest("action.refused", "action.unknown"),
        record.receipt,
    )
    chosen = record.chosen
    view = ActionView(
        policy=f"{text.sentence(authorisation.decision)}: {authorisation.reason} ({authorisation.rule})"
        if authorisation
        else "",
        approval=f"{text.sentence(approval.answer)} by {approval.by}: {approval.reason}" if approval else "",
        text=text.plan_text(chosen) if chosen else "",
        told_only=authorisation is not None and authorisation.trust in ("observe", "advise"),
    ).model_copy(update={**_certificate(tally), **_rollback(record)})
    if receipt is not None:
        return view.model_copy(update=_received(receipt))
    if refused is not None:
        reason = refused.payload.get("reason")
        sure = refused.kind == "action.refused"
        return view.model_copy(
            update={
                "state": "refused" if sure else "unknown",
                "state_text": "Refused, nothing was done" if sure else "It is not known whether it was done",
                "detail": reason if isinstance(reason, str) else "",
                "at": text.clock_time(refused.occurred_at),
            }
        )
    if requested is not None:
        return view.model_copy(
            update={
                "state": "requested",
                "state_text": "Requested, no receipt yet",
                "at": text.clock_time(requested.occurred_at),
            }
        )
    if chosen is not None and chosen.action is None:
        return view.model_copy(update={"state": "nothing", "state_text": "Nothing is done; a person is told"})
    if chosen is not None:
        over = record.incident.ended_at is not None or record.incident.status == "escalated"
        return view.model_copy(
            update={"state": "waiting", "state_text": "Not carried out" if over else "Certified, not yet carried out"}
        )
    return view


def _certificate(tally: Tally | None) -> dict[str, str]:
    certificate = tally.certificate if tally else None
    if certificate is None:
        return {}
    return {
        "certificate": certificate.plan_digest,
        "certificate_text": (
            f"{len(certificate.ballots)} signed ballots, {certificate.rule.required} of {certificate.rule.n} needed, "
            f"issued {text.date_time(certificate.issued_at)}"
        ),
    }


def _received(receipt: Receipt) -> dict[str, str]:
    return {
        "state": "applied" if receipt.applied else "unknown" if receipt.ended == "unknown" else "not_applied",
        "state_text": "Carried out" if receipt.applied else text.sentence(ENDED_WORDS[receipt.ended]),
        "text": text.action_text(receipt.action),
        "detail": receipt.detail,
        "at": text.clock_time(receipt.received_at),
        "kind": receipt.provenance.kind,
        "source": receipt.provenance.source,
    }


def _rollback(record: IncidentRecord) -> dict[str, str]:
    received, requested = record.latest("rollback.received"), record.latest("rollback.requested")
    told = record.latest("rollback.refused", "rollback.unknown")
    if received is not None:
        receipt = Receipt.model_validate(received.payload)
        said = "Rolled back" if receipt.applied else f"Rollback {ENDED_WORDS[receipt.ended]}"
        return {"rollback": f"{text.action_text(receipt.action)}. {receipt.detail}", "rollback_state": said}
    if told is not None:
        refused = told.kind == "rollback.refused"
        said = "Rollback refused" if refused else "It is not known whether it was taken back"
        return {"rollback": str(told.payload["reason"]), "rollback_state": said}
    return {"rollback": "No receipt yet", "rollback_state": "Rollback requested"} if requested else {}


def check_rows(record: IncidentRecord) -> tuple[CheckRow, ...]:
    """The registered checks, as far as they have been judged."""
    outcomes: dict[Digest, CheckOutcome] = {
        outcome.check.content_digest(): outcome for outcome in record.check_outcomes
    }
    return tuple(_check(check, outcomes.get(check.content_digest())) for check in record.checks)


def _check(check: Check, outcome: CheckOutcome | None) -> CheckRow:
    if outcome is None:
        observed, state = "", "pending"
    elif outcome.observed is None:
        observed, state = "nothing to see", "met" if outcome.met else "unmet"
    else:
        observed = text.quantity(outcome.observed, text.metric_unit(check.metric))
        state = "met" if outcome.met else "unmet"
    return CheckRow.model_validate(
        {
            "text": text.check_text(check),
            "state": state,
            "state_text": text.sentence(state),
            "observed": observed,
            "reason": outcome.reason if outcome else "",
            "guard": check.guard,
        }
    )


def update_rows(record: IncidentRecord) -> tuple[UpdateRow, ...]:
    """What people were told, the newest first."""
    return tuple(_update(event) for event in reversed(record.of_kind("update.published")))


def _update(event: Event) -> UpdateRow:
    update = Update.model_validate(event.payload)
    parts = [f"Sent to {', '.join(update.delivered_to)}"] if update.delivered_to else []
    if update.failures:
        parts.append(f"Not taken by {'; '.join(update.failures)}")
    return UpdateRow(
        at=text.clock_time(event.occurred_at),
        audience=text.sentence(update.audience),
        subject=update.subject,
        body=update.body,
        delivered=". ".join(parts) or "Kept on the timeline: no channel is configured",
        failed=bool(update.failures),
    )
