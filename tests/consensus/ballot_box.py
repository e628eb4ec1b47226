"""What the tests of consensus share: five keys, two plans, and ballots for them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incident_commander.consensus.keys import Keyring, local_key
from incident_commander.consensus.poll import Poll, Submission
from incident_commander.domain.ballot import VOTERS, Ballot, Judgement, SignedBallot, Voter
from incident_commander.domain.base import Digest, IncidentId, ServiceName
from incident_commander.domain.plan import Action, Check, Plan

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
INCIDENT = IncidentId("inc-1")


def keyring(seed: int = 1) -> Keyring:
    """Five keys that are the same every time."""
    return Keyring(
        {
            voter: local_key(voter, Ed25519PrivateKey.from_private_bytes(bytes([seed, number]) + bytes(30)))
            for number, voter in enumerate(VOTERS)
        }
    )


def plan(target: str) -> Plan:
    """A plan to restart a service."""
    return Plan(
        action=Action(name="restart", target=ServiceName(target)),
        addresses="memory_leak",
        undo=None,
        reversible=False,
        checks=(
            Check(
                service=ServiceName(target), metric="memory_utilization", direction="below", threshold=70.0,
                deadline_seconds=420.0, hold_seconds=60.0,
            ),
        ),
        rationale=f"restart {target}",
    )  # fmt: skip


RIGHT, WRONG = plan("orders"), plan("search")
PLANS = (RIGHT, WRONG)
KEYS = keyring()


def ballot(
    voter: Voter,
    choice: Digest | None,
    *,
    incident: IncidentId = INCIDENT,
    round_number: int = 1,
    lives: timedelta = timedelta(minutes=10),
    confidence: float = 0.8,
    models: tuple[str, ...] = (),
    without_models: Digest | None = None,
    plans: Sequence[Plan] = PLANS,
) -> Ballot:
    """An unsigned ballot, cast now."""
    return Ballot(
        voter=voter,
        incident_id=incident,
        round=round_number,
        judgement=Judgement(
            choice=choice,
            scores={each.digest: 0.5 for each in plans},
            confidence=confidence,
            reason="as its evidence says",
            models=models,
            choice_without_models=without_models,
        ),
        cast_at=NOW,
        expires_at=NOW + lives,
    )


def signed(each: Ballot, keys: Keyring = KEYS) -> SignedBallot:
    """Signed by the voter that it names."""
    return keys.signer(each.voter).sign(each)


def poll(plans: Sequence[Plan] = PLANS, incident: IncidentId = INCIDENT, round_number: int = 1) -> Poll:
    """A round opened now, whose voters have half a minute."""
    return Poll(
        incident_id=incident,
        round=round_number,
        candidates=frozenset(plan.digest for plan in plans),
        opened_at=NOW,
        deadline=NOW + timedelta(seconds=30),
        expires_at=NOW + timedelta(minutes=10),
    )


def sent(ballots: Iterable[SignedBallot]) -> list[Submission]:
    """Each ballot by the channel of the voter that it names, in time."""
    return [Submission(each.ballot.voter, each, NOW) for each in ballots]


def votes(choices: Mapping[Voter, Digest | None], plans: Sequence[Plan] = PLANS) -> list[SignedBallot]:
    """One signed ballot for each voter."""
    return [signed(ballot(voter, choice, plans=plans)) for voter, choice in choices.items()]
