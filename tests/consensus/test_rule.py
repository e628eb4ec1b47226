"""The quorum rule's arithmetic and its data."""

from pathlib import Path

import pytest

from incident_commander.consensus.rule import QuorumError, required_ballots, rule


@pytest.mark.parametrize(("n", "f", "required"), [(4, 1, 3), (5, 1, 4), (6, 1, 4), (7, 2, 5), (10, 3, 7)])
def test_two_quorums_share_an_honest_voter(n: int, f: int, required: int) -> None:
    assert required_ballots(n, f) == required
    assert 2 * required - n > f


def test_the_installed_rule_is_four_of_five() -> None:
    installed = rule()
    assert (installed.n, installed.f, installed.required) == (5, 1, 4)
    assert set(installed.weights.values()) == {0.2}


WEIGHTS = "detection = 0.2\ndiagnosis = 0.2\nprediction = 0.2\nresolution = 0.2\ncommunication = 0.2\n"
GOOD = f"n = 5\nf = 1\n[weights]\n{WEIGHTS}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("f = 1", "f = 2"), "bear at most 1 arbitrary"),
        (GOOD.replace("n = 5", "n = 6"), "5 weights are given"),
        (
            GOOD.replace("detection = 0.2", "detection = 0.35").replace("diagnosis = 0.2", "diagnosis = 0.05"),
            "below 1/3",
        ),
        (GOOD.replace("detection = 0.2", "detection = 0.1"), "add up to 0.9"),
        (GOOD.replace("detection = 0.2\n", ""), "4 weights are given"),
        (GOOD.replace("detection =", "detectoin ="), "detectoin"),
        (GOOD + "quorum = 3\n", "quorum"),
        ("n = ", "mend the file"),
    ],
)
def test_data_that_does_not_fit_together_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "quorum.toml"
    path.write_text(text)
    with pytest.raises(QuorumError, match=says):
        rule(path)
