"""What services said lately, to give it again to the very same question: a stage that runs again asks the same."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

SECONDS = 900.0
MOST = 256


class Kept(Generic[T]):
    """The newest answers by what was asked; one that was used lately stays longest.

    Args:
        clock: Seconds that only go up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, key: str) -> T | None:
        """What is kept."""
        entry = self._entries.get(key)
        if entry is None or entry[0] <= self._clock():
            self._entries.pop(key, None)
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: str, value: T) -> None:
        """Keep it for a while."""
        self._entries[key] = (self._clock() + SECONDS, value)
        self._entries.move_to_end(key)
        while len(self._entries) > MOST:
            self._entries.popitem(last=False)
