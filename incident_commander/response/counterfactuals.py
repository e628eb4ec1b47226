"""Counterfactuals for viewers: a recorded vote held again in a worker process, one supposition at a time."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from ..domain.ballot import Voter
from ..domain.base import Value
from ..sandbox.assumptions import assume, load_assumptions
from .recording import Recording
from .replay import NotReplayable, Subject, single_faults, single_removals
from .replay import replay as hold_again
from .replayed import Replay, Replayed, Supposition
from .workers import Workers

IDLE_SECONDS = 60.0
"""After so long without a question the worker is stopped; it is started again with the next."""
MOST_ASKING = 12
"""How many viewers may be answered at once; each has one piece of work in the worker's line at most."""
PATIENCE_SECONDS = 120.0
"""How long one piece of work may take, its wait in the line included: many times what it takes alone."""

P = ParamSpec("P")
T = TypeVar("T")


class TooManyAsked(Exception):
    """No more questions are taken on now; the message says when to try again."""


class TookTooLong(Exception):
    """A question was not answered in time; the message says what to do."""


class Question(Value):
    """What is supposed of a recorded vote.

    Attributes:
        honest: Voters that failed in the run and shall not.
    """

    suppose: Supposition = Supposition()
    honest: tuple[Voter, ...] = ()

    @property
    def title(self) -> str:
        """In words."""
        parts = [self.suppose.title] if self.suppose != Supposition() else []
        return ", ".join([*parts, *(f"{voter} honest" for voter in self.honest)]) or "as it was"


@dataclass(frozen=True, slots=True)
class Tried:
    """One of the suppositions of a search, as it came out; `done` of `whole` are tried with it."""

    replayed: Replayed
    done: int
    whole: int


class Counterfactuals:
    """Answers viewers' questions, in the order they come."""

    def __init__(self, most_asking: int = MOST_ASKING, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._workers = Workers(1, idle_seconds=IDLE_SECONDS)
        self._most_asking = most_asking
        self._patience_seconds = patience_seconds
        self._asking = 0

    async def ask(self, recording: Recording, question: Question) -> Replay:
        """Hold a recorded vote with nothing supposed, and as the question supposes.

        Raises:
            NotReplayable: the recording holds no vote, or its world cannot be built again.
            TooManyAsked, TookTooLong: it is not answered now.
        """
        with self._place():
            return await self._run(answer, subject_of(recording), question)

    async def search(self, recording: Recording) -> AsyncGenerator[Tried, None]:
        """Hold a recorded vote with each single thing taken away, and with each voter failing in each way.

        Raises:
            As `ask`, while it is gone through.
        """
        with self._place():
            subject = subject_of(recording)
            failing = dict(subject.faults)
            faults = [each for each in single_faults() if failing.keys().isdisjoint(each.faults)]
            tries = [*await self._run(single_removals, subject), *faults]
            for done, each in enumerate(tries, 1):
                (found,) = (await self._run(answer, subject, Question(suppose=each))).supposed
                yield Tried(found, done, len(tries))

    def close(self) -> None:
        """Stop the worker."""
        self._workers.close()

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if self._asking >= self._most_asking:
            raise TooManyAsked(f"{self._asking} viewers are being answered already; try again in a minute")
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    async def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with asyncio.timeout(self._patience_seconds):
                return (await self._workers.run(function, *args, **kwargs)).value
        except TimeoutError as error:
            raise TookTooLong(
                f"it was not answered within {self._patience_seconds:g} s; this machine is busy, try again in a minute"
            ) from error


def answer(subject: Subject, question: Question) -> Replay:
    """Hold the vote with nothing supposed, and as the question supposes. Pure; for a worker process."""
    if not question.honest:
        return hold_again(subject, (question.suppose,))
    as_it_was = hold_again(subject, ())
    failing = tuple(each for each in subject.faults if each[0] not in question.honest)
    (found,) = hold_again(replace(subject, faults=failing), (question.suppose,)).supposed
    before = as_it_was.as_it_was
    flips = (found.ending, found.decision) != (before.ending, before.decision)
    return as_it_was.model_copy(
        update={"supposed": (found.model_copy(update={"title": question.title, "flips": flips}),)}
    )


def subject_of(recording: Recording) -> Subject:
    """The vote that a recording holds.

    Raises:
        NotReplayable: it holds none.
    """
    if recording.record is None:
        raise NotReplayable("no alert came in this run, so there was no vote")
    chosen = {figure.name: figure.value for figure in recording.assumptions if figure.shipped is not None}
    figures = assume(load_assumptions(), chosen) if chosen else None
    return Subject.of(recording.run, recording.record, figures)
