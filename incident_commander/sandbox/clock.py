"""The clock of a practice world: it stands still until it is told to move, or runs at a multiple of wall time."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from ..domain.incident import ClockKind
from .line import Line


class Dial:
    """What the clock shows.

    Args:
        opened_at: Simulated time shown at `started_at`, on the wall.
        pace: Simulated seconds in a second of wall time; None: it shows what it was last set to.
    """

    def __init__(
        self, opened_at: datetime, started_at: datetime, pace: float | None, wall: Callable[[], datetime]
    ) -> None:
        self._opened_at = opened_at
        self._started_at = started_at
        self._shown = opened_at
        self._wall = wall
        self.pace = pace

    def now(self) -> datetime:
        """Simulated time."""
        return self._shown if self.pace is None else self.translate(self._wall())

    def set(self, moment: datetime) -> None:
        """Move a clock that stands still; never backwards."""
        self._shown = max(self._shown, moment)

    def stop(self, moment: datetime) -> None:
        """Have it stand still from now on."""
        self._shown = moment
        self.pace = None

    def translate(self, stamp: datetime) -> datetime:
        """A time as the alert source stamps it, on this clock."""
        if self.pace is None:
            return stamp
        return self._opened_at + (stamp - self._started_at) * self.pace


class PracticeClock:
    """See the Clock port."""

    def __init__(self, dial: Dial, line: Line) -> None:
        self._dial = dial
        self._line = line

    @property
    def kind(self) -> ClockKind:
        return "simulated"

    async def now(self) -> datetime:
        return self._dial.now()

    def translate(self, stamp: datetime) -> datetime:
        return self._dial.translate(stamp)

    async def advance_to(self, moment: datetime) -> None:
        while (left := moment - self._dial.now()) > timedelta(0):
            if self._dial.pace is None:
                await self._line.advance(moment)
            else:
                await asyncio.sleep(min(60.0, left.total_seconds() / self._dial.pace + 0.001))
