"""What incidents teach in sum is counted and measured: it goes down as readily as up."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident_commander.analysis.track_record import calibration, patterns, reliabilities
from incident_commander.domain.memory import Memory, Proof, RememberedVote

from .memories import LEAK, OVERLOAD, RESTART, remembered, told


def test_a_pattern_is_a_cause_with_the_way_it_was_answered_and_how_often_that_held() -> None:
    mended = Memory(remembered=remembered("inc-1", proof="proven", mttr_seconds=600.0))
    failed = Memory(remembered=remembered("inc-2", proof="refuted"))
    other = Memory(remembered=remembered("inc-3", cause=OVERLOAD))
    first, second = patterns((mended, failed, other))
    assert (first.cause, first.tried, first.count, first.known) == (LEAK, RESTART, 2, 1)
    assert (first.proven, first.refuted, first.open) == (1, 1, 0)
    assert (first.mttr_seconds, first.latest) == (600.0, "inc-2")
    assert (second.cause, second.tried, second.count, second.open) == (OVERLOAD, None, 1, 1)


def test_a_correction_moves_an_incident_to_the_pattern_it_belongs_to() -> None:
    (pattern,) = patterns((told(remembered("inc-1", cause=LEAK), OVERLOAD),))
    assert (pattern.cause, pattern.known) == (OVERLOAD, 1)


@pytest.mark.parametrize(
    ("proof", "was_for", "held"),
    [("proven", True, 1), ("proven", False, 0), ("refuted", True, 0), ("refuted", False, 1)],
)
def test_a_vote_held_where_it_was_for_what_held_or_against_what_did_not(proof: Proof, was_for: bool, held: int) -> None:
    votes = (RememberedVote(voter="diagnosis", was_for=was_for, confidence=0.9),)
    by_voter = {
        each.voter: each for each in reliabilities((Memory(remembered=remembered("i", proof=proof, votes=votes)),))
    }
    mine = by_voter["diagnosis"]
    assert (mine.judged, mine.held) == (1, held)
    assert mine.brier == pytest.approx((0.9 - held) ** 2)
    assert (by_voter["detection"].judged, by_voter["detection"].brier) == (0, None)


def test_what_nothing_tells_of_judges_nobody() -> None:
    votes = (RememberedVote(voter="diagnosis", was_for=True, confidence=0.9),)
    unknown = Memory(remembered=remembered("i", proof="open", votes=votes))
    assert all(each.judged == 0 for each in reliabilities((unknown,)))
    assert calibration((unknown,)) == ()


def test_calibration_over_time_gets_worse_when_what_is_stated_stops_holding() -> None:
    right = [told(remembered(f"a-{n}", stated=0.9), LEAK) for n in range(4)]
    wrong = [told(remembered(f"b-{n}", stated=0.9), OVERLOAD) for n in range(4)]
    early, late = calibration((*right, *wrong), window=4)
    assert early.brier == pytest.approx(0.01)
    assert late.brier == pytest.approx(0.81)
    assert (early.first, early.last, late.first, late.last) == (1, 4, 5, 8)
    assert late.base_brier == 0.0


def test_a_cause_that_was_refuted_counts_as_wrong_and_one_that_was_mended_as_right() -> None:
    (window,) = calibration(
        (
            Memory(remembered=remembered("a", proof="proven", stated=0.7)),
            Memory(remembered=remembered("b", proof="refuted", stated=0.7)),
        )
    )
    assert window.right == 0.5
    assert window.brier == pytest.approx((0.3**2 + 0.7**2) / 2)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.integers(1, 25))
def test_every_judged_incident_is_in_one_window_and_scores_are_shares(
    judged: list[tuple[float, bool]], window: int
) -> None:
    memories = [
        told(remembered(f"i-{n}", stated=stated), LEAK if right else OVERLOAD)
        for n, (stated, right) in enumerate(judged)
    ]
    points = calibration(memories, window)
    assert sum(each.last - each.first + 1 for each in points) == len(judged)
    assert all(0 <= each.brier <= 1 and 0 <= each.base_brier <= 0.25 for each in points)
