"""Keeps the pages served: the exhibits always, the response whenever it can run.

A database that is down, damaged or out of space takes /ops with it until it is back; /demo and /transparency go on.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from ..access import Authenticator
from .exhibits import Exhibits
from .live import Sockets, broadcasting
from .operations import Operations
from .services import Services, provide, provide_access, provide_exhibits

log = logging.getLogger(__name__)

Response = Callable[[], AbstractAsyncContextManager[Operations]]
"""Starts the response for as long as its block lasts."""

RETRY_SECONDS = 5.0
"""Between two attempts to start the response."""


@contextlib.asynccontextmanager
async def serving(
    sockets: Sockets,
    response: Response,
    exhibits: Exhibits,
    access: Authenticator,
    final: tuple[type[Exception], ...],
    retry_seconds: float = RETRY_SECONDS,
) -> AsyncIterator[None]:
    """Give the pages what they show until the block ends; on entry the response was tried to be started once.

    Args:
        access: What knows operators; it needs nothing else to run.
        final: What keeps the response from starting for good, and is raised here. After any other error it is tried
            again and again: most are mended from outside, and /ops says what is wrong until then.
    """
    stop, tried = asyncio.Event(), asyncio.Event()
    provide_exhibits(exhibits)
    provide_access(access)
    supervising = asyncio.create_task(_supervise(sockets, response, final, retry_seconds, stop, tried), name="response")
    supervising.add_done_callback(lambda _: tried.set())
    try:
        await tried.wait()
        if supervising.done():
            await supervising
        yield
    finally:
        stop.set()
        provide_exhibits(None)
        exhibits.close()
        provide_access(None)
        await supervising


async def _supervise(
    sockets: Sockets,
    response: Response,
    final: tuple[type[Exception], ...],
    retry_seconds: float,
    stop: asyncio.Event,
    tried: asyncio.Event,
) -> None:
    while not stop.is_set():
        try:
            async with response() as operations, broadcasting(sockets, operations) as live:
                provide(Services(operations, live))
                tried.set()
                try:
                    await stop.wait()
                finally:
                    provide(None)
        except final:
            raise
        except Exception as error:  # whatever it is, the other pages are served, and this one says what is wrong
            reason = str(error) or type(error).__name__
            trouble = f"The response is not running; it is tried again every {retry_seconds:g} s. {reason[:500]}"
            log.exception("the response is not running, it is tried again in %g s", retry_seconds)
            provide(None, trouble)
            tried.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), retry_seconds)
