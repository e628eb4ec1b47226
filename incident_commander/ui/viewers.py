"""Whether a viewer's browser is still there. The socket registry is Reflex's; it is asked in this file alone."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from reflex_base.registry import RegistrationContext

T = TypeVar("T")

LOOK_SECONDS = 0.5


def is_connected(token: str) -> bool:
    """Whether the browser tab that has this token has a socket to this process now."""
    namespace = RegistrationContext.get().app.event_namespace
    return namespace is not None and token in namespace.token_to_sid


async def while_wanted(
    source: AsyncGenerator[T, None], wanted: Callable[[], Awaitable[bool]], look_seconds: float = LOOK_SECONDS
) -> AsyncIterator[T]:
    """What a source yields, for as long as somebody wants it; then, and at its end, the source is closed.

    Args:
        wanted: Asked before each item, and every `look_seconds` while the next one is awaited.
    """
    async with contextlib.aclosing(source):
        while await wanted():
            following = asyncio.ensure_future(anext(source))
            try:
                while not (await asyncio.wait({following}, timeout=look_seconds))[0]:
                    if not await wanted():
                        return
                yield following.result()
            except StopAsyncIteration:
                return
            finally:
                if not following.done():
                    following.cancel()
                    with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                        await following
