"""Counterfactuals of a recorded run: the same vote with nothing supposed, another where what carried it is gone."""

import pickle
from dataclasses import replace

import pytest

from incident_commander.analysis.advice import advice_of
from incident_commander.domain.ballot import VOTERS
from incident_commander.domain.base import Digest
from incident_commander.domain.memory import Cause
from incident_commander.response.hearing import Withheld
from incident_commander.response.record import IncidentRecord
from incident_commander.response.replay import NotReplayable, Subject, replay, single_faults, what_flips
from incident_commander.response.replayed import Replay, Supposition

from ..analysis.counsels import NOVA, analysed
from .conftest import RealRun


@pytest.fixture(scope="module")
def subject(real_run: RealRun) -> Subject:
    record = real_run.recording.record
    assert record is not None
    return Subject.of(real_run.recording.run, record)


@pytest.fixture(scope="module")
def flips(subject: Subject) -> Replay:
    return what_flips(subject)


def test_with_nothing_supposed_the_vote_is_the_recorded_one(flips: Replay, real_run: RealRun) -> None:
    record = real_run.recording.record
    assert record is not None
    assert record.chosen is not None
    assert flips.differs == ""
    assert (flips.as_it_was.ending, flips.as_it_was.action) == ("acts", record.chosen.action)
    assert not flips.as_it_was.flips
    cast = {signed.ballot.voter: signed.ballot.judgement for signed in record.ballots}
    (round,) = flips.as_it_was.rounds
    assert {each.voter: each.confidence for each in round.ballots} == {
        voter: judgement.confidence for voter, judgement in cast.items()
    }
    assert {each.state for each in round.ballots} == {"counted"}


def test_a_vote_of_five_stands_without_any_one_voter_and_falls_without_metrics(flips: Replay) -> None:
    by_title = {each.title: each for each in flips.supposed}
    assert not any(by_title[f"without {voter}"].flips for voter in VOTERS)
    blind = by_title["without metrics"]
    assert blind.flips
    assert (blind.ending, blind.action, blind.verdict) == ("no_quorum", None, "inconclusive")
    assert [round.round for round in blind.rounds] == [1, 2]
    assert flips.flipping
    assert "without memory utilization of accounts" in by_title


def test_a_threshold_says_how_many_arbitrary_voters_it_bears(flips: Replay) -> None:
    bears = {each.required: each.bears for each in flips.supposed if each.suppose.required is not None}
    assert bears == {1: None, 2: None, 3: 0, 5: 4}
    assert flips.as_it_was.bears == 2


def test_what_models_suspected_is_heard_again_by_diagnosis_alone_in_both_rounds(
    subject: Subject, real_run: RealRun
) -> None:
    record = real_run.recording.record
    assert record is not None
    assert record.diagnosis is not None
    other = record.diagnosis.hypotheses[1]
    said = advice_of(analysed(Cause(service=other.service, fault=other.fault)), record.incident.began_at)
    held = replay(replace(subject, advice=said), (Supposition(withheld=Withheld(signals=("metrics",))),))
    (round,) = held.as_it_was.rounds
    assert {each.voter: each.heard for each in round.ballots} == {
        voter: f"heard {NOVA}; without: the same plan" if voter == "diagnosis" else "" for voter in VOTERS
    }
    assert held.differs == ""
    (blind,) = held.supposed
    assert [each.round for each in blind.rounds] == [1, 2]


def test_two_absent_voters_leave_no_quorum_unless_three_ballots_suffice(subject: Subject) -> None:
    gone = Supposition(absent=("detection", "diagnosis"))
    found = replay(subject, (gone, gone.model_copy(update={"required": 3})))
    stopped, lowered = found.supposed
    assert (stopped.ending, stopped.flips) == ("no_quorum", True)
    assert (lowered.ending, lowered.flips) == ("acts", False)
    assert {each.state for each in stopped.rounds[0].ballots if each.voter in gone.absent} == {"silent"}


def test_no_single_failing_voter_flips_a_unanimous_vote_and_each_is_seen_for_what_it_did(subject: Subject) -> None:
    found = replay(subject, single_faults())
    assert found.flipping == ()
    rejected = {
        next(iter(each.suppose.faults.items())): next(
            ballot.rejected for ballot in each.rounds[0].ballots if ballot.voter in each.suppose.faults
        )
        for each in found.supposed
    }
    assert rejected["detection", "equivocate"] == ("equivocation",)
    assert rejected["detection", "slow"] == ("late",)
    assert rejected["detection", "replay"] in {("replayed",), ("forged", "replayed")}
    assert "forged" in rejected["detection", "forge"]
    assert rejected["detection", "lie"] == rejected["detection", "silent"] == ()


def test_who_lies_is_shown_beside_what_it_honestly_judged(subject: Subject) -> None:
    (found,) = replay(subject, (Supposition(faults={"prediction": "lie"}),)).supposed
    liar = next(each for each in found.rounds[0].ballots if each.voter == "prediction")
    assert liar.honest == found.decision
    assert liar.plan not in (None, liar.honest)
    assert found.title == "prediction: lie"


def test_a_liar_and_a_silent_voter_refuse_the_decision_visibly(subject: Subject) -> None:
    (found,) = replay(subject, (Supposition(faults={"prediction": "lie", "resolution": "silent"}),)).supposed
    assert (found.ending, found.flips) == ("no_quorum", True)
    assert "required" in found.why


def test_a_record_of_another_version_is_said_to_differ(subject: Subject) -> None:
    assert "other plans" in replay(replace(subject, plans=(Digest("0" * 64),)), ()).differs
    voter, _ = subject.choices[0]
    turned = replace(subject, choices=((voter, Digest("0" * 64)), *subject.choices[1:]))
    assert voter in replay(turned, ()).differs
    assert "decided otherwise" in replay(replace(subject, certified=None), ()).differs


def test_an_incident_that_never_came_to_a_vote_is_refused(real_run: RealRun) -> None:
    record = real_run.recording.record
    assert record is not None
    before = tuple(each for each in record.events if not each.kind.startswith("quorum."))
    with pytest.raises(NotReplayable, match="never came to a vote"):
        Subject.of(real_run.recording.run, IncidentRecord(record.incident, before))


def test_what_is_asked_and_answered_goes_to_a_worker_process_and_back(subject: Subject, flips: Replay) -> None:
    assert pickle.loads(pickle.dumps(subject)) == subject
    suppose = Supposition(withheld=Withheld(signals=("logs",)), faults={"detection": "flip"}, required=5)
    assert pickle.loads(pickle.dumps(suppose)) == suppose
    assert Replay.model_validate_json(flips.model_dump_json()) == flips
