"""A real incident's vote is shown with the faults that stood when it was voted, and with no others."""

from incident_commander.consensus.rule import rule
from incident_commander.domain.ballot import Voter
from incident_commander.domain.fault import FaultInjection, VoterFault
from incident_commander.response.faults import FaultChange
from incident_commander.response.record import IncidentRecord
from incident_commander.response.view_live_vote import LiveVote, live_vote
from tests.consensus.ballot_box import PLANS
from tests.response.test_view_rounds import Told, voted
from tests.ui import story

PROPOSED: Told = ("plans.proposed", "resolution", {"plans": [story.json(plan) for plan in PLANS]}, 0.0)
BEGAN: Told = ("stage.started", "response", {"stage": "deliberate", "round": 1}, 1.0)


def change(voter: Voter, fault: VoterFault | None, seconds: float) -> FaultChange:
    """A change so many seconds after the first event was recorded."""
    return FaultChange(
        injection=FaultInjection(voter=voter, fault=fault, by="Ada", reason="a drill"), at=story.at(seconds)
    )


def seen(*changes: FaultChange) -> LiveVote:
    """The vote in which detection lies, as it is shown after these changes."""
    events = story.events(PROPOSED, BEGAN, *voted({"detection": "lie"}))
    return live_vote(IncidentRecord(story.incident(), events), rule(), changes)


def test_a_fault_that_stood_is_shown_with_what_it_means() -> None:
    (view,) = seen(change("detection", "lie", -60)).rounds
    assert [row.vote.voter for row in view.votes if row.fault] == ["detection"]
    assert view.meaning.startswith("1 of 5 fails, as many as the rule bears")


def test_what_was_changed_before_or_after_the_vote_is_not_put_upon_it() -> None:
    taken_back = (change("detection", "lie", -60), change("detection", None, -30))
    (view,) = seen(*taken_back, change("resolution", "silent", 90_000)).rounds
    assert [row.vote.voter for row in view.votes if row.fault] == []
    assert view.meaning == ""


def test_an_incident_without_a_vote_has_no_rounds() -> None:
    vote = live_vote(IncidentRecord(story.incident(), story.events(PROPOSED)), rule(), ())
    assert (vote.incident, vote.rounds) == (story.ID, ())
