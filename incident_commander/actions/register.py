"""The gate's register: what it reads and writes in one transaction, so that no two workers pass on the same count."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Protocol

from ..domain.ballot import FIRST_ROUND, Certificate, Round
from ..domain.base import Digest, IncidentId
from ..domain.incident import Incident
from ..domain.operator import KillSwitch, World
from ..domain.plan import ActionName
from ..domain.policy import PastAction
from ..store import Database, Unit
from .kill_switch import kill_switch
from .ladder import Ladder
from .trust import Standing


class Entry(Protocol):
    """One transaction at the gate."""

    async def kill_switch(self) -> KillSwitch:
        """How the kill switch stands."""
        ...

    async def claim(self, incident_id: IncidentId, round: int, plan: Digest) -> Digest:
        """Bind the round to this plan unless it is bound already, and return the plan that it is bound to."""
        ...

    async def issued(self, certificate: Certificate) -> bool:
        """Whether this very certificate came of a count here, and not of ballots that were put together elsewhere."""
        ...

    async def newest_round(self, incident_id: IncidentId) -> int:
        """The newest round of voting that was opened about an incident."""
        ...

    async def history(self, incident: Incident, since: datetime, without: str) -> tuple[PastAction, ...]:
        """What passed before in the incident's world, but for the key `without`: lately, and for the incident ever."""
        ...

    async def standing(self, action: ActionName, world: World) -> Standing:
        """How far a class of actions is trusted."""
        ...

    async def let_through(self, key: str, incident: Incident, past: PastAction) -> None:
        """Write down that an action passes under a key."""
        ...


class Register(Protocol):
    """Opens entries. What an entry wrote is kept when its block ends, and undone when that raises."""

    def reading(self) -> AbstractAsyncContextManager[Entry]:
        """An entry whose writing is not kept."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Entry]:
        """An entry that excludes every other."""
        ...

    async def forget(self, key: str) -> None:
        """Take back that a key passed: nothing was done."""
        ...


class StoredRegister:
    """The register in the store. Implements Register."""

    def __init__(self, database: Database, ladder: Ladder) -> None:
        self._database = database
        self._ladder = ladder

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Entry]:
        """See Register."""
        async with self._database.read() as unit:
            yield _StoredEntry(unit, self._ladder)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Entry]:
        """See Register. Writing transactions are serialised among all processes on the database."""
        async with self._database.write() as unit:
            yield _StoredEntry(unit, self._ladder)

    async def forget(self, key: str) -> None:
        """See Register."""
        async with self._database.write() as unit:
            await unit.passages.forget(key)


class _StoredEntry:
    def __init__(self, unit: Unit, ladder: Ladder) -> None:
        self._unit = unit
        self._ladder = ladder

    async def kill_switch(self) -> KillSwitch:
        return await kill_switch(self._unit)

    async def claim(self, incident_id: IncidentId, round: int, plan: Digest) -> Digest:
        name = f"round/{incident_id}/{round}"
        held = await self._unit.values.get(name)
        if held is not None:
            return Digest(str(held["plan"]))
        await self._unit.values.put(name, {"plan": plan})
        return plan

    async def issued(self, certificate: Certificate) -> bool:
        held = await self._unit.certificates.of_incident(certificate.incident_id)
        return any(one == certificate for one, _ in held)

    async def newest_round(self, incident_id: IncidentId) -> int:
        events = await self._unit.ledger.of_incident(incident_id)
        opened = (Round.model_validate(event.payload).round for event in events if event.kind == "round.opened")
        return max(opened, default=FIRST_ROUND.round)

    async def history(self, incident: Incident, since: datetime, without: str) -> tuple[PastAction, ...]:
        return await self._unit.passages.history(incident.practice_run, incident.id, since, without=without)

    async def standing(self, action: ActionName, world: World) -> Standing:
        return await self._ladder.standing(self._unit, action, world)

    async def let_through(self, key: str, incident: Incident, past: PastAction) -> None:
        await self._unit.passages.add(key, incident.practice_run, past)
