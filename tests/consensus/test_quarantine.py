"""Who is quarantined, for what, and until when."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.consensus.poll import Submission
from incident_commander.consensus.quarantine import (
    QUARANTINE_FILE,
    QuarantineError,
    load_rules,
    quarantines,
    standing,
    uncounted,
)
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, Quarantined, Released, SignedBallot
from incident_commander.domain.base import IncidentId

from .ballot_box import INCIDENT, KEYS, NOW, RIGHT, WRONG, ballot, keyring, plan, poll, signed

OTHER = IncidentId("inc-2")
LATE = NOW + timedelta(hours=1)


def put(submissions: Iterable[Submission]) -> list[tuple[str, str, str]]:
    """Whom a round of these submissions quarantines, for what, and until when."""
    outcome = tally(poll(), submissions, rule(), KEYS.public_keys, NOW)
    return [(each.voter, each.reason, each.until) for each in quarantines(outcome, load_rules(), NOW)]


OWN = signed(ballot("detection", RIGHT.digest))


@pytest.mark.parametrize(
    ("sent_by_detection", "until"),
    [
        ([signed(ballot("diagnosis", RIGHT.digest))], [("detection", "forged", "release")]),
        ([OWN, signed(ballot("detection", WRONG.digest))], [("detection", "equivocation", "release")]),
        ([signed(ballot("detection", RIGHT.digest, incident=OTHER))], [("detection", "replayed", "release")]),
        ([signed(ballot("detection", RIGHT.digest, round_number=2))], [("detection", "replayed", "release")]),
        ([OWN.model_copy(update={"signature": ""})], [("detection", "bad_signature", "release")]),
        ([signed(OWN.ballot, keyring(seed=2))], [("detection", "unknown_key", "incident")]),
        ([OWN, OWN], []),
        ([signed(ballot("detection", plan("elsewhere").digest))], []),
        ([], []),
    ],
)
def test_the_sender_is_quarantined_for_what_it_sent(
    sent_by_detection: list[SignedBallot], until: list[tuple[str, str, str]]
) -> None:
    assert put(Submission("detection", each, NOW) for each in sent_by_detection) == until


def test_who_is_late_is_out_for_the_rest_of_that_incident_alone() -> None:
    outcome = tally(poll(), [Submission("detection", OWN, LATE)], rule(), KEYS.public_keys, NOW)
    held = standing(quarantines(outcome, load_rules(), NOW))
    assert uncounted(held, INCIDENT) == {"detection"}
    assert uncounted(held, OTHER) == frozenset()


def test_who_forges_is_out_everywhere_until_a_person_releases_it() -> None:
    outcome = tally(
        poll(), [Submission("detection", signed(ballot("diagnosis", None)), NOW)], rule(), KEYS.public_keys, NOW
    )
    history: list[Quarantined | Released] = [*quarantines(outcome, load_rules(), NOW)]
    assert uncounted(standing(history), INCIDENT) == uncounted(standing(history), OTHER) == {"detection"}
    history.append(Released(voter="diagnosis", by="ada", reason="another one"))
    assert uncounted(standing(history), OTHER) == {"detection"}
    history.append(Released(voter="detection", by="ada", reason="its host was replaced"))
    assert standing(history) == ()


def test_the_gravest_of_several_offences_counts() -> None:
    late = Submission("detection", signed(ballot("detection", RIGHT.digest)), LATE)
    forged = Submission("detection", signed(ballot("diagnosis", RIGHT.digest)), LATE)
    assert put([late, forged]) == put([forged, late]) == [("detection", "forged", "release")]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.builds(
            Submission,
            st.sampled_from(VOTERS[:2]),
            st.builds(
                lambda voter, choice, number: signed(ballot(voter, choice, round_number=number)),
                st.sampled_from(VOTERS),
                st.sampled_from([RIGHT.digest, WRONG.digest, None]),
                st.integers(1, 2),
            ),
            st.sampled_from([NOW, LATE]),
        ),
        max_size=8,
    )
)
def test_nobody_is_quarantined_for_what_another_sent(submissions: list[Submission]) -> None:
    honest = [Submission(voter, signed(ballot(voter, RIGHT.digest)), NOW) for voter in VOTERS[2:]]
    assert {voter for voter, _, _ in put([*honest, *submissions])} <= set(VOTERS[:2])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[until]\nforgery = "release"\n', "until.forgery"),
        ('[until]\nforged = "for ever"\n', "until.forged"),
        ("[until]\nforged = ", "mend the file"),
        ("", "until: Field required"),
    ],
)
def test_rules_that_name_what_there_is_not_are_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "quarantine.toml"
    path.write_text(text)
    with pytest.raises(QuarantineError, match=says):
        load_rules(path)


def test_every_provable_offence_is_named_by_the_installed_rules() -> None:
    until = load_rules(QUARANTINE_FILE).until
    assert {reason for reason, term in until.items() if term == "release"} == {
        "forged", "replayed", "equivocation", "bad_signature",
    }  # fmt: skip
