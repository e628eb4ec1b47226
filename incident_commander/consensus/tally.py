"""Counting a round: which ballots count, for which plan, and whether they make a certificate."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from ..domain.ballot import Certificate, QuorumRule, Rejection, RejectionReason, SignedBallot, Tally, Voter
from ..domain.base import Digest
from .ballots import signature_is_valid
from .poll import Poll, Submission
from .rule import share


def tally(
    poll: Poll,
    submissions: Iterable[Submission],
    rule: QuorumRule,
    public_keys: Mapping[Voter, str],
    now: datetime,
    quarantined: Collection[Voter] = (),
) -> Tally:
    """Count one round of one incident. The order of the submissions does not matter.

    A ballot counts when it came by the channel of the voter it names, who is not quarantined, is signed by that voter's
    known key, for this incident and round, was received by the deadline, expires with the round and not yet, judges
    exactly the candidates and names one of them or abstains. The same ballot again is a duplicate and is counted once.
    Two different ballots of one voter are equivocation: neither counts. A certificate needs `rule.required` ballots for
    the same plan, and more than 2/3 of the weight; it holds every ballot that was counted, dissent and abstention too,
    so that the count can be repeated from it.

    Args:
        public_keys: The known key of every voter, base64.
        now: On the incident's clock.
        quarantined: Voters whose ballots do not count; they stay among the n.
    """
    rejected: list[Rejection] = []
    by_voter: dict[Voter, list[Submission]] = defaultdict(list)
    for submission in submissions:
        refusal = _refusal(submission, poll, rule, public_keys, quarantined)
        if refusal is None:
            by_voter[submission.sender].append(submission)
        else:
            rejected.append(refusal)

    counted: dict[Voter, SignedBallot] = {}
    for voter, sent in by_voter.items():
        if len({each.ballot.ballot.content_digest() for each in sent}) > 1:
            rejected += [_equivocation(each, sent) for each in sent]
            continue
        # A second valid signature over the same ballot says nothing new; keep the same one whatever the order.
        first, *again = sorted(sent, key=lambda each: (each.received_at, each.ballot.signature))
        rejected += [_rejection(each, "duplicate", "the same ballot was cast before; it counts once") for each in again]
        refusal = _late_or_astray(first, poll, now)
        if refusal is None:
            counted[voter] = first.ballot
        else:
            rejected.append(refusal)

    choices = effective_choices([signed for _, signed in sorted(counted.items())], rule)
    votes: dict[Digest, tuple[Voter, ...]] = {}
    for digest in sorted({choice for choice in choices.values() if choice is not None}):
        votes[digest] = tuple(voter for voter in rule.weights if choices.get(voter) == digest)
    winner = next((digest for digest, voters in votes.items() if _is_quorum(voters, rule)), None)
    certificate = None
    if winner is not None:
        certificate = Certificate(
            incident_id=poll.incident_id,
            round=poll.round,
            plan_digest=winner,
            rule=rule,
            ballots=tuple(counted[voter] for voter in rule.weights if voter in counted),
            issued_at=now,
        )
    return Tally(
        incident_id=poll.incident_id,
        round=poll.round,
        votes=votes,
        abstained=tuple(voter for voter in rule.weights if voter in choices and choices[voter] is None),
        missing=tuple(voter for voter in rule.weights if voter not in counted),
        rejected=tuple(sorted(rejected, key=lambda each: (each.sender, each.voter, each.reason, each.detail))),
        certificate=certificate,
        reason=_reason(votes, winner, rule),
    )


def effective_choices(ballots: Sequence[SignedBallot], rule: QuorumRule) -> dict[Voter, Digest | None]:
    """What each ballot counts for: its choice, or its choice without models where one model could decide too much.

    Voters whose ballots were changed by the same language model fail together. Where they hold 1/3 of the weight or
    more, each of them counts with the vote it would have cast without any model.
    """
    users: dict[str, set[Voter]] = defaultdict(set)
    for signed in ballots:
        for model in signed.ballot.judgement.models:
            users[model].add(signed.ballot.voter)
    shared = {model for model, voters in users.items() if share(rule.weights, voters) >= Fraction(1, 3)}
    return {
        signed.ballot.voter: (
            signed.ballot.judgement.choice
            if shared.isdisjoint(signed.ballot.judgement.models)
            else signed.ballot.judgement.choice_without_models
        )
        for signed in ballots
    }


def _refusal(
    submission: Submission,
    poll: Poll,
    rule: QuorumRule,
    public_keys: Mapping[Voter, str],
    quarantined: Collection[Voter],
) -> Rejection | None:
    """Why a ballot does not belong into this count at all, or None."""
    sender, signed = submission.sender, submission.ballot
    ballot = signed.ballot
    if sender in quarantined:
        return _rejection(submission, "quarantined", f"{sender} is quarantined; what it sends does not count")
    if ballot.voter != sender:
        return _rejection(submission, "forged", f"{sender} sent it in the name of {ballot.voter}")
    if ballot.voter not in rule.weights or public_keys.get(ballot.voter) != signed.public_key:
        return _rejection(submission, "unknown_key", f"the key {signed.public_key!r} is not this voter's")
    if not signature_is_valid(signed):
        return _rejection(submission, "bad_signature", "the signature is not the voter's over this ballot")
    if (ballot.incident_id, ballot.round) != (poll.incident_id, poll.round):
        cast_for = f"incident {ballot.incident_id!r}, round {ballot.round}"
        return _rejection(
            submission, "replayed", f"it was cast for {cast_for}, not {poll.incident_id!r}, round {poll.round}"
        )
    return None


def _late_or_astray(submission: Submission, poll: Poll, now: datetime) -> Rejection | None:
    """Why the one ballot of a voter does not count, or None."""
    ballot = submission.ballot.ballot
    if submission.received_at > poll.deadline:
        came, until = submission.received_at.isoformat(), poll.deadline.isoformat()
        return _rejection(submission, "late", f"it came at {came}, and the round was open until {until}")
    if now >= ballot.expires_at or ballot.cast_at >= ballot.expires_at:
        until = ballot.expires_at.isoformat()
        return _rejection(submission, "expired", f"it expired at {until}, and it is {now.isoformat()}")
    if ballot.expires_at != poll.expires_at:
        # A shorter life too: one vote must not be able to void the certificate that it is counted into.
        claimed, until = ballot.expires_at.isoformat(), poll.expires_at.isoformat()
        return _rejection(
            submission, "expired", f"it claims to be valid until {claimed}; the round's are until {until}"
        )
    judgement = ballot.judgement
    if judgement.scores.keys() != poll.candidates:
        return _rejection(
            submission,
            "unknown_plan",
            f"the {len(judgement.scores)} plans it judged are not the {len(poll.candidates)} candidates",
        )
    for choice in (judgement.choice, judgement.choice_without_models):
        if choice is not None and choice not in poll.candidates:
            return _rejection(submission, "unknown_plan", f"the plan {choice!r} is not a candidate")
    return None


def _equivocation(submission: Submission, sent: Sequence[Submission]) -> Rejection:
    ballot = submission.ballot.ballot
    different = len({each.ballot.ballot.content_digest() for each in sent})
    return _rejection(
        submission,
        "equivocation",
        f"ballot {ballot.content_digest()} for {ballot.judgement.choice or 'no plan'} is one of "
        f"{different} different ballots signed in this round; none counts",
    )


def _rejection(submission: Submission, reason: RejectionReason, detail: str) -> Rejection:
    return Rejection(voter=submission.ballot.ballot.voter, sender=submission.sender, reason=reason, detail=detail)


def _is_quorum(voters: Sequence[Voter], rule: QuorumRule) -> bool:
    return len(voters) >= rule.required and share(rule.weights, voters) > Fraction(2, 3)


def _reason(votes: Mapping[Digest, Sequence[Voter]], winner: Digest | None, rule: QuorumRule) -> str:
    if winner is not None:
        return f"{len(votes[winner])} of {rule.n} voters chose the same plan; {rule.required} are required"
    if not votes:
        return f"no ballot for any plan was counted; {rule.required} of {rule.n} are required"
    most = max(len(voters) for voters in votes.values())
    return f"the most votes for one plan were {most} of {rule.n}; {rule.required} are required"
