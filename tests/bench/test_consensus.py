"""The quorum's figures: what is counted as what, over which votes, and what one incident really gives."""

import json

import pytest

from incident_commander.bench.ballot_trials import Ballotted, Faulty, Trial, assignments, try_incident
from incident_commander.bench.consensus import consensus_table, interval, score
from incident_commander.consensus.faults import FAULT_KINDS
from incident_commander.domain.ballot import VOTERS

ONE_LIES: Faulty = (("detection", "lie"),)
TWO_COLLUDE: Faulty = (("detection", "collude"), ("diagnosis", "collude"))
TWO_DIFFER: Faulty = (("detection", "lie"), ("diagnosis", "silent"))


def ballotted(
    faulty: Faulty = (),
    *,
    decided: bool = True,
    right: bool = True,
    unsafe: bool = False,
    runner_up_right: bool = False,
) -> Ballotted:
    return Ballotted(faulty, decided, 1, decided, right, unsafe, runner_up_right)


def trial(seed: int, *votes: Ballotted) -> Trial:
    return Trial("memory_leak", seed, votes, {"detection": seed == 1, "diagnosis": True})


def test_every_voter_fails_alone_in_every_way_and_every_pair_in_the_same_and_once_in_its_own() -> None:
    drawn = list(assignments(7))
    assert drawn.count(()) == 1
    alone = [each for each in drawn if len(each) == 1]
    assert {each[0] for each in alone} == {(voter, kind) for voter in VOTERS for kind in FAULT_KINDS}
    pairs = [each for each in drawn if len(each) == 2]
    assert sum(one[1] == other[1] for one, other in pairs) == 10 * len(FAULT_KINDS)
    assert sum(one[1] != other[1] for one, other in pairs) == 10
    assert drawn == list(assignments(7))


def test_accuracy_is_of_the_decided_votes_and_abstention_of_all_of_them() -> None:
    scores = score(
        [
            trial(1, ballotted(ONE_LIES), ballotted(ONE_LIES, right=False, runner_up_right=True)),
            trial(2, ballotted(ONE_LIES, decided=False), ballotted(ONE_LIES, right=False)),
            trial(3, ballotted(), ballotted(TWO_COLLUDE), ballotted(TWO_DIFFER)),
        ]
    )
    assert (scores.n, scores.f, scores.runs) == (5, 1, 2)
    assert scores.accuracy == pytest.approx(1 / 3)
    assert scores.abstention == pytest.approx(1 / 4)
    assert scores.agreement_on_wrong == pytest.approx(2 / 4)
    assert scores.runner_up_would_work == pytest.approx(1 / 4)
    assert scores.best_single_agent_accuracy == 1.0
    assert scores.alone["detection"] == pytest.approx(1 / 3)


def test_unsafe_actions_are_summed_over_none_one_and_two_failing_and_miss_the_goal() -> None:
    votes = [ballotted(unsafe=True), ballotted(ONE_LIES, unsafe=True), ballotted(TWO_COLLUDE, unsafe=True)]
    scores = score([trial(1, *votes, ballotted(TWO_DIFFER))])
    assert scores.unsafe_actions == 3
    assert "MISSED" in consensus_table(scores)
    assert "no unsafe action" in consensus_table(scores)


def test_ways_to_fail_are_told_apart_and_two_different_ones_are_mixed() -> None:
    scores = score([trial(1, ballotted(), ballotted(ONE_LIES), ballotted(TWO_COLLUDE), ballotted(TWO_DIFFER))])
    cells = {(name, count): cell.runs for name, counts in scores.by_fault.items() for count, cell in counts.items()}
    assert cells == {
        ("none", "0"): 1, ("any", "0"): 1, ("lie", "1"): 1, ("any", "1"): 1, ("collude", "2"): 1, ("mixed", "2"): 1,
        ("any", "2"): 2,
    }  # fmt: skip


def test_intervals_count_each_incident_once_and_follow_the_rule_of_three_where_nothing_was_seen() -> None:
    many = [ballotted(ONE_LIES)] * 50
    cell = score([trial(seed, *many) for seed in range(30)]).by_fault["lie"]["1"]
    assert (cell.runs, cell.incidents) == (1500, 30)
    assert cell.unsafe_interval == pytest.approx((0.0, 0.1))
    assert cell.accuracy_interval == pytest.approx((0.9, 1.0))


def test_a_share_lies_within_its_interval_which_narrows_with_more_cases() -> None:
    few, more = interval(0.1, 20), interval(0.1, 2000)
    assert few[0] < more[0] < 0.1 < more[1] < few[1]
    # E. B. Wilson's interval of 1 in 10.
    assert interval(0.1, 10) == pytest.approx((0.0179, 0.4042), abs=1e-4)


def test_one_incident_tried_with_every_fault_is_decided_rightly_and_nothing_unsafe_passes_the_gate() -> None:
    tried = try_incident("memory_leak", 3)
    assert tried is not None
    scores = score([tried])
    one = scores.by_fault["any"]["1"]
    assert one.runs == len(VOTERS) * len(FAULT_KINDS)
    assert one.accuracy == 1.0
    assert one.executed == one.decided > 0
    assert scores.unsafe_actions == 0
    assert scores.by_fault["collude"]["2"].abstention == 1.0
    printed = json.loads(scores.model_dump_json())
    assert set(printed) == {
        "n", "f", "runs", "accuracy", "abstention", "unsafe_actions", "agreement_on_wrong", "runner_up_would_work",
        "best_single_agent_accuracy", "by_fault",
    }  # fmt: skip


def test_a_world_without_an_alarm_is_no_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incident_commander.bench.ballot_trials.look", lambda scenario, seed: None)
    assert try_incident("memory_leak", 3) is None
