"""The task that keeps one practice world: it alone moves it, hands it actions and tells of its alarms."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from ..domain.base import JsonObject
from ..domain.plan import Action, Receipt
from ..domain.ports import ActionFailed
from ..domain.practice import JournalEntry, PracticeRun
from ..domain.provenance import Provenance
from .alarms import Alarms, Stamp, webhook_body
from .clock import Dial
from .line import Advance, Execute, Line, WorldLetGo
from .logs import written
from .remedies import Impossible
from .runs import Runs
from .state import TICK_SECONDS
from .traces import sampled
from .world import World

T = TypeVar("T")
Post = Callable[[JsonObject], Awaitable[None]]

SIMULATED = Provenance(kind="simulated", source="practice company")
STRETCH_TICKS = 40
"""How much is computed at once before others may run: a few milliseconds."""
_POST_TRIES = 4
_POST_PAUSE_SECONDS = 0.25
_LONGEST_GLANCE_SECONDS = 1.0

log = structlog.get_logger(__name__)


async def keep(run: PracticeRun, world: World, alarms: Alarms, line: Line, dial: Dial, runs: Runs, post: Post) -> None:
    """Serve the line until cancelled.

    Args:
        world: Where the run's clock has come to; `alarms` as they stand then.
    """
    keeper = _Keeper(run, world, alarms, dial, runs, post)
    await keeper.tell_again()
    glance = None if dial.pace is None else min(_LONGEST_GLANCE_SECONDS, world.archive.interval / dial.pace)
    while True:
        message = await line.next(glance)
        if message is None:
            try:
                await keeper.advance(dial.now(), stop_at_alert=False)
            except Exception:
                log.exception("the practice world could not be moved on, trying again", run=run.id)
        elif message.done.done():
            continue
        elif isinstance(message, Advance):
            await _answer(message.done, keeper.advance(message.until, stop_at_alert=message.stop_at_alert))
        elif isinstance(message, Execute):
            await _answer(message.done, keeper.execute(message.action, message.idempotency_key))
        else:
            await _answer(message.done, keeper.received(message.idempotency_key))


async def _answer(done: "asyncio.Future[T]", work: Awaitable[T]) -> None:
    try:
        result = await work
    except asyncio.CancelledError:
        # Cancelling the answer would look to whoever asked as if it were cancelled itself.
        if not done.done():
            done.set_exception(WorldLetGo("the practice world was let go of before it could answer"))
        raise
    except Exception as error:  # noqa: BLE001 - whoever asked gets it
        if not done.done():
            done.set_exception(error)
    else:
        if not done.done():
            done.set_result(result)


class _Keeper:
    def __init__(self, run: PracticeRun, world: World, alarms: Alarms, dial: Dial, runs: Runs, post: Post) -> None:
        self._run = run
        self._world = world
        self._alarms = alarms
        self._dial = dial
        self._runs = runs
        self._post = post
        self._stamp = Stamp(run.epoch, run.opened_at, run.started_at, run.pace)
        self._resend_seconds = world.assumptions.alert_resend_seconds.value
        self._told_at: float | None = None
        self._owes = False

    async def tell_again(self) -> None:
        """After a restart: tell once more of every alarm so far, since nobody knows which had been heard."""
        if self._alarms.ever_fired() and not self._run.ended:
            await self._tell(self._world.seconds, everything=True)

    async def advance(self, until: datetime, *, stop_at_alert: bool) -> bool:
        """Move the world, telling of its alarms at their times; whether any has been told of."""
        world = self._world
        end = world.seconds_at(until)
        if stop_at_alert and self._told_at is not None:
            return True
        while world.seconds + TICK_SECONDS <= end:
            scrape = (self._alarms.scrapes + 1) * world.archive.interval
            world.advance(min(end, scrape, world.seconds + STRETCH_TICKS * TICK_SECONDS))
            if world.archive.count > self._alarms.scrapes:
                # Services log and trace while they run, not when somebody comes to read it.
                written(world.archive, self._alarms.scrapes)
                sampled(world.archive, self._alarms.scrapes)
                changed = self._alarms.evaluate(world.archive, self._alarms.scrapes)
                if self._due(world.seconds, changed):
                    self._dial.set(world.moment(world.seconds))
                    await self._tell(world.seconds)
                    if stop_at_alert and not self._owes:
                        end = world.seconds
            if world.tick % STRETCH_TICKS == 0:
                await asyncio.sleep(0)
        reached = world.moment(max(end, world.seconds)) if self._told_at != world.seconds else world.moment(end)
        if self._dial.pace is None:
            self._dial.set(reached)
            if not self._run.ended:
                await self._runs.reached(self._run.id, reached)
        return self._told_at is not None

    async def execute(self, action: Action, key: str) -> Receipt:
        """Receive an action: journal first, then the world. See the Executor port."""
        known = await self._runs.received(self._run.id, key)
        now = self._dial.now()
        if known is not None:
            entry = await self._runs.receive(self._run.id, key, action, now, applied=known.applied, detail=known.detail)
            if not entry.applied:
                raise ActionFailed(entry.detail)
            return self._receipt(entry)
        await self.advance(now, stop_at_alert=False)
        try:
            received = self._world.consider(action, self._world.seconds_at(now))
        except Impossible as refusal:
            await self._runs.receive(self._run.id, key, action, now, applied=False, detail=str(refusal))
            raise ActionFailed(str(refusal)) from refusal
        seconds = received.completed_at - received.received_at
        entry = await self._runs.receive(
            self._run.id, key, action, now, applied=True, detail=f"received; takes {seconds:.0f} s, which is assumed"
        )
        self._world.replay(received)
        return self._receipt(entry)

    async def received(self, key: str) -> Receipt | None:
        """The receipt of what was received under a key. See the Executor port."""
        entry = await self._runs.received(self._run.id, key)
        return None if entry is None else self._receipt(entry)

    def _receipt(self, entry: JournalEntry) -> Receipt:
        takes = timedelta(seconds=self._world.assumptions.action_seconds(entry.action.name) if entry.applied else 0)
        return Receipt(
            idempotency_key=entry.idempotency_key,
            action=entry.action,
            received_at=entry.received_at,
            completed_at=entry.received_at + takes,
            applied=entry.applied,
            repeated=entry.deliveries > 1,
            detail=entry.detail,
            provenance=SIMULATED,
        )

    def _due(self, at: float, changed: bool) -> bool:
        if self._run.external_alerting or self._run.ended:
            return False
        if changed or self._owes:
            return True
        # Between changes: the reminder that alarms still fire.
        return self._told_at is not None and self._alarms.any_firing() and at - self._told_at >= self._resend_seconds

    async def _tell(self, at: float, *, everything: bool = False) -> None:
        """Post the group as it stands, with what has ended since the last time (or ever)."""
        if self._run.external_alerting:
            return
        since = None if everything else self._told_at
        body = webhook_body(self._alarms, self._run.id, self._stamp, ended_since=since)
        for attempt in range(1, _POST_TRIES + 1):
            try:
                await self._post(body)
            except Exception as error:  # noqa: BLE001 - the door is another's code; an alert that it refuses is sent again later
                log.warning("alerts were not taken", run=self._run.id, attempt=attempt, error=str(error)[:300])
                await asyncio.sleep(_POST_PAUSE_SECONDS * attempt)
            else:
                self._told_at = at
                self._owes = False
                return
        self._owes = True
