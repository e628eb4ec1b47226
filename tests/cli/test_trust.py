"""`incident-commander trust`, as a person runs it where the installation's files are."""

import asyncio
import json
from pathlib import Path

import pytest

from incident_commander.domain.base import IncidentId, JsonObject
from incident_commander.domain.event import INSTALLATION, Event, EventKind, NewEvent
from incident_commander.domain.plan import Authorisation
from incident_commander.store import Database, migrate

from ..actions.sites import SCALE, certify
from ..consensus.ballot_box import NOW
from ..store.databases import incident
from .test_mistakes import run

ADVISED = Authorisation(decision="deny", rule="trust", reason="only advised", trust="advise")


def database(home: Path) -> Database:
    """The database that the commands use in this folder."""
    return Database(f"sqlite:///{home / '.data' / 'incident-commander.db'}", home / ".data" / "keys" / "ledger.pem")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with an installation's data, and one incident whose plan was only advised."""
    (tmp_path / ".data").mkdir()
    migrate(f"sqlite:///{tmp_path / '.data' / 'incident-commander.db'}")
    certificate = certify(SCALE)
    outcome: JsonObject = {
        "incident_id": "inc-1", "round": 1, "votes": {SCALE.digest: ["detection"]}, "abstained": [], "missing": [],
        "rejected": [], "certificate": certificate.model_dump(mode="json"), "reason": "",
    }  # fmt: skip
    told: list[tuple[EventKind, JsonObject]] = [
        ("plans.proposed", {"plans": [SCALE.model_dump(mode="json")]}),
        ("quorum.reached", outcome),
        ("authorisation.decided", {"plan": SCALE.digest, "authorisation": ADVISED.model_dump(mode="json")}),
    ]

    async def fill() -> None:
        held = database(tmp_path)
        await held.open()
        try:
            async with held.write() as unit:
                await unit.incidents.add(incident("inc-1", status="escalated", ended_at=NOW))
                for number, (kind, payload) in enumerate(told):
                    await unit.ledger.append(
                        NewEvent(key=f"told/{number}", incident_id=IncidentId("inc-1"), kind=kind, actor="test",
                                 clock="wall", occurred_at=NOW, payload=payload)
                    )  # fmt: skip
        finally:
            await held.close()

    asyncio.run(fill())
    return tmp_path


def installation(home: Path) -> tuple[Event, ...]:
    """What the ledger holds of the installation."""

    async def read() -> tuple[Event, ...]:
        held = database(home)
        await held.open()
        try:
            async with held.read() as unit:
                return await unit.ledger.of_incident(INSTALLATION)
        finally:
            await held.close()

    return asyncio.run(read())


def told(home: Path, *command: str) -> str:
    """What a command that went well prints."""
    done = run(home, *command)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_where_nothing_is_installed_no_command_pretends_to_have_done_something(tmp_path: Path) -> None:
    for command in (("trust",), ("trust", "set", "scale_out", "auto", "--reason", "x")):
        done = run(tmp_path, *command)
        assert done.returncode == 2
        assert "there is no database in" in done.stderr
    assert not (tmp_path / ".data").exists()


def test_trust_is_shown_set_by_hand_and_its_history_kept(home: Path) -> None:
    shown = told(home, "trust")
    assert "live      scale_out           approve  0/5   where this class begins" in shown
    assert "practice  scale_out           auto" in shown
    said = told(home, "trust", "set", "scale_out", "auto", "--reason", "a month without a fault", "--by", "ana")
    assert said == "scale_out (live): set, approve -> auto, by ana: a month without a fault"
    rows = json.loads(told(home, "trust", "show", "--json"))["trust"]
    row = next(row for row in rows if (row["action"], row["world"]) == ("scale_out", "live"))
    assert (row["level"], [change["by"] for change in row["history"]]) == ("auto", ["ana"])
    assert said in told(home, "trust", "show", "--history")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("restart", "auto", "--reason", "x"), "nothing takes restart back, so it cannot pass 'approve'"),
        (("reboot", "auto", "--reason", "x"), "is not one of"),
        (("restart", "full", "--reason", "x"), "is not one of"),
        (("restart", "advise"), "--reason"),
        (("restart", "advise", "--reason", " "), "a reason is needed, which the ledger keeps"),
    ],
)
def test_a_level_that_cannot_be_is_refused(home: Path, command: tuple[str, ...], says: str) -> None:
    done = run(home, "trust", "set", *command, "--by", "ana")
    assert done.returncode == 2
    assert says in done.stderr
    assert installation(home) == ()


def test_a_person_says_once_that_what_was_advised_was_right(home: Path) -> None:
    told(home, "trust", "set", "scale_out", "advise", "--reason", "new here", "--by", "ana")
    report = ("trust", "report", "inc-1", "--right", "--reason", "did it by hand, and it worked", "--by", "ben")
    assert told(home, *report) == "scale_out (live): agreed, advise, by ben: did it by hand, and it worked"
    assert told(home, *report) == "it was said before, or counts for nothing at this level"
    assert "live      scale_out           advise   1/5" in told(home, "trust")
    missing = run(home, "trust", "report", "inc-9", "--right", "--reason", "x", "--by", "ben")
    assert (missing.returncode, "no incident 'inc-9'" in missing.stderr) == (2, True)
