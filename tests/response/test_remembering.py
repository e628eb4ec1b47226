"""What ended incidents teach is kept in the ledger, within their own world, and people have the last word on it."""

from pathlib import Path

import pytest

from incident_commander.analysis.recollection import LIMIT
from incident_commander.domain.base import IncidentId, RunId
from incident_commander.domain.event import INSTALLATION
from incident_commander.domain.memory import MemoryMode, Remembered
from incident_commander.response.remembering import LocalMemory, NotRemembered
from incident_commander.response.view_memory import memory_views
from incident_commander.response.view_timeline import timeline_row
from incident_commander.store import Database

from ..analysis.memories import LEAK, LOOKS, OVERLOAD, remembered
from ..store.databases import Home, opened
from .serving import begun, commander, ended

ONE, TWO = RunId("run-1"), RunId("run-2")


async def reached(database: Database, mode: MemoryMode, run: RunId | None, *held: Remembered) -> list[str]:
    """The incidents that are called to mind for one that looks the same."""
    memory = LocalMemory(database, mode)
    for each in held:
        await memory.remember(each)
    return [each.memory.remembered.id for each in await memory.similar(LOOKS, LIMIT, run)]


@pytest.mark.parametrize(
    ("mode", "run", "found"),
    [
        ("own", None, ["live"]),
        ("own", ONE, ["first"]),
        ("own", TWO, ["second"]),
        ("shared", None, ["live"]),
        ("shared", ONE, ["second", "first"]),
        ("off", None, []),
        ("off", ONE, []),
    ],
)
async def test_practice_never_teaches_the_real_world_and_each_run_only_itself_unless_told_so(
    tmp_path: Path, mode: MemoryMode, run: RunId | None, found: list[str]
) -> None:
    held = (remembered("live"), remembered("first", run=ONE), remembered("second", run=TWO))
    async with opened(tmp_path) as database:
        assert await reached(database, mode, run, *held) == found


async def test_it_is_there_again_after_a_restart_and_told_twice_it_is_remembered_once(tmp_path: Path) -> None:
    for _ in range(2):
        async with opened(tmp_path) as database:
            assert await reached(database, "own", None, remembered("inc-1", proof="proven")) == ["inc-1"]


async def test_a_correction_is_in_the_ledger_with_name_and_reason_and_decides_what_the_cause_was(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as database:
        memory = LocalMemory(database, "own")
        await memory.remember(remembered("inc-1", cause=LEAK, proof="proven"))
        said = await memory.correct(IncidentId("inc-1"), OVERLOAD, "Ada", "the heap was flat")
        assert (said.cause, said.known) == (OVERLOAD, True)
        await memory.correct(IncidentId("inc-1"), None, "Grace", "a load test")
        live, _ = await memory.learned()
        assert (live.incidents, live.corrected, live.latest[0].cause) == (1, 1, None)
        async with database.read() as unit:
            events = await unit.ledger.of_kinds(("memory.corrected",))
            (outcome,) = await unit.outcomes.recent(9)
            assert (await unit.ledger.verify()).valid
        assert {event.incident_id for event in events} == {INSTALLATION}
        assert [(e.actor, timeline_row(e).title) for e in events] == [
            ("Ada", "Ada corrected memory of inc-1: overload of orders"),
            ("Grace", "Grace corrected memory of inc-1: nothing was wrong"),
        ]
        assert (outcome.fault, outcome.learnings) == (None, "Grace says: nothing was wrong; a load test")
        (row,) = memory_views((live,))[0].latest
        assert row.correction.endswith("says Grace: a load test")


async def test_what_is_forgotten_is_called_to_mind_no_more_and_nothing_more_can_be_said_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        memory = LocalMemory(database, "own")
        await memory.remember(remembered("inc-1"))
        await memory.forget(IncidentId("inc-1"), "Ada", "a drill")
        await memory.remember(remembered("inc-1"))  # a stage that was cut off is repeated
        assert await memory.similar(LOOKS, LIMIT, None) == ()
        live, _ = await memory.learned()
        assert (live.incidents, live.forgotten, live.patterns) == (0, 1, ())
        async with database.read() as unit:
            assert await unit.outcomes.recent(9) == ()
            (event,) = await unit.ledger.of_kinds(("memory.forgotten",))
        assert (event.actor, event.payload["reason"]) == ("Ada", "a drill")
        with pytest.raises(NotRemembered, match="was forgotten"):
            await memory.correct(IncidentId("inc-1"), LEAK, "Ada", "why")
        with pytest.raises(NotRemembered, match="no incident 'inc-2' is remembered"):
            await memory.forget(IncidentId("inc-2"), "Ada", "why")


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("Ada", " ")])
async def test_nobody_forgets_or_corrects_without_a_name_and_a_reason(tmp_path: Path, by: str, reason: str) -> None:
    async with opened(tmp_path) as database:
        memory = LocalMemory(database, "own")
        await memory.remember(remembered("inc-1"))
        with pytest.raises(ValueError, match="both go on record"):
            await memory.forget(IncidentId("inc-1"), by, reason)
        with pytest.raises(ValueError, match="both go on record"):
            await memory.correct(IncidentId("inc-1"), None, by, reason)


async def test_practice_outcomes_are_not_among_those_that_are_looked_through_by_words(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await LocalMemory(database, "shared").remember(remembered("inc-1", run=ONE))
        async with database.read() as unit:
            assert await unit.outcomes.recent(9) == ()


async def test_a_second_run_is_met_with_what_the_first_taught_and_shows_where_that_comes_from(home: Home) -> None:
    async with commander(home, memory="shared") as serving:
        records = []
        for _ in range(2):
            run = await serving.operations.start_scenario("memory_leak", 3)
            records.append(await ended(serving, await begun(serving, run.id, "detect")))
        _, practice = await serving.operations.learned()
    one, two = records
    assert [one.of_kind("memory.recalled"), len(one.of_kind("outcome.remembered"))] == [(), 1]
    assert [incident for incident, _ in two.recalled.similar] == [one.incident.id]
    assert two.diagnosis is not None
    lead = two.diagnosis.hypotheses[0]
    (evidence,) = [each for each in (*lead.evidence, *lead.against) if each.signal == "memory"]
    assert one.incident.id in evidence.what
    assert evidence.provenance.source == "memory of incidents"
    assert (one.incident.status, two.incident.status) == ("resolved", "resolved")
    assert (practice.incidents, practice.known) == (2, 2)
    assert practice.patterns[0].proven == 2
    assert {each.voter for each in practice.agents if each.judged == 2} >= {"diagnosis", "resolution"}
    assert practice.calibration[0].right == 1.0


async def test_with_memory_off_nothing_is_remembered(home: Home) -> None:
    async with commander(home, memory="off") as serving:
        run = await serving.operations.start_scenario("database_cascade", 2)
        record = await ended(serving, await begun(serving, run.id, "detect"))
        (live, practice) = await serving.operations.learned()
    assert record.of_kind("outcome.remembered", "memory.recalled") == ()
    assert (live.incidents, practice.incidents) == (0, 0)
