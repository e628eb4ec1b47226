"""What the reasoning services said once stands when a stage is begun again, and makes no diagnosis worse."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from incident_commander.agents.case import Case
from incident_commander.domain.advice import NO_ADVICE
from incident_commander.domain.event import Update
from incident_commander.domain.findings import Diagnosis, Evidence
from incident_commander.domain.incident import Incident
from incident_commander.domain.memory import Cause
from incident_commander.domain.reasoning import Counsel, Draft
from incident_commander.response.counsel import Counsellor
from incident_commander.response.workers import Timed, Workers

from ..analysis.counsels import CLAUDE, analysed, asked
from .scripted import ORDERS, scene

P = ParamSpec("P")
T = TypeVar("T")
WORDS = "The pool of orders was full, and a person was told."


class Told(Counsellor):
    """Says what a test says, and counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def hears(self, incident: Incident) -> bool:
        return True

    async def on_causes(self, case: Case, found: Diagnosis | None, seen: Sequence[Evidence]) -> Counsel:
        self.times += 1
        return analysed(Cause(service=ORDERS, fault="memory_leak"))

    async def on_words(self, incident: Incident, update: Update) -> Counsel:
        self.times += 1
        return Counsel(draft=Draft(text=WORDS), usage=(asked("draft", "Claude", CLAUDE),))


class CutOnce:
    """Is cut off when it is to tell people for the first time."""

    def __init__(self) -> None:
        self.sent: list[Update] = []
        self._cut = False

    async def send(self, update: Update) -> Update:
        if not self._cut:
            self._cut = True
            raise ConnectionAbortedError("the process ends here")
        self.sent.append(update)
        return update


class FailsWhenAdvised(Workers):
    """Cannot compute with what models suspect."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Timed[T]:
        if any(isinstance(each, Case) and each.advice != NO_ADVICE for each in args):
            raise MemoryError("no more of it")
        return await super().run(function, *args, **kwargs)


async def test_a_draft_that_was_given_before_the_process_ended_is_still_what_people_are_told(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        counsel, notifier = Told(), CutOnce()
        world.counsel, world.notifier = counsel, notifier
        with pytest.raises(ConnectionAbortedError):
            await world.run("communicate")
        await world.run("communicate")
    assert counsel.times == 1
    (update,) = notifier.sent
    assert update.body.startswith(f"{WORDS}\n\nDrafted by Claude (loopback); ")


async def test_a_diagnosis_that_fails_with_what_models_said_stays_what_it_was_without(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with scene(tmp_path_factory.mktemp("alone")) as world:
        unadvised = await world.run("diagnose")
    async with scene(tmp_path_factory.mktemp("advised")) as world:
        world.counsel, world.analysts = Told(), FailsWhenAdvised(1)
        advised = await world.run("diagnose")
    assert [bool(event.payload["error"]) for event in advised.of_kind("agent.ran")] == [False, True]
    assert advised.diagnosis is not None
    assert advised.diagnosis == unadvised.diagnosis
    assert advised.diagnosis.next_question
