"""Asking one service after another until one answers, local last: each call measured, paid from a budget, recorded."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, Protocol, TypeVar

from pydantic import Field

from ..aws import Aws, AwsError, BadAnswer, Place, Rejected
from ..domain.breaker import Breaker, BreakerOpen
from ..domain.provenance import Provenance
from ..domain.reasoning import Answered, Asked
from ..domain.usage import FREE, UNPRICED, AiService, Cost, ReasoningTask, Usage
from .budget import Budget, OverBudget
from .router import Latencies

T = TypeVar("T")

Counted = Annotated[int, Field(ge=0, le=10_000_000)]
"""Tokens or units of one call, as a service counts them: more no call has, and no table of costs would hold it."""
LOCAL = Provenance(kind="live", source="local")


class Unusable(Exception):
    """A service answered, and with something that is no answer to what was asked; the message says what."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What a service said.

    Attributes:
        read: Makes the answer of it; raises Unusable.
        cost: What the call cost, whether its answer can be used or not.
        intervened: Whether a guardrail of the account acted on it.
    """

    read: Callable[[], T]
    cost: Cost = UNPRICED
    input_tokens: int | None = None
    output_tokens: int | None = None
    request_id: str = ""
    intervened: bool = False


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """A service of AWS that could answer.

    Attributes:
        via: Its endpoint, as the official client names it.
        call: Asks it; raises AwsError.
        seconds: When it is given up.
        hurried: That is sooner than it may take, so that its silence does not tell that it is down.
        most: What the call may cost at most.
        kept: What it said to the very same question a while ago; None: it is to be asked.
        sent: How many requests that took so far.
    """

    service: AiService
    via: str
    aws: Aws
    call: Callable[[], Awaitable[Reply[T]]]
    seconds: float
    hurried: bool = False
    model: str = ""
    most: Cost = UNPRICED
    kept: Callable[[], Reply[T] | None] = lambda: None
    sent: Callable[[], int] = lambda: 1

    @property
    def name(self) -> str:
        """What it is called in a reason."""
        return f"{self.service} ({self.model})" if self.model else self.service


class Recorder(Protocol):
    """Where usage is written down."""

    async def record(self, usage: Usage) -> None: ...


@dataclass(frozen=True, slots=True)
class _Question:
    task: ReasoningTask
    asked: Asked
    fell_back: str


class Reasoner:
    """Asks; see the module.

    Args:
        latencies: Told of every call, for a router to go by.
        breaker: Makes one for each service and model.
        clock: Seconds that only go up.
        now: Wall clock, UTC.
    """

    def __init__(
        self,
        recorder: Recorder,
        budget: Budget,
        latencies: Latencies,
        breaker: Callable[[], Breaker] = Breaker,
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._recorder = recorder
        self._budget = budget
        self._latencies = latencies
        self._breaker = breaker
        self._clock = clock
        self._now = now
        self._breakers: dict[str, Breaker] = {}

    def resting(self) -> tuple[str, ...]:
        """The services and models that were down when they were last asked."""
        return tuple(name for name, breaker in self._breakers.items() if breaker.open)

    async def ask(
        self,
        task: ReasoningTask,
        asked: Asked,
        candidates: Sequence[Candidate[T]],
        local: Callable[[], Awaitable[T]],
    ) -> Answered[T]:
        """The first usable answer, by the candidates in their order, else the local one.

        It never fails for what a service does: why it fell back is in the usage, and each failed call has one.
        """
        used: list[Usage] = []
        why: list[str] = []
        for candidate in candidates:
            question = _Question(task, asked, "; ".join(why))
            answer = await self._try(question, candidate, used)
            if isinstance(answer, _Failed):
                why.append(f"{candidate.name}: {answer.reason}")
            else:
                return Answered(answer.value, used[-1].provenance, tuple(used))
        begun = self._clock()
        value = await local()
        usage = Usage(
            task=task,
            agent=asked.agent,
            incident_id=asked.incident_id,
            provenance=LOCAL,
            at=self._now(),
            latency_ms=1000 * (self._clock() - begun),
            cost=FREE,
            requests=0,
            fell_back="; ".join(why),
        )
        await self._recorder.record(usage)
        return Answered(value, LOCAL, (*used, usage))

    async def _try(self, question: _Question, candidate: Candidate[T], used: list[Usage]) -> "_Succeeded[T] | _Failed":
        kept = candidate.kept()
        if kept is not None:
            return await self._call(question, candidate, used, kept)
        breaker = self._breakers.setdefault(candidate.name, self._breaker())
        try:
            async with self._budget.reserved(question.asked.incident_id, candidate.most):
                breaker.enter()
                outcome = await self._call(question, candidate, used, None)
        except (BreakerOpen, OverBudget) as refused:
            return _Failed(str(refused))
        if not isinstance(outcome, _Failed) or outcome.down is False:
            breaker.worked()
        elif outcome.down:
            breaker.failed(outcome.reason)
        return outcome

    async def _call(
        self, question: _Question, candidate: Candidate[T], used: list[Usage], kept: Reply[T] | None
    ) -> "_Succeeded[T] | _Failed":
        place = await _place(candidate)
        at, begun = self._now(), self._clock()
        reply: Reply[T] | None = None
        sent = kept is None
        outcome: _Succeeded[T] | _Failed
        try:
            async with asyncio.timeout(candidate.seconds):
                reply = kept or await candidate.call()
            outcome = _Succeeded(reply.read())
        except TimeoutError:
            late = f"gave no answer within {candidate.seconds:.3g} s"
            outcome = _Failed(late, down=None if candidate.hurried else True)
        except AwsError as error:
            sent = error.sent
            outcome = _Failed(str(error), down=not isinstance(error, (Rejected, BadAnswer)))
        except Unusable as error:
            outcome = _Failed(str(error))
        reason = outcome.reason if isinstance(outcome, _Failed) else ""
        usage = Usage(
            task=question.task,
            agent=question.asked.agent,
            incident_id=question.asked.incident_id,
            service=candidate.service,
            provenance=Provenance(kind="live", source=place.source, available=reply is not None, reason=reason),
            model=candidate.model,
            region=place.region,
            at=at,
            latency_ms=1000 * (self._clock() - begun),
            input_tokens=reply.input_tokens if reply else None,
            output_tokens=reply.output_tokens if reply else None,
            cost=FREE if kept else reply.cost if reply else UNPRICED,
            requests=candidate.sent() if sent else 0,
            request_id=reply.request_id if reply else "",
            cached=kept is not None,
            fell_back=question.fell_back,
            error=reason,
            intervened=reply is not None and reply.intervened,
        )
        used.append(usage)
        self._latencies.add(usage)
        await self._recorder.record(usage)
        return outcome


@dataclass(frozen=True, slots=True)
class _Succeeded(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why there is no answer.

    Attributes:
        down: Whether the next call is likely to fare the same; None: it was not given the time to tell.
    """

    reason: str
    down: bool | None = False


async def _place(candidate: Candidate[T]) -> Place:
    """Where a candidate answers from; where that cannot be told, its call cannot be made either, and says why."""
    try:
        return await candidate.aws.place(candidate.via)
    except AwsError:
        return Place(source=f"AWS {candidate.via}", region="")
