"""Counterfactuals on /transparency, without a browser: what is supposed, what comes of it, and nonsense refused."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from incident_commander.domain.ballot import Voter
from incident_commander.domain.base import ServiceName
from incident_commander.domain.fault import VoterFault
from incident_commander.response.counterfactuals import (
    Counterfactuals,
    Question,
    TooManyAsked,
    Tried,
    answer,
    subject_of,
)
from incident_commander.response.demo_runs import DemoRuns
from incident_commander.response.hearing import Withheld
from incident_commander.response.recording import Recording
from incident_commander.response.replayed import Replay, Supposition
from incident_commander.response.shelf import Shelf
from incident_commander.ui import following, services
from incident_commander.ui.exhibits import Exhibits
from incident_commander.ui.transparency.state import TransparencyState
from incident_commander.ui.transparency.supposing import NotSupposable, metric_rows, question_of
from incident_commander.ui.transparency.what_if_state import WhatIfState
from tests.running import REPOSITORY
from tests.ui.recorded import kept
from tests.ui.test_states import entered, handler

NAME = "memory_leak-3"
RECORDING = kept(f"{NAME}.json")


class ToldCounterfactuals(Counterfactuals):
    """Counterfactuals that are computed at once, and remember what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Question] = []
        self.trouble: Exception | None = None

    async def ask(self, recording: Recording, question: Question) -> Replay:
        self.asked.append(question)
        if self.trouble is not None:
            raise self.trouble
        return await asyncio.to_thread(answer, subject_of(recording), question)

    async def search(self, recording: Recording) -> AsyncGenerator[Tried, None]:
        if self.trouble is not None:
            raise self.trouble
        for done, suppose in enumerate((Supposition(absent=("detection",)), TWO_FAIL), 1):
            (found,) = (await asyncio.to_thread(answer, subject_of(recording), Question(suppose=suppose))).supposed
            yield Tried(found, done, 2)


TWO_FAIL = Supposition(absent=("detection",), faults={"prediction": "lie"})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[ToldCounterfactuals]:
    """What the accessor leads to, and viewers who are there."""
    told = ToldCounterfactuals()
    services.provide_exhibits(Exhibits(DemoRuns(), Shelf(Path(REPOSITORY) / "assets" / "scenarios"), told))
    monkeypatch.setattr(following, "is_connected", lambda token: True)
    yield told
    services.provide_exhibits(None)


async def opened(name: str = NAME) -> WhatIfState:
    """The tab of somebody who has opened it."""
    state = await entered(WhatIfState, f"/transparency?recording={name}&tab=what-if")
    page = await state.get_state(TransparencyState)
    page.router = state.router
    await handler(page, "enter")
    await handler(state, "enter")
    return state


async def test_the_form_opens_with_what_was_recorded(told: ToldCounterfactuals) -> None:
    state = await opened()
    assert [row.fault for row in state.agents] == ["honest"] * 5
    assert (state.name, state.required, state.recorded.decision) == (NAME, "4", "Restart accounts")
    assert len(state.metrics) == len(RECORDING.traces)
    assert not state.view.there


async def test_what_is_supposed_is_asked_and_shown(told: ToldCounterfactuals) -> None:
    state = await opened()
    await handler(state, "choose", "detection", "absent")
    await handler(state, "suppose", {"agent-prediction": "lie"})
    assert told.asked == [Question(suppose=TWO_FAIL)]
    assert (state.busy, state.problem, state.view.flips) == ("", "", True)
    assert state.view.title == "without detection, prediction: lie"


async def test_a_search_tells_what_flips_and_what_does_not(told: ToldCounterfactuals) -> None:
    state = await opened()
    await handler(state, "search")
    assert [row.title for row in state.flipping] == ["without detection, prediction: lie"]
    assert [row.title for row in state.holding] == ["without detection"]
    assert (state.searched, state.busy) == ("1 of 2 flip the decision", "")


async def test_what_cannot_be_answered_is_said_and_the_controls_work_again(told: ToldCounterfactuals) -> None:
    state = await opened()
    told.trouble = TooManyAsked("12 viewers are being answered already; try again in a minute")
    await handler(state, "suppose", {"required": "5"})
    assert (state.busy, state.problem) == ("", "12 viewers are being answered already; try again in a minute")
    await handler(state, "search")
    assert (state.busy, state.problem) == ("", "12 viewers are being answered already; try again in a minute")


async def test_the_form_goes_back_to_what_was_recorded(told: ToldCounterfactuals) -> None:
    state = await opened()
    await handler(state, "choose", "detection", "absent")
    await handler(state, "suppose_nothing")
    assert [row.fault for row in state.agents] == ["honest"] * 5
    await handler(state, "suppose", {})
    assert state.problem.startswith("Nothing is supposed")
    assert told.asked == []


async def test_another_recording_begins_anew(told: ToldCounterfactuals) -> None:
    state = await opened()
    await handler(state, "suppose", {"required": "5"})
    page = await state.get_state(TransparencyState)
    page.router = (await entered(TransparencyState, "/transparency?recording=api_overload-3&tab=what-if")).router
    await handler(page, "enter")
    await handler(state, "enter")
    assert (state.name, state.view.there) == ("api_overload-3", False)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"agent-detection": "sulk"}, "No agent can 'sulk'"),
        ({"required": "0"}, "The threshold '0' is not a whole number from 1 to 5"),
        ({"required": "99999"}, "The threshold '99999' is not"),
        ({"required": "\u0663"}, "The threshold '\u0663' is not"),
        ({"metric": "moon/phase"}, "No agent spoke of 'moon/phase' in this run"),
        ({"without-weather": "on"}, "There is no signal 'without-weather'; there are metrics"),
        ({}, "Nothing is supposed"),
        (None, "Nothing is supposed"),
        ([1], "Nothing is supposed"),
    ],
)
async def test_nonsense_is_refused_in_words(told: ToldCounterfactuals, form: object, said: str) -> None:
    state = await opened()
    await handler(state, "suppose", form)
    assert state.problem.startswith(said)
    assert told.asked == []


@pytest.mark.parametrize(
    ("voter", "choice"), [("weather", "lie"), ("detection", "sulk"), ([], {}), ("detection", None)]
)
async def test_nonsense_for_an_agent_changes_nothing(told: ToldCounterfactuals, voter: object, choice: object) -> None:
    state = await opened()
    await handler(state, "choose", voter, choice)
    assert state.problem.startswith(("There is no agent", "No agent can"))
    assert [row.fault for row in state.agents] == ["honest"] * 5


async def test_without_a_recording_nothing_is_computed(told: ToldCounterfactuals) -> None:
    state = await opened("no-such")
    await handler(state, "suppose", {"required": "5"})
    await handler(state, "search")
    assert state.problem == "Choose a recording first."
    assert told.asked == []


def test_a_series_and_a_kind_of_evidence_are_kept_back_together() -> None:
    series = metric_rows(RECORDING)[0]
    question = question_of({"metric": series.name, "without-logs": "on"}, {}, RECORDING)
    service, _, metric = series.name.partition("/")
    assert question.suppose == Supposition(
        withheld=Withheld(signals=("logs",), metrics=((ServiceName(service), metric),))
    )


def test_what_failed_in_the_run_is_no_supposition_and_its_honesty_is_one() -> None:
    faults: dict[Voter, VoterFault] = {"detection": "lie"}
    failed = RECORDING.model_copy(update={"run": RECORDING.run.model_copy(update={"faults": faults})})
    with pytest.raises(NotSupposable, match="Nothing is supposed"):
        question_of({"agent-detection": "lie"}, {}, failed)
    assert question_of({"agent-detection": "honest"}, {}, failed) == Question(honest=("detection",))
    assert question_of({"agent-detection": "flip"}, {}, failed) == Question(
        suppose=Supposition(faults={"detection": "flip"})
    )
