"""Usage of reasoning services, as the tests tell it."""

from datetime import UTC, datetime
from decimal import Decimal

from incident_commander.business.usage import Call, usage_figures
from incident_commander.domain.base import IncidentId
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.usage import Cost, Usage
from incident_commander.response.usage_report import BudgetState, IncidentUsage, UsageReport

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
LISTED = Cost(usd=Decimal("0.00035"), price="listed", basis="genai-prices 0.2.3")


def called(**otherwise: object) -> Usage:
    """A call of Nova Micro on loopback that answered in 120 ms, but for what is otherwise."""
    usage = Usage(
        task="classify",
        agent="detection",
        incident_id=IncidentId("inc-1"),
        service="Nova",
        provenance=Provenance(kind="live", source="loopback"),
        model="eu.amazon.nova-micro-v1:0",
        region="eu-west-1",
        at=AT,
        latency_ms=120,
        input_tokens=1000,
        output_tokens=50,
        cost=LISTED,
        request_id="r-1",
    )
    return usage.model_copy(update=otherwise)


def budget(limit: str = "10", spent: str = "0.00035") -> BudgetState:
    """What is left of a day's budget."""
    left = Decimal(limit) - Decimal(spent)
    return BudgetState(
        limit_usd=Decimal(limit), spent_usd=Decimal(spent), left_usd=left, setting="IC_AI_BUDGET_DAY_USD"
    )


def reported(*calls: Call) -> UsageReport:
    """What some calls add up to."""
    return UsageReport(figures=usage_figures(calls, 100, {"classify": 500.0}, "claude-sonnet"), day=budget())


def asked_for(incident_id: IncidentId) -> IncidentUsage:
    """One call for an incident."""
    return IncidentUsage(incident_id=incident_id, budget=budget("0.50"), calls=(called(incident_id=incident_id),))
