"""Viewers' counterfactuals: computed from the recording alone, one at a time, and refused in words."""

from collections.abc import AsyncIterator

import pytest

from incident_commander.consensus.faults import FAULT_KINDS
from incident_commander.domain.ballot import VOTERS, Voter
from incident_commander.domain.fault import VoterFault
from incident_commander.response.counterfactuals import (
    Counterfactuals,
    Question,
    TookTooLong,
    TooManyAsked,
    answer,
    subject_of,
)
from incident_commander.response.hearing import Withheld
from incident_commander.response.recording import Recording
from incident_commander.response.replay import NotReplayable
from incident_commander.response.replayed import Supposition
from tests.ui.recorded import kept

NAME = "memory_leak-3.json"


def failing(faults: dict[Voter, VoterFault]) -> Recording:
    """The recording as one of a run in which these voters were made to fail."""
    recording = kept(NAME)
    return recording.model_copy(update={"run": recording.run.model_copy(update={"faults": faults})})


@pytest.fixture
async def counterfactuals() -> AsyncIterator[Counterfactuals]:
    """With a worker process of their own."""
    counterfactuals = Counterfactuals()
    yield counterfactuals
    counterfactuals.close()


async def test_a_question_is_answered_beside_the_vote_as_it_was(counterfactuals: Counterfactuals) -> None:
    question = Question(suppose=Supposition(absent=("detection",), faults={"prediction": "lie"}))
    replay = await counterfactuals.ask(kept(NAME), question)
    assert (replay.as_it_was.decision, replay.as_it_was.ending, replay.differs) == ("Restart accounts", "acts", "")
    (found,) = replay.supposed
    assert (found.title, found.ending, found.flips) == ("without detection, prediction: lie", "no_quorum", True)


async def test_a_search_tries_each_thing_once_and_says_how_far_it_is(counterfactuals: Counterfactuals) -> None:
    tried = [each async for each in counterfactuals.search(kept(NAME))]
    assert [each.done for each in tried] == list(range(1, len(tried) + 1))
    assert {each.whole for each in tried} == {len(tried)}
    suppositions = [each.replayed.suppose for each in tried]
    assert len({each.title for each in suppositions}) == len(tried)
    for supposed in (
        *(Supposition(absent=(voter,)) for voter in VOTERS),
        *(Supposition(faults={voter: kind}) for voter in VOTERS for kind in FAULT_KINDS),
        *(Supposition(required=number) for number in (1, 2, 3, 5)),
        Supposition(withheld=Withheld(signals=("metrics",))),
    ):
        assert supposed in suppositions
    assert "without metrics" in [each.replayed.title for each in tried if each.replayed.flips]
    assert "without detection" in [each.replayed.title for each in tried if not each.replayed.flips]


def test_voters_that_failed_can_be_supposed_to_be_honest() -> None:
    subject = subject_of(failing({"detection": "collude", "prediction": "collude"}))
    replay = answer(subject, Question(honest=("detection", "prediction")))
    assert replay.as_it_was.ending == "no_quorum"
    (found,) = replay.supposed
    assert (found.title, found.decision, found.flips) == (
        "detection honest, prediction honest", "Restart accounts", True
    )  # fmt: skip


def test_one_of_two_made_honest_is_enough_for_the_others() -> None:
    subject = subject_of(failing({"detection": "silent", "prediction": "lie"}))
    (found,) = answer(subject, Question(honest=("detection",))).supposed
    assert (found.ending, found.flips) == ("acts", True)
    assert [each.state for each in found.rounds[-1].ballots] == ["counted"] * 5


async def test_more_viewers_than_can_be_answered_are_told_to_come_again() -> None:
    busy = Counterfactuals(most_asking=0)
    with pytest.raises(TooManyAsked, match="try again in a minute"):
        await busy.ask(kept(NAME), Question())
    with pytest.raises(TooManyAsked):
        await anext(busy.search(kept(NAME)))


async def test_an_answer_that_does_not_come_in_time_is_said_not_to_and_its_place_is_free_again() -> None:
    hurried = Counterfactuals(most_asking=1, patience_seconds=0.0)
    try:
        for _ in range(2):
            with pytest.raises(TookTooLong, match="was not answered within 0 s"):
                await hurried.ask(kept(NAME), Question())
    finally:
        hurried.close()


def test_a_run_without_an_alert_has_no_vote_to_hold_again() -> None:
    quiet = kept(NAME).model_copy(update={"incident": None, "events": ()})
    with pytest.raises(NotReplayable, match="no alert came"):
        subject_of(quiet)
