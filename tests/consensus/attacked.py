"""An installation under attack: several incidents, voters of whom some are arbitrary, and everything that must hold.

Hypothesis plays the attackers, the network and the clock; what is attacked is the product's own count, quarantine,
certificates, gate and register. Arbitrary voters have what such a voter has: the signers of their own keys, all that
was ever sent, and each other's knowledge. They do not have other voters' keys, nor others' channels, nor the server.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from incident_commander.actions.gate import Gate, Refused
from incident_commander.consensus.certificate import InvalidCertificate, verify_certificate
from incident_commander.consensus.certificate_file import CertificateFile
from incident_commander.consensus.deliberation import following
from incident_commander.consensus.examination import examine
from incident_commander.consensus.faults import honest_submission
from incident_commander.consensus.poll import Poll, Submission
from incident_commander.consensus.quarantine import load_rules, quarantines
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import (
    FIRST_ROUND,
    VOTERS,
    Certificate,
    Judgement,
    Quarantined,
    Round,
    SignedBallot,
    Voter,
)
from incident_commander.domain.base import IncidentId, ServiceName
from incident_commander.domain.incident import Incident
from incident_commander.domain.plan import Action, Plan

from ..actions.sites import Place, approval, plan_to
from ..actions.sites import incident as incident_named
from .attackers import LASTS, LIVES, RULE, anything_sent, faults_acted_out, put_together
from .ballot_box import KEYS, NOW
from .expected import expected, is_proven, winner

T = TypeVar("T")
RULES = load_rules()
MOST_ROUNDS = 4
NOTHING = Plan(action=None, addresses=None, undo=None, reversible=True, checks=(), rationale="tell a person")
MOST_INCIDENTS = 4
CHOICES = st.one_of(st.integers(0, 3), st.integers(0, 3), st.none())
View = Mapping[Voter, int | None]


@st.composite
def views(draw: st.DrawFn) -> View:
    """What the voters of a round would choose: one plan, but for as many as have their own opinion."""
    common = draw(CHOICES)
    own = draw(st.lists(st.sampled_from(VOTERS), unique=True, max_size=draw(st.sampled_from([0, 0, 1, 1, 2, 5]))))
    return {voter: draw(CHOICES) if voter in own else common for voter in VOTERS}


class Memory(Protocol):
    """What outlives a restart, and the gate on it."""

    async def open(self) -> Gate:
        """Begin, or begin again after the process died."""
        ...

    async def close(self) -> None:
        """The process dies."""
        ...

    async def add(self, held: Incident) -> None:
        """An incident was opened."""
        ...

    async def open_round(self, incident_id: IncidentId, opened: Round) -> None:
        """A round was opened."""
        ...

    async def issue(self, certificate: Certificate, plan: Plan) -> None:
        """A count came to a certificate."""
        ...

    async def quarantine(self, quarantined: Quarantined) -> None:
        """A voter was quarantined."""
        ...

    async def release(self, voter: Voter) -> None:
        """A person released a voter."""
        ...

    async def uncounted(self, held: Incident) -> frozenset[Voter]:
        """The voters that do not count in an incident."""
        ...


@dataclass
class Case:
    """One incident.

    Attributes:
        views: What the voters judge in each round; in later ones as in the last.
        sent: What came in the round under way; lost when the process dies before the count.
        certificates: Of all rounds; of `decided` the last, until another round is opened.
    """

    held: Incident
    plans: tuple[Plan, ...]
    views: list[View]
    opened: Round = FIRST_ROUND
    sent: list[Submission] = field(default_factory=list)
    state: Literal["voting", "certified", "person"] = "voting"
    decided: Plan | None = None
    certificates: list[Certificate] = field(default_factory=list)

    @property
    def poll(self) -> Poll:
        """The round under way."""
        digests = frozenset(plan.digest for plan in self.plans)
        return Poll(self.held.id, self.opened.round, digests, NOW, NOW + LASTS, NOW + LIVES)

    def judgement(self, voter: Voter) -> Judgement:
        """What an honest voter judges in this round."""
        view = self.views[min(self.opened.round, len(self.views)) - 1][voter]
        choice = None if view is None else self.plans[view % len(self.plans)].digest
        scores = {plan.digest: 0.9 if plan.digest == choice else 0.1 for plan in self.plans}
        return Judgement(
            choice=choice, scores=scores, confidence=0.8, reason="as it sees it", choice_without_models=choice
        )


class UnderAttack(RuleBasedStateMachine):
    """See the module. `most_faulty` voters are arbitrary at most."""

    most_faulty: ClassVar[int] = RULE.f
    cases = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.memory = self.new_memory()
        self.gate = self.wait(self.memory.open())
        self.site = Place()
        self.seen: list[SignedBallot] = []
        self.all: dict[IncidentId, Case] = {}
        self.quarantined: set[Voter] = set()
        self.faulty: tuple[Voter, ...] = ()

    def new_memory(self) -> Memory:
        """What remembers; each kind of machine has its own."""
        raise NotImplementedError

    def wait(self, doing: Coroutine[None, None, T]) -> T:
        """Wait for it to be done."""
        return self.loop.run_until_complete(doing)

    @property
    def honest(self) -> tuple[Voter, ...]:
        """The voters that follow the protocol."""
        return tuple(voter for voter in VOTERS if voter not in self.faulty)

    @initialize(order=st.permutations(VOTERS), data=st.data())
    def some_voters_are_arbitrary(self, order: list[Voter], data: st.DataObject) -> None:
        self.faulty = tuple(order[: data.draw(st.integers(0, self.most_faulty))])

    @precondition(lambda self: len(self.all) < MOST_INCIDENTS)
    @rule(target=cases, plans=st.integers(1, 3), first=views(), second=views())
    def an_incident_opens(self, plans: int, first: View, second: View) -> Case:
        number = len(self.all)
        held = incident_named(f"inc-{number}")
        actions = tuple(plan_to("scale_out", ServiceName(f"service-{number}-{place}")) for place in range(plans))
        case = Case(held, (*actions, NOTHING), [first, second])
        self.all[held.id] = case
        self.wait(self.memory.add(held))
        return case

    @rule(case=cases, absent=st.lists(st.sampled_from(VOTERS), max_size=1), data=st.data())
    def a_round_is_held(self, case: Case, absent: list[Voter], data: st.DataObject) -> None:
        """Who is honest votes, unless it is cut off; who is arbitrary does as it likes, before or after."""
        if case.state != "voting":
            return
        early = data.draw(st.booleans())
        if not early:
            self._honest_vote(case, absent)
        for voter in self.faulty:
            self._attack(case, voter, data)
        if early:
            self._honest_vote(case, absent)
        self._count(case)

    @rule(case=cases, repeated=st.booleans())
    def who_is_honest_votes(self, case: Case, repeated: bool) -> None:
        """Once in a round, though what is sent may come twice. The process may die before the count."""
        if case.state == "voting" and (repeated or not case.sent):
            self._honest_vote(case)

    @precondition(lambda self: self.faulty)
    @rule(case=cases, which=st.integers(0, 4), data=st.data())
    def an_arbitrary_voter_attacks(self, case: Case, which: int, data: st.DataObject) -> None:
        if case.state == "voting":
            self._attack(case, self.faulty[which % len(self.faulty)], data)

    @rule(case=cases)
    def the_round_ends(self, case: Case) -> None:
        """It is counted, whoever has voted."""
        if case.state == "voting":
            self._count(case)

    @rule(case=cases)
    def the_decision_is_carried_out(self, case: Case) -> None:
        """As the response does it, again too, after its process died."""
        if case.decided is not None:
            self._present(case, case.decided, case.certificates[-1])

    @rule(case=cases, view=views())
    def the_approval_comes_too_late(self, case: Case, view: View) -> None:
        """So the voters vote again, and may see it otherwise by now."""
        if case.state == "certified" and case.opened.round < MOST_ROUNDS and not self._done(case):
            case.views[case.opened.round :] = [view, view]
            self._open(case, "stale")

    @rule(case=cases, view=views())
    def a_round_that_was_not_counted_is_seen_otherwise(self, case: Case, view: View) -> None:
        """As where the process died before, and telemetry has come in since."""
        if case.state == "voting" and not case.sent:
            case.views[case.opened.round - 1] = view

    @rule(case=cases, data=st.data())
    def somebody_wants_another_plan_carried_out(self, case: Case, data: st.DataObject) -> None:
        """With any plan, and whatever certificate can be put together."""
        other = data.draw(st.sampled_from(list(self.all.values())))
        chosen = [signed.ballot.judgement.choice for signed in self.seen if signed.ballot.incident_id == case.held.id]
        favourite = max(case.plans, key=lambda plan: chosen.count(plan.digest))
        plan = data.draw(st.sampled_from([favourite, favourite, *case.plans, *other.plans]))
        issued = [certificate for each in self.all.values() for certificate in each.certificates]
        certificate = data.draw(put_together(plan, case.poll, self.seen, issued))
        if certificate is not None:
            self._no_invented_quorum(case, plan, certificate)
        self._present(case, plan, certificate)

    @rule(voter=st.sampled_from(VOTERS))
    def a_person_releases_a_voter(self, voter: Voter) -> None:
        self.wait(self.memory.release(voter))

    @rule()
    def the_process_dies_and_is_started_again(self) -> None:
        """What was sent in a round that was not counted is lost; it is voted again."""
        self.wait(self.memory.close())
        self.gate = self.wait(self.memory.open())
        for case in self.all.values():
            case.sent.clear()

    @invariant()
    def nothing_was_done_but_what_was_decided_last(self) -> None:
        for case in self.all.values():
            done = self._done(case)
            assert len(done) <= 1
            if done:
                assert case.decided is not None
                assert done == [case.decided.action]
        assert len(self.site.executor.done) == sum(len(self._done(case)) for case in self.all.values())

    def teardown(self) -> None:
        """Every incident comes to its end, whether anybody votes from here on or not."""
        try:
            for case in self.all.values():
                for vote in (len(self.seen) % 2, 0, 0):
                    if vote and case.state == "voting":
                        self._honest_vote(case)
                    if case.state == "voting":
                        self._count(case)
                assert case.state in ("certified", "person")
                self._examine(case)
                if case.decided is not None:
                    self._present(case, case.decided, case.certificates[-1])
            self.nothing_was_done_but_what_was_decided_last()
        finally:
            self.wait(self.memory.close())
            self.loop.close()

    def _done(self, case: Case) -> list[Action]:
        return [action for action in self.site.executor.done if action in [plan.action for plan in case.plans]]

    def _honest_vote(self, case: Case, absent: Sequence[Voter] = ()) -> None:
        for voter in self.honest:
            if voter not in absent:
                signer = KEYS.signer(voter)
                self._receive(case, [honest_submission(voter, case.judgement(voter), case.poll, signer)])

    def _attack(self, case: Case, voter: Voter, data: st.DataObject) -> None:
        elsewhere = data.draw(st.sampled_from(list(self.all.values()))).poll
        known = [case.judgement(other) for other in VOTERS]
        for acted_out in data.draw(st.lists(st.booleans(), max_size=3)):
            self._receive(
                case,
                data.draw(
                    faults_acted_out(voter, case.poll, case.plans, known, self.seen)
                    if acted_out
                    else anything_sent(voter, case.poll, elsewhere, self.seen)
                ),
            )

    def _receive(self, case: Case, submissions: Sequence[Submission]) -> None:
        case.sent.extend(submissions)
        self.seen.extend(each.ballot for each in submissions if each.ballot not in self.seen)

    def _count(self, case: Case) -> None:
        """Count the round as the response does, and hold the outcome against what it must be."""
        uncounted, sent = self.wait(self.memory.uncounted(case.held)), case.sent
        outcome = tally(case.poll, sent, RULE, KEYS.public_keys, NOW, uncounted)
        turned = sorted(sent, key=lambda each: (each.ballot.signature, each.received_at))
        assert tally(case.poll, turned, RULE, KEYS.public_keys, NOW, uncounted) == outcome
        must = expected(case.poll, sent, uncounted)
        assert set(outcome.missing) == set(VOTERS) - set(must.counted)
        put = {each.voter: each for each in quarantines(outcome, RULES, NOW)}
        assert {voter: each.until == "release" for voter, each in put.items()} == must.quarantined
        assert set(put) | set(uncounted) <= set(self.faulty), "an honest voter was quarantined"
        certificate = outcome.certificate
        assert (certificate.plan_digest if certificate else None) == winner(must.counted)
        if certificate is not None:
            self._has_honest_support(case, certificate)
        for each in put.values():
            self.wait(self.memory.quarantine(each))
        case.sent = []
        match following(outcome, case.opened):
            case "certified":
                assert certificate is not None
                case.state = "certified"
                case.decided = next(plan for plan in case.plans if plan.digest == certificate.plan_digest)
                case.certificates.append(certificate)
                self.wait(self.memory.issue(certificate, case.decided))
            case "again":
                self._open(case, "disagreement")
            case "person":
                case.state = "person"

    def _has_honest_support(self, case: Case, certificate: Certificate) -> None:
        """Where at most f are arbitrary, a majority of the honest chose what was certified."""
        chose = verify_certificate(certificate, certificate.plan_digest, case.held.id, KEYS.public_keys)
        honest = [voter for voter in chose if voter in self.honest]
        assert len(honest) >= RULE.required - len(self.faulty)
        assert all(case.judgement(voter).choice == certificate.plan_digest for voter in honest)

    def _open(self, case: Case, why: Literal["disagreement", "stale"]) -> None:
        case.opened = Round(round=case.opened.round + 1, why=why, reason="as told")
        case.state, case.decided = "voting", None
        self.wait(self.memory.open_round(case.held.id, case.opened))

    def _no_invented_quorum(self, case: Case, plan: Plan, certificate: Certificate) -> None:
        """Whatever verifies was really signed by enough voters, each in that very round."""
        try:
            verify_certificate(certificate, plan.digest, case.held.id, KEYS.public_keys)
        except InvalidCertificate:
            return
        assert is_proven(certificate, plan.digest)

    def _present(self, case: Case, plan: Plan, certificate: Certificate | None) -> None:
        """Have a plan carried out, a person having agreed to it: it is, exactly when it is the last decision."""
        before = list(self.site.executor.done)
        key = f"{case.held.id}/{certificate.round if certificate else 0}/{plan.digest[:16]}"
        permitted = plan == case.decided and plan.action is not None and certificate == case.certificates[-1]
        try:
            self.wait(self.gate.execute(plan, certificate, case.held, self.site, key, approval=approval(plan)))
        except Refused:
            assert not permitted
            assert self.site.executor.done == before
        else:
            assert permitted

    def _examine(self, case: Case) -> None:
        """What was certified is checked offline from its file."""
        for certificate in case.certificates:
            plan = next(plan for plan in case.plans if plan.digest == certificate.plan_digest)
            written = CertificateFile(certificate=certificate, plan=plan).as_json()
            held = CertificateFile.model_validate_json(written)
            assert all(finding.holds for finding in examine(held.certificate, held.plan, KEYS.public_keys))
