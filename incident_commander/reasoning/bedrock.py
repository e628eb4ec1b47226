"""The models of Bedrock, put together: opinions that are measured, paid from budgets and kept in the usage ledger."""

from collections.abc import Mapping
from decimal import Decimal

from ..aws import Aws
from ..aws import Limits as Patience
from ..store import Database
from .budget import Budget, Limits
from .converse import Converse, Guardrail
from .models import load_models
from .opinions import Opinions
from .prices import load_prices
from .reasoner import Reasoner
from .router import Latencies
from .usage_ledger import UsageLedger

PATIENCE = Patience(connect_seconds=3, read_seconds=45, reads=1, writes=1, threads=64)
"""No call is sent again: the next model is asked, and at last local analysis."""
LOOKED_BACK = 500
"""Calls of the ledger from which latencies are known at the start."""


class Bedrock:
    """The models of one installation, while it runs."""

    def __init__(
        self, aws: Aws, ledger: UsageLedger, latencies: Latencies, reasoner: Reasoner, opinions: Opinions
    ) -> None:
        self._aws = aws
        self._ledger = ledger
        self._latencies = latencies
        self._reasoner = reasoner
        self.opinions = opinions

    async def open(self) -> None:
        """Take up what was measured before; the database must be open."""
        self._latencies.add_all(await self._ledger.latest(LOOKED_BACK))

    def resting(self) -> tuple[str, ...]:
        """What was down when it was last asked."""
        return self._reasoner.resting()

    def close(self) -> None:
        """Let go of the connections."""
        self._aws.close()


def bedrock(
    database: Database,
    *,
    region: str,
    guardrail: str,
    ids: Mapping[str, str],
    incident_usd: Decimal | None,
    day_usd: Decimal | None,
) -> Bedrock:
    """The models, not asked yet; it touches no network.

    Args:
        region: Empty: as the environment says.
        guardrail: `ID:VERSION`; empty: none.
        ids: In place of those of the models' file.

    Raises:
        ModelsError, PricesError: what is given, or a data file, is wrong.
    """
    aws = Aws(region or None, PATIENCE)
    ledger, latencies, prices = UsageLedger(database), Latencies(), load_prices()
    budget = Budget(Limits(incident_usd=incident_usd, day_usd=day_usd), ledger)
    reasoner = Reasoner(ledger, budget, latencies)
    id, _, version = guardrail.partition(":")
    converse = Converse(
        aws, load_models().with_ids(ids), prices, latencies, Guardrail(id, version) if guardrail else None
    )
    return Bedrock(aws, ledger, latencies, reasoner, Opinions(reasoner, budget, converse))
