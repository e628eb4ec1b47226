"""Practice runs as their callers see them: ports, journal, alerts, restarts, and what cannot be reached."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from types import FunctionType, MethodType

import pytest

from incident_commander.domain.base import JsonObject, RunId, ServiceName
from incident_commander.domain.plan import Action
from incident_commander.domain.ports import ActionFailed, Environment, UnknownPracticeRun
from incident_commander.domain.practice import Answer, PracticeRun
from incident_commander.domain.telemetry import Window
from incident_commander.sandbox import PracticeCompany
from incident_commander.sandbox.forces import Force
from incident_commander.sandbox.line import WorldLetGo
from incident_commander.sandbox.scenarios import Episode, Scenario, Variant
from incident_commander.sandbox.world import World

from .worlds import Office, office

ROLLBACK = Action(name="rollback", target=ServiceName("accounts"))
"""What mends database_cascade with seed 3."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


def alerts(body: JsonObject) -> list[JsonObject]:
    found = body["alerts"]
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, dict)]


async def last_minutes(environment: Environment, minutes: float) -> Window:
    now = await environment.clock.now()
    return Window(start=now - timedelta(minutes=minutes), end=now)


async def alerted(company: PracticeCompany) -> PracticeRun:
    run = await company.start("database_cascade", 3)
    assert await company.run_to_first_alert(run.id)
    return run


async def test_a_run_goes_from_quiet_to_alert_to_mended_and_its_alerts_end(place: Office) -> None:
    company = place.company()
    run = await company.start("database_cascade", 3)
    environment = await company.environment(run.id)
    assert await environment.clock.now() == run.opened_at
    assert place.posted == []
    before = await environment.impact.impact(await last_minutes(environment, 5))
    assert await company.run_to_first_alert(run.id)
    during = await environment.impact.impact(await last_minutes(environment, 2))
    assert before.failed_share < 0.005 < 0.1 < during.failed_share
    assert during.usd_per_minute is not None
    assert during.usd_per_minute > 0
    assert during.provenance.kind == "assumed"
    receipt = await environment.executor.execute(ROLLBACK, "first") if environment.executor else None
    assert receipt is not None
    assert receipt.applied
    assert receipt.completed_at > receipt.received_at
    await environment.clock.advance_to(receipt.completed_at + timedelta(minutes=15))
    after = await environment.impact.impact(await last_minutes(environment, 5))
    assert after.failed_share < 0.005
    assert place.posted[-1]["status"] == "resolved"
    assert {"firing"} == {str(body["status"]) for body in place.posted[:-1]}
    await company.close()


async def test_its_alerts_are_alertmanager_webhooks_that_name_the_run(place: Office) -> None:
    company = place.company()
    run = await alerted(company)
    body = place.posted[0]
    assert body["version"] == "4"
    for alert in alerts(body):
        labels = alert["labels"]
        assert isinstance(labels, dict)
        assert labels["practice_run"] == run.id
        assert labels.keys() == {"alertname", "service", "severity", "practice_run"}
        assert alert["endsAt"] == "0001-01-01T00:00:00Z"
    await company.close()


async def test_ports_show_the_past_and_never_the_future(place: Office) -> None:
    company = place.company()
    run = await alerted(company)
    environment = await company.environment(run.id)
    now = await environment.clock.now()
    wide = Window(start=run.epoch, end=now + timedelta(hours=3))
    assert max(series.timestamps[-1] for series in await environment.metrics.metrics(wide)) <= now.timestamp()
    assert max(record.at for record in await environment.logs.logs(wide)) <= now
    assert max(span.start for span in await environment.traces.traces(wide)) <= now
    assert all(change.at <= now for change in await environment.changes.changes(wide))
    await company.close()


async def test_an_action_is_received_once_however_often_it_is_delivered_even_after_a_restart(place: Office) -> None:
    company = place.company()
    run = await alerted(company)
    executor = (await company.environment(run.id)).executor
    assert executor is not None
    assert await executor.received("key") is None
    first = await executor.execute(ROLLBACK, "key")
    again = await executor.execute(ROLLBACK, "key")
    await company.close()
    restarted = place.company()
    executor = (await restarted.environment(run.id)).executor
    assert executor is not None
    known = await executor.received("key")
    third = await executor.execute(ROLLBACK, "key")
    assert not first.repeated
    assert again.repeated
    assert third.repeated
    assert known is not None
    assert first.completed_at == again.completed_at == third.completed_at == known.completed_at
    async with place.database.read() as unit:
        (entry,) = await unit.practice.journal(run.id)
    assert entry.deliveries == 3
    await restarted.close()


async def test_an_impossible_action_is_refused_and_witnessed_as_not_applied(place: Office) -> None:
    company = place.company()
    run = await alerted(company)
    executor = (await company.environment(run.id)).executor
    assert executor is not None
    impossible = Action(name="failover", target=ServiceName("orders"))
    for _ in range(2):
        with pytest.raises(ActionFailed, match="no standby"):
            await executor.execute(impossible, "odd")
    async with place.database.read() as unit:
        (entry,) = await unit.practice.journal(run.id)
    assert not entry.applied
    assert entry.deliveries == 2
    await company.close()


async def test_a_restarted_process_rebuilds_the_same_world_at_the_same_moment(place: Office) -> None:
    company = place.company()
    run = await alerted(company)
    environment = await company.environment(run.id)
    assert environment.executor is not None
    receipt = await environment.executor.execute(ROLLBACK, "key")
    await environment.clock.advance_to(receipt.completed_at + timedelta(seconds=37))
    now = await environment.clock.now()
    window = Window(start=run.epoch, end=now)
    lived = await environment.metrics.metrics(window)
    await company.close()
    restarted = place.company()
    environment = await restarted.environment(run.id)
    assert await environment.clock.now() == now
    rebuilt = await environment.metrics.metrics(window)
    assert len(lived) == len(rebuilt)
    for one, other in zip(lived, rebuilt, strict=True):
        assert (one.service, one.metric) == (other.service, other.metric)
        assert one.values.tolist() == other.values.tolist()
    await restarted.close()


async def test_after_a_restart_the_same_alerts_are_told_again(place: Office) -> None:
    company = place.company()
    run = await alerted(company)
    await company.close()
    told = alerts(place.posted[0])
    place.posted.clear()
    restarted = place.company()
    await restarted.let_pass(run.id, 1)
    for alert in told:
        again = next(each for each in alerts(place.posted[0]) if each["fingerprint"] == alert["fingerprint"])
        assert (again["labels"], again["startsAt"]) == (alert["labels"], alert["startsAt"])
    await restarted.close()


async def test_alerts_that_the_door_refuses_are_sent_again(place: Office) -> None:
    place.refuse = 2
    company = place.company()
    await alerted(company)
    assert len(place.posted) == 1
    await company.close()


async def test_a_paced_world_moves_with_the_wall_and_stamps_its_alerts_by_it(place: Office) -> None:
    company = place.company()
    run = await company.start("database_cascade", 3, pace=60.0)
    environment = await company.environment(run.id)
    assert environment.stage_seconds == {}
    place.wall.wait(30)
    assert await environment.clock.now() == run.opened_at + timedelta(minutes=30)
    assert environment.clock.translate(place.wall()) == await environment.clock.now()
    series = await environment.metrics.metrics(await last_minutes(environment, 5))
    assert len(series[0].timestamps) >= 19
    assert place.posted
    begins = str(alerts(place.posted[0])[0]["startsAt"])
    assert begins.startswith("2026-11-02T12:00:")
    assert f'practice_run="{run.id}"' in company.exposition()
    await company.end(run.id)
    assert run.id not in company.exposition()
    await company.close()


async def test_outside_alerting_keeps_the_world_silent(place: Office) -> None:
    company = place.company()
    run = await company.start("database_cascade", 3, pace=60.0, external_alerting=True)
    environment = await company.environment(run.id)
    place.wall.wait(40)
    await environment.metrics.metrics(await last_minutes(environment, 5))
    assert place.posted == []
    await company.close()


async def test_paced_runs_are_taken_up_after_a_restart(place: Office) -> None:
    company = place.company()
    run = await company.start("memory_leak", 1, pace=30.0, external_alerting=True)
    await company.close()
    restarted = place.company()
    assert restarted.exposition().strip() == ""
    await restarted.tick()
    assert f'practice_run="{run.id}"' in restarted.exposition()
    await restarted.reset()
    assert restarted.exposition().strip() == ""
    async with place.database.read() as unit:
        assert await unit.practice.active() == ()
    await restarted.close()


@pytest.mark.parametrize(
    ("scenario", "seed", "pace", "says"),
    [
        ("earthquake", 1, None, "no scenario"),
        ("memory_leak", -1, None, "seed"),
        ("memory_leak", 1, 0.0, "pace"),
        ("memory_leak", 1, float("nan"), "pace"),
    ],
)
async def test_an_impossible_start_says_what_is_possible(
    place: Office, scenario: str, seed: int, pace: float | None, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        await place.company().start(scenario, seed, pace=pace)


async def test_alerts_that_no_try_could_deliver_are_sent_with_the_next_scrape(
    place: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incident_commander.sandbox.keeper._POST_PAUSE_SECONDS", 0)
    place.refuse = 6
    company = place.company()
    run = await alerted(company)
    assert len(place.posted) == 1
    await company.end(run.id)


async def test_an_unknown_run_is_refused(place: Office) -> None:
    with pytest.raises(UnknownPracticeRun):
        await place.company().environment(RunId("run-nobody"))


def reachable(root: object) -> Iterator[object]:
    """Everything that attributes, slots, containers, bound methods and closures lead to, but for the event loop."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, str | bytes | int | float | type | asyncio.AbstractEventLoop):
            continue
        seen.add(id(item))
        yield item
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += list(item)
        elif isinstance(item, MethodType):
            waiting += [item.__self__, item.__func__]
        elif isinstance(item, FunctionType):
            waiting += [cell.cell_contents for cell in item.__closure__ or ()]
            waiting += list(item.__defaults__ or ())
        waiting += list(getattr(item, "__dict__", {}).values())
        for kind in type(item).__mro__:
            slots = getattr(kind, "__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                if hasattr(item, slot):
                    waiting.append(getattr(item, slot))


async def test_whoever_waits_for_a_world_that_ends_is_told_so(place: Office) -> None:
    company = place.company()
    run = await company.start("database_cascade", 3)
    clock = (await company.environment(run.id)).clock
    later = await clock.now() + timedelta(hours=10)
    waiting = [asyncio.create_task(clock.advance_to(later)) for _ in range(2)]
    await asyncio.sleep(0)
    await company.reset()
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, WorldLetGo)
    with pytest.raises(WorldLetGo):
        await clock.advance_to(later + timedelta(hours=1))
    left = (await company.environment(run.id)).clock
    later = await left.now() + timedelta(minutes=5)
    heard = len(place.posted)
    await left.advance_to(later)
    assert await left.now() == later
    assert len(place.posted) == heard
    await company.close()


async def test_no_port_leads_to_what_the_seed_decided(place: Office) -> None:
    company = place.company()
    run = await alerted(company)
    secret = (World, Episode, Force, Scenario, Variant, Answer, PracticeRun, PracticeCompany)
    found = list(reachable(await company.environment(run.id)))
    assert len(found) > 200
    assert not [type(item).__name__ for item in found if isinstance(item, secret)]
    names = {"database_cascade", "leak_after_deploy"}
    assert not [item for item in found if isinstance(item, str) and item in names]
    await company.close()


async def test_computing_never_holds_up_the_event_loop_for_long(place: Office) -> None:
    """Counted in turns of the loop, not in time: others get many turns while a world is moved for an hour."""
    company = place.company()
    run = await company.start("memory_leak", 2)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    watching = asyncio.create_task(others())
    await company.let_pass(run.id, 3600)
    watching.cancel()
    assert turns >= 15
    await company.close()
