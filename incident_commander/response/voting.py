"""Where ballots come from: what the voters of a round are asked, and the voters that live in this process.

Here a worker process judges for all five and this process signs with all five keys. `voter_processes` has each voter in
a process of its own, with its own key.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..agents import panel
from ..agents.case import Case
from ..agents.panel import Vote
from ..consensus.ballots import BallotTooLong, Signer
from ..consensus.faults import Knowledge, faulty_submissions, honest_submission
from ..consensus.keys import Keyring
from ..consensus.known_keys import UnusableKey
from ..consensus.poll import Poll, Submission
from ..domain.ballot import Judgement, SignedBallot, Voter
from ..domain.fault import VoterFault
from ..domain.findings import Evidence
from ..domain.plan import Plan
from .workers import Workers

_SEED = 0
"""What an injected fault leaves open is drawn from the incident and the round."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the voters of one round are asked. Picklable.

    Attributes:
        shared: In a round after disagreement, what all cited in the one before; None otherwise.
        seen: The ballots of earlier rounds of the incident, which are in the ledger for everybody to see.
        faults: The voters that are made to fail, and how.
    """

    case: Case
    plans: tuple[Plan, ...]
    poll: Poll
    shared: tuple[Evidence, ...] | None = None
    seen: tuple[SignedBallot, ...] = ()
    faults: Mapping[Voter, VoterFault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cast:
    """What came of it: a vote for each voter, its error where there is none, and what each channel brought."""

    votes: tuple[Vote, ...]
    submissions: tuple[Submission, ...]


class Voters(Protocol):
    """The five voters, each with a channel of its own."""

    async def cast(self, question: Question) -> Cast:
        """Have every voter judge and sign. A voter that fails or does not answer in time is silent, with its error."""
        ...

    def public_keys(self) -> Mapping[Voter, str]:
        """Every voter's public key, base64. Reads files; makes the keys of a first start, which takes longer.

        Raises:
            UnusableKey: a key cannot be used.
        """
        ...


class VotersHere:
    """Voters in this process: one worker judges for all, and all keys are here.

    Args:
        keyring: Called with the first round.
    """

    def __init__(self, analysts: Workers, keyring: Callable[[], Keyring]) -> None:
        self._analysts = analysts
        self._keyring = keyring

    async def cast(self, question: Question) -> Cast:
        """See Voters."""
        judged = (await self._analysts.run(panel.votes, question.case, question.plans, question.shared)).value
        keyring = await asyncio.to_thread(self._keyring)
        told = tuple(
            vote.judgement
            for vote in judged
            if vote.judgement is not None and question.faults.get(vote.voter) == "collude"
        )
        # Signing may wait for AWS.
        signed = await asyncio.gather(
            *(asyncio.to_thread(answer, vote, question, keyring.signer(vote.voter), told) for vote in judged)
        )
        return Cast(tuple(vote for vote, _ in signed), tuple(each for _, sent in signed for each in sent))

    def public_keys(self) -> Mapping[Voter, str]:
        """See Voters."""
        return self._keyring().public_keys


def answer(
    vote: Vote, question: Question, signer: Signer, told: tuple[Judgement, ...] = ()
) -> tuple[Vote, tuple[Submission, ...]]:
    """What a voter sends of what it judged, and its vote as that shows it.

    Args:
        told: Honest judgements that a faulty voter's accomplices told it.
    """
    fault = question.faults.get(vote.voter)
    try:
        if fault is not None:
            knows = Knowledge(known=told, seen=question.seen)
            sent = faulty_submissions(
                fault, vote.voter, vote.judgement, question.plans, question.poll, signer, _SEED, knows
            )
        elif vote.judgement is not None:
            sent = (honest_submission(vote.voter, vote.judgement, question.poll, signer),)
        else:
            sent = ()
    except (UnusableKey, BallotTooLong) as error:
        return replace(vote, judgement=None, error=str(error)[:500]), ()
    return shown(vote, tuple(each.ballot for each in sent)), sent


def shown(vote: Vote, sent: tuple[SignedBallot, ...]) -> Vote:
    """A vote as the ballots of its own that the voter sent show it, with what these name of what it cited."""
    own = next((each.ballot.judgement for each in sent if each.ballot.voter == vote.voter), None)
    if own is None:
        return replace(vote, judgement=None, cited=(), error=vote.error or "it cast no ballot of its own")
    return replace(vote, judgement=own, cited=tuple(each for each in vote.cited if each.reference() in own.evidence))
