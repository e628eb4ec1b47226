"""Reasoning as the tests put it together: real clients, a real ledger, and an incident to think about."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from incident_commander.aws import Aws, Limits
from incident_commander.domain.base import IncidentId, ServiceName
from incident_commander.domain.breaker import Breaker
from incident_commander.domain.reasoning import Asked, Situation, Suspicion
from incident_commander.domain.usage import Usage
from incident_commander.reasoning.budget import Budget
from incident_commander.reasoning.budget import Limits as Spendable
from incident_commander.reasoning.converse import Converse, Guardrail
from incident_commander.reasoning.models import load_models
from incident_commander.reasoning.opinions import Opinions
from incident_commander.reasoning.prices import load_prices
from incident_commander.reasoning.reasoner import Reasoner
from incident_commander.reasoning.router import Latencies
from incident_commander.reasoning.usage_ledger import UsageLedger
from incident_commander.store import Database

ONCE = Limits(connect_seconds=10, read_seconds=20, reads=1, writes=1, threads=64)
"""No call is sent again: the next model is asked instead."""
INCIDENT = IncidentId("inc-1")
ASKED = Asked("detection", INCIDENT)
PAYMENT, DATABASE = ServiceName("payment"), ServiceName("orders-db")
SITUATION = Situation(
    title="HighErrorRate on payment",
    severity="high",
    services=(PAYMENT, DATABASE),
    observations=(
        "connections of orders-db are at 100 of 100 since 12:03",
        "errors of payment rose from 0.1 % to 34 %",
    ),
    suspicions=(Suspicion(service=DATABASE, fault="connection_pool_exhaustion", reason="the pool is full"),),
)


@dataclass(slots=True)
class Thinking:
    """All that a test needs.

    Attributes:
        latencies: What the router goes by.
    """

    aws: Aws
    database: Database
    ledger: UsageLedger
    budget: Budget
    reasoner: Reasoner
    latencies: Latencies

    def converse(self, guardrail: Guardrail | None = None) -> Converse:
        """The models, as they are asked."""
        return Converse(self.aws, load_models(), load_prices(), self.latencies, guardrail)

    def opinions(self, guardrail: Guardrail | None = None) -> Opinions:
        """The opinions of models."""
        return Opinions(self.reasoner, self.budget, self.converse(guardrail))

    async def used(self) -> Sequence[Usage]:
        """The ledger, the oldest first."""
        return tuple(reversed(await self.ledger.latest(1000)))


def thinking(
    aws: Aws,
    database: Database,
    *,
    incident_usd: str | None = None,
    day_usd: str | None = None,
    breaker: Callable[[], Breaker] = Breaker,
) -> Thinking:
    """Reasoning on a database, with budgets."""
    ledger = UsageLedger(database)
    limits = Spendable(
        incident_usd=None if incident_usd is None else Decimal(incident_usd),
        day_usd=None if day_usd is None else Decimal(day_usd),
    )
    budget = Budget(limits, ledger)
    latencies = Latencies()
    return Thinking(aws, database, ledger, budget, Reasoner(ledger, budget, latencies, breaker), latencies)
