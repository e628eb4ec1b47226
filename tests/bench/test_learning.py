"""The bench of memory judges later incidents only, in pairs, and says how sure a difference is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.bench.learning import ARMS, Arm, Met, learning_table, meet_incidents, paired_difference, score


def met(arm: Arm, seed: int, right: bool) -> Met:
    return Met(
        arm=arm, scenario="memory_leak", seed=seed, recalled=arm != "without", verdict="likely", right_service=right,
        right_kind=right, right_plan=right, acted_wrongly=not right, confirmed_wrongly=False, stated=0.8,
        lead_right=right, rounds=1, decided_seconds=45.0, diagnosis_seconds=0.1,
    )  # fmt: skip


def test_incidents_that_were_only_learned_from_are_not_judged() -> None:
    runs = [met(arm, seed, seed >= 3) for seed in range(1, 5) for arm in ARMS]
    scores = score(runs, 4, 1, ())
    assert scores.judged_from_seed == 3
    assert [each.incidents for each in scores.arms] == [2, 2, 2]
    assert all(each.right_service == 1.0 for each in scores.arms)


def test_better_and_worse_are_counted_by_pairs_of_the_same_incident() -> None:
    right: dict[Arm, tuple[bool, ...]] = {
        "without": (True, False, False, True),
        "outcomes": (True, True, False, False),
        "told": (True, True, True, True),
    }
    runs = [met(arm, 4 + place, each) for arm in ARMS for place, each in enumerate(right[arm])]
    scores = score(runs, 8, 0, ("logs",))
    by_arm = {each.arm: each for each in scores.arms}
    assert (by_arm["outcomes"].better, by_arm["outcomes"].worse, by_arm["outcomes"].difference) == (1, 1, 0.0)
    assert (by_arm["told"].better, by_arm["told"].worse, by_arm["told"].difference) == (2, 0, 0.5)
    assert by_arm["without"].brier == pytest.approx((0.04 + 0.64) / 2)
    assert "Kept back: logs." in learning_table(scores)


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 200))
def test_the_interval_lies_about_the_difference_and_is_never_a_point(better: int, worse: int, same: int) -> None:
    pairs = better + worse + same
    if pairs == 0:
        return
    difference, (low, high) = paired_difference(better, worse, pairs)
    assert low < high
    assert (low + high) / 2 == pytest.approx(difference * pairs / (pairs + 2))
    assert paired_difference(worse, better, pairs)[0] == pytest.approx(-difference)


def test_the_same_incident_twice_is_recalled_by_those_that_remember_alone() -> None:
    once, again = [list(meet_incidents((5,), names=("memory_leak",))) for _ in range(2)]
    assert [each.model_dump(exclude={"diagnosis_seconds"}) for each in once] == [
        each.model_dump(exclude={"diagnosis_seconds"}) for each in again
    ]
    runs = list(meet_incidents((5, 5), names=("memory_leak",)))
    assert [each.arm for each in runs] == [*ARMS, *ARMS]
    assert [each.recalled for each in runs] == [False, False, False, False, True, True]
