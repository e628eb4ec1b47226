"""Counting a round: which ballots count, for which plan, and whether they make a certificate."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from ..domain.ballot import Certificate, QuorumRule, Rejection, SignedBallot, Tally, Voter
from ..domain.base import Digest, IncidentId
from ..domain.plan import Plan
from .ballots import signature_is_valid
from .rule import share


def tally(
    incident_id: IncidentId,
    round: int,
    plans: Sequence[Plan],
    signed_ballots: Iterable[SignedBallot],
    rule: QuorumRule,
    public_keys: Mapping[Voter, str],
    now: datetime,
) -> Tally:
    """Count one round of one incident. The order of the ballots does not matter.

    A ballot counts when it is signed by the known key of the voter it names, for this incident and round, has not
    expired, and names a candidate plan or abstains. The same ballot again is a duplicate and is counted once. Two
    different ballots of one voter are equivocation: neither counts. A certificate needs `rule.required` ballots for the
    same plan, and more than 2/3 of the weight; it holds every ballot that was counted, dissent and abstention too, so
    that the count can be repeated from it.

    Args:
        plans: The candidates.
        public_keys: The known key of every voter, base64.
        now: On the incident's clock.
    """
    return count(incident_id, round, frozenset(plan.digest for plan in plans), signed_ballots, rule, public_keys, now)


def count(
    incident_id: IncidentId,
    round: int,
    candidates: Collection[Digest],
    signed_ballots: Iterable[SignedBallot],
    rule: QuorumRule,
    public_keys: Mapping[Voter, str],
    now: datetime,
) -> Tally:
    """As `tally`, for candidates that are known by their digests."""
    rejected: list[Rejection] = []
    by_voter: dict[Voter, list[SignedBallot]] = defaultdict(list)
    for signed in signed_ballots:
        refusal = _refusal(signed, incident_id, round, rule, public_keys)
        if refusal is None:
            by_voter[signed.ballot.voter].append(signed)
        else:
            rejected.append(refusal)

    counted: dict[Voter, SignedBallot] = {}
    for voter, ballots in by_voter.items():
        if len({signed.ballot.content_digest() for signed in ballots}) > 1:
            rejected += [_equivocation(signed, ballots) for signed in ballots]
            continue
        # A second valid signature over the same ballot says nothing new; keep the same one whatever the order.
        first, *again = sorted(ballots, key=lambda signed: signed.signature)
        rejected += [
            Rejection(voter=voter, reason="duplicate", detail="the same ballot was cast before; it counts once")
            for _ in again
        ]
        refusal = _stale_or_astray(first, candidates, now)
        if refusal is None:
            counted[voter] = first
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
            incident_id=incident_id,
            round=round,
            plan_digest=winner,
            rule=rule,
            ballots=tuple(counted[voter] for voter in rule.weights if voter in counted),
            issued_at=now,
        )
    return Tally(
        incident_id=incident_id,
        round=round,
        votes=votes,
        abstained=tuple(voter for voter in rule.weights if voter in choices and choices[voter] is None),
        missing=tuple(voter for voter in rule.weights if voter not in counted),
        rejected=tuple(sorted(rejected, key=lambda each: (each.voter, each.reason, each.detail))),
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
    signed: SignedBallot,
    incident_id: IncidentId,
    round: int,
    rule: QuorumRule,
    public_keys: Mapping[Voter, str],
) -> Rejection | None:
    """Why a ballot does not belong into this count at all, or None."""
    ballot = signed.ballot
    if ballot.voter not in rule.weights or public_keys.get(ballot.voter) != signed.public_key:
        return Rejection(
            voter=ballot.voter, reason="unknown_key", detail=f"the key {signed.public_key!r} is not this voter's"
        )
    if not signature_is_valid(signed):
        return Rejection(
            voter=ballot.voter, reason="bad_signature", detail="the signature is not the voter's over this ballot"
        )
    if ballot.incident_id != incident_id:
        return Rejection(
            voter=ballot.voter, reason="wrong_incident", detail=f"it was cast for incident {ballot.incident_id!r}"
        )
    if ballot.round != round:
        return Rejection(voter=ballot.voter, reason="wrong_round", detail=f"it was cast in round {ballot.round}")
    return None


def _stale_or_astray(signed: SignedBallot, candidates: Collection[Digest], now: datetime) -> Rejection | None:
    ballot = signed.ballot
    if now >= ballot.expires_at or ballot.cast_at >= ballot.expires_at:
        return Rejection(
            voter=ballot.voter,
            reason="expired",
            detail=f"it expired at {ballot.expires_at.isoformat()}, and it is {now.isoformat()}",
        )
    for choice in (ballot.judgement.choice, ballot.judgement.choice_without_models):
        if choice is not None and choice not in candidates:
            return Rejection(
                voter=ballot.voter, reason="unknown_plan", detail=f"the plan {choice!r} is not a candidate"
            )
    return None


def _equivocation(signed: SignedBallot, ballots: Sequence[SignedBallot]) -> Rejection:
    different = len({each.ballot.content_digest() for each in ballots})
    return Rejection(
        voter=signed.ballot.voter,
        reason="equivocation",
        detail=f"ballot {signed.ballot.content_digest()} for {signed.ballot.judgement.choice or 'no plan'} is one of "
        f"{different} different ballots signed in this round; none counts",
    )


def _is_quorum(voters: Sequence[Voter], rule: QuorumRule) -> bool:
    return len(voters) >= rule.required and share(rule.weights, voters) > Fraction(2, 3)


def _reason(votes: Mapping[Digest, Sequence[Voter]], winner: Digest | None, rule: QuorumRule) -> str:
    if winner is not None:
        return f"{len(votes[winner])} of {rule.n} voters chose the same plan; {rule.required} are required"
    if not votes:
        return f"no ballot for any plan was counted; {rule.required} of {rule.n} are required"
    most = max(len(voters) for voters in votes.values())
    return f"the most votes for one plan were {most} of {rule.n}; {rule.required} are required"
