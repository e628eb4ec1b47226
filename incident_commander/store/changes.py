"""Changes that were reported to us, each once."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.change import ReportedChange
from ..domain.telemetry import Window
from .tables import ChangeRow


class Changes:
    """The reported changes within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, reported: ReportedChange) -> bool:
        """Store a change; False: it was stored before, by its source, account and key, and stays as it was."""
        query = select(col(ChangeRow.id)).where(
            col(ChangeRow.source) == reported.source,
            col(ChangeRow.account) == reported.account,
            col(ChangeRow.key) == reported.key,
        )
        if (await self._session.execute(query)).first() is not None:
            return False
        self._session.add(
            ChangeRow(
                source=reported.source,
                account=reported.account,
                key=reported.key,
                at=reported.change.at,
                document=reported.model_dump_json(),
            )
        )
        await self._session.flush()
        return True

    async def between(self, window: Window) -> tuple[ReportedChange, ...]:
        """The changes made inside a window, the oldest first."""
        query = select(col(ChangeRow.document)).where(col(ChangeRow.at) >= window.start, col(ChangeRow.at) < window.end)
        query = query.order_by(col(ChangeRow.at), col(ChangeRow.id))
        rows = (await self._session.execute(query)).scalars()
        return tuple(ReportedChange.model_validate_json(row) for row in rows)

    async def ever(self) -> bool:
        """Whether anybody ever reported a change."""
        return (await self._session.execute(select(col(ChangeRow.id)).limit(1))).first() is not None
