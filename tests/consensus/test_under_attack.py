"""With at most f arbitrary voters nothing acts but what a quorum decided, and every incident ends: over many histories.

`scripts/test --full` goes through 10,000 of them.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from incident_commander.actions.gate import Gate
from incident_commander.actions.ladder import Ladder
from incident_commander.actions.register import StoredRegister
from incident_commander.actions.trust import TRUST_FILE, load_trust
from incident_commander.consensus.quarantine import load_rules, standing, uncounted
from incident_commander.domain.ballot import VOTERS, Certificate, Quarantined, Released, Round, Voter
from incident_commander.domain.base import IncidentId, Value
from incident_commander.domain.event import INSTALLATION, EventKind, NewEvent
from incident_commander.domain.incident import Incident
from incident_commander.domain.plan import Plan
from incident_commander.response.quarantine import NotQuarantined, Quarantine
from incident_commander.response.record import IncidentRecord
from incident_commander.store import Database

from ..actions.sites import CATALOGUE, MemoryRegister, gate, prove
from ..store.databases import sqlite_home
from .attacked import Memory, UnderAttack
from .ballot_box import NOW

HISTORIES = 10_000


@dataclass
class InMemory:
    """Written down as JSON, read again from it each time."""

    register: MemoryRegister = field(default_factory=MemoryRegister)
    history: list[tuple[bool, str]] = field(default_factory=list)

    async def open(self) -> Gate:
        """See Memory."""
        before, self.register = self.register, MemoryRegister()
        self.register.pages = deepcopy(before.pages)
        self.register.pages.issued = self.register.pages.issued or ()
        return gate(self.register)

    async def close(self) -> None:
        """See Memory."""

    async def add(self, held: Incident) -> None:
        """See Memory."""

    async def open_round(self, incident_id: IncidentId, opened: Round) -> None:
        """See Memory."""
        self.register.pages.opened[incident_id] = opened.round

    async def issue(self, certificate: Certificate, plan: Plan) -> None:
        """See Memory."""
        self.register.pages.issued = (*(self.register.pages.issued or ()), certificate)

    async def quarantine(self, quarantined: Quarantined) -> None:
        """See Memory."""
        self.history.append((True, quarantined.model_dump_json()))

    async def release(self, voter: Voter) -> None:
        """See Memory."""
        self.history.append((False, Released(voter=voter, by="ana", reason="").model_dump_json()))

    async def uncounted(self, held: Incident) -> frozenset[Voter]:
        """See Memory."""
        kinds: dict[bool, type[Quarantined] | type[Released]] = {True: Quarantined, False: Released}
        told = [kinds[entered].model_validate_json(written) for entered, written in self.history]
        return uncounted(standing(told), held.id)


class Stored:
    """The product's own store and ledger, closed and opened again."""

    def __init__(self) -> None:
        self._folder = Path(mkdtemp(prefix="ic-attacked-"))
        self._home = sqlite_home(self._folder)
        self._keys = 0
        self._database = self._new()

    def _new(self) -> Database:
        return Database(self._home.url, self._home.key)

    async def open(self) -> Gate:
        """See Memory."""
        self._database = self._new()
        await self._database.open()
        trusted = load_trust(TRUST_FILE, CATALOGUE)
        ladder = Ladder({"live": trusted, "practice": trusted}, CATALOGUE)
        return Gate(CATALOGUE, prove, StoredRegister(self._database, ladder))

    async def close(self) -> None:
        """See Memory."""
        await self._database.close()

    def forget(self) -> None:
        """Delete it."""
        rmtree(self._folder)

    async def add(self, held: Incident) -> None:
        """See Memory."""
        async with self._database.write() as unit:
            await unit.incidents.add(held)

    async def open_round(self, incident_id: IncidentId, opened: Round) -> None:
        """See Memory."""
        await self._append(incident_id, "round.opened", opened)

    async def issue(self, certificate: Certificate, plan: Plan) -> None:
        """See Memory."""
        async with self._database.write() as unit:
            await unit.certificates.save(certificate, plan)

    async def quarantine(self, quarantined: Quarantined) -> None:
        """See Memory."""
        await self._append(INSTALLATION, "agent.quarantined", quarantined)

    async def release(self, voter: Voter) -> None:
        """See Memory."""
        try:
            await Quarantine(self._database, load_rules()).release(voter, "ana", "")
        except NotQuarantined:
            return

    async def uncounted(self, held: Incident) -> frozenset[Voter]:
        """See Memory."""
        return await Quarantine(self._database, load_rules()).uncounted(IncidentRecord(held, ()))

    async def _append(self, incident_id: IncidentId, kind: EventKind, payload: Value) -> None:
        self._keys += 1
        async with self._database.write() as unit:
            await unit.ledger.append(
                NewEvent(
                    key=f"told/{self._keys}",
                    incident_id=incident_id,
                    kind=kind,
                    actor="test",
                    clock="wall",
                    occurred_at=NOW,
                    payload=payload.model_dump(mode="json"),
                )
            )


class WithinF(UnderAttack):
    """At most f arbitrary voters."""

    def new_memory(self) -> Memory:
        return InMemory()


class BeyondF(WithinF):
    """Any number of arbitrary voters: they can decide, or keep others from deciding, and still nothing else is done."""

    most_faulty: ClassVar[int] = len(VOTERS)


class OnTheStore(UnderAttack):
    """At most f arbitrary voters, on the product's own store."""

    def new_memory(self) -> Memory:
        self.stored = Stored()
        return self.stored

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.stored.forget()


def go_through(machine: type[UnderAttack], histories: int, steps: int = 25) -> None:
    """Let hypothesis play that many histories."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_with_f_arbitrary_voters_only_decided_plans_run_and_every_incident_ends() -> None:
    go_through(WithinF, 60)


def test_with_any_number_of_arbitrary_voters_no_undecided_and_no_second_plan_runs() -> None:
    go_through(BeyondF, 40)


def test_it_holds_on_the_store_and_through_restarts_of_it() -> None:
    go_through(OnTheStore, 12)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("machine", "histories"), [(WithinF, HISTORIES), (BeyondF, 2_000), (OnTheStore, 300)])
def test_it_holds_over_many_histories(machine: type[UnderAttack], histories: int) -> None:
    go_through(machine, histories)
