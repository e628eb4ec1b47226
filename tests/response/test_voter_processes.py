"""Voters in processes of their own: honest ones decide as ever, and a compromised one gets nothing but its own vote."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents.resolution import propose
from incident_commander.consensus.keys import FileKeys, Keyring
from incident_commander.consensus.known_keys import UnusableKey, known_keys
from incident_commander.consensus.poll import Poll
from incident_commander.consensus.quarantine import load_rules, quarantines
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, Tally, Voter
from incident_commander.domain.fault import VoterFault
from incident_commander.response.voter_processes import Command, VoterProcesses, voter_command
from incident_commander.response.voting import Cast, Question, VotersHere
from incident_commander.response.workers import Workers

from ..agents.shop import OVERLOADED, SEARCH, causes
from ..running import REPOSITORY
from ..store.databases import sqlite_home
from .compromised_voter import GARBAGE, PROOF
from .serving import begun, commander, ended

BAD: Voter = "detection"
PATIENT, BRIEF = timedelta(seconds=90), timedelta(seconds=1)
ABSENT = ("false",)


@cache
def question(lasts: timedelta = PATIENT, faults: tuple[tuple[Voter, VoterFault], ...] = ()) -> Question:
    """A case whose cause is clear, in a round that is open for so long."""
    case = OVERLOADED.case()
    plans = propose(case, causes((SEARCH, "overload", 0.9)), load_catalogue()).plans
    poll = Poll(
        incident_id=case.incident.id,
        round=1,
        candidates=frozenset(plan.digest for plan in plans),
        opened_at=case.now,
        deadline=case.now + lasts,
        expires_at=case.now + timedelta(minutes=10),
    )
    return Question(case, plans, poll, faults=dict(faults))


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the keys of five voters; voters are started from the checkout under test."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("IC_DATABASE_URL", "postgresql://user:password@host/database")
    Keyring.load(FileKeys(tmp_path / "keys"), tmp_path / "keys")
    return tmp_path / "keys"


def compromised(keys: Path, *how: str, others: Sequence[str] | None = None) -> Command:
    """The first voters are compromised, each in its way; the others are as they should be, or run something else."""
    honest = voter_command("files", keys)
    ways = dict(zip(VOTERS, how, strict=False))

    def command(voter: Voter) -> Sequence[str]:
        if voter in ways:
            start = (sys.executable, "-m", "tests.response.compromised_voter", ways[voter])
            return (*start, voter, "files", str(keys))
        return others or honest(voter)

    return command


def counted(asked: Question, cast: Cast, known: Mapping[Voter, str]) -> Tally:
    return tally(asked.poll, cast.submissions, rule(), known, asked.poll.opened_at)


async def test_voters_in_processes_of_their_own_decide_as_voters_in_one(keys: Path) -> None:
    apart = VoterProcesses(voter_command("files", keys), keys)
    analysts = Workers(1)
    here = VotersHere(analysts, lambda: Keyring.load(FileKeys(keys), keys))
    try:
        one, other = await asyncio.gather(apart.cast(question()), here.cast(question()))
    finally:
        analysts.close()
    assert [vote.judgement for vote in one.votes] == [vote.judgement for vote in other.votes]
    assert [vote.cited for vote in one.votes] == [vote.cited for vote in other.votes]
    assert [each.ballot for each in one.submissions] == [each.ballot for each in other.submissions]
    assert apart.public_keys() == here.public_keys()
    outcome = counted(question(), one, apart.public_keys())
    assert outcome.certificate is not None
    assert outcome.rejected == ()


async def test_nothing_is_left_of_a_voter_after_its_round(keys: Path) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    await VoterProcesses(compromised(keys, "stalls", others=ABSENT), keys, grace_seconds=0.1).cast(question(BRIEF))
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    assert after <= before


@pytest.mark.parametrize(
    ("fault", "rejected"),
    [
        ("forge", {"forged"}),
        ("equivocate", {"equivocation"}),
        ("replay", {"replayed"}),
        ("lie", set()),
        ("silent", set()),
    ],
)
async def test_a_compromised_voter_does_not_keep_four_honest_ones_from_deciding(
    keys: Path, fault: VoterFault, rejected: set[str]
) -> None:
    voters = VoterProcesses(compromised(keys, fault), keys)
    outcome = counted(question(), await voters.cast(question()), voters.public_keys())
    assert outcome.certificate is not None
    assert set(outcome.votes[outcome.certificate.plan_digest]) == set(VOTERS) - {BAD}
    assert {each.reason for each in outcome.rejected} == rejected
    put = quarantines(outcome, load_rules(), question().poll.opened_at)
    assert {each.voter for each in put} == ({BAD} if rejected else set())


async def test_two_compromised_voters_keep_the_others_from_deciding_and_decide_nothing_themselves(keys: Path) -> None:
    voters = VoterProcesses(compromised(keys, "forge", "equivocate"), keys)
    outcome = counted(question(), await voters.cast(question()), voters.public_keys())
    assert outcome.certificate is None
    assert outcome.reason == "the most votes for one plan were 3 of 5; 4 are required"
    put = quarantines(outcome, load_rules(), question().poll.opened_at)
    assert {each.voter for each in put} == {"detection", "diagnosis"}


SAYS = {
    "says nothing and dies": "ended with 0 before it had answered",
    "dies of a signal": "ended with -9 before it had answered",
    "stalls": "did not answer within",
    "stalls in the middle of its answer": "did not answer within",
    "writes without end": "are the most",
    "announces four gigabytes": "are the most",
    "leaves a process behind that holds its channel": "did not answer within",
    "shouts": "the last words",
    "tells its environment": "PATH",
}


@pytest.mark.parametrize("how", GARBAGE)
async def test_a_voter_that_answers_garbage_is_silent_and_on_record(keys: Path, tmp_path: Path, how: str) -> None:
    asked = question(BRIEF if SAYS.get(how, "").startswith("did not answer") else PATIENT)
    voters = VoterProcesses(compromised(keys, how, others=ABSENT), keys, grace_seconds=0.1)
    cast = await voters.cast(asked)
    assert cast.submissions == ()
    vote = cast.votes[0]
    assert (vote.voter, vote.judgement) == (BAD, None)
    assert SAYS.get(how, "its answer cannot be used") in vote.error
    assert len(vote.error) <= 700
    assert not (tmp_path / PROOF).exists()
    assert "IC_DATABASE_URL" not in vote.error


async def test_a_voter_that_is_slow_is_late(keys: Path) -> None:
    asked = question(timedelta(seconds=8), ((BAD, "slow"),))
    others = voter_command("files", keys)
    voters = VoterProcesses(lambda voter: others(voter) if voter == BAD else ABSENT, keys, grace_seconds=60)
    outcome = counted(asked, await voters.cast(asked), voters.public_keys())
    assert [(each.sender, each.reason) for each in outcome.rejected] == [(BAD, "late")]


async def test_a_voter_that_failed_is_started_again_for_the_next_round(keys: Path) -> None:
    honest, starts = voter_command("files", keys), 0

    def command(voter: Voter) -> Sequence[str]:
        nonlocal starts
        starts += voter == BAD
        return honest(voter) if (voter, starts) == (BAD, 2) else ABSENT

    voters = VoterProcesses(command, keys)
    assert (await voters.cast(question())).submissions == ()
    assert [each.sender for each in (await voters.cast(question())).submissions] == [BAD]


async def test_a_voter_that_cannot_be_started_is_silent(keys: Path) -> None:
    cast = await VoterProcesses(lambda voter: ("/no/such/program",), keys).cast(question())
    assert cast.submissions == ()
    assert all("could not be started" in vote.error for vote in cast.votes)


def test_the_keys_of_a_first_start_are_made_by_the_voters_themselves(tmp_path: Path) -> None:
    """The server's process opens no private key: an audit hook, which cannot be removed, watches in a fresh one."""
    watched = f"""
import asyncio, sys
from pathlib import Path
from incident_commander.response.voter_processes import VoterProcesses, voter_command
from tests.response.test_voter_processes import question
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
keys = Path({str(tmp_path / "keys")!r})
voters = VoterProcesses(voter_command("files", keys), keys)
known = voters.public_keys()
cast = asyncio.run(voters.cast(question()))
assert len(cast.submissions) == 5, cast.votes
assert {{each.ballot.public_key for each in cast.submissions}} == set(known.values())
assert any(name.endswith(".pub") for name in opened)
print([name for name in opened if name.endswith(".pem")])
"""
    done = subprocess.run(
        [sys.executable, "-c", watched],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n", done.stderr
    assert {file.suffix for file in (tmp_path / "keys").iterdir()} == {".pem", ".pub"}
    assert len(known_keys(tmp_path / "keys")) == 5


def test_a_key_that_cannot_be_used_is_told_by_the_voter_whose_it_is(keys: Path) -> None:
    (keys / "prediction.pub").unlink()
    (keys / "prediction.pem").write_text("nothing of the kind")
    with pytest.raises(UnusableKey, match=r"could not make its key: .*prediction\.pem holds no private key"):
        VoterProcesses(voter_command("files", keys), keys).public_keys()


async def test_an_incident_is_answered_by_voters_in_processes_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    async with commander(sqlite_home(tmp_path), voters="processes") as serving:
        run = await serving.operations.start_scenario("storage_failure", 1)
        record = await ended(serving, await begun(serving, run.id, "deliberate"))
    assert isinstance(serving.voters, VoterProcesses)
    assert record.incident.status == "resolved"
    assert {signed.ballot.voter for signed in record.ballots} == set(VOTERS)
