"""What arbitrary voters, and whoever holds what they sent, can make: drawn by hypothesis."""

from collections.abc import Sequence
from datetime import timedelta
from typing import get_args

from hypothesis import strategies as st

from incident_commander.consensus.faults import Knowledge, faulty_submissions
from incident_commander.consensus.poll import Poll, Submission
from incident_commander.consensus.rule import rule
from incident_commander.domain.ballot import VOTERS, Ballot, Certificate, Judgement, SignedBallot, Voter
from incident_commander.domain.base import Digest
from incident_commander.domain.fault import VoterFault
from incident_commander.domain.plan import Plan

from .ballot_box import KEYS, NOW, keyring

RULE = rule()
STRANGE = keyring(seed=2)
"""Keys in the voters' names that are not the voters'."""
LASTS, LIVES = timedelta(seconds=30), timedelta(minutes=10)
INSTANT = timedelta(microseconds=1)
SENT_AT = st.sampled_from([NOW, NOW, NOW + LASTS, NOW + LASTS + INSTANT])
FAULTS = st.sampled_from(get_args(VoterFault))


@st.composite
def faults_acted_out(
    draw: st.DrawFn,
    voter: Voter,
    poll: Poll,
    plans: Sequence[Plan],
    known: Sequence[Judgement],
    seen: Sequence[SignedBallot],
) -> tuple[Submission, ...]:
    """One of the ways in which voters are made to fail on purpose.

    Args:
        known: What every voter would judge, in order: arbitrary ones tell each other, and guess the rest.
    """
    own = known[VOTERS.index(voter)]
    knows = Knowledge(known=tuple(known), seen=tuple(seen))
    return faulty_submissions(draw(FAULTS), voter, own, plans, poll, KEYS.signer(voter), draw(st.integers(0, 3)), knows)


@st.composite
def anything_sent(
    draw: st.DrawFn, voter: Voter, poll: Poll, elsewhere: Poll, seen: Sequence[SignedBallot]
) -> tuple[Submission, ...]:
    """Whatever a voter can put into its channel: what it signs itself, what it saw, and either of them altered.

    Args:
        elsewhere: The round of another incident.
        seen: All ballots that were ever sent.
    """
    own = KEYS.signer(voter).sign(draw(own_ballots(voter, poll, elsewhere)))
    others = [signed for signed in seen if signed.ballot.voter != voter]
    kinds = ["own", "own", "renamed", "strange"] + (["relayed", "relayed", "altered", "claimed"] if others else [])
    sent = own
    match draw(st.sampled_from(kinds)):
        case "renamed":
            named = own.ballot.model_copy(update={"voter": draw(st.sampled_from(VOTERS))})
            sent = own.model_copy(update={"ballot": named})
        case "strange":
            sent = STRANGE.signer(voter).sign(own.ballot)
        case "relayed":
            sent = draw(st.sampled_from(others))
        case "altered":
            other = draw(st.sampled_from(others))
            sent = other.model_copy(update={"ballot": own.ballot.model_copy(update={"voter": other.ballot.voter})})
        case "claimed":
            sent = own.model_copy(update={"ballot": draw(st.sampled_from(others)).ballot})
    return (Submission(voter, sent, draw(SENT_AT)),)


@st.composite
def own_ballots(draw: st.DrawFn, voter: Voter, poll: Poll, elsewhere: Poll) -> Ballot:
    """Anything that a voter can sign: mostly what could count, and else for another round, plan, time or incident."""
    bound = draw(st.sampled_from([poll, poll, poll, elsewhere]))
    fewer = frozenset(sorted(poll.candidates)[:1])
    judged = draw(st.sampled_from([poll.candidates] * 3 + [elsewhere.candidates, fewer]))
    ordered = sorted(judged)
    choice = draw(st.sampled_from([None, *ordered, *ordered, Digest("0" * 64)]))
    judgement = Judgement(
        choice=choice,
        scores=dict.fromkeys(ordered, 0.5),
        confidence=draw(st.sampled_from([0.0, 1.0])),
        reason="because",
        models=draw(st.sampled_from([(), (), ("a model",)])),
        choice_without_models=draw(st.sampled_from([choice, choice, None, ordered[0]])),
    )
    return bound.ballot(voter, judgement).model_copy(
        update={
            "round": draw(st.sampled_from([bound.round] * 4 + [1, 2, 3])),
            "expires_at": draw(st.sampled_from([bound.expires_at] * 4 + [NOW, NOW + timedelta(days=9)])),
        }
    )


@st.composite
def put_together(
    draw: st.DrawFn, plan: Plan, poll: Poll, seen: Sequence[SignedBallot], issued: Sequence[Certificate]
) -> Certificate | None:
    """A certificate that somebody puts together of all that was ever sent, in time or not, or changes.

    Args:
        issued: Those that counts came to, of this incident and of others.
    """
    digest, round_number = plan.digest, draw(st.integers(1, poll.round))
    ballots: dict[Voter, SignedBallot] = {}
    for signed in seen:
        mine = (signed.ballot.incident_id, signed.ballot.round) == (poll.incident_id, round_number)
        if mine and (signed.ballot.voter not in ballots or signed.ballot.judgement.choice == digest):
            ballots[signed.ballot.voter] = signed
    made = Certificate(
        incident_id=poll.incident_id,
        round=round_number,
        plan_digest=digest,
        rule=RULE,
        ballots=tuple(ballots[voter] for voter in VOTERS if voter in ballots),
        issued_at=NOW,
    )
    base = draw(st.sampled_from([None, made, made, *issued]))
    if base is None or draw(st.booleans()):
        return base
    return base.model_copy(update=draw(changes(base, digest, poll, seen)))


@st.composite
def changes(
    draw: st.DrawFn, base: Certificate, digest: Digest, poll: Poll, seen: Sequence[SignedBallot]
) -> dict[str, object]:
    """Changes to a certificate that could make it say more than was voted."""
    altered = [
        signed.model_copy(
            update={
                "ballot": signed.ballot.model_copy(
                    update={
                        "incident_id": base.incident_id,
                        "round": base.round,
                        "judgement": signed.ballot.judgement.model_copy(
                            update={"choice": digest, "choice_without_models": digest, "models": ()}
                        ),
                    }
                )
            }
        )
        for signed in base.ballots
    ]
    invented = [STRANGE.signer(signed.ballot.voter).sign(signed.ballot) for signed in altered]
    strange = [signed for signed in seen if signed.ballot.judgement.choice == digest]
    options: list[dict[str, object]] = [
        {"plan_digest": digest},
        {"plan_digest": digest, "ballots": tuple(altered)},
        {"ballots": tuple(altered)},
        {"plan_digest": digest, "ballots": tuple(invented)},
        {"ballots": tuple({signed.ballot.voter: signed for signed in strange}.values())},
        {"ballots": tuple(strange)},
        {"incident_id": poll.incident_id, "round": poll.round},
        {"rule": base.rule.model_copy(update={"required": 1})},
        {"ballots": base.ballots[:3]},
        {"ballots": base.ballots[:1] * 4},
    ]
    return draw(st.sampled_from(options))
