"""The diagnosis on incidents written by hand. It was developed on them too: docs/benchmarks.md has the first tries."""

from functools import lru_cache

import pytest

from incident_commander.agents.diagnosis import diagnose

from .incidents import NAMES, incident


@lru_cache(maxsize=1)
def outcomes() -> dict[str, tuple[str, bool, bool, bool, bool]]:
    """By name: the change that was named, then whether it, the first service and the remediation are right, and a decoy
    was not hit."""
    found = {}
    for name in NAMES:
        given = incident(name)
        findings = diagnose(given.observations, given.alerting)
        leads = findings.diagnosis.hypotheses
        commits = {change.reference for change in given.observations.changes if change.kind == "commit"}
        named = leads[0].change if leads and leads[0].change in commits else None
        commit = named or "none"
        found[name] = (
            commit,
            commit == given.commit,
            findings.diagnosis.first_failing == given.first,
            findings.remediation == given.remediation,
            commit not in given.decoys,
        )
    return found


@pytest.mark.parametrize("name", NAMES)
def test_no_decoy_is_named(name: str) -> None:
    commit, *_, clear = outcomes()[name]
    assert clear, f"{commit} did nothing"


@pytest.mark.parametrize(("what", "place"), [("commit", 1), ("first failing service", 2), ("remediation", 3)])
def test_nine_of_ten_answers_are_right(what: str, place: int) -> None:
    wrong = [name for name, outcome in outcomes().items() if not outcome[place]]
    assert len(wrong) <= len(NAMES) / 10, f"{what} wrong in {', '.join(wrong)}"


def test_an_incident_without_a_guilty_commit_blames_none() -> None:
    quiet = [name for name in NAMES if incident(name).commit == "none"]
    assert len(quiet) >= 8
    assert [outcomes()[name][0] for name in quiet] == ["none"] * len(quiet)
