"""The practice company's own gate before a world that only remembers: what would pass it after a vote, and what not."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from ..actions.catalogue import OutOfBounds, load_catalogue
from ..actions.gate import Gate, Refused, Verifier
from ..actions.irreversible import PersonForIrreversible
from ..actions.policy_file import load_policy
from ..actions.trust import Standing, load_trust
from ..domain.ballot import Certificate
from ..domain.base import Digest, IncidentId
from ..domain.incident import ClockKind, Incident
from ..domain.operator import KillSwitch, World
from ..domain.plan import Action, ActionName, Plan, Receipt, TrustLevel
from ..domain.policy import PastAction
from ..domain.ports import Policy
from ..sandbox import POLICY_FILE, TRUST_FILE, load_assumptions
from ..sandbox.ports import PracticeOperator, PracticeTopology
from ..sandbox.rehearsal import SIMULATED
from ..sandbox.topology import load_company
from .approvals import bound
from .hearing import Hearing


class RehearsedGate:
    """What the response would do with a plan of a hearing: by its own stages' rules, the practice policy, and trust.

    Args:
        verify: Proves certificates.
    """

    def __init__(self, hearing: Hearing, verify: Verifier) -> None:
        self._hearing = hearing
        self._verify = verify
        self._catalogue = load_catalogue()
        self._policy = PersonForIrreversible(load_policy(POLICY_FILE), self._catalogue)
        self._trust = load_trust(TRUST_FILE, self._catalogue).start
        self._operator = PracticeOperator(load_assumptions().operator_answer_seconds.value)
        self._topology = PracticeTopology(load_company().topology())

    async def keeps_back(self, plan: Plan, round: int) -> str:
        """Why the response would not carry out a plan certified in a round, in words; empty where it would."""
        case = self._hearing.cases[round - 1]
        if plan.action is None:
            return "it is to do nothing and to tell a person"
        if not self._hearing.firing[round - 1]:
            return "no alert fires any more"
        if case.incident.verdict == "inconclusive":
            return "the cause is inconclusive, and nothing acts on an unknown cause"
        gate = Gate(self._catalogue, self._verify, _Register(self._trust, round))
        decided = await gate.decide(case.incident, plan, self._site(case.now))
        return f"it is not allowed by {decided.rule!r}: {decided.reason}" if decided.decision == "deny" else ""

    async def passed(
        self, tried: tuple[tuple[Plan, Certificate | None], ...], round: int, issued: Certificate | None
    ) -> tuple[Action, ...]:
        """What the world was handed of plans that are tried one after another, with what is shown for each.

        The modelled operator is asked about each; whether there is a quorum for it is for the gate alone to say.

        Args:
            round: The last that was opened.
            issued: The certificate that its count came to.
        """
        case = self._hearing.cases[round - 1]
        gate = Gate(self._catalogue, self._verify, _Register(self._trust, round, issued))
        site = self._site(case.now)
        for plan, certificate in tried:
            answer = await self._operator.answer(case.incident, plan, case.now)
            site.clock.moment = answer.answered_at
            approval = bound(answer, plan, answer.answered_at, self._catalogue)
            try:
                await gate.execute(plan, certificate, case.incident, site, plan.digest, approval=approval)
            except (Refused, OutOfBounds):
                continue
        return tuple(site.executor.took)

    def _site(self, now: datetime) -> "_Site":
        return _Site(_Clock(now), self._topology, self._policy, _Witness(now, []))


@dataclass(slots=True)
class _Clock:
    """See the Clock port. It stands where it is put."""

    moment: datetime

    @property
    def kind(self) -> ClockKind:
        return "simulated"

    async def now(self) -> datetime:
        return self.moment

    def translate(self, stamp: datetime) -> datetime:
        return stamp

    async def advance_to(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)


@dataclass(slots=True)
class _Witness:
    """See the Executor port. It takes everything, and remembers it."""

    now: datetime
    took: list[Action]

    async def received(self, idempotency_key: str) -> Receipt | None:
        return None

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        self.took.append(action)
        return Receipt(
            idempotency_key=idempotency_key, action=action, received_at=self.now, completed_at=self.now, applied=True,
            repeated=False, detail="a rehearsal", provenance=SIMULATED,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Site:
    """See the gate's Site."""

    clock: _Clock
    topology: PracticeTopology
    policy: Policy
    executor: _Witness


class _Register:
    """See the gate's Register and Entry: the kill switch is off, and nothing was done before."""

    def __init__(
        self, trust: Mapping[ActionName, TrustLevel], newest_round: int, issued: Certificate | None = None
    ) -> None:
        self._trust = trust
        self._newest_round = newest_round
        self._issued = issued
        self._rounds: dict[tuple[IncidentId, int], Digest] = {}
        self._passed: dict[str, PastAction] = {}

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["_Register"]:
        yield self

    @asynccontextmanager
    async def writing(self) -> AsyncIterator["_Register"]:
        rounds, passed = self._rounds.copy(), self._passed.copy()
        try:
            yield self
        except BaseException:
            self._rounds, self._passed = rounds, passed
            raise

    async def forget(self, key: str) -> None:
        self._passed.pop(key, None)

    async def kill_switch(self) -> KillSwitch:
        return KillSwitch(on=False, by="", reason="", at=None)

    async def claim(self, incident_id: IncidentId, round: int, plan: Digest) -> Digest:
        return self._rounds.setdefault((incident_id, round), plan)

    async def issued(self, certificate: Certificate) -> bool:
        return certificate == self._issued

    async def newest_round(self, incident_id: IncidentId) -> int:
        return self._newest_round

    async def history(self, incident: Incident, since: datetime, without: str) -> tuple[PastAction, ...]:
        return tuple(past for key, past in self._passed.items() if key != without)

    async def standing(self, action: ActionName, world: World) -> Standing:
        return Standing(level=self._trust[action], reason="where this class begins")

    async def let_through(self, key: str, incident: Incident, past: PastAction) -> None:
        self._passed[key] = past
