"""A circuit breaker: what is down costs its time-out once, and is asked again after a rest."""

import time
from collections.abc import Callable


class BreakerOpen(Exception):
    """It failed lately and is not asked yet again; the message says what went wrong and for how long it rests."""


class Breaker:
    """Lets calls through until one finds the other side down; then only one at a time, to try, after each rest.

    Args:
        rest_seconds: The first rest; each one after a trial that failed is twice as long, up to `longest_seconds`.
        clock: Seconds that only go up.
    """

    def __init__(
        self,
        rest_seconds: float = 15.0,
        longest_seconds: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = rest_seconds
        self._longest = longest_seconds
        self._clock = clock
        self._rest = rest_seconds
        self._until: float | None = None
        self._trying = False
        self._reason = ""

    @property
    def open(self) -> bool:
        """Whether it was down when it was last asked."""
        return self._until is not None

    def enter(self) -> None:
        """Ask to be let through.

        Raises:
            BreakerOpen: not now.
        """
        if self._until is None:
            return
        now = self._clock()
        if now < self._until:
            raise BreakerOpen(f"{self._reason}; it is asked again in {self._until - now:.0f} s")
        # Whoever comes first after the rest tries; the others wait for its outcome, or for another rest.
        self._until, self._trying = now + self._rest, True

    def worked(self) -> None:
        """It answered, whatever it said."""
        self._until, self._rest, self._trying = None, self._first, False

    def failed(self, reason: str) -> None:
        """It is down. Of calls that were under way together only the first to find out counts."""
        if self._until is not None and not self._trying:
            return
        self._rest = min(2 * self._rest, self._longest) if self._trying else self._first
        self._until, self._trying = self._clock() + self._rest, False
        self._reason = reason
