"""The state of the What if tab: what one viewer supposes of the recording they see, and what came of it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

import reflex as rx
from reflex_base.event import EventSpec

from ...consensus.rule import rule
from ...domain.ballot import Voter
from ...response.counterfactuals import Question, TookTooLong, TooManyAsked, Tried
from ...response.explain.what_if import AsRecorded, TriedRow, WhatIfView, as_recorded, tried_row, what_if_view
from ...response.recording import Recording
from ...response.replay import NotReplayable
from ...response.replayed import Replay
from ...response.view_text import sentence
from ..following import Presence
from ..services import NotRunning, exhibits
from ..viewers import while_wanted
from .agents import AgentRow, NoSuchFault, voter_named
from .state import TransparencyState
from .supposing import MetricRow, NotSupposable, choice_named, metric_rows, question_of, supposed_rows

log = logging.getLogger(__name__)

T = TypeVar("T")

_LONGEST_SEARCH = 100


class WhatIfState(rx.State):
    """One viewer's counterfactuals of one recording, one at a time.

    Attributes:
        name: The recording that all of this is of.
        busy: What is being computed, in words; empty: nothing is.
        view: What came of the last supposition.
        flipping, holding: What a search has tried so far: what flips the decision, and what does not.
        written_anew: Counts how often the fields were filled by us, so that the browser shows what they hold now.
        searched: How far the search is, in words; empty before it was begun.
    """

    name: str = ""
    recorded: AsRecorded = AsRecorded()
    agents: list[AgentRow] = []
    metrics: list[MetricRow] = []
    required: str = ""
    written_anew: int = 0
    problem: str = ""
    busy: str = ""
    share: float = 0
    view: WhatIfView = WhatIfView()
    flipping: list[TriedRow] = []
    holding: list[TriedRow] = []
    searched: str = ""
    _digest: str = ""
    _chosen: dict[Voter, str] = {}
    _turn: int = 0

    @rx.event()
    async def enter(self) -> None:
        """Fill the form for the recording that is shown, where the address asks for this tab."""
        shown = await self.get_state(TransparencyState)
        if shown.place != "recording" or shown.tab != "what-if" or not shown.head.name:
            return
        recording = await shown._recording()
        if recording is None or (shown.name, recording.digest) == (self.name, self._digest):
            return
        self._turn += 1
        self.name, self._digest, self._chosen = shown.name, recording.digest, dict(recording.run.faults)
        self.recorded = await asyncio.to_thread(as_recorded, recording)
        self.metrics, self.view = metric_rows(recording), WhatIfView()
        self.flipping, self.holding, self.searched = [], [], ""
        self.busy = self.problem = ""
        self._fill()

    @rx.event()
    def choose(self, voter: str, choice: str) -> None:
        """Suppose something of an agent."""
        try:
            self._chosen = {**self._chosen, voter_named(voter): choice_named(choice)}
        except (NoSuchFault, NotSupposable) as error:
            self.problem = str(error)
            return
        self.problem, self.agents = "", supposed_rows(self._chosen)

    @rx.event()
    async def suppose_nothing(self) -> None:
        """Put the form back to how it was recorded."""
        recording = await self._recording()
        self._chosen = dict(recording.run.faults) if recording else {}
        self.problem = ""
        self._fill()

    @rx.event()
    def cancel(self) -> None:
        """End what is being computed."""
        self._turn += 1
        self.busy = ""

    @rx.event(background=True)
    async def suppose(self, form: dict[str, str]) -> EventSpec | None:
        """Hold the recorded vote as the form supposes."""
        async with self:
            if self.busy:
                return None
            recording = await self._recording()
            if recording is None:
                return None
            try:
                question = question_of(form if isinstance(form, dict) else {}, self._chosen, recording)
            except NotSupposable as error:
                self.problem = str(error)
                return None
            turn = self._begin(f"Holding the vote again, {question.title}")

        def take(replay: Replay) -> None:
            self.view = what_if_view(recording, question, replay)

        await self._compute(_asked(recording, question), take, turn)
        return rx.scroll_to("what-if")

    @rx.event(background=True)
    async def search(self) -> None:
        """Find what flips the recorded decision."""
        async with self:
            if self.busy:
                return
            recording = await self._recording()
            if recording is None:
                return
            turn = self._begin("Looking for what flips the decision")
            self.flipping, self.holding, self.searched = [], [], "The recorded world is built again"
        await self._compute(_searched(recording), self._hear, turn)

    async def _compute(self, source: AsyncGenerator[T, None], take: Callable[[T], None], turn: int) -> None:
        """Take what a source yields for as long as this viewer is there and has not turned to something else."""
        problem = ""
        presence = Presence(self.router.session.client_token)

        async def wanted() -> bool:
            async with self:
                return self._turn == turn and presence.lasts()

        try:
            async for each in while_wanted(source, wanted):
                async with self:
                    if self._turn == turn:
                        take(each)
        except (NotReplayable, TooManyAsked, TookTooLong, NotRunning) as error:
            problem = sentence(str(error))
        except Exception as error:  # the viewer is told whatever went wrong, and the controls work again
            log.exception("recording=<%s> | counterfactual was not computed", self.name)
            problem = f"It was not computed: {error}"
        async with self:
            if self._turn == turn:
                self.busy, self.problem = "", problem

    def _hear(self, tried: Tried) -> None:
        row = tried_row(tried.replayed)
        if row.flips:
            self.flipping = [*self.flipping, row][:_LONGEST_SEARCH]
        else:
            self.holding = [*self.holding, row][:_LONGEST_SEARCH]
        self.share = round(100 * tried.done / tried.whole, 1)
        self.searched = f"{len(self.flipping)} of {tried.done} flip the decision"
        if tried.done < tried.whole:
            self.searched += f"; {tried.whole - tried.done} are still to be tried"

    def _begin(self, what: str) -> int:
        self._turn += 1
        self.busy, self.problem, self.share = what, "", 0
        return self._turn

    def _fill(self) -> None:
        self.agents, self.required = supposed_rows(self._chosen), str(rule().required)
        self.written_anew += 1

    async def _recording(self) -> Recording | None:
        """The recording that this is of; None where it is not the one shown any more, and then nothing is computed."""
        shown = await self.get_state(TransparencyState)
        if not self.name or shown.name != self.name:
            self.problem = "Choose a recording first."
            return None
        recording = await shown._recording()
        if recording is None:
            self.problem = shown.problem
        return recording


async def _asked(recording: Recording, question: Question) -> AsyncGenerator[Replay, None]:
    yield await exhibits().counterfactuals.ask(recording, question)


async def _searched(recording: Recording) -> AsyncGenerator[Tried, None]:
    async with contextlib.aclosing(exhibits().counterfactuals.search(recording)) as search:
        async for each in search:
            yield each
