"""Verifying a recording computes everything again, and whatever was changed makes it fail with the reason."""

import pytest

from incident_commander.domain.base import Digest
from incident_commander.response.explain.proof import ProofView, prove
from incident_commander.response.explain.tampering import TAMPERINGS, NothingToTamper, Tampering
from incident_commander.response.recording import Recording
from tests.consensus.ballot_box import keyring
from tests.response import recorded
from tests.ui.recorded import recording as quiet_recording

RECORDING = recorded.recording()
NO_QUORUM = recorded.recording(for_it=3)


def failing(proof: ProofView) -> list[str]:
    """The names of the checks that fail."""
    return [step.name for step in proof.steps if step.state == "fail"]


def test_a_recording_as_it_was_made_passes_every_check() -> None:
    proof = prove(RECORDING)
    assert failing(proof) == []
    assert proof.holds
    assert proof.tampered == ""
    signatures = [step for step in proof.steps if step.name.startswith("Signature of")]
    assert len(signatures) == 5
    assert {step.group for step in proof.steps} == {"certificate", "ledger", "file"}
    assert proof.text == f"All {len(proof.steps)} checks pass"


def test_it_says_what_it_does_not_prove() -> None:
    limits = " ".join(prove(RECORDING).limits)
    assert "does not prove that the diagnosis is right" in limits
    assert "could have made the keys" in limits


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("ballot", ["Signature of detection", "Votes counted again", "Ballots as the ledger holds them"]),
        ("plan", ["Plan digest computed again", "Votes counted again"]),
        ("event", ["Every event's hash computed again"]),
    ],
)
def test_one_letter_changed_in_memory_is_found(tampering: Tampering, found: list[str]) -> None:
    proof = prove(RECORDING, tampering)
    assert not proof.holds
    assert failing(proof) == found
    assert proof.tampered.startswith("One letter of")
    assert proof.before != proof.after
    assert prove(RECORDING).holds, "the recording itself is untouched"


def test_every_tampering_is_tried() -> None:
    assert TAMPERINGS == ("ballot", "plan", "event")


def test_a_forged_ballot_is_told_with_the_reason_of_the_count() -> None:
    told = {step.name: step.detail for step in prove(RECORDING, "ballot").steps}
    assert "'detection' does not count: bad_signature" in told["Votes counted again"]


def test_keys_that_are_not_the_voters_make_no_valid_signature() -> None:
    foreign = RECORDING.model_copy(update={"public_keys": dict(keyring(seed=2).public_keys)})
    names = failing(prove(foreign))
    assert "Signature of detection" in names
    assert "Votes counted again" in names
    assert "File as it was recorded" in names


def test_a_certificate_for_a_plan_that_was_never_proposed_fails() -> None:
    events = tuple(event for event in RECORDING.events if event.kind != "plans.proposed")
    proof = prove(RECORDING.model_copy(update={"events": events}).sealed())
    (certificate,) = [step for step in proof.steps if step.group == "certificate"]
    assert certificate.state == "fail"
    assert "was never proposed" in certificate.detail


def test_an_event_left_out_is_told() -> None:
    holed = RECORDING.model_copy(update={"events": (*RECORDING.events[:5], *RECORDING.events[6:])}).sealed()
    step = next(step for step in prove(holed).steps if step.name == "Every event of the ledger is here")
    held = len(RECORDING.events)
    assert (step.state, step.detail) == ("open", f"{held - 1} of the {held} events that the ledger held then")


def test_an_event_that_names_another_before_it_is_found() -> None:
    event = RECORDING.events[5].model_copy(update={"previous_hash": Digest("1" * 64)})
    relinked = _with_event(5, event)
    assert "Every event linked to the one before" in failing(prove(relinked))


def test_where_there_was_no_quorum_there_is_no_certificate_to_verify_or_forge() -> None:
    proof = prove(NO_QUORUM)
    assert proof.holds
    (certificate,) = [step for step in proof.steps if step.group == "certificate"]
    assert certificate.state == "open"
    assert "the most votes for one plan were 3 of 5" in certificate.detail
    assert not prove(NO_QUORUM, "event").holds
    with pytest.raises(NothingToTamper, match="no certificate"):
        prove(NO_QUORUM, "ballot")


def test_a_run_without_an_alert_has_its_file_to_verify() -> None:
    proof = prove(quiet_recording(alarm=False))
    assert [step.group for step in proof.steps] == ["file"]
    assert proof.holds


def _with_event(place: int, event: object) -> Recording:
    events = (*RECORDING.events[:place], event, *RECORDING.events[place + 1 :])
    return RECORDING.model_copy(update={"events": events}).sealed()
