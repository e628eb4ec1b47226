"""The journal of actions towards the real world: written down before they are done, so that none is done twice."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.execution import Execution
from .tables import ExecutionRow


class Executions:
    """The executions within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, key: str) -> Execution | None:
        """What is known under an idempotency key."""
        row = await self._session.get(ExecutionRow, key)
        return None if row is None else Execution.model_validate_json(row.document)

    async def begin(self, execution: Execution) -> Execution | None:
        """Write an execution down; where its key is known, that one stays, and is returned. None: it is new."""
        known = await self.find(execution.key)
        if known is not None:
            return known
        self._session.add(
            ExecutionRow(
                key=execution.key,
                resource=execution.resource,
                outcome=execution.outcome,
                begun_at=execution.begun_at,
                document=execution.model_dump_json(),
            )
        )
        await self._session.flush()
        return None

    async def finish(self, execution: Execution) -> Execution:
        """Write down how it ended; where it ended before, that stays, and is returned.

        Raises:
            LookupError: it was never begun.
        """
        row = await self._session.get(ExecutionRow, execution.key)
        if row is None:
            raise LookupError(f"no execution {execution.key!r} was begun")
        known = Execution.model_validate_json(row.document)
        if known.receipt is not None:
            return known
        row.outcome = execution.outcome
        row.document = execution.model_dump_json()
        await self._session.flush()
        return execution

    async def forget(self, key: str) -> None:
        """Take back what was begun and is certain not to have been done, so that it may be tried again."""
        row = await self._session.get(ExecutionRow, key)
        if row is not None and row.outcome == "under_way":
            await self._session.delete(row)
            await self._session.flush()

    async def under_way(self) -> tuple[Execution, ...]:
        """What was begun and has not ended, the oldest first."""
        query = select(col(ExecutionRow.document)).where(col(ExecutionRow.outcome) == "under_way")
        query = query.order_by(col(ExecutionRow.begun_at), col(ExecutionRow.key))
        return tuple(Execution.model_validate_json(row) for row in (await self._session.execute(query)).scalars())
