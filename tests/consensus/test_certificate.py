"""A certificate proves its plan offline, and nothing else."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.consensus.ballots import ForeignBallot, signature_is_valid
from incident_commander.consensus.certificate import InvalidCertificate, supporters, verify_certificate
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, Certificate, QuorumRule, SignedBallot
from incident_commander.domain.base import IncidentId

from .ballot_box import INCIDENT, KEYS, NOW, RIGHT, WRONG, ballot, keyring, plan, poll, sent, signed, votes


def certified() -> Certificate:
    ballots = votes({v: WRONG.digest if v == "prediction" else RIGHT.digest for v in VOTERS})
    certificate = tally(poll(), sent(ballots), rule(), KEYS.public_keys, NOW).certificate
    assert certificate is not None
    return certificate


def test_a_certificate_names_who_chose_its_plan() -> None:
    certificate = certified()
    chose = ("detection", "diagnosis", "resolution", "communication")
    assert verify_certificate(certificate, RIGHT.digest, INCIDENT, KEYS.public_keys) == chose
    assert supporters(certificate) == chose


def test_it_verifies_after_a_way_through_json() -> None:
    again = Certificate.model_validate_json(certified().model_dump_json())
    verify_certificate(again, RIGHT.digest, INCIDENT, KEYS.public_keys)


@dataclass(frozen=True)
class Tampering:
    """What was changed in a certificate, and what verification says of it."""

    change: dict[str, object]
    says: str


def weakened() -> QuorumRule:
    return rule().model_copy(update={"required": 1})


@pytest.mark.parametrize(
    "tampering",
    [
        Tampering({"plan_digest": WRONG.digest}, "it is for plan"),
        Tampering({"incident_id": IncidentId("inc-2")}, "it is for incident"),
        Tampering({"round": 2}, "replayed: it was cast for incident 'inc-1', round 1"),
        Tampering({"rule": weakened()}, "another quorum rule"),
        Tampering({"ballots": certified().ballots[:3]}, "no quorum"),
        Tampering({"ballots": (certified().ballots[0],) * 5}, "duplicate"),
        Tampering({"issued_at": certified().ballots[0].ballot.expires_at}, "expired"),
    ],
    ids=lambda tampering: tampering.says,
)
def test_a_tampered_certificate_is_refused(tampering: Tampering) -> None:
    changed = certified().model_copy(update=tampering.change)
    with pytest.raises(InvalidCertificate, match=tampering.says):
        verify_certificate(changed, RIGHT.digest, INCIDENT, KEYS.public_keys)


def test_ballots_that_judged_other_candidates_are_no_quorum_together() -> None:
    """A voter that was shown other plans may have chosen the best of bad ones."""
    one, *others = certified().ballots
    shown = signed(ballot(one.ballot.voter, RIGHT.digest, plans=(RIGHT, plan("elsewhere"))))
    mixed = certified().model_copy(update={"ballots": (*others, shown)})
    with pytest.raises(InvalidCertificate, match="the 2 plans it judged are not the 2 candidates"):
        verify_certificate(mixed, RIGHT.digest, INCIDENT, KEYS.public_keys)


def test_a_certificate_of_other_keys_is_refused() -> None:
    with pytest.raises(InvalidCertificate, match="unknown_key"):
        verify_certificate(certified(), RIGHT.digest, INCIDENT, keyring(seed=2).public_keys)


def test_a_plan_that_was_changed_after_the_vote_is_refused() -> None:
    changed = RIGHT.model_copy(update={"rationale": "restart orders, and more"})
    with pytest.raises(InvalidCertificate, match="it is for plan"):
        verify_certificate(certified(), changed.digest, INCIDENT, KEYS.public_keys)


def test_a_signer_signs_its_own_voters_ballots_only_and_offers_nothing_else() -> None:
    signer = KEYS.signer("detection")
    assert [name for name in dir(signer) if not name.startswith("_")] == ["sign"]
    with pytest.raises(ForeignBallot, match="signs no ballot of 'diagnosis'"):
        signer.sign(ballot("diagnosis", RIGHT.digest))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_character_changed_in_a_signed_ballot_invalidates_it(data: st.DataObject) -> None:
    """Whatever still parses as a ballot after the change either says the very same or does not verify."""
    whole = signed(ballot("detection", RIGHT.digest))
    text = whole.model_dump_json()
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    changed = text[:place] + letter + text[place + 1 :]
    try:
        other = SignedBallot.model_validate_json(changed)
    except ValueError:
        return
    assert other == whole or not signature_is_valid(other)
