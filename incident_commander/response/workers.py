"""Where analysis runs: worker processes, so that the event loop keeps serving while an agent computes."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """A result with when its computation began (wall clock) and how long it took, measured where it ran."""

    value: T
    started_at: datetime
    duration_ms: float


class Workers:
    """A small pool of worker processes, started with the first use.

    Args:
        processes: How many there are at most.
        idle_seconds: After so long without work they are stopped, and started again with the next; None: kept warm.
    """

    def __init__(self, processes: int, idle_seconds: float | None = None) -> None:
        self.processes = processes
        self._idle_seconds = idle_seconds
        self._busy = 0
        self._rest: asyncio.TimerHandle | None = None
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Timed[T]:
        """Compute `function(*args, **kwargs)` in a worker; all of it must pickle.

        A worker that dies (killed, out of memory) is replaced and the computation begun again, once: these functions
        are pure.

        Raises:
            BrokenProcessPool: the second worker died too.
            Exception: whatever the function raised.
        """
        self._busy += 1
        try:
            return await self._submit(function, *args, **kwargs)
        except BrokenProcessPool:
            self.close()
            return await self._submit(function, *args, **kwargs)
        finally:
            self._busy -= 1
            self._rest_later()

    async def warm(self) -> None:
        """Start the workers and have them import the agents, so that the first incident does not wait for it."""
        await asyncio.gather(*(self.run(_import_agents) for _ in range(self.processes)))

    def close(self) -> None:
        """Stop the workers without waiting for what they compute."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _rest_later(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        if self._idle_seconds is not None and self._busy == 0:
            self._rest = asyncio.get_running_loop().call_later(self._idle_seconds, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if self._busy == 0:
            self.close()

    async def _submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Timed[T]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.processes, mp_context=multiprocessing.get_context("spawn"))
        return await asyncio.wrap_future(self._pool.submit(_timed, partial(function, *args, **kwargs)))


def _timed(function: Callable[[], T]) -> Timed[T]:
    started_at, start = datetime.now(UTC), time.perf_counter()
    value = function()
    return Timed(value, started_at, (time.perf_counter() - start) * 1000)


def _import_agents() -> None:
    from ..agents import panel  # noqa: F401
