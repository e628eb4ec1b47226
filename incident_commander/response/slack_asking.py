"""Asking in Slack: every question that waits for a person is posted to the channel, once."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import structlog

from ..domain.base import IncidentId
from ..notify import Slack, SlackRefused
from ..store import Database
from .slack_message import question
from .view_approval import PendingApproval

LOOK_SECONDS = 30.0
"""How often questions are looked for where no commit says that there may be one, and after Slack refused one."""
PAUSE_SECONDS = 0.5
"""After each look, so that a burst of commits is looked at once."""

log = structlog.get_logger(__name__)


class SlackAsking:
    """Posts questions for as long as it runs.

    That a question was posted is written down after Slack took it: a process that dies in between posts it again, since
    a question that nobody was asked would be worse than one asked twice.
    """

    def __init__(
        self,
        database: Database,
        pending: Callable[[], Awaitable[Sequence[PendingApproval]]],
        slack: Slack,
        page: str,
        look_seconds: float = LOOK_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._database = database
        self._pending = pending
        self._slack = slack
        self._page = page
        self._look_seconds = look_seconds
        self._pause_seconds = pause_seconds
        self.trouble = ""
        """Why the last question was not taken; empty when it was."""

    async def run(self) -> None:
        """Post until cancelled."""
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def heard(_: frozenset[IncidentId]) -> None:
            loop.call_soon_threadsafe(changed.set)

        unsubscribe = self._database.subscribe(heard)
        try:
            while True:
                changed.clear()
                try:
                    await self.look()
                except Exception as error:  # asking goes on once what is wrong is mended
                    self.trouble = f"questions could not be read: {type(error).__name__}"
                    log.exception("questions could not be read")
                await asyncio.sleep(self._pause_seconds)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), self._look_seconds)
        finally:
            unsubscribe()

    async def look(self) -> None:
        """Post every question that was not posted yet."""
        for asked in await self._pending():
            name = f"slack/{asked.incident_id}/{asked.plan}"
            async with self._database.read() as unit:
                if await unit.values.get(name) is not None:
                    continue
            try:
                await self._slack.post(question(asked, self._page))
            except SlackRefused as refusal:
                self.trouble = str(refusal)
                log.warning("incident=<%s>, reason=<%s> | Slack did not take a question", asked.incident_id, refusal)
                continue
            self.trouble = ""
            async with self._database.write() as unit:
                await unit.values.put(name, {"plan": asked.plan})
