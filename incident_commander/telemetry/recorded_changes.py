"""The changes that were reported to our doors, as a source of change evidence for real incidents."""

from ..domain.change import ReportedChange
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
        return _deployments_once(reported)


def _deployments_once(reported: tuple[ReportedChange, ...]) -> tuple[Change, ...]:
    """The changes in their order; of the events of one deployment the first moment and the last word, as one change."""
    changes: dict[tuple[str | None, ...], Change] = {}
    for each in reported:
        change = each.change
        deployment = each.source == "eventbridge" and change.kind == "deploy"
        key = each.source, each.account, *((change.service, change.reference) if deployment else (each.key,))
        began = changes[key].at if key in changes else change.at
        changes[key] = change.model_copy(update={"at": began})
    return tuple(changes.values())


_NEVER = Gap(
    signal="changes",
    reason="no change was ever reported here",
    remedy="send deployments to /api/alerts/eventbridge or /v2/change/enqueue; docs/doors.md shows how",
)
