"""The only way from a port to its world: messages go in, answers come out, and nothing else is shared.

The world, with all that the seed has decided, is a local variable of the task at the other end; a port holds this line
and the archive of what was scraped.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from ..domain.plan import Action, Receipt


@dataclass(frozen=True, slots=True)
class Advance:
    """Move the world to `until`; with `stop_at_alert`, no further than to the first alert that was posted."""

    until: datetime
    stop_at_alert: bool
    done: asyncio.Future[bool]


@dataclass(frozen=True, slots=True)
class Execute:
    """Receive an action once for each key."""

    action: Action
    idempotency_key: str
    done: asyncio.Future[Receipt]


@dataclass(frozen=True, slots=True)
class Recall:
    """Say what was received under a key before."""

    idempotency_key: str
    done: asyncio.Future[Receipt | None]


Message = Advance | Execute | Recall


class WorldLetGo(Exception):
    """Nobody keeps the world at the other end any more; ask for the run's environment again."""


class Line:
    """A queue of messages to one world."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._closed = False

    def close(self) -> None:
        """Nobody listens from now on: whoever waits for an answer, or asks later, gets WorldLetGo."""
        self._closed = True
        while not self._messages.empty():
            message = self._messages.get_nowait()
            if not message.done.done():
                message.done.set_exception(WorldLetGo("the practice world was let go of before it could answer"))

    async def advance(self, until: datetime, *, stop_at_alert: bool = False) -> bool:
        """Have the world moved; whether its alerts have been posted by then."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._put(Advance(until, stop_at_alert, done))
        return await done

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        """Have an action received; see the Executor port."""
        done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._put(Execute(action, idempotency_key, done))
        return await done

    async def received(self, idempotency_key: str) -> Receipt | None:
        """What was received under a key; see the Executor port."""
        done: asyncio.Future[Receipt | None] = asyncio.get_running_loop().create_future()
        self._put(Recall(idempotency_key, done))
        return await done

    async def next(self, patience_seconds: float | None) -> Message | None:
        """The next message; None when none came in time."""
        try:
            return await asyncio.wait_for(self._messages.get(), patience_seconds)
        except TimeoutError:
            return None

    def _put(self, message: Message) -> None:
        if self._closed:
            raise WorldLetGo("the practice world was let go of")
        self._messages.put_nowait(message)
