"""One investigation: what is said in it turn by turn, and its bounds. Strands runs the turns: see `strands_loop`."""

import time
from collections.abc import Callable, Sequence

from pydantic import Field, JsonValue

from ..domain.base import JsonObject, ServiceName
from ..domain.reasoning import Asked, Situation, Suspicion
from ..domain.usage import AiService, Usage
from .budget import Budget
from .converse import ANSWER, Converse, Turn, filled_in, inlined
from .looks import LOOKS, Looks, Shown
from .masking import Masks
from .opinions import about
from .ports import Telemetry
from .reasoner import Reasoner, Unusable
from .suspecting import MOST, Form, SuspicionForm, suspicions_of

SERVICE: AiService = "Strands"
MOST_TURNS = 8
"""So many times a model is asked before it has to answer."""
MOST_TOKENS = 100_000
"""Of all turns together, as they are counted; a model that has used them has to answer."""
MOST_SECONDS = 120.0
MOST_FORCED = 2
"""So many turns it is made to answer."""


class _AnswerForm(Form):
    suspicions: tuple[SuspicionForm, ...] = Field(max_length=MOST)
    summary: str = Field(max_length=2000)


class Inquiry:
    """The state of an investigation.

    Args:
        clock: Seconds that only go up.

    Attributes:
        prompt: What a model is asked first.
        ended: Why it went no further; empty while it goes on.
        found: What it suspects, the likeliest first, with its summary; None: it gave no answer that can be used.
        unanswered: No model answered any more.
        used: Every call that it took.
    """

    def __init__(
        self,
        reasoner: Reasoner,
        budget: Budget,
        converse: Converse,
        asked: Asked,
        situation: Situation,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reasoner = reasoner
        self._budget = budget
        self._converse = converse
        self._asked = asked
        self._situation = situation
        self._clock = clock
        self._until = clock() + MOST_SECONDS
        self._turns = 0
        self._pressed = False
        self._forced = 0
        self._wrong = ""
        prompt = about("investigate", situation)
        self._system, self._masks, self.prompt = prompt.system, prompt.masks, prompt.text
        masked = tuple(ServiceName(prompt.masks.mask(each)) for each in situation.services)
        self._told = situation.model_copy(update={"services": masked})
        self.looks = Looks(telemetry, situation, prompt.masks)
        self.ended = ""
        self.found: tuple[tuple[Suspicion, ...], str] | None = None
        self.unanswered = False
        self.used: list[Usage] = []

    @property
    def tools(self) -> tuple[JsonObject, ...]:
        """Every tool, as Converse specifies it."""
        given: dict[str, type[Form]] = {**LOOKS, ANSWER: _AnswerForm}
        told = {name: form.__doc__ or "" for name, form in given.items()} | {
            ANSWER: "Give your answer. Call it exactly once, when you have seen what you need."
        }
        return tuple(
            {"name": name, "description": told[name], "inputSchema": {"json": inlined(form.model_json_schema())}}
            for name, form in given.items()
        )

    async def turn(self, messages: Sequence[JsonObject]) -> Turn:
        """What the model says next; nothing once it has ended."""
        if not self.ended:
            self._bound()
        if self.ended:
            return Turn()
        self._turns += 1
        candidates = await self._converse.turn(
            "investigate",
            self._system,
            messages,
            self.tools,
            await self._budget.left(self._asked.incident_id),
            service=SERVICE,
            seconds=self._until - self._clock(),
            must_use=ANSWER if self._forced else "",
        )

        async def nobody() -> Turn:
            return Turn()

        answered = await self._reasoner.ask("investigate", self._asked, candidates, nobody)
        self.used += answered.used
        if answered.value == Turn():
            self.unanswered = True
            self.ended = f"no model answered: {answered.fell_back}"
        return answered.value

    async def use(self, name: str, arguments: JsonValue) -> Shown:
        """What a tool shows, or what is wrong with an answer."""
        if name != ANSWER:
            return await self.looks.take(name, arguments)
        if self.found is not None:
            return Shown("you answered before; that stands", refused=True)
        try:
            # In its own words first, with what is masked left so: what is wrong with them is said back to it.
            suspicions_of(filled_in(_AnswerForm, arguments, Masks()).suspicions, self._told)
            form = filled_in(_AnswerForm, arguments, self._masks)
            self.found = suspicions_of(form.suspicions, self._situation), form.summary
        except Unusable as error:
            self._wrong = str(error)
            return Shown(f"this answer cannot be used: {error}", refused=True)
        self.ended = "it had its answer"
        return Shown("thank you")

    def press(self) -> str:
        """Have it answer, since it stopped without one; what to tell it."""
        self._pressed = True
        return f"Call the tool `{ANSWER}` now."

    def _bound(self) -> None:
        """See whether it may go on, and whether it has to answer."""
        counted = sum((usage.input_tokens or 0) + (usage.output_tokens or 0) for usage in self.used)
        if self._clock() >= self._until:
            self.ended = f"{MOST_SECONDS:.0f} s were over"
        elif self._forced >= MOST_FORCED:
            self.ended = f"it gave no answer that can be used{f': {self._wrong}' if self._wrong else ''}"
        elif self._pressed or self._turns >= MOST_TURNS or counted >= MOST_TOKENS:
            self._forced += 1
