"""What opens below a claim is what the recording holds about it, for and against, and what produced it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.response.explain.evidence import NoSuchClaim, evidence_view
from incident_commander.response.explain.reasoning import reasoning_view
from tests.response import recorded
from tests.ui import story
from tests.ui.recorded import recording as quiet_recording

RECORDING = recorded.recording()


def test_every_claim_that_is_shown_can_be_opened() -> None:
    claims = [claim for step in reasoning_view(RECORDING).steps for claim in (*step.claims, *step.more)]
    kinds = {claim.id.partition(".")[0] for claim in claims}
    assert kinds == {"alert", "anomaly", "hypothesis", "prediction", "plan", "ballot", "check"}
    for claim in claims:
        assert evidence_view(RECORDING, claim.id).producer.what


def test_a_cause_opens_to_what_speaks_for_and_against_it_with_weights_and_their_sum() -> None:
    view = evidence_view(RECORDING, "hypothesis.1")
    assert [(row.what, row.weight_text) for row in view.pro] == [("pool rose to 100%", "+1.20")]
    assert [(row.what, row.weight_text) for row in view.contra] == [("CPU stayed at 38%", "-0.30")]
    assert view.balance == "+1.20 nats for, -0.30 against, +0.90 together"
    assert view.pro[0].share == 100
    assert (view.pro[0].signal, view.pro[0].at, view.pro[0].kind) == ("metrics", "14:00:10", "simulated")


def test_an_anomaly_opens_to_its_metric_with_its_usual_value_and_its_onset() -> None:
    view = evidence_view(RECORDING, "anomaly.0")
    assert view.trace is not None
    assert (view.trace.level, view.trace.level_name, view.trace.unit) == (40.0, "usual value", "percent")
    onset, alert = view.trace.marks
    assert (onset.text, alert.text) == ("onset", "first alert")
    place = round(onset.seconds / view.trace.interval_seconds)
    assert view.trace.values[place - 2] == 40
    assert view.trace.values[place + 2] == 100
    assert [row.what for row in view.pro] == [recorded.SEEN.what]
    assert view.producer.what == "Compares each metric with its past."


def test_a_metric_that_was_not_kept_is_not_drawn() -> None:
    assert evidence_view(RECORDING, "prediction.0").trace is None


def test_a_ballot_opens_to_the_observations_that_it_names_and_says_which_have_no_words() -> None:
    view = evidence_view(RECORDING, "ballot.detection")
    assert [row.what for row in view.pro] == [recorded.SEEN.what]
    assert [row.what for row in view.contra] == [recorded.LOGGED.what]
    assert view.pro[0].reference == recorded.SEEN.reference()[:12]
    assert view.note == "It names 1 more by digest, for which the ledger holds no words."
    assert "Models that changed it" in [fact.name for fact in view.facts]


def test_what_an_alert_says_is_passed_on_as_text() -> None:
    facts = {fact.name: fact.text for fact in evidence_view(RECORDING, "alert.0").facts}
    assert facts["Summary"] == story.HOSTILE


def test_who_produced_it_is_said_to_be_unknown_where_the_recording_does_not_say() -> None:
    assert "does not say" in evidence_view(RECORDING, "hypothesis.1").producer.what


@pytest.mark.parametrize(
    "claim",
    ["", "anomaly", "anomaly.", "anomaly.99", "anomaly.-1", "hypothesis.0", "ballot.nobody", "event.1", "x" * 99],
)
def test_a_claim_that_was_not_made_is_refused(claim: str) -> None:
    with pytest.raises(NoSuchClaim, match="no claim"):
        evidence_view(RECORDING, claim)


@given(st.text(max_size=60))
def test_any_text_for_a_claim_is_shown_or_refused(claim: str) -> None:
    with contextlib.suppress(NoSuchClaim):
        assert evidence_view(RECORDING, claim).producer.what


def test_a_run_without_an_alert_makes_no_claims() -> None:
    quiet = quiet_recording(alarm=False)
    assert reasoning_view(quiet).steps == ()
    with pytest.raises(NoSuchClaim):
        evidence_view(quiet, "alert.0")
