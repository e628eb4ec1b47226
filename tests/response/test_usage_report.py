"""The usage ledger as it is shown: exact over what is stored, anew for what is added, and practice runs apart."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from incident_commander.domain.base import IncidentId, RunId
from incident_commander.domain.usage import FREE, UNPRICED, Cost, Usage
from incident_commander.reasoning.budget import Limits
from incident_commander.reasoning.models import load_models
from incident_commander.reasoning.prices import load_prices
from incident_commander.response import usage_report
from incident_commander.response.usage_report import UsageReports
from incident_commander.store import Database, UnknownIncident
from tests.api.used import AT, LISTED, called
from tests.store.databases import opened
from tests.ui import story

LIMITS = Limits(incident_usd=Decimal("0.50"), day_usd=Decimal(10))


def reports(database: Database, limits: Limits = LIMITS) -> UsageReports:
    return UsageReports(database, limits, load_models(), load_prices(), lambda: AT + timedelta(hours=1))


async def keep(database: Database, *calls: Usage) -> None:
    async with database.write() as unit:
        for call in calls:
            await unit.usage.add(call)


async def test_practice_is_told_by_the_incident_and_what_concerns_none_counts_as_real(tmp_path: Path) -> None:
    practice = story.incident().model_copy(update={"id": IncidentId("inc-2"), "practice_run": RunId("run-1")})
    real = story.incident().model_copy(update={"id": IncidentId("inc-1"), "practice_run": None})
    async with opened(tmp_path) as database:
        async with database.write() as unit:
            await unit.incidents.add(real)
            await unit.incidents.add(practice)
        await keep(database, called(), called(incident_id="inc-2"), called(incident_id=None))
        figures = (await reports(database).report()).figures
    assert [sum(row.calls for row in world.calls) for world in figures.worlds] == [2, 1]


async def test_what_is_added_later_is_counted_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        told = reports(database)
        assert (await told.report()).figures.counted == 0
        await keep(database, called(), called())
        assert (await told.report()).figures.counted == 2
        assert (await told.report()).figures.counted == 2
        await keep(database, called())
        assert (await told.report()).figures.counted == 3
        assert (await told.report()).figures == (await reports(database).report()).figures


async def test_only_the_newest_calls_make_figures_and_every_one_is_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_report, "MOST", 3)
    async with opened(tmp_path) as database:
        told = reports(database)
        await keep(database, *(called(latency_ms=number) for number in range(4)))
        await told.report()
        await keep(database, called(latency_ms=9))
        report = await told.report()
    latency = report.figures.worlds[0].calls[0].latency
    assert (report.figures.counted, report.figures.most, latency.p95_ms, latency.p50_ms) == (3, 3, 9, 3)
    assert LISTED.usd is not None
    assert report.day.spent_usd == 5 * LISTED.usd


async def test_savings_are_what_the_same_tokens_cost_at_claude_sonnets_listed_price(tmp_path: Path) -> None:
    calls = (
        called(),
        called(service="Titan embeddings", task="embed"),
        called(cached=True, cost=FREE, requests=0),
        called(cost=UNPRICED, input_tokens=None, output_tokens=None, error="denied"),
    )
    async with opened(tmp_path) as database:
        await keep(database, *calls)
        savings = (await reports(database).report()).figures.worlds[0].savings
    sonnet = load_prices().of_tokens("eu.anthropic.claude-sonnet-4-6", 1000, 50, AT)
    assert sonnet.usd
    assert (savings.calls, savings.would_have_usd, savings.paid_usd) == (1, sonnet.usd, LISTED.usd)


async def test_a_goal_is_the_tasks_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await keep(database, called(), called(task="analyse", model="eu.amazon.nova-pro-v1:0"))
        rows = (await reports(database).report()).figures.worlds[0].calls
    tasks = load_models().tasks
    assert {row.task: row.latency.goal_ms for row in rows} == {
        "classify": tasks["classify"].goal_ms,
        "analyse": tasks["analyse"].goal_ms,
    }


async def test_yesterdays_calls_cost_nothing_of_today(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await keep(database, called(at=AT - timedelta(days=1)), called(cost=Cost(usd=Decimal(11), price="listed")))
        day = (await reports(database).report()).day
    assert (day.limit_usd, day.spent_usd, day.left_usd) == (Decimal(10), Decimal(11), Decimal(0))


async def test_an_incidents_calls_come_with_what_its_budget_leaves(tmp_path: Path) -> None:
    real = story.incident().model_copy(update={"id": IncidentId("inc-1")})
    async with opened(tmp_path) as database:
        async with database.write() as unit:
            await unit.incidents.add(real)
        await keep(database, called(), called(incident_id="inc-2"), called(latency_ms=3))
        told = await reports(database).of_incident(real.id)
        unlimited = await reports(database, Limits()).of_incident(real.id)
        with pytest.raises(UnknownIncident, match="inc-9"):
            await reports(database).of_incident(IncidentId("inc-9"))
    assert [call.latency_ms for call in told.calls] == [120, 3]
    assert told.budget.left_usd == Decimal("0.4993")
    assert (unlimited.budget.limit_usd, unlimited.budget.left_usd) == (None, None)
