"""Persistence of practice runs: the run's row and the world's journal, nothing else is stored."""

from datetime import datetime

from ..domain.base import RunId
from ..domain.plan import Action
from ..domain.practice import JournalEntry, PracticeRun
from ..store import Database


class Runs:
    """Practice runs in the database, one short transaction a call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: PracticeRun) -> None:
        """Store a new run."""
        async with self._database.write() as unit:
            await unit.practice.add(run)

    async def get(self, run_id: RunId) -> PracticeRun:
        """One run.

        Raises:
            UnknownPracticeRun: there is none of that id.
        """
        async with self._database.read() as unit:
            return await unit.practice.get(run_id)

    async def active(self) -> tuple[PracticeRun, ...]:
        """The runs that have not ended."""
        async with self._database.read() as unit:
            return await unit.practice.active()

    async def journal(self, run_id: RunId) -> tuple[JournalEntry, ...]:
        """What a run's world received, in order."""
        async with self._database.read() as unit:
            return await unit.practice.journal(run_id)

    async def reached(self, run_id: RunId, moment: datetime, *, ended: bool = False) -> None:
        """Store how far a world's clock has come; it never goes back, and an ended run stays ended."""
        async with self._database.write() as unit:
            run = await unit.practice.get(run_id)
            if run.ended:
                return
            later = max(run.clock_at, moment)
            await unit.practice.update(run.model_copy(update={"clock_at": later, "ended": ended}))

    async def received(self, run_id: RunId, idempotency_key: str) -> JournalEntry | None:
        """What was received under a key before."""
        async with self._database.read() as unit:
            return await unit.practice.received(run_id, idempotency_key)

    async def receive(
        self, run_id: RunId, idempotency_key: str, action: Action, at: datetime, *, applied: bool, detail: str
    ) -> JournalEntry:
        """Witness an action, and how far the clock had come, in one transaction."""
        async with self._database.write() as unit:
            entry = await unit.practice.receive(run_id, idempotency_key, action, at, applied=applied, detail=detail)
            run = await unit.practice.get(run_id)
            if entry.deliveries == 1 and at > run.clock_at:
                await unit.practice.update(run.model_copy(update={"clock_at": at}))
            return entry
