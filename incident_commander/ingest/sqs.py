"""Alerts and changes from queues of SQS, at least once: a message is deleted when what it says is durable, not before.

What comes twice is known by its fingerprint or its key. What cannot be read is left to the queue's dead-letter queue.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import structlog
from pydantic import Field

from ..aws import Aws, AwsError, Denied, Limits, Pascal
from .bad_alert import BadAlert
from .intake import Intake
from .queued import Queue, parse_queued

LIMITS = Limits(connect_seconds=5.0, read_seconds=20.0, reads=3, threads=12)
"""A read waits longer than a receive may take, which waits for messages to come."""
WAIT_SECONDS = 5
"""How long a receive waits for a message; who ends this process waits as long at the most."""
VISIBILITY_SECONDS = 60
"""How long nobody else is given a message; put off for as long as it is worked on."""
EXTEND_SECONDS = 20.0
"""How often it is put off."""
WORK_SECONDS = 900.0
"""How long it is tried to take a message in before it is given back. A database that is down takes some time to mend,
and each giving back counts towards the dead-letter queue.
"""
AT_ONCE = 10
"""Messages in work: more are not received, so that those are with others, or wait in the queue."""
DROPPED_AFTER = 5
"""Receives of a message that cannot be read, where no dead-letter queue takes it."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_AGAIN_SECONDS, _LONGEST_AGAIN_SECONDS = 10, 300
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue is; `detail` says what came of it, or what is wrong and how to mend it."""

    name: str
    state: Literal["ok", "degraded", "down"]
    detail: str


class _Told(Pascal):
    approximate_receive_count: int = Field(default=1, ge=1)
    sent_timestamp: int = Field(default=0, ge=0, le=253_402_300_799_000)


class Message(Pascal):
    """A message as it was received."""

    message_id: str
    receipt_handle: str
    body: str = ""
    attributes: _Told = _Told()

    @property
    def receives(self) -> int:
        """How often it was received, this time included."""
        return self.attributes.approximate_receive_count

    @property
    def sent_at(self) -> datetime:
        """When it was sent."""
        return datetime.fromtimestamp(self.attributes.sent_timestamp / 1000, UTC)


async def look_at(queue: Queue, aws: Aws) -> tuple[QueueState, bool]:
    """How a queue is, and whether what cannot be read goes to a dead-letter queue.

    Raises:
        AwsError: it cannot be asked.
    """
    asked = {"QueueUrl": queue.url, "AttributeNames": ["ApproximateNumberOfMessages", "RedrivePolicy"]}
    found = (await aws.read(_Attributes, "sqs", "GetQueueAttributes", asked)).attributes
    waiting = f"{found.get('ApproximateNumberOfMessages', '0')} waiting"
    if "RedrivePolicy" in found:
        return QueueState(queue.title, "ok", waiting), True
    without = f"it has no dead-letter queue, so what cannot be read is dropped after {DROPPED_AFTER} receives"
    return QueueState(queue.title, "degraded", f"{waiting}; {without}: give it a redrive policy"), False


class SqsConsumer:
    """Takes in what comes by one queue.

    Args:
        aws: The way there; whoever makes it closes it.
        topics: The topics of SNS, or their accounts, whose messages are taken; empty: all that the queue lets in.
        visibility_seconds: How long nobody else is given a message that was received here, put off each extend_seconds.
        work_seconds: How long it is tried to take a message in before it is given back.
        pause_seconds: Before something that failed is tried again; twice as long each time, up to half a minute.
    """

    def __init__(
        self,
        queue: Queue,
        intake: Intake,
        aws: Aws,
        topics: Collection[str] = (),
        *,
        visibility_seconds: int = VISIBILITY_SECONDS,
        extend_seconds: float = EXTEND_SECONDS,
        work_seconds: float = WORK_SECONDS,
        pause_seconds: float = _FIRST_PAUSE,
    ) -> None:
        self._queue = queue
        self._intake = intake
        self._aws = aws
        self._topics = topics
        self._visibility_seconds = visibility_seconds
        self._extend_seconds = extend_seconds
        self._work_seconds = work_seconds
        self._pause_seconds = pause_seconds
        self._has_dead_letters: bool | None = None
        self._places = asyncio.Semaphore(AT_ONCE)
        self._state = QueueState(self._queue.title, "ok", "not asked yet")

    @property
    def state(self) -> QueueState:
        """How the queue was when it was asked last."""
        return self._state

    async def run(self) -> None:
        """Receive until cancelled. Whatever goes wrong is told and tried again."""
        pause = self._pause_seconds
        async with asyncio.TaskGroup() as working:
            while True:
                taken = await self._take_places()
                try:
                    if self._has_dead_letters is None:
                        self._has_dead_letters = await self._look()
                    messages = await self._receive(taken)
                except AwsError as error:
                    self._free(taken)
                    self._note("down", str(error))
                    _log.warning("queue=<%s>, error=<%s> | the queue cannot be read", self._queue.url, error)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
                pause = self._pause_seconds
                self._free(taken - len(messages))
                for message in messages:
                    working.create_task(self._work(message))

    async def _look(self) -> bool:
        """See how the queue is before the first receive. Who may not see that may receive all the same."""
        try:
            state, has_dead_letters = await look_at(self._queue, self._aws)
        except Denied as error:
            self._note("degraded", str(error))
            return True  # so that nothing is dropped that somebody may still want
        self._note(state.state, state.detail)
        return has_dead_letters

    async def _take_places(self) -> int:
        """Wait for a place, and take all that are free."""
        taken = 0
        while taken == 0 or not self._places.locked():
            await self._places.acquire()
            taken += 1
        return taken

    def _free(self, places: int) -> None:
        for _ in range(places):
            self._places.release()

    async def _receive(self, most: int) -> tuple[Message, ...]:
        asked = {
            "QueueUrl": self._queue.url,
            "MaxNumberOfMessages": most,
            "WaitTimeSeconds": WAIT_SECONDS,
            "VisibilityTimeout": self._visibility_seconds,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount", "SentTimestamp"],
        }
        return (await self._aws.read(_Received, "sqs", "ReceiveMessage", asked)).messages[:most]

    async def _work(self, message: Message) -> None:
        """Take a message in, kept from others meanwhile, and then out of the queue or back into it."""
        try:
            async with self._kept(message):
                done = await self._taken(message)
            try:
                if done:
                    await self._call("DeleteMessage", message)
                else:
                    again_in = min(_AGAIN_SECONDS * 2 ** min(message.receives - 1, 5), _LONGEST_AGAIN_SECONDS)
                    await self._call("ChangeMessageVisibility", message, VisibilityTimeout=again_in)
            except AwsError as error:  # then it comes again, and is known
                _log.warning("queue=<%s>, error=<%s> | a message stays in the queue", self._queue.url, error)
        finally:
            self._free(1)

    async def _taken(self, message: Message) -> bool:
        """Whether a message is done with; tried for as long as it may be worked on, whatever fails on our side."""
        pause, deadline = self._pause_seconds, time.monotonic() + self._work_seconds
        while True:
            try:
                parsed = parse_queued(message.body, self._queue, message.sent_at, datetime.now(UTC), self._topics)
                await self._intake.accept(parsed.alerts)
                if parsed.changes:
                    await self._intake.record_changes(parsed.changes)
            except BadAlert as error:
                return self._unreadable(message, error)
            except Exception as error:  # noqa: BLE001 - it is told, and the message is still there
                _log.exception("message=<%s> | it could not be taken in", message.message_id)
                self._note("degraded", f"a message could not be taken in, and is tried again: {type(error).__name__}")
                if time.monotonic() + pause >= deadline:
                    return False
            else:
                for bad in parsed.bad:
                    _log.warning("queue=<%s>, error=<%s> | a part of a message was refused", self._queue.url, bad)
                self._note("ok", "the last message was taken in")
                return True
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _unreadable(self, message: Message, error: BadAlert) -> bool:
        """Whether a message that cannot be read is done with: where no dead-letter queue takes it, after some tries."""
        dropped = not self._has_dead_letters and message.receives >= DROPPED_AFTER
        what = "dropped" if dropped else "left for the dead-letter queue" if self._has_dead_letters else "tried again"
        _log.warning("queue=<%s>, error=<%s> | a message cannot be read and is %s", self._queue.url, error, what)
        self._note("degraded", f"a message cannot be read and is {what}: {error}")
        return dropped

    @contextlib.asynccontextmanager
    async def _kept(self, message: Message) -> AsyncIterator[None]:
        """Keep a message from others for as long as the block lasts."""

        async def extend() -> None:
            while True:
                await asyncio.sleep(self._extend_seconds)
                with contextlib.suppress(AwsError):  # then somebody else may have it, too, and it is known twice
                    await self._call("ChangeMessageVisibility", message, VisibilityTimeout=self._visibility_seconds)

        extending = asyncio.create_task(extend())
        try:
            yield
        finally:
            extending.cancel()
            await asyncio.gather(extending, return_exceptions=True)

    async def _call(self, operation: str, message: Message, **more: object) -> None:
        asked = {"QueueUrl": self._queue.url, "ReceiptHandle": message.receipt_handle, **more}
        await self._aws.read(_Nothing, "sqs", operation, asked)

    def _note(self, state: Literal["ok", "degraded", "down"], detail: str) -> None:
        self._state = QueueState(self._queue.title, state, f"{detail} (at {datetime.now(UTC):%H:%M:%S})")


class SqsConsumers:
    """Every queue that is configured, each read by itself."""

    def __init__(self, ways: Sequence[tuple[Queue, Aws]], intake: Intake, topics: Collection[str] = ()) -> None:
        self._ways = ways
        self._consumers = [SqsConsumer(queue, intake, aws, topics) for queue, aws in ways]

    def seen(self) -> tuple[QueueState, ...]:
        """How each queue was when it was asked last."""
        return tuple(consumer.state for consumer in self._consumers)

    async def run(self) -> None:
        """Receive from all queues until cancelled."""
        await asyncio.gather(*(consumer.run() for consumer in self._consumers))

    def close(self) -> None:
        """Let go of the threads; a receive under way ends by itself."""
        for _, aws in self._ways:
            aws.close()


class _Received(Pascal):
    messages: tuple[Message, ...] = Field(default=())


class _Attributes(Pascal):
    attributes: dict[str, str] = {}


class _Nothing(Pascal):
    """An answer that says nothing."""
