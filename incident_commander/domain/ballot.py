"""Votes and the certificate they make."""

from typing import Literal

from pydantic import Field

from .base import Digest, IncidentId, UtcDatetime, Value

Voter = Literal["detection", "diagnosis", "prediction", "resolution", "communication"]
AgentName = Literal["detection", "diagnosis", "prediction", "resolution", "communication", "verification"]

VOTERS: tuple[Voter, ...] = ("detection", "diagnosis", "prediction", "resolution", "communication")
AGENTS: tuple[AgentName, ...] = (*VOTERS, "verification")


class Judgement(Value):
    """What a voter thinks of the candidate plans, before it is bound to a round and signed.

    Attributes:
        choice: The digest of exactly one plan, or None to abstain.
        scores: Of every candidate, by digest, in [0, 1].
        confidence: In its choice, in [0, 1].
        evidence: References of the evidence it judged by.
        models: Language models whose answer changed this judgement.
        choice_without_models: The choice had no model been asked.
    """

    choice: Digest | None
    scores: dict[Digest, float]
    confidence: float = Field(ge=0, le=1)
    reason: str
    evidence: tuple[Digest, ...] = ()
    models: tuple[str, ...] = ()
    choice_without_models: Digest | None = None


class Ballot(Value):
    """One judgement bound to one incident and round. What is signed."""

    voter: Voter
    incident_id: IncidentId
    round: int = Field(ge=1)
    judgement: Judgement
    cast_at: UtcDatetime
    expires_at: UtcDatetime


class SignedBallot(Value):
    """A ballot with its Ed25519 signature (base64) over the ballot's canonical JSON, and the signer's public key."""

    ballot: Ballot
    public_key: str
    signature: str


class Round(Value):
    """A round of voting: payload of `round.opened`.

    Attributes:
        why: `disagreement`: the round before had no quorum, and this one shares its evidence; `edited`: a person
            changed the plan's arguments; `stale`: the votes were older than a ballot may be when the approval came.
        candidates: The digests of the plans voted on; None: all that were proposed.
    """

    round: int = Field(ge=1)
    why: Literal["first", "disagreement", "edited", "stale"]
    candidates: tuple[Digest, ...] | None = None
    reason: str


FIRST_ROUND = Round(round=1, why="first", reason="plans were proposed")


class QuorumRule(Value):
    """How many must agree: n voters, f of whom may be arbitrary; `required` = ceil((n + f + 1) / 2)."""

    n: int = Field(ge=1)
    f: int = Field(ge=0)
    required: int = Field(ge=1)
    weights: dict[Voter, float]


class Certificate(Value):
    """Proof that a quorum agreed on one plan in one round of one incident. Checkable offline from the ballots alone."""

    incident_id: IncidentId
    round: int
    plan_digest: Digest
    rule: QuorumRule
    ballots: tuple[SignedBallot, ...]
    issued_at: UtcDatetime


RejectionReason = Literal[
    "quarantined", "forged", "unknown_key", "bad_signature", "replayed", "equivocation", "duplicate", "late", "expired",
    "unknown_plan",
]  # fmt: skip


class Rejection(Value):
    """A ballot that was not counted, and why.

    Attributes:
        voter: Whom the ballot names.
        sender: By whose channel it came: who answers for it.
    """

    voter: Voter
    sender: Voter
    reason: RejectionReason
    detail: str


class Quarantined(Value):
    """A voter whose ballots do not count: payload of `agent.quarantined`.

    Attributes:
        incident_id: Where it was found out.
        since: On that incident's clock.
        until: For the rest of that incident, or in every incident until a person releases the agent.
    """

    voter: Voter
    incident_id: IncidentId
    round: int
    reason: RejectionReason
    detail: str
    since: UtcDatetime
    until: Literal["incident", "release"]


class Released(Value):
    """A person's word that a voter counts again: payload of `agent.released`."""

    voter: Voter
    by: str
    reason: str


class Tally(Value):
    """The outcome of a round: a certificate, or the reason there is none."""

    incident_id: IncidentId
    round: int
    votes: dict[Digest, tuple[Voter, ...]]
    abstained: tuple[Voter, ...]
    missing: tuple[Voter, ...]
    rejected: tuple[Rejection, ...]
    certificate: Certificate | None
    reason: str
