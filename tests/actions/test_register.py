"""Rates, rounds and the kill switch hold across incidents, restarts and workers, on every kind of database."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from incident_commander.actions.kill_switch import kill_switch, throw_kill_switch
from incident_commander.actions.register import StoredRegister
from incident_commander.domain.event import INSTALLATION
from incident_commander.domain.ports import ActionFailed

from ..consensus.ballot_box import NOW
from ..running import REPOSITORY
from ..store.databases import Home, opened
from .sites import incident, plan_to
from .worker import attempt, decided, ladder, place, stored_gate


@contextmanager
def another_worker(home: Home) -> "Iterator[subprocess.Popen[str]]":
    """A process that passes the gate when it is told to."""
    command = [sys.executable, "-m", "tests.actions.worker", home.url, str(home.key)]
    worker = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield worker
    finally:
        worker.communicate(timeout=60)


def told(worker: "subprocess.Popen[str]", order: str) -> str:
    """What came of an order."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(order + "\n")
    worker.stdin.flush()
    return worker.stdout.readline().strip()


async def test_of_many_workers_at_once_one_takes_the_last_slot(home: Home) -> None:
    async with opened(home) as one, opened(home) as other, opened(home) as third:
        site = place()
        outcomes = await asyncio.gather(
            *(
                attempt(database, site, f"inc-{worker}-{number}", "scale_out" if number % 2 else "raise_pool")
                for number in range(4)
                for worker, database in enumerate((one, other, third))
            )
        )
    assert outcomes.count("done") == 1
    assert len(site.executor.done) == 1
    refusals = [outcome for outcome in outcomes if outcome != "done"]
    assert all("actions on 'orders' within an hour: 1 ran, and 1 may" in refusal for refusal in refusals)


async def test_the_slot_stays_taken_after_a_restart_until_its_hour_has_passed(home: Home) -> None:
    site = place()
    async with opened(home) as database:
        assert await attempt(database, site, "inc-1", "scale_out") == "done"
    site.clock.at = NOW + timedelta(minutes=59)
    async with opened(home) as database:
        assert "within an hour" in await attempt(database, site, "inc-2", "raise_pool")
        site.clock.at = NOW + timedelta(minutes=60)
        assert await attempt(database, site, "inc-2", "raise_pool") == "done"


async def test_a_step_that_is_repeated_after_a_crash_takes_no_second_slot(home: Home) -> None:
    site = place()
    async with opened(home) as database:
        for _ in range(2):
            assert await attempt(database, site, "inc-1", "scale_out") == "done"
    assert len(site.executor.done) == 1


async def test_what_the_world_refused_for_certain_gives_its_slot_back(home: Home) -> None:
    site = place()
    site.executor.failures = 1
    async with opened(home) as database:
        with pytest.raises(ActionFailed):
            await attempt(database, site, "inc-1", "scale_out")
        assert await attempt(database, site, "inc-2", "raise_pool") == "done"


async def test_a_round_stays_bound_to_its_plan_after_a_restart(home: Home) -> None:
    site = place()
    async with opened(home) as database:
        assert await attempt(database, site, "inc-1", "scale_out") == "done"
    async with opened(home) as database:
        refusal = await attempt(database, site, "inc-1", "raise_pool")
        assert refusal.startswith("Uncertified: no count in round 1 of incident 'inc-1' came to this certificate")
        async with StoredRegister(database, ladder()).writing() as entry:
            other = plan_to("raise_pool").digest
            assert await entry.claim(incident("inc-1").id, 1, other) == plan_to("scale_out").digest


async def test_practice_runs_are_counted_apart_from_each_other_and_from_real_incidents(home: Home) -> None:
    site, plan = place(), plan_to("scale_out")
    async with opened(home) as database:
        assert await attempt(database, site, "inc-1", "scale_out") == "done"
        practice = incident("inc-2", practice=True)
        certificate = await decided(database, practice, plan)
        await stored_gate(database).execute(plan, certificate, practice, site, "k2")
    assert len(site.executor.done) == 2


async def test_a_switch_thrown_in_one_process_refuses_the_next_passage_in_another(home: Home) -> None:
    with another_worker(home) as worker:
        assert told(worker, "inc-1 scale_out") == "done"
        async with opened(home) as database, database.write() as unit:
            await throw_kill_switch(unit, True, "ana", "the region is failing over", datetime.now(UTC))
        stopped = "Stopped: the kill switch is on (ana: the region is failing over)"
        assert told(worker, "inc-2 raise_pool").startswith(stopped)
        assert told(worker, "inc-1 scale_out undo").startswith(stopped)
        async with opened(home) as database, database.write() as unit:
            await throw_kill_switch(unit, False, "ana", "the region is back", datetime.now(UTC))
        assert told(worker, "inc-1 scale_out undo") == "done"


async def test_who_throws_the_switch_and_why_is_in_the_ledger_once(home: Home) -> None:
    async with opened(home) as database:
        async with database.write() as unit:
            assert not (await kill_switch(unit)).on
            thrown = await throw_kill_switch(unit, True, " ana ", "a test", NOW)
            again = await throw_kill_switch(unit, True, "ben", "me too", NOW + timedelta(seconds=1))
            assert (thrown.by, again) == ("ana", thrown)
        async with database.read() as unit:
            events = await unit.ledger.of_incident(INSTALLATION)
            assert (await unit.ledger.verify()).valid
    assert [(event.kind, event.actor, event.payload["reason"]) for event in events] == [
        ("kill_switch.thrown", "ana", "a test")
    ]


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("ana", " ")])
async def test_nobody_throws_the_switch_without_a_name_and_a_reason(home: Home, by: str, reason: str) -> None:
    async with opened(home) as database:
        with pytest.raises(ValueError, match="say who throws the kill switch, and why"):
            async with database.write() as unit:
                await throw_kill_switch(unit, True, by, reason, NOW)
        async with database.read() as unit:
            assert not (await kill_switch(unit)).on


async def test_a_switch_that_cannot_be_read_is_on(home: Home) -> None:
    site = place()
    async with opened(home) as database:
        async with database.write() as unit:
            await unit.values.put("kill-switch", {"on": "perhaps"})
        assert "what is stored of it cannot be read" in await attempt(database, site, "inc-1", "scale_out")
        async with database.write() as unit:
            await throw_kill_switch(unit, False, "ana", "mended", NOW)
        assert await attempt(database, site, "inc-1", "scale_out") == "done"
