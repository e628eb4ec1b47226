"""Practice runs, and the journal by which a practice world witnesses each action it received."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.base import RunId
from ..domain.plan import Action
from ..domain.ports import UnknownPracticeRun
from ..domain.practice import JournalEntry, PracticeRun
from .tables import JournalRow, PracticeRunRow


class ActionKeyReused(Exception):
    """An idempotency key was presented again with another action; nothing was received."""


class PracticeRuns:
    """The practice runs within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, run: PracticeRun) -> None:
        """Store a new run."""
        self._session.add(
            PracticeRunRow(id=run.id, ended=run.ended, started_at=run.started_at, document=run.model_dump_json())
        )
        await self._session.flush()

    async def get(self, run_id: RunId) -> PracticeRun:
        """One run.

        Raises:
            UnknownPracticeRun: there is none of that id.
        """
        return PracticeRun.model_validate_json((await self._row(run_id)).document)

    async def active(self) -> tuple[PracticeRun, ...]:
        """The runs that have not ended, the oldest first."""
        query = select(col(PracticeRunRow.document)).where(col(PracticeRunRow.ended).is_(False))
        query = query.order_by(col(PracticeRunRow.started_at), col(PracticeRunRow.id))
        return tuple(PracticeRun.model_validate_json(row) for row in (await self._session.execute(query)).scalars())

    async def update(self, run: PracticeRun) -> None:
        """Store how a run stands now.

        Raises:
            UnknownPracticeRun: it was never added.
        """
        row = await self._row(run.id)
        row.ended = run.ended
        row.document = run.model_dump_json()
        await self._session.flush()

    async def journal(self, run_id: RunId) -> tuple[JournalEntry, ...]:
        """What a run's world received, in order."""
        query = select(JournalRow).where(col(JournalRow.run) == run_id).order_by(col(JournalRow.sequence))
        return tuple(_entry(row) for row in (await self._session.execute(query)).scalars())

    async def received(self, run_id: RunId, idempotency_key: str) -> JournalEntry | None:
        """What was received under a key, if anything."""
        row = await self._journal_row(run_id, idempotency_key)
        return None if row is None else _entry(row)

    async def receive(
        self, run_id: RunId, idempotency_key: str, action: Action, received_at: datetime, *, applied: bool, detail: str
    ) -> JournalEntry:
        """Witness an action once; the same key again counts a delivery and returns the first entry.

        Args:
            received_at: On the run's simulated clock.
            applied: Whether the world took it; `detail` says what it did or why not.

        Raises:
            UnknownPracticeRun: there is no such run.
            ActionKeyReused: the key stands for another action.
        """
        await self._row(run_id)
        row = await self._journal_row(run_id, idempotency_key)
        if row is None:
            row = JournalRow(
                run=run_id,
                sequence=await self._journal_length(run_id) + 1,
                idempotency_key=idempotency_key,
                action=action.model_dump_json(),
                received_at=received_at,
                applied=applied,
                detail=detail,
                deliveries=1,
            )
            self._session.add(row)
        elif Action.model_validate_json(row.action) != action:
            raise ActionKeyReused(
                f"the key {idempotency_key!r} of run {run_id!r} stands for {row.action}; use another key for "
                f"{action.model_dump_json()}"
            )
        else:
            row.deliveries += 1
        await self._session.flush()
        return _entry(row)

    async def _row(self, run_id: RunId) -> PracticeRunRow:
        row = await self._session.get(PracticeRunRow, run_id)
        if row is None:
            raise UnknownPracticeRun(f"no practice run {run_id!r} is known here")
        return row

    async def _journal_row(self, run_id: RunId, idempotency_key: str) -> JournalRow | None:
        query = select(JournalRow).where(
            col(JournalRow.run) == run_id, col(JournalRow.idempotency_key) == idempotency_key
        )
        return (await self._session.execute(query)).scalars().first()

    async def _journal_length(self, run_id: RunId) -> int:
        query = select(func.count()).select_from(JournalRow).where(col(JournalRow.run) == run_id)
        return (await self._session.execute(query)).scalar_one()


def _entry(row: JournalRow) -> JournalEntry:
    return JournalEntry(
        run=RunId(row.run),
        sequence=row.sequence,
        idempotency_key=row.idempotency_key,
        action=Action.model_validate_json(row.action),
        received_at=row.received_at,
        applied=row.applied,
        detail=row.detail,
        deliveries=row.deliveries,
    )
