"""A gate's surroundings for tests: incidents, certificates, a world that keeps what it receives, a register."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incident_commander.actions.catalogue import Catalogue, load_catalogue
from incident_commander.actions.gate import Gate
from incident_commander.actions.policy import FilePolicy
from incident_commander.actions.register import Entry, Register
from incident_commander.actions.rules import Decision, Limits, Rule
from incident_commander.actions.trust import Standing
from incident_commander.consensus.certificate import verify_certificate
from incident_commander.consensus.rule import rule
from incident_commander.domain.ballot import VOTERS, Certificate
from incident_commander.domain.base import Digest, IncidentId, RunId, ServiceName
from incident_commander.domain.incident import ClockKind, Incident
from incident_commander.domain.operator import KillSwitch, World
from incident_commander.domain.plan import (
    Action,
    ActionName,
    ApprovalAnswer,
    Argument,
    Check,
    Plan,
    Receipt,
    TrustLevel,
)
from incident_commander.domain.policy import PastAction
from incident_commander.domain.ports import ActionFailed
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import Service, Topology

from ..consensus.ballot_box import KEYS, NOW, ballot, signed

CATALOGUE: Catalogue = load_catalogue()
ORDERS, ORDERS_DB = ServiceName("orders"), ServiceName("orders-db")
SHOP = Topology(
    services=(Service(name=ORDERS, kind="api", tier=1), Service(name=ORDERS_DB, kind="database", tier=3)),
    calls=((ORDERS, ORDERS_DB),),
)
OFF = KillSwitch(on=False, by="", reason="", at=None)
ON = KillSwitch(on=True, by="ana", reason="the region is failing over", at=NOW)


def incident(name: str = "inc-1", *, practice: bool = False) -> Incident:
    """An open incident."""
    return Incident(
        id=IncidentId(name), title="t", status="open", severity="high", verdict="likely", services=(), sources=(),
        clock="wall", practice_run=RunId("run-1") if practice else None, began_at=NOW, opened_at=NOW,
    )  # fmt: skip


def plan_to(name: ActionName, target: ServiceName = ORDERS, **arguments: Argument) -> Plan:
    """A plan with the undo that the catalogue gives it."""
    action = CATALOGUE.action(name, target, arguments)
    check = Check(service=target, metric="errors", direction="below", threshold=1, deadline_seconds=60)
    undo = CATALOGUE.undo(action)
    return Plan(
        action=action, addresses=None, undo=undo, reversible=undo is not None, checks=(check,), rationale="as told"
    )


SCALE, RESTART = plan_to("scale_out"), plan_to("restart")
VOTES_LIVE = timedelta(days=1)


def certify(plan: Plan, held: Incident | None = None, round_number: int = 1) -> Certificate:
    """A quorum's certificate for a plan, valid for a day."""
    incident_id = (held or incident()).id
    cast = [
        signed(
            ballot(voter, plan.digest, incident=incident_id, round_number=round_number, lives=VOTES_LIVE, plans=(plan,))
        )
        for voter in VOTERS
    ]
    return Certificate(
        incident_id=incident_id,
        round=round_number,
        plan_digest=plan.digest,
        rule=rule(),
        ballots=tuple(cast),
        issued_at=NOW,
    )


def prove(certificate: Certificate, plan: Plan, held: Incident) -> None:
    """The verifier of the tests' keys."""
    verify_certificate(certificate, plan.digest, held.id, KEYS.public_keys)


def approval(about: Plan = SCALE, **changes: object) -> ApprovalAnswer:
    """An answer of Ana's that approves a plan, for a quarter of an hour."""
    given = ApprovalAnswer(
        answer="approved", by="ana", reason="looks right", answered_at=NOW, plan=about.digest,
        action=about.action.name if about.action else None, expires_at=NOW + timedelta(minutes=15),
    )  # fmt: skip
    return given.model_copy(update=changes)


def says(decision: Decision, *, limits: Limits | None = None, approvers: Sequence[str] = ()) -> FilePolicy:
    """A policy that says one thing of everything."""
    every = Rule(
        id="everything", decision=decision, incidents="any", actions=tuple(CATALOGUE.actions),
        approvers=tuple(approvers) or None,
    )  # fmt: skip
    return FilePolicy(name="test", rules=(every,), limits=limits or Limits())


class Hands:
    """An executor that keeps what it receives; the same key again is a repetition. It fails as often as it is told."""

    def __init__(self) -> None:
        self.receipts: dict[str, Receipt] = {}
        self.failures = 0

    @property
    def done(self) -> list[Action]:
        """What it did, in order."""
        return [receipt.action for receipt in self.receipts.values()]

    async def received(self, idempotency_key: str) -> Receipt | None:
        """See Executor."""
        return self.receipts.get(idempotency_key)

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        """See Executor."""
        if idempotency_key in self.receipts:
            return self.receipts[idempotency_key].model_copy(update={"repeated": True})
        if self.failures:
            self.failures -= 1
            raise ActionFailed("throttled to the end, nothing was done")
        self.receipts[idempotency_key] = Receipt(
            idempotency_key=idempotency_key, action=action, received_at=NOW, completed_at=NOW + timedelta(seconds=90),
            applied=True, repeated=False, detail="", provenance=Provenance(kind="simulated", source="practice company"),
        )  # fmt: skip
        return self.receipts[idempotency_key]


@dataclass
class Hand:
    """A clock that shows what it was set to."""

    at: datetime = NOW

    @property
    def kind(self) -> ClockKind:
        """See Clock."""
        return "wall"

    async def now(self) -> datetime:
        """See Clock."""
        return self.at

    def translate(self, stamp: datetime) -> datetime:
        """See Clock."""
        return stamp

    async def advance_to(self, moment: datetime) -> None:
        """See Clock."""
        self.at = max(self.at, moment)


@dataclass
class Known:
    """A topology that is always there."""

    is_known: Topology = SHOP

    async def topology(self) -> Topology:
        """See TopologyPort."""
        return self.is_known


@dataclass
class Place:
    """A gate's Site."""

    policy: FilePolicy = field(default_factory=lambda: says("allow"))
    executor: Hands = field(default_factory=Hands)
    clock: Hand = field(default_factory=Hand)
    topology: Known = field(default_factory=Known)


@dataclass
class _Pages:
    switch: KillSwitch = OFF
    rounds: dict[tuple[IncidentId, int], Digest] = field(default_factory=dict)
    issued: tuple[Certificate, ...] | None = None
    opened: dict[IncidentId, int] = field(default_factory=dict)
    passed: dict[str, tuple[RunId | None, PastAction]] = field(default_factory=dict)
    trust: dict[tuple[ActionName, World], TrustLevel] = field(default_factory=dict)


class MemoryRegister:
    """A register in memory; what an entry wrote is forgotten when its block raises. Every class begins at `auto`.

    Every certificate counts as issued until it is said which were.
    """

    def __init__(self) -> None:
        self.pages = _Pages()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Entry]:
        """See Register."""
        yield _MemoryEntry(deepcopy(self.pages))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Entry]:
        """See Register."""
        pages = deepcopy(self.pages)
        yield _MemoryEntry(pages)
        self.pages = pages

    async def forget(self, key: str) -> None:
        """See Register."""
        self.pages.passed.pop(key, None)


class _MemoryEntry:
    def __init__(self, pages: _Pages) -> None:
        self._pages = pages

    async def kill_switch(self) -> KillSwitch:
        return self._pages.switch

    async def claim(self, incident_id: IncidentId, round: int, plan: Digest) -> Digest:
        return self._pages.rounds.setdefault((incident_id, round), plan)

    async def issued(self, certificate: Certificate) -> bool:
        return self._pages.issued is None or certificate in self._pages.issued

    async def newest_round(self, incident_id: IncidentId) -> int:
        return self._pages.opened.get(incident_id, 1)

    async def history(self, incident: Incident, since: datetime, without: str) -> tuple[PastAction, ...]:
        return tuple(
            past
            for key, (run, past) in self._pages.passed.items()
            if key != without and run == incident.practice_run and (past.at > since or past.incident_id == incident.id)
        )

    async def standing(self, action: ActionName, world: World) -> Standing:
        return Standing(level=self._pages.trust.get((action, world), "auto"), reason="as the test says")

    async def let_through(self, key: str, incident: Incident, past: PastAction) -> None:
        self._pages.passed.setdefault(key, (incident.practice_run, past))


def gate(register: Register | None = None) -> Gate:
    """A gate for the tests' keys."""
    return Gate(CATALOGUE, prove, register or MemoryRegister())
