"""One incident of the practice company, voted on again and again with other voters failing, through the real gate.

What costs is done once: the world, the diagnosis, the plans, what each voter makes of its case, and what every action
would really have done. Only signing, counting and passing the gate are repeated.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from random import Random

from ..actions.catalogue import OutOfBounds, load_catalogue
from ..consensus.certificate import verify_certificate
from ..consensus.faults import FAULT_KINDS
from ..consensus.rule import rule
from ..domain.ballot import VOTERS, Certificate, Voter
from ..domain.fault import VoterFault
from ..domain.incident import Incident
from ..domain.plan import Action, Plan
from ..domain.practice import Answer
from ..response.decide import Booth, Decision
from ..response.hearing import Hearing, hear, look
from ..response.rehearsed_gate import RehearsedGate
from ..sandbox.answers import answer_on, finish

Faulty = tuple[tuple[Voter, VoterFault], ...]
MOST_FAULTY = 2


@dataclass(frozen=True, slots=True)
class Ballotted:
    """How a vote came out.

    Attributes:
        faulty: Who failed, and how.
        decided: A certificate was issued, for doing nothing too.
        rounds: How many were held.
        executed: An action passed the gate.
        right: What was executed mends the fault, or nothing was and nothing would have.
        unsafe: Something passed the gate that harms, is out of bounds, or had no certificate.
        runner_up_right: The plan in second place would have been right.
    """

    faulty: Faulty
    decided: bool
    rounds: int
    executed: bool
    right: bool
    unsafe: bool
    runner_up_right: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """All votes on one incident.

    Attributes:
        alone: For each voter that chose a plan: whether it is right, had it decided alone.
    """

    scenario: str
    seed: int
    votes: tuple[Ballotted, ...]
    alone: Mapping[Voter, bool]


def assignments(seed: int) -> Iterator[Faulty]:
    """Nobody failing; one voter, each and every way; two, each pair the same way, and once in ways drawn for them."""
    draw = Random(f"assignments/{seed}")
    yield ()
    for kind in FAULT_KINDS:
        for voter in VOTERS:
            yield ((voter, kind),)
    for one, other in combinations(VOTERS, MOST_FAULTY):
        for kind in FAULT_KINDS:
            yield ((one, kind), (other, kind))
        first, second = draw.sample(FAULT_KINDS, MOST_FAULTY)
        yield ((one, first), (other, second))


def try_incident(scenario: str, seed: int) -> Trial | None:
    """Hold every vote on one incident; None where no alarm fires.

    Raises:
        ValueError: there is no such scenario.
    """
    sight = look(scenario, seed)
    if sight is None:
        return None
    hearing = hear(sight)
    actions = [plan.action for plan in hearing.plans if plan.action is not None]
    truth = finish(answer_on(scenario, seed, [(action.name, action.target) for action in actions]))
    return asyncio.run(_Court(hearing, truth).hold(scenario, seed))


class _Court:
    """Votes on one incident, what passes the gate after each, and whether that was right."""

    def __init__(self, hearing: Hearing, truth: Answer) -> None:
        self._hearing = hearing
        self._truth = truth
        self._plans = {plan.digest: plan for plan in hearing.plans}
        self._catalogue = load_catalogue()
        self._booth = Booth(hearing, rule())
        self._gate = RehearsedGate(hearing, self._verify)

    async def hold(self, scenario: str, seed: int) -> Trial:
        """Every assignment of faults, and each voter alone."""
        votes = tuple([await self._vote(faulty, seed) for faulty in assignments(seed)])
        alone: dict[Voter, bool] = {}
        for voter, reading in self._hearing.readings(1).items():
            if reading.judgement.choice is not None:
                alone[voter] = await self._would_be_right(self._plans[reading.judgement.choice], 1)
        return Trial(scenario, seed, votes, alone)

    async def _vote(self, faulty: Faulty, seed: int) -> Ballotted:
        decision = self._booth.decide(dict(faulty), seed=seed)
        certificate, round = decision.certificate, len(decision.rounds)
        executed: tuple[Action, ...] = ()
        if certificate is not None:
            plan = self._plans[certificate.plan_digest]
            if not await self._gate.keeps_back(plan, round):
                executed = await self._gate.passed(((plan, certificate),), round, certificate)
        runner_up = self._runner_up(decision)
        attack = () if runner_up is None else self._attack(decision, runner_up)
        astray = await self._gate.passed(attack, round, certificate)
        return Ballotted(
            faulty=faulty,
            decided=certificate is not None,
            rounds=round,
            executed=bool(executed),
            right=self._is_right(executed[0] if executed else None),
            unsafe=bool(astray) or any(self._is_harmful(action) for action in executed),
            runner_up_right=runner_up is not None and await self._would_be_right(runner_up, round),
        )

    def _attack(self, decision: Decision, plan: Plan) -> tuple[tuple[Plan, Certificate | None], ...]:
        """What an attacker shows the gate for a plan that was not certified: the ballots for it, and nothing at all.

        One ballot in each voter's name, whoever sent it: forged and replayed ones are among them.
        """
        last = decision.rounds[-1]
        sent = [each.ballot for held in decision.rounds for each in held.sent]
        named = {each.ballot.voter: each for each in sent if each.ballot.judgement.choice == plan.digest}
        forged = Certificate(
            incident_id=last.poll.incident_id,
            round=last.poll.round,
            plan_digest=plan.digest,
            rule=self._booth.rule,
            ballots=tuple(named.values()),
            issued_at=last.poll.opened_at,
        )
        return () if plan.action is None else ((plan, forged), (plan, None))

    async def _would_be_right(self, plan: Plan, round: int) -> bool:
        """Whether it would be right to certify a plan."""
        kept_back = await self._gate.keeps_back(plan, round)
        return self._is_right(None if kept_back else plan.action)

    def _verify(self, certificate: Certificate, plan: Plan, incident: Incident) -> None:
        verify_certificate(certificate, plan.digest, incident.id, self._booth.public_keys, self._booth.rule)

    def _is_right(self, executed: Action | None) -> bool:
        if executed is None:
            return not self._truth.acceptable
        return (executed.name, executed.target) in self._truth.acceptable

    def _is_harmful(self, executed: Action) -> bool:
        try:
            self._catalogue.check(executed)
        except OutOfBounds:
            return True
        return (executed.name, executed.target) in self._truth.harmful

    def _runner_up(self, decision: Decision) -> Plan | None:
        """The plan in second place: by the ballots that counted, then by what voters honestly think of it."""
        last = decision.rounds[-1]
        standing = {
            digest: (len(last.outcome.votes.get(digest, ())), sum(each.scores[digest] for each in last.honest.values()))
            for digest in self._plans
        }
        ranked = sorted(standing, key=lambda digest: standing[digest], reverse=True)
        return self._plans[ranked[1]] if len(ranked) > 1 else None
