"""What was read of a window, kept for the minute that the window ends in: the stages of a response ask for the same."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from ...domain.telemetry import Window
from ..kept import Kept

T = TypeVar("T")

_SECONDS = 60


class Minutes(Generic[T]):
    """See the module.

    Args:
        read: Reads from a start to an end, in Unix seconds.
        now: Nothing is read of what is later, in Unix seconds.
    """

    def __init__(self, read: Callable[[int, int], Awaitable[T]], now: Callable[[], float] = time.time) -> None:
        self._read = read
        self._now = now
        self._kept = Kept[tuple[int, int], T](_SECONDS, most=2)

    async def get(self, window: Window) -> T:
        """What was read of a window; raises what reading does."""
        start, end = int(window.start.timestamp()), int(min(window.end.timestamp(), self._now()))
        return await self._kept.get((start, end // _SECONDS), lambda: self._read(start, end))

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()
