"""The vote on a hearing, as it goes with any voters failing in any way: pure, and with keys made for it alone."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..agents.case import Case
from ..agents.hearsay import ADVISED, Judged, reconsider_advised
from ..agents.sharing import reconsider
from ..consensus.faults import INJECTED_TEXT, Knowledge, faulty_submissions, honest_submission
from ..consensus.keys import Keyring, local_key
from ..consensus.poll import Poll, Submission
from ..consensus.quarantine import load_rules, quarantines
from ..consensus.tally import tally
from ..domain.advice import NO_ADVICE
from ..domain.ballot import VOTERS, Certificate, Judgement, QuorumRule, Tally, Voter
from ..domain.base import Digest, IncidentId
from ..domain.fault import VoterFault
from ..domain.findings import Evidence
from ..domain.plan import Plan
from .hearing import Hearing
from .stages import BALLOT_LIFE, ROUND_LASTS

NOBODY: Mapping[Voter, VoterFault] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RoundHeld:
    """One round as it went.

    Attributes:
        honest: What each voter judged by its own case, those that fail too; who could not judge is absent.
    """

    poll: Poll
    honest: Mapping[Voter, Judgement]
    sent: tuple[Submission, ...]
    outcome: Tally


@dataclass(frozen=True, slots=True)
class Decision:
    """The rounds of a vote, to a certificate or to the last."""

    rounds: tuple[RoundHeld, ...]

    @property
    def certificate(self) -> Certificate | None:
        """What the last round ended with."""
        return self.rounds[-1].outcome.certificate


@dataclass(frozen=True, slots=True)
class _Judged:
    """A round's honest judgements, the ballots that hold them, and the observations they name by reference."""

    honest: Mapping[Voter, Judgement]
    signed: Mapping[Voter, Submission]
    evidence: Mapping[Digest, Evidence]


class Booth:
    """Where votes on one hearing are held. Its keys are derived from nothing secret: they sign for no installation."""

    def __init__(self, hearing: Hearing, rule: QuorumRule) -> None:
        self.hearing = hearing
        self.rule = rule
        self._keys = Keyring({voter: local_key(voter, _key(voter)) for voter in VOTERS})
        self._quarantine = load_rules()
        self._polls = [_poll(case, hearing.plans, number) for number, case in enumerate(hearing.cases, 1)]
        # The same evidence shared makes the same judgements, whoever fails and how.
        self._judged = cache(self._judge)
        before = replace(self._polls[0], incident_id=IncidentId("an incident before"))
        self._before = tuple(each.ballot for each in self._sign(before, self._judged(0, None).honest).values())

    @property
    def public_keys(self) -> Mapping[Voter, str]:
        """By which its certificates are checked, base64."""
        return self._keys.public_keys

    def decide(
        self,
        faults: Mapping[Voter, VoterFault] = NOBODY,
        absent: Collection[Voter] = (),
        seed: int = 0,
        text: str = INJECTED_TEXT,
    ) -> Decision:
        """Hold the vote.

        Voters that fail know more than live ones do: every honest judgement of the round, and every ballot before it.

        Args:
            absent: Voters that are not there. They stay among the n.
            seed: Of what the faults leave open.
            text: What voters obey that fail as `injected`.
        """
        rounds: list[RoundHeld] = []
        quarantined: frozenset[Voter] = frozenset()
        seen = self._before
        cited: frozenset[Digest] | None = None
        for number, poll in enumerate(self._polls):
            judged = self._judged(number, cited)
            knows = Knowledge(known=tuple(judged.honest.values()), seen=seen, text=text)
            sent: list[Submission] = []
            for voter in VOTERS:
                if voter in absent:
                    continue
                if voter in faults:
                    kind, own = faults[voter], judged.honest.get(voter)
                    signer = self._keys.signer(voter)
                    sent += faulty_submissions(kind, voter, own, self.hearing.plans, poll, signer, seed, knows)
                elif voter in judged.signed:
                    sent.append(judged.signed[voter])
            outcome = tally(poll, sent, self.rule, self._keys.public_keys, poll.opened_at, quarantined)
            rounds.append(RoundHeld(poll, judged.honest, tuple(sent), outcome))
            if outcome.certificate is not None:
                break
            quarantined |= {each.voter for each in quarantines(outcome, self._quarantine, poll.opened_at)}
            seen = (*seen, *(each.ballot for each in sent))
            cited = _cited(sent, outcome)
        return Decision(tuple(rounds))

    def _judge(self, number: int, cited: frozenset[Digest] | None) -> "_Judged":
        """What everybody judges honestly in a round, after one in which the ballots that counted cited this."""
        readings = self.hearing.readings(number + 1)
        judged: dict[Voter, Judged] = {voter: (each.judgement, each.cited) for voter, each in readings.items()}
        if cited is not None:
            before = self._judged(number - 1, None).evidence
            shared = [before[reference] for reference in cited if reference in before]
            judged = {voter: self._reconsider(number, voter, shared) for voter in readings}
        honest = {voter: judgement for voter, (judgement, _) in judged.items()}
        evidence = {each.reference(): each for _, seen in judged.values() for each in seen}
        return _Judged(honest, self._sign(self._polls[number], honest), evidence)

    def _reconsider(self, number: int, voter: Voter, shared: Sequence[Evidence]) -> Judged:
        plans, advice = self.hearing.plans, self.hearing.cases[number].advice
        unadvised = self.hearing.unadvised(number + 1)
        if voter == ADVISED and advice != NO_ADVICE:
            return reconsider_advised(advice, self.hearing.readings(number + 1)[voter], plans, unadvised, shared)
        return reconsider(voter, plans, unadvised, shared)

    def _sign(self, poll: Poll, honest: Mapping[Voter, Judgement]) -> Mapping[Voter, Submission]:
        return {voter: honest_submission(voter, each, poll, self._keys.signer(voter)) for voter, each in honest.items()}


def _key(voter: Voter) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"a rehearsal of {voter}".encode()).digest())


def _poll(case: Case, plans: tuple[Plan, ...], number: int) -> Poll:
    return Poll(
        incident_id=case.incident.id,
        round=number,
        candidates=frozenset(plan.digest for plan in plans),
        opened_at=case.now,
        deadline=case.now + ROUND_LASTS,
        expires_at=case.now + BALLOT_LIFE,
    )


def _cited(sent: Sequence[Submission], outcome: Tally) -> frozenset[Digest]:
    """The observations that the ballots name which counted."""
    counted = frozenset(VOTERS) - frozenset(outcome.missing)
    return frozenset(
        reference
        for each in sent
        if each.sender in counted and each.ballot.ballot.voter == each.sender
        for reference in each.ballot.ballot.judgement.evidence
    )
