"""The state of faults in the live agents on /transparency: which stand, how an operator changes them, and the vote."""

import asyncio
import logging
from collections.abc import AsyncGenerator

import reflex as rx

from ...access import reason_of
from ...consensus.rule import rule
from ...domain.base import Value
from ...domain.fault import FaultInjection
from ...response import view_text as text
from ...response.faults import FaultChange, standing
from ...response.view_live_vote import LiveVote
from ...response.view_rounds import FAULT_WORDS
from ..following import TELL_SECONDS, Presence
from ..operations import Operations
from ..operator import OperatorState, act
from ..services import running
from ..viewers import while_wanted
from .address import PATH
from .agents import AgentRow, agent_rows, bearing, fault_named, voter_named

log = logging.getLogger(__name__)

CONTROL = "live-faults"
_SHOWN = 8


class ChangeRow(Value):
    """One change, as the ledger holds it."""

    at: str
    what: str
    by: str
    reason: str


class LiveFaultsState(OperatorState):
    """What the live agents are made to do. The ledger is its only store; this is one viewer's look at it.

    Attributes:
        off: Why the live agents cannot be looked at; empty where they can.
        faulty: How many fail now; `beyond`: more than the rule bears.
        vote: The newest real incident's.
    """

    off: str = ""
    agents: list[AgentRow] = []
    faulty: int = 0
    bears: str = ""
    beyond: bool = False
    changes: list[ChangeRow] = []
    vote: LiveVote = LiveVote()
    _turn: int = 0

    @rx.event(background=True)
    async def look(self) -> None:
        """Show what stands and how it is voted, while this viewer looks: on load, and when a link leads here."""
        async with self:
            self._turn += 1
            turn, presence = self._turn, Presence(self.router.session.client_token)
            if not self._is_here():
                return

        async def wanted() -> bool:
            async with self:
                return self._turn == turn and self._is_here() and presence.lasts()

        try:
            async for changes, vote in while_wanted(_looks(running().operations), wanted):
                async with self:
                    if self._turn == turn:
                        self._show(changes, vote)
        except Exception as error:  # whatever the store's trouble is, this page says it and the others go on
            log.exception("the live agents' faults could not be read")
            async with self:
                self.off = str(error) or type(error).__name__

    @rx.event(background=True)
    async def inject(self, form: dict[str, str]) -> None:
        """Make an agent fail, or let it be honest again, in the signed-in operator's name."""
        written = form if isinstance(form, dict) else {}

        async def work(operations: Operations, by: str) -> str:
            voter, fault = voter_named(written.get("voter")), fault_named(written.get("fault"))
            await operations.inject_fault(voter, fault, by, reason_of(str(written.get("reason", ""))))
            return f"{_what(FaultInjection(voter=voter, fault=fault, by=by, reason=''))}. The ledger has it."

        await act(self, CONTROL, work)

    def _is_here(self) -> bool:
        url = self.router.url
        return url.path.rstrip("/") == PATH and url.query_parameters.get("fail", "") == "live"

    def _show(self, changes: tuple[FaultChange, ...], vote: LiveVote) -> None:
        faults = standing(changes)
        self.off, self.vote = "", vote
        self.agents, self.faulty, self.bears = agent_rows(faults), len(faults), bearing(len(faults))
        self.beyond = len(faults) > rule().f
        self.changes = [
            ChangeRow(
                at=f"{text.date_time(each.at)} UTC",
                what=_what(each.injection),
                by=each.injection.by,
                reason=each.injection.reason,
            )
            for each in reversed(changes[-_SHOWN:])
        ]


async def _looks(operations: Operations) -> AsyncGenerator[tuple[tuple[FaultChange, ...], LiveVote], None]:
    """What stands and how it was voted, now and after whatever is committed, not more often than a person can read."""
    changed = asyncio.Event()
    unsubscribe = operations.subscribe(lambda _: changed.set())
    try:
        while True:
            changed.clear()
            yield await operations.fault_changes(), await operations.live_vote()
            await asyncio.sleep(TELL_SECONDS)
            await changed.wait()
    finally:
        unsubscribe()


def _what(injection: FaultInjection) -> str:
    name = text.sentence(injection.voter)
    return f"{name} is {FAULT_WORDS[injection.fault]}" if injection.fault else f"{name} is honest again"
