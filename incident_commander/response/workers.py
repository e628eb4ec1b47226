"""Where analysis runs: worker processes, so that the event loop keeps serving while an agent computes."""

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Generic, ParamSpec, TypeVar

_PATIENCE = 10
"""Niceness of patient workers, where the system has no class for those that only use idle time."""

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
        patient: They yield the processor to everybody else: nobody waits for what they compute.
    """

    def __init__(self, processes: int, idle_seconds: float | None = None, patient: bool = False) -> None:
        self.processes = processes
        self._patient = patient
        self._idle_seconds = idle_seconds
        self._busy = 0
        self._rest: asyncio.TimerHandle | None = None
        self._closed = False
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Timed[T]:
        """Compute `function(*args, **kwargs)` in a worker; all of it must pickle.

        A worker that dies (killed, out of memory) is replaced and the computation begun again, once: these functions
        are pure.

        Raises:
            BrokenProcessPool: the second worker died too.
            CancelledError: the workers were closed meanwhile; nothing is known of the result.
            Exception: whatever the function raised.
        """
        self._busy += 1
        try:
            return await self._submit(function, *args, **kwargs)
        except BrokenProcessPool:
            self._stop()
            return await self._submit(function, *args, **kwargs)
        finally:
            self._busy -= 1
            self._rest_later()

    async def warm(self) -> None:
        """Start the workers and have them import the agents, so that the first incident does not wait for it."""
        await asyncio.gather(*(self.run(_import_agents) for _ in range(self.processes)))

    def open(self) -> None:
        """Take work again after `close`."""
        self._closed = False

    def close(self) -> None:
        """Stop the workers, without waiting for what they compute, and take no more work."""
        self._closed = True
        self._stop()

    def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            # A worker in the middle of a long computation would hold up the end of this process.
            workers = tuple(pool._processes.values())
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.kill()

    def _rest_later(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        if self._idle_seconds is not None and self._busy == 0:
            self._rest = asyncio.get_running_loop().call_later(self._idle_seconds, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if self._busy == 0:
            self._stop()

    async def _submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Timed[T]:
        if self._closed:
            raise asyncio.CancelledError("the workers are closed")
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._patient,),
            )
        return await asyncio.wrap_future(self._pool.submit(_timed, partial(function, *args, **kwargs)))


def _timed(function: Callable[[], T]) -> Timed[T]:
    started_at, start = datetime.now(UTC), time.perf_counter()
    value = function()
    return Timed(value, started_at, (time.perf_counter() - start) * 1000)


def _begin(patient: bool) -> None:
    """Leave signals to the parent, which a terminal or a supervisor signals too, and never outlive it."""
    if patient and hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif patient:
        os.nice(_PATIENCE)
    # A case arrives as thousands of small objects without cycles; collecting while they are unpickled triples its time.
    gc.set_threshold(200_000)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _import_agents() -> None:
    from ..agents import panel  # noqa: F401
