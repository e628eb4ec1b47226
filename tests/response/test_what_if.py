"""What came of a supposition is told as it is: what flips, what is the same, and what a threshold bears."""

import pytest

from incident_commander.consensus.rule import rule
from incident_commander.response.counterfactuals import Question, answer, subject_of
from incident_commander.response.explain.what_if import (
    WhatIfView,
    as_recorded,
    supposed_rule,
    threshold_text,
    tried_row,
    what_if_view,
)
from incident_commander.response.replayed import Supposition
from tests.ui import recorded
from tests.ui.recorded import kept

RECORDING = kept("memory_leak-3.json")


def seen(suppose: Supposition) -> WhatIfView:
    """What is shown of a supposition."""
    question = Question(suppose=suppose)
    return what_if_view(RECORDING, question, answer(subject_of(RECORDING), question))


def test_what_is_the_same_and_what_is_other_is_told_fact_by_fact() -> None:
    view = seen(Supposition(absent=("detection",), faults={"prediction": "lie"}))
    assert (view.flips, view.verdict, view.differs) == (True, "It flips the decision", "")
    facts = {fact.name: fact for fact in view.facts}
    assert (facts["Decision"].before, facts["Decision"].supposed) == ("Restart accounts", "No decision, tell a person")
    assert [name for name, fact in facts.items() if fact.other] == ["Decision", "Outcome", "Rounds"]
    assert facts["Cause named"].before == "memory leak of accounts (confirmed)"


def test_each_round_shows_who_was_left_out_and_who_fails() -> None:
    view = seen(Supposition(absent=("detection",), faults={"prediction": "lie"}))
    assert [each.state for each in view.rounds] == ["failed", "failed"]
    for each in view.rounds:
        assert {row.vote.voter: row.fault for row in each.votes if row.fault} == {
            "detection": "left out", "prediction": "made to lie"
        }  # fmt: skip
        assert each.text == "3 of 5 for one plan, 4 needed: no quorum"
    assert "more than the rule bears (f = 1)" in view.rounds[-1].meaning


def test_an_equivocating_voter_is_shown_with_what_was_not_counted_and_its_quarantine() -> None:
    (round_,) = seen(Supposition(faults={"detection": "equivocate"})).rounds
    assert [(row.voter, row.reason) for row in round_.refused] == [("detection", "equivocation")]
    assert round_.quarantined == ("Detection is quarantined for the rest of this incident: equivocation",)
    assert (round_.state, round_.slots[-1]) == ("reached", "rejected")


def test_two_quorums_at_once_are_a_conflict_and_nothing_untrue_is_said_of_it() -> None:
    view = seen(Supposition(required=2, faults={"detection": "collude", "prediction": "collude"}))
    assert (view.ending, view.ending_text) == ("conflict", "Two plans at once have a quorum, so neither runs")
    assert view.rounds[-1].text.endswith("2 needed: two quorums at once")
    assert view.rounds[-1].meaning == ""


@pytest.mark.parametrize(
    ("required", "bears", "said"),
    [
        (1, 0, "At 1 of 5, two plans can have a quorum at once, with every voter honest."),
        (2, 0, "At 2 of 5, two plans can have a quorum at once, with every voter honest."),
        (3, 0, "At 3 of 5, two quorums may share no more than 1 voter: were it arbitrary"),
        (4, 1, "At 4 of 5, 1 arbitrary voter can be borne."),
        (5, 0, "At 5 of 5, a single voter that is silent, or sees it otherwise, is enough that nothing is decided."),
    ],
)
def test_what_a_threshold_bears_is_said(required: int, bears: int, said: str) -> None:
    supposed = supposed_rule(required)
    assert (supposed.required, supposed.f) == (required, bears)
    assert threshold_text(supposed).startswith(said)


def test_the_installed_threshold_needs_no_words() -> None:
    assert seen(Supposition(absent=("detection",))).threshold == ""
    assert supposed_rule(rule().required) == rule()


def test_a_row_of_a_search_says_what_is_decided_then() -> None:
    (found,) = answer(subject_of(RECORDING), Question(suppose=Supposition(absent=("resolution",)))).supposed
    row = tried_row(found)
    assert (row.title, row.decision, row.flips) == ("without resolution", "Restart accounts", False)


def test_the_recorded_vote_is_shown_as_recorded_and_a_missing_one_is_said_to_be_missing() -> None:
    shown = as_recorded(RECORDING)
    assert (shown.decision, shown.missing, len(shown.rounds)) == ("Restart accounts", "", 1)
    assert as_recorded(recorded.recording(alarm=False)).missing.startswith("No alert came in this run")
