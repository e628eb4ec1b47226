"""The usage ledger as it is shown: what the calls add up to, and what budgets leave."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from ..business.usage import Call, UsageFigures, usage_figures
from ..domain.base import IncidentId, Value
from ..domain.usage import UNPRICED, AiService, Cost, Usage, Usd
from ..reasoning.budget import Limits, midnight
from ..reasoning.models import Models
from ..reasoning.prices import Prices
from ..store import CountedCall, Database

MOST = 2_000
"""Of the newest calls figures are made; what was spent is summed over all."""
COMPARED_WITH = "claude-sonnet"
"""What savings are told against: this model alone, by its name in models.toml."""
LANGUAGE_MODELS: frozenset[AiService] = frozenset(("Nova", "Claude", "Strands"))
"""Whose calls that model could have answered."""


class BudgetState(Value):
    """What was spent of one budget. `left_usd` is never below zero; None: there is no limit.

    Attributes:
        setting: What raises it.
    """

    limit_usd: Usd | None
    spent_usd: Usd
    left_usd: Usd | None
    setting: str


class UsageReport(Value):
    """Every figure of the usage ledger, with what is left of today's budget (UTC)."""

    figures: UsageFigures
    day: BudgetState


class IncidentUsage(Value):
    """Every call for one incident, the oldest first, with what is left of its budget."""

    incident_id: IncidentId
    budget: BudgetState
    calls: tuple[Usage, ...]


class UsageReports:
    """Reads the usage ledger; figures are made anew when a call has been added.

    Args:
        now: Wall clock, UTC; a day is one of that calendar.
    """

    def __init__(
        self,
        database: Database,
        limits: Limits,
        models: Models,
        prices: Prices,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._limits = limits
        self._models = models
        self._prices = prices
        self._now = now
        self._goals: dict[str, float] = {task: rules.goal_ms for task, rules in models.tasks.items()}
        self._reading = asyncio.Lock()
        self._calls: tuple[Call, ...] = ()
        self._newest = 0
        self._figures = self._figures_of(())

    async def report(self) -> UsageReport:
        """What the calls add up to by now."""
        async with self._database.read() as unit:
            spent = await unit.usage.spent(since=midnight(self._now()))
        return UsageReport(
            figures=await self._counted(),
            day=_state(self._limits.day_usd, spent, "IC_AI_BUDGET_DAY_USD"),
        )

    async def of_incident(self, incident_id: IncidentId) -> IncidentUsage:
        """The calls for one incident.

        Raises:
            UnknownIncident: there is none of that id.
        """
        async with self._database.read() as unit:
            await unit.incidents.get(incident_id)
            calls = await unit.usage.of(incident_id)
            spent = await unit.usage.spent(incident_id=incident_id)
        budget = _state(self._limits.incident_usd, spent, "IC_AI_BUDGET_INCIDENT_USD")
        return IncidentUsage(incident_id=incident_id, budget=budget, calls=calls)

    async def _counted(self) -> UsageFigures:
        async with self._reading:
            async with self._database.read() as unit:
                added = await unit.usage.after(self._newest, MOST)
            if added:
                # In a thread: the price list takes a fifth of a second to import.
                self._calls, self._figures = await asyncio.to_thread(self._with, added)
                self._newest = added[-1].number
            return self._figures

    def _with(self, added: Sequence[CountedCall]) -> tuple[tuple[Call, ...], UsageFigures]:
        new = (Call(each.usage, each.practice, self._compared(each.usage)) for each in added)
        calls = (*self._calls, *new)[-MOST:]
        return calls, self._figures_of(calls)

    def _figures_of(self, calls: Sequence[Call]) -> UsageFigures:
        return usage_figures(calls, MOST, self._goals, COMPARED_WITH)

    def _compared(self, usage: Usage) -> Cost:
        """What the tokens of a call would have cost at the compared model's price."""
        if usage.service not in LANGUAGE_MODELS or usage.cost.price != "listed":
            return UNPRICED
        if usage.input_tokens is None or usage.output_tokens is None:
            return UNPRICED
        model = self._models.models[COMPARED_WITH].id_in(usage.region)
        return self._prices.of_tokens(model, usage.input_tokens, usage.output_tokens, usage.at)


def _state(limit: Decimal | None, spent: Decimal, setting: str) -> BudgetState:
    left = None if limit is None else max(Decimal(0), limit - spent)
    return BudgetState(limit_usd=limit, spent_usd=spent, left_usd=left, setting=setting)
