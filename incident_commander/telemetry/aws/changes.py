"""What was changed in a place: by CloudTrail, and sooner by those who deploy."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from ...aws import AwsError
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Change, Gap, Incomplete, Window
from .deployments import codedeploy_changes, ecs_changes, lambda_changes
from .inventory import Stock
from .minutes import Minutes
from .place import Place
from .trail import Trail

_SAME_SECONDS = 120.0
"""Word of a function's change and CloudTrail's of the call that made it are this close."""


class AwsChanges:
    """See ChangesPort; of one place."""

    def __init__(self, place: Place, stock: Stock, now: Callable[[], float] = time.time) -> None:
        self._place = place
        self._stock = stock
        self._trail = Trail(place)
        self._kept = Minutes[tuple[Change, ...]](self._read, now)

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """See ChangesPort. What was not read is a gap of an incomplete answer.

        Raises:
            SourceUnavailable: nothing could be read.
        """
        return await self._kept.get(window)

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self, start: int, end: int) -> tuple[Change, ...]:
        inventory = await self._stock.inventory()
        gaps: list[Gap] = []
        answered = 0

        async def part(reading: Awaitable[list[Change]]) -> list[Change]:
            nonlocal answered
            try:
                found = await reading
            except AwsError as error:
                gaps.append(self._place.gap("changes", error))
                return []
            answered += 1
            return found

        async def trail() -> list[Change]:
            found, missing = await self._trail.changes(start, end, inventory.names)
            gaps.extend(missing)
            return found

        async def functions() -> list[Change]:
            return lambda_changes(inventory, await self._place.source("lambda"), start, end)

        by_call, ecs, codedeploy, of_functions = await asyncio.gather(
            part(trail()),
            part(ecs_changes(self._place, inventory, start, end)),
            part(codedeploy_changes(self._place, inventory.names, start, end)),
            part(functions()),
        )
        if not answered:
            raise SourceUnavailable(*dict.fromkeys(gaps))
        found = _once((*ecs, *codedeploy, *by_call), of_functions)
        return Incomplete(found, dict.fromkeys(gaps)) if gaps else tuple(found)


def _once(first: Iterable[Change], functions: Iterable[Change]) -> list[Change]:
    """Each change once, oldest first: that of a function only where no call is known that made it."""
    found: dict[tuple[str | None, str], Change] = {}
    for change in first:
        found.setdefault((change.service, change.reference), change)
    known = list(found.values())
    for change in functions:
        same = (other for other in known if other.service == change.service)
        if not any(abs((other.at - change.at).total_seconds()) <= _SAME_SECONDS for other in same):
            found[change.service, change.reference] = change
    return sorted(found.values(), key=lambda change: change.at)
