"""Which voters do not count, by the ledger: what is written there is the only store of it.

What a practice run brings to light holds for that incident alone: whoever may start one could otherwise take voters
from real incidents.
"""

import secrets
from datetime import UTC, datetime

from ..consensus.quarantine import QuarantineRules, quarantines, standing, uncounted
from ..domain.ballot import Quarantined, Released, Tally, Voter
from ..domain.event import INSTALLATION, Event, NewEvent
from ..store import Database, Unit
from .desk import Desk
from .record import IncidentRecord


class NotQuarantined(LookupError):
    """A voter was to be released that counts already."""


class Quarantine:
    """The voters that do not count, and who put them there."""

    def __init__(self, database: Database, rules: QuarantineRules) -> None:
        self._database = database
        self._rules = rules

    async def uncounted(self, record: IncidentRecord) -> frozenset[Voter]:
        """The voters whose ballots do not count in an incident."""
        incident = record.incident
        if incident.practice_run is not None:
            return uncounted(standing(_history(record.of_kind("agent.quarantined"))), incident.id)
        return uncounted(await self.held(), incident.id)

    async def held(self) -> tuple[Quarantined, ...]:
        """The quarantines that nobody has ended, oldest first."""
        async with self._database.read() as unit:
            return await _held(unit)

    async def note(self, desk: Desk, outcome: Tally) -> None:
        """Draft whom a round puts into quarantine, to be written with the round's outcome."""
        where = INSTALLATION if desk.incident.practice_run is None else desk.incident.id
        for quarantined in quarantines(outcome, self._rules, await desk.environment.clock.now()):
            await desk.note("agent.quarantined", "consensus", quarantined, name=quarantined.voter, of=where)

    async def release(self, voter: Voter, by: str, reason: str) -> None:
        """Let a voter count again in real incidents.

        Raises:
            NotQuarantined: it counts already.
        """
        released = Released(voter=voter, by=by, reason=reason)
        async with self._database.write() as unit:
            if voter not in {each.voter for each in await _held(unit)}:
                raise NotQuarantined(f"{voter} is not quarantined; its ballots count")
            await unit.ledger.append(
                NewEvent(
                    key=f"{INSTALLATION}/agent.released/{secrets.token_hex(8)}",
                    incident_id=INSTALLATION,
                    kind="agent.released",
                    actor=by,
                    clock="wall",
                    occurred_at=datetime.now(UTC),
                    payload=released.model_dump(mode="json"),
                )
            )


async def _held(unit: Unit) -> tuple[Quarantined, ...]:
    events = await unit.ledger.of_kinds(("agent.quarantined", "agent.released"))
    return standing(_history(tuple(event for event in events if event.incident_id == INSTALLATION)))


def _history(events: tuple[Event, ...]) -> tuple[Quarantined | Released, ...]:
    return tuple(
        (Quarantined if event.kind == "agent.quarantined" else Released).model_validate(event.payload)
        for event in events
    )
