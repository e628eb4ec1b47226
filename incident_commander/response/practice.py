"""Driving a practice run: until its alerts have come, until its incidents have been answered, then its end."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from ..domain.base import RunId
from ..domain.incident import Incident
from ..sandbox import PracticeCompany
from ..store import Database
from .desk import load_record


class PracticeDriver:
    """Sees a practice run through; begun again after a crash, it goes on with the world as it stood."""

    def __init__(self, database: Database, company: PracticeCompany) -> None:
        self._database = database
        self._company = company

    async def drive(self, run_id: RunId) -> None:
        """Return once the run has ended."""
        async with self._database.read() as unit:
            run = await unit.practice.get(run_id)
        if run.ended:
            return
        if run.pace is None and not await self._company.run_to_first_alert(run_id):
            await self._company.end(run_id)
            return
        await self._wait(lambda: self._answered(run_id))
        await self._company.end(run_id)

    async def _answered(self, run_id: RunId) -> bool:
        async with self._database.read() as unit:
            if (await unit.practice.get(run_id)).ended:
                return True
            incidents = await unit.incidents.page(limit=100, practice_run=run_id)
        if not incidents:
            return False
        return all([await self._finished(incident) for incident in incidents])

    async def _finished(self, incident: Incident) -> bool:
        if incident.ended_at is None or incident.stage is not None:
            return False
        record = await load_record(self._database, incident.id)
        return record.stage_event("stage.finished", "learn") is not None

    async def _wait(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition on the store, looking after every commit and at least every few seconds."""
        changed = asyncio.Event()
        unsubscribe = self._database.subscribe(lambda _: changed.set())
        try:
            while not await condition():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), timeout=5)
                changed.clear()
        finally:
            unsubscribe()
