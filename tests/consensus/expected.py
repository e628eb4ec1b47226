"""What a count must come to, worked out sender by sender and in plain words: the measure for the product's count."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from incident_commander.consensus.poll import Poll, Submission
from incident_commander.domain.ballot import VOTERS, Certificate, SignedBallot, Voter
from incident_commander.domain.base import Digest

from .ballot_box import KEYS, NOW

REQUIRED = 4


@dataclass(frozen=True)
class Expected:
    """Of each voter that counts, its ballot; and who is quarantined, and whether for more than this incident."""

    counted: dict[Voter, SignedBallot]
    quarantined: dict[Voter, bool]


def expected(poll: Poll, submissions: Sequence[Submission], uncounted: Collection[Voter]) -> Expected:
    """What must come of a round."""
    counted: dict[Voter, SignedBallot] = {}
    quarantined: dict[Voter, bool] = {}
    for sender in VOTERS:
        if sender in uncounted:
            continue
        sent = [each for each in submissions if each.sender == sender]
        own = [each for each in sent if each.ballot.ballot.voter == sender and is_authentic(each.ballot)]
        here = [each for each in own if belongs(each.ballot, poll)]
        strange = [each for each in sent if each.ballot.ballot.voter == sender and not is_by_known_key(each.ballot)]
        different = {each.ballot.ballot.content_digest() for each in here}
        in_time = [each for each in here if each.received_at <= poll.deadline]
        if len(here) + len(strange) < len(sent) or len(different) > 1:
            quarantined[sender] = True
        elif strange or (here and not in_time):
            quarantined[sender] = False
        if len(different) == 1 and in_time and is_sound(in_time[0].ballot, poll):
            counted[sender] = in_time[0].ballot
    return Expected(counted, quarantined)


def winner(counted: dict[Voter, SignedBallot]) -> Digest | None:
    """The plan that enough of those that count chose, voters who asked one model being taken without it."""
    asked = [model for signed in counted.values() for model in set(signed.ballot.judgement.models)]
    shared = {model for model in asked if asked.count(model) >= 2}
    choices = [
        judgement.choice_without_models if shared & set(judgement.models) else judgement.choice
        for judgement in (signed.ballot.judgement for signed in counted.values())
    ]
    return next((choice for choice in choices if choice is not None and choices.count(choice) >= REQUIRED), None)


def is_authentic(signed: SignedBallot) -> bool:
    """Whether the voter that it names signed it."""
    if not is_by_known_key(signed):
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signed.public_key))
        key.verify(base64.b64decode(signed.signature), signed.ballot.canonical())
    except InvalidSignature:
        return False
    return True


def is_by_known_key(signed: SignedBallot) -> bool:
    """Whether it carries the key that is known of the voter it names."""
    return signed.public_key == KEYS.public_keys[signed.ballot.voter]


def belongs(signed: SignedBallot, poll: Poll) -> bool:
    """Whether it was signed for this round."""
    return (signed.ballot.incident_id, signed.ballot.round) == (poll.incident_id, poll.round)


def is_sound(signed: SignedBallot, poll: Poll) -> bool:
    """Whether it is valid now, and about these candidates."""
    ballot, judgement = signed.ballot, signed.ballot.judgement
    lives = NOW < ballot.expires_at == poll.expires_at
    chosen = {judgement.choice, judgement.choice_without_models} - {None}
    return lives and set(judgement.scores) == poll.candidates and chosen <= poll.candidates


def is_proven(certificate: Certificate, plan: Digest) -> bool:
    """Whether enough voters really signed ballots of one round for a plan."""
    ballots = {signed.ballot.voter: signed for signed in certificate.ballots}
    true = all(
        is_authentic(signed)
        and (signed.ballot.incident_id, signed.ballot.round) == (certificate.incident_id, certificate.round)
        for signed in ballots.values()
    )
    return true and winner(ballots) == plan
