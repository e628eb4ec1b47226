"""Which ballots count, and when they make a certificate."""

from collections.abc import Collection, Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.consensus.poll import Submission
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, RejectionReason, SignedBallot, Tally, Voter
from incident_commander.domain.base import Digest, IncidentId

from .ballot_box import KEYS, NOW, PLANS, RIGHT, WRONG, ballot, keyring, plan, poll, sent, signed, votes

RULE = rule()


def counted(
    ballots: Iterable[SignedBallot | Submission], seconds: float = 0, quarantined: Collection[Voter] = ()
) -> Tally:
    """Ballots come by the channel of the voter that they name, unless they are given as submissions."""
    received = [each if isinstance(each, Submission) else sent([each])[0] for each in ballots]
    return tally(poll(), received, RULE, KEYS.public_keys, NOW + timedelta(seconds=seconds), quarantined)


def reasons(outcome: Tally) -> list[tuple[Voter, Voter, RejectionReason]]:
    """Who sent which rejected ballot in whose name, and why it was rejected."""
    return [(each.sender, each.voter, each.reason) for each in outcome.rejected]


def test_four_of_five_for_one_plan_make_a_certificate_that_holds_the_dissent_too() -> None:
    outcome = counted(votes({v: WRONG.digest if v == "prediction" else RIGHT.digest for v in VOTERS}))
    assert outcome.certificate is not None
    assert outcome.certificate.plan_digest == RIGHT.digest
    assert len(outcome.certificate.ballots) == 5
    assert outcome.votes[RIGHT.digest] == ("detection", "diagnosis", "resolution", "communication")
    assert outcome.votes[WRONG.digest] == ("prediction",)
    assert outcome.reason == "4 of 5 voters chose the same plan; 4 are required"


def test_three_of_five_are_no_quorum_and_the_reason_says_so() -> None:
    outcome = counted(votes(dict.fromkeys(VOTERS[:3], RIGHT.digest)) + votes(dict.fromkeys(VOTERS[3:])))
    assert outcome.certificate is None
    assert outcome.abstained == ("resolution", "communication")
    assert outcome.reason == "the most votes for one plan were 3 of 5; 4 are required"


def test_a_silent_voter_is_missing_and_four_are_enough_without_it() -> None:
    outcome = counted(votes(dict.fromkeys(VOTERS[1:], RIGHT.digest)))
    assert outcome.certificate is not None
    assert outcome.missing == ("detection",)


def test_the_same_ballot_twice_counts_once() -> None:
    four = votes(dict.fromkeys(VOTERS[:3], RIGHT.digest))
    outcome = counted([*four, four[0]])
    assert outcome.certificate is None
    assert [(r.voter, r.reason) for r in outcome.rejected] == [("detection", "duplicate")]


def test_two_different_ballots_of_one_voter_are_equivocation_and_neither_counts() -> None:
    honest = votes(dict.fromkeys(VOTERS[:4], RIGHT.digest))
    outcome = counted([*honest, signed(ballot("detection", WRONG.digest))])
    assert outcome.certificate is None
    assert [(r.voter, r.reason) for r in outcome.rejected] == [("detection", "equivocation")] * 2
    assert {RIGHT.digest in r.detail for r in outcome.rejected} == {True, False}
    assert "detection" in outcome.missing


def test_two_ballots_that_differ_in_nothing_but_confidence_are_equivocation_too() -> None:
    outcome = counted([signed(ballot("detection", RIGHT.digest, confidence=c)) for c in (0.8, 0.9)])
    assert {r.reason for r in outcome.rejected} == {"equivocation"}


@pytest.mark.parametrize(
    ("stray", "reason"),
    [
        (ballot("detection", RIGHT.digest, incident=IncidentId("inc-2")), "replayed"),
        (ballot("detection", RIGHT.digest, round_number=2), "replayed"),
        (ballot("detection", RIGHT.digest, lives=timedelta(seconds=0)), "expired"),
        (ballot("detection", RIGHT.digest, lives=timedelta(days=365)), "expired"),
        (ballot("detection", RIGHT.digest, lives=timedelta(microseconds=1)), "expired"),
        (ballot("detection", RIGHT.digest, plans=(*PLANS, plan("elsewhere"))), "unknown_plan"),
        (ballot("detection", RIGHT.digest, plans=(RIGHT,)), "unknown_plan"),
        (ballot("detection", plan("elsewhere").digest), "unknown_plan"),
        (ballot("detection", RIGHT.digest, without_models=plan("elsewhere").digest), "unknown_plan"),
    ],
)
def test_a_stray_ballot_is_rejected_by_name(stray: object, reason: str) -> None:
    assert isinstance(stray, type(ballot("detection", None)))
    outcome = counted([signed(stray)])
    assert [(r.voter, r.reason) for r in outcome.rejected] == [("detection", reason)]
    assert outcome.votes == {}


def test_a_ballot_counts_until_the_moment_it_expires() -> None:
    cast = votes(dict.fromkeys(VOTERS, RIGHT.digest))
    assert counted(cast, seconds=599).certificate is not None
    assert counted(cast, seconds=600).certificate is None


def test_a_ballot_signed_with_a_strange_key_is_not_counted() -> None:
    outcome = counted([signed(ballot("detection", RIGHT.digest), keyring(seed=2))])
    assert [r.reason for r in outcome.rejected] == ["unknown_key"]


def test_a_ballot_in_the_name_of_another_voter_does_not_verify() -> None:
    own = signed(ballot("detection", RIGHT.digest))
    stolen = own.model_copy(update={"ballot": ballot("diagnosis", RIGHT.digest)})
    claimed = stolen.model_copy(update={"public_key": KEYS.public_keys["diagnosis"]})
    assert [r.reason for r in counted([stolen, claimed]).rejected] == ["bad_signature", "unknown_key"]


def test_a_ballot_in_anothers_name_is_forged_by_its_sender_however_it_is_signed() -> None:
    true = signed(ballot("diagnosis", RIGHT.digest))
    invented = true.model_copy(update={"public_key": KEYS.public_keys["detection"]})
    outcome = counted([Submission("detection", each, NOW) for each in (true, invented)] + sent([true]))
    assert reasons(outcome) == [("detection", "diagnosis", "forged")] * 2
    assert outcome.votes == {RIGHT.digest: ("diagnosis",)}


def test_a_ballot_counts_until_the_deadline_and_is_late_after_it() -> None:
    until = poll().deadline
    four = votes(dict.fromkeys(VOTERS[1:], RIGHT.digest))
    last = signed(ballot("detection", WRONG.digest))
    in_time = counted([*four, Submission("detection", last, until)])
    late = counted([*four, Submission("detection", last, until + timedelta(microseconds=1))])
    assert in_time.votes[WRONG.digest] == ("detection",)
    assert reasons(late) == [("detection", "detection", "late")]
    assert late.missing == ("detection",)


def test_a_ballot_that_comes_in_time_and_again_late_counts_once() -> None:
    once = signed(ballot("detection", RIGHT.digest))
    outcome = counted([Submission("detection", once, NOW + timedelta(hours=1)), Submission("detection", once, NOW)])
    assert outcome.votes == {RIGHT.digest: ("detection",)}
    assert reasons(outcome) == [("detection", "detection", "duplicate")]


def test_a_second_ballot_is_equivocation_also_where_it_comes_late() -> None:
    later = Submission("detection", signed(ballot("detection", WRONG.digest)), NOW + timedelta(hours=1))
    outcome = counted([signed(ballot("detection", RIGHT.digest)), later])
    assert reasons(outcome) == [("detection", "detection", "equivocation")] * 2


def test_a_quarantined_voter_does_not_count_but_stays_one_of_five() -> None:
    cast = votes(dict.fromkeys(VOTERS, RIGHT.digest))
    with_four = counted(cast, quarantined={"detection"})
    assert with_four.certificate is not None
    assert reasons(with_four) == [("detection", "detection", "quarantined")]
    with_three = counted(cast, quarantined={"detection", "diagnosis"})
    assert with_three.certificate is None
    assert with_three.reason == "the most votes for one plan were 3 of 5; 4 are required"


def test_who_forges_in_the_name_of_a_quarantined_voter_is_not_covered_by_it() -> None:
    forged = Submission("diagnosis", signed(ballot("detection", RIGHT.digest)), NOW)
    assert reasons(counted([forged], quarantined={"detection"})) == [("diagnosis", "detection", "forged")]


def test_voters_that_share_a_model_count_by_their_votes_without_it() -> None:
    moved: list[Voter] = ["detection", "diagnosis"]
    ballots = [
        signed(ballot(v, RIGHT.digest, models=("some-model",), without_models=WRONG.digest)) for v in moved
    ] + votes(dict.fromkeys(VOTERS[2:], RIGHT.digest))
    outcome = counted(ballots)
    assert outcome.certificate is None
    assert outcome.votes == {
        RIGHT.digest: ("prediction", "resolution", "communication"),
        WRONG.digest: ("detection", "diagnosis"),
    }


def test_a_model_that_one_voter_used_alone_moves_its_vote() -> None:
    ballots = [
        signed(ballot("detection", RIGHT.digest, models=("some-model",), without_models=WRONG.digest)),
        *votes(dict.fromkeys(VOTERS[2:], RIGHT.digest)),
    ]
    assert counted(ballots).certificate is not None


CHOICES = st.sampled_from([RIGHT.digest, WRONG.digest, None])


@st.composite
def boxes(draw: st.DrawFn) -> tuple[list[Submission], Voter]:
    """Honest ballots of four voters, and whatever one arbitrary voter sends: any number of different ballots."""
    faulty = draw(st.sampled_from(VOTERS))
    honest = sent(signed(ballot(v, draw(CHOICES))) for v in VOTERS if v != faulty and draw(st.booleans()))
    made: list[Submission] = []
    for _ in range(draw(st.integers(0, 4))):
        choice: Digest | None = draw(CHOICES)
        own = signed(ballot(faulty, choice, confidence=draw(st.sampled_from([0.1, 0.9]))))
        invented = own.model_copy(update={"ballot": ballot(draw(st.sampled_from(VOTERS)), choice)})
        others = [each.ballot for each in honest]
        what = draw(st.sampled_from([own, invented, *others]))
        made.append(Submission(faulty, what, NOW + timedelta(seconds=draw(st.sampled_from([0, 30, 31])))))
    return draw(st.permutations([*honest, *made])), faulty


@settings(max_examples=150, deadline=None)
@given(boxes())
def test_with_one_arbitrary_voter_no_two_subsets_certify_different_plans(
    box: tuple[list[Submission], Voter],
) -> None:
    ballots, faulty = box
    seen = set()
    for size in range(len(ballots) + 1):
        for part in (ballots[:size], ballots[size:]):
            certificate = counted(part).certificate
            if certificate is not None:
                seen.add(certificate.plan_digest)
                honest = {b.ballot.voter for b in certificate.ballots if b.ballot.judgement.choice in seen} - {faulty}
                assert len(honest) >= RULE.required - RULE.f
    assert len(seen) <= 1


@settings(max_examples=150, deadline=None)
@given(boxes())
def test_a_certificate_has_at_least_four_distinct_voters_for_its_plan(box: tuple[list[Submission], Voter]) -> None:
    outcome = counted(box[0])
    if outcome.certificate is not None:
        assert len(set(outcome.votes[outcome.certificate.plan_digest])) >= 4
    assert sum(len(voters) for voters in outcome.votes.values()) <= 5


@settings(max_examples=100, deadline=None)
@given(boxes())
def test_the_order_of_the_ballots_does_not_matter(box: tuple[list[Submission], Voter]) -> None:
    ballots = box[0]
    assert counted(ballots) == counted(list(reversed(ballots)))
    shuffled = sorted(ballots, key=lambda submission: submission.ballot.signature)
    assert counted(ballots) == counted(shuffled)


@settings(max_examples=150, deadline=None)
@given(boxes())
def test_only_who_is_faulty_answers_for_what_is_rejected(box: tuple[list[Submission], Voter]) -> None:
    submissions, faulty = box
    assert {each.sender for each in counted(submissions).rejected} <= {faulty}
