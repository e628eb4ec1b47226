"""The changes that were reported to our doors, as a source of change evidence for real incidents."""

from ..domain.ports import SourceUnavailable
from ..domain.telemetry import Change, Gap, Window
from ..store import Database


class RecordedChanges:
    """The changes port over the store. Practice runs have a port of their own and never see these."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """See the ChangesPort. That nothing was changed can be said only where changes are reported at all.

        Raises:
            SourceUnavailable: nobody ever reported a change here.
        """
        async with self._database.read() as unit:
            reported = await unit.changes.between(window)
            if not reported and not await unit.changes.ever():
                raise SourceUnavailable(_NEVER)
        return tuple(each.change for each in reported)


_NEVER = Gap(
    signal="changes",
    reason="no change was ever reported here",
    remedy="send deployments to /api/alerts/eventbridge or /v2/change/enqueue; docs/doors.md shows how",
)
