"""A vote is shown round by round: who was made to fail, what was not counted, who is out, and what the count means."""

from collections.abc import Mapping

import pytest

from incident_commander.consensus.faults import DESCRIPTIONS, FAULT_KINDS, faulty_submissions, honest_submission
from incident_commander.consensus.poll import Submission
from incident_commander.consensus.quarantine import load_rules, quarantines
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, Round, Voter
from incident_commander.domain.base import JsonObject, RunId, Value
from incident_commander.domain.event import Event, EventKind
from incident_commander.domain.fault import VoterFault
from incident_commander.response.record import IncidentRecord
from incident_commander.response.view_rounds import FAULT_WORDS, RoundView, round_views
from tests.consensus.ballot_box import KEYS, NOW, PLANS, RIGHT, WRONG, ballot, poll, signed
from tests.ui import story

Told = tuple[EventKind, str, JsonObject, float]


def voted(faults: Mapping[Voter, VoterFault], round_number: int = 1) -> list[Told]:
    """The events of a round in which the honest vote for the right plan."""
    asked = poll(incident=story.ID, round_number=round_number)
    sent: list[Submission] = []
    for voter in VOTERS:
        judgement = ballot(voter, RIGHT.digest).judgement
        if voter in faults:
            sent += faulty_submissions(faults[voter], voter, judgement, PLANS, asked, KEYS.signer(voter), seed=1)
        else:
            sent.append(honest_submission(voter, judgement, asked, KEYS.signer(voter)))
    outcome = tally(asked, sent, rule(), KEYS.public_keys, NOW)
    told: list[Told] = [("ballot.cast", each.sender, _json(each.ballot), 1.0) for each in sent]
    told += [("ballot.rejected", "consensus", _json(each), 1.0) for each in outcome.rejected]
    told += [("agent.quarantined", "consensus", _json(each), 1.0) for each in quarantines(outcome, load_rules(), NOW)]
    return [*told, ("quorum.reached" if outcome.certificate else "quorum.failed", "consensus", _json(outcome), 1.0)]


def shown(
    faults: Mapping[Voter, VoterFault], told: list[Told] | None = None, *, practice: bool = True
) -> tuple[RoundView, ...]:
    """The rounds as they are shown."""
    plans: Told = ("plans.proposed", "resolution", {"plans": [_json(plan) for plan in PLANS]}, 0.0)
    events: tuple[Event, ...] = story.events(plans, *(voted(faults) if told is None else told))
    incident = story.incident().model_copy(update={"practice_run": RunId("run-1") if practice else None})
    return round_views(IncidentRecord(incident, events), rule(), faults)


def _json(value: Value) -> JsonObject:
    return story.json(value)


def test_honest_voters_have_no_fault_and_the_count_needs_no_meaning() -> None:
    (view,) = shown({})
    assert (view.round, view.state, view.text) == (1, "reached", "5 of 5 for one plan, 4 needed: quorum reached")
    assert [(row.vote.voter, row.fault, row.vote.choice) for row in view.votes] == [
        (voter, "", "Restart orders") for voter in VOTERS
    ]
    assert (view.meaning, view.refused, view.quarantined) == ("", (), ())


def test_one_that_lies_is_outvoted_by_the_four_others() -> None:
    (view,) = shown({"detection": "lie"})
    assert (view.state, view.plan) == ("reached", "Restart orders")
    assert view.votes[0].fault == "made to lie"
    assert view.votes[0].does == DESCRIPTIONS["lie"]
    assert (view.votes[0].vote.state, view.votes[0].vote.choice) == ("other", "Restart search")
    assert view.meaning == "1 of 5 fails, as many as the rule bears (f = 1): the others are enough."


def test_a_ballot_that_a_model_changed_says_whose_word_it_was_and_the_plan_without() -> None:
    cast = (
        ballot("diagnosis", RIGHT.digest, models=("nova", "claude"), without_models=WRONG.digest),
        ballot("detection", RIGHT.digest, models=("nova",), without_models=RIGHT.digest),
        ballot("prediction", RIGHT.digest, models=("nova",)),
        ballot("resolution", RIGHT.digest, without_models=RIGHT.digest),
    )
    told: list[Told] = [("ballot.cast", each.voter, _json(signed(each)), 1.0) for each in cast]
    (view,) = shown({}, told)
    assert {row.vote.voter: row.vote.heard for row in view.votes} == {
        "diagnosis": "heard nova and claude; without: Restart search",
        "detection": "heard nova; without: the same plan",
        "prediction": "heard nova; without: abstained",
        "resolution": "",
        "communication": "",
    }


def test_two_that_are_silent_leave_nothing_certified_and_it_is_said_why() -> None:
    (view,) = shown({"detection": "silent", "diagnosis": "slow"})
    assert (view.state, view.text) == ("failed", "3 of 5 for one plan, 4 needed: no quorum")
    assert view.slots == ("for", "for", "for", "rejected", "missing")
    assert "2 of 5 fail, more than the rule bears (f = 1). 3 honest votes are left and 4 are needed" in view.meaning
    assert [(row.voter, row.reason, row.ballots) for row in view.refused] == [("diagnosis", "late", "1 ballot")]


def test_more_liars_than_the_rule_bears_may_certify_what_is_guaranteed_no_more() -> None:
    everyone: dict[Voter, VoterFault] = dict.fromkeys(VOTERS, "lie")
    (view,) = shown(everyone)
    assert (view.state, view.plan) == ("reached", "Restart search")
    assert "it is guaranteed no more" in view.meaning


def test_equivocation_is_rejected_once_for_its_two_ballots_and_the_voter_is_out() -> None:
    (view,) = shown({"prediction": "equivocate"})
    (refused,) = view.refused
    assert (refused.label, refused.reason, refused.ballots) == ("Prediction", "equivocation", "2 ballots")
    assert view.quarantined == ("Prediction is quarantined for the rest of this incident: equivocation",)
    assert view.votes[2].vote.state == "rejected"
    assert view.state == "reached"


def test_in_a_real_incident_it_is_out_until_a_person_releases_it() -> None:
    (view,) = shown({"prediction": "equivocate"}, practice=False)
    assert view.quarantined == ("Prediction is quarantined until a person releases it: equivocation",)


def test_ballots_forged_in_others_names_leave_the_others_votes_as_they_were() -> None:
    (view,) = shown({"detection": "forge"})
    assert [row.vote.choice for row in view.votes[1:]] == ["Restart orders"] * 4
    assert [(row.voter, row.reason) for row in view.refused] == [("detection", "forged")]


@pytest.mark.parametrize("fault", FAULT_KINDS)
def test_with_one_voter_failing_in_any_way_the_four_others_decide(fault: VoterFault) -> None:
    (view,) = shown({"communication": fault})
    assert (view.state, view.plan) == ("reached", "Restart orders")
    assert view.votes[4].fault == FAULT_WORDS[fault]


def test_each_round_is_shown_as_it_was_counted() -> None:
    faults: dict[Voter, VoterFault] = {"detection": "silent", "diagnosis": "silent"}
    opened = Round(round=2, why="disagreement", reason="no quorum")
    told = [*voted(faults), ("round.opened", "response", _json(opened), 2.0), *voted(faults, 2)]
    first, second = shown(faults, told)
    assert (first.round, second.round) == (1, 2)
    assert second.why == "no quorum, so the evidence of all is shared"
    assert second.text == first.text


def test_a_round_that_is_under_way_is_shown_as_far_as_it_has_come() -> None:
    (view,) = shown({}, voted({})[:2])
    assert (view.state, view.text) == ("voting", "2 of 5 for one plan, 4 needed: voting")
    assert [row.vote.state for row in view.votes] == ["for", "for", "missing", "missing", "missing"]


def test_before_the_vote_there_is_nothing() -> None:
    assert shown({}, []) == ()
