"""Answers kept for a while: whoever asks for the same meanwhile is given the same, or waits for the same reading."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_LACKING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    task: asyncio.Task[T]
    begun_at: float


class Kept(Generic[K, T]):
    """The newest answers by what was asked. An error is told to all who wait for it, and not kept.

    A reading goes on when whoever asked for it has given up: the next one finds it done.

    Args:
        seconds: How long an answer is good, from when it was asked for.
        most: How many are kept.
        lacking: Whether an answer lacks something that may be there soon: it is good for a minute at most.
    """

    def __init__(
        self,
        seconds: float,
        most: int = 8,
        clock: Callable[[], float] = time.monotonic,
        lacking: Callable[[T], bool] = lambda answer: False,
    ) -> None:
        self._seconds = seconds
        self._lacking = lacking
        self._most = most
        self._clock = clock
        self._entries: dict[K, _Entry[T]] = {}

    async def get(self, key: K, read: Callable[[], Awaitable[T]]) -> T:
        """The answer for a key, read where none is kept."""
        entry = self._entries.get(key)
        if entry is None or self._clock() - entry.begun_at >= self._good_for(entry.task):
            entry = _Entry(asyncio.ensure_future(_run(read)), self._clock())
            self._entries.pop(key, None)
            self._entries[key] = entry
            entry.task.add_done_callback(lambda task: self._forget(key, task))
            while len(self._entries) > self._most:
                del self._entries[next(iter(self._entries))]
        return await asyncio.shield(entry.task)

    def close(self) -> None:
        """Give up what is being read, and forget the rest."""
        for entry in self._entries.values():
            entry.task.cancel()
        self._entries.clear()

    def _good_for(self, task: asyncio.Task[T]) -> float:
        lacks = task.done() and not task.cancelled() and task.exception() is None and self._lacking(task.result())
        return min(self._seconds, _LACKING_SECONDS) if lacks else self._seconds

    def _forget(self, key: K, task: asyncio.Task[T]) -> None:
        if task.cancelled() or task.exception() is not None:
            entry = self._entries.get(key)
            if entry is not None and entry.task is task:
                del self._entries[key]


async def _run(read: Callable[[], Awaitable[T]]) -> T:
    return await read()
