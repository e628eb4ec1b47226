"""Which voters are made to fail: those of a practice run by its own choice, the live ones by an operator's."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from ..domain.ballot import Voter
from ..domain.base import UtcDatetime, Value
from ..domain.event import INSTALLATION, NewEvent
from ..domain.fault import FaultInjection, VoterFault
from ..domain.incident import Incident
from ..store import Database


class FaultChange(Value):
    """A change to how the live agents vote, with when it was made, wall clock."""

    injection: FaultInjection
    at: UtcDatetime


class Faults:
    """The faults that are injected. The ledger's events are their only store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def live(self) -> Mapping[Voter, VoterFault]:
        """The faults that stand in the live agents."""
        return standing(await self.changes())

    async def changes(self) -> tuple[FaultChange, ...]:
        """Every fault that was injected into the live agents or taken back, oldest first."""
        async with self._database.read() as unit:
            events = await unit.ledger.of_kinds(("fault.injected",))
        return tuple(
            FaultChange(injection=FaultInjection.model_validate(event.payload), at=event.occurred_at)
            for event in events
        )

    async def of(self, incident: Incident) -> Mapping[Voter, VoterFault]:
        """The faults that the voters of an incident have: those of its practice run, or the live ones."""
        if incident.practice_run is None:
            return await self.live()
        async with self._database.read() as unit:
            return (await unit.practice.get(incident.practice_run)).faults

    async def inject(self, voter: Voter, fault: VoterFault | None, by: str, reason: str) -> None:
        """Make a live voter fail from its next vote on; None lets it vote honestly again."""
        injection = FaultInjection(voter=voter, fault=fault, by=by, reason=reason)
        async with self._database.write() as unit:
            await unit.ledger.append(
                NewEvent(
                    key=f"{INSTALLATION}/fault.injected/{secrets.token_hex(8)}",
                    incident_id=INSTALLATION,
                    kind="fault.injected",
                    actor=by,
                    clock="wall",
                    occurred_at=datetime.now(UTC),
                    payload=injection.model_dump(mode="json"),
                )
            )


def standing(changes: Iterable[FaultChange]) -> dict[Voter, VoterFault]:
    """The faults that nobody has taken back, from all that were ever injected, oldest first."""
    faults: dict[Voter, VoterFault] = {}
    for change in changes:
        injection = change.injection
        faults.pop(injection.voter, None)
        if injection.fault is not None:
            faults[injection.voter] = injection.fault
    return faults
