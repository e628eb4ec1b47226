"""The reasoning services of AWS, put together: each call measured, paid from a budget and recorded."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from ..aws import Aws
from ..aws import Limits as Patience
from ..domain.reasoning import Asked, Passage
from ..store import Database
from .budget import Budget, Limits
from .converse import Converse, Guardrail
from .embedding import Embedding
from .guarding import Guarding
from .investigation import StrandsInvestigator, load_strands
from .knowledge import AskOrganisation, KnowledgeBase
from .library import runbooks
from .models import load_models
from .opinions import Opinions
from .ports import Embedder, Guard, Investigator, Memory, Organisation, Retriever
from .prices import load_prices
from .reasoner import Reasoner
from .remembering import AgentCore, BedrockAgent, Remembering, outcomes
from .router import Latencies
from .usage_ledger import UsageLedger

PATIENCE = Patience(connect_seconds=3, read_seconds=45, reads=1, writes=1, threads=64)
"""No call is sent again: the next service is asked, and at last local analysis."""
LOOKED_BACK = 500
"""Calls of the ledger from which latencies are known at the start."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be asked, as settings say; what is empty is answered here.

    Attributes:
        region: Empty: as the environment says.
        guardrail: `ID:VERSION`.
        models: Ids in place of those of the models' file.
        runbooks: A folder that is looked through here, beside how incidents ended.
    """

    region: str = ""
    guardrail: str = ""
    models: Mapping[str, str] | None = None
    incident_usd: Decimal | None = None
    day_usd: Decimal | None = None
    knowledge_base: str = ""
    q_business: str = ""
    agent_core: AgentCore | None = None
    agent: BedrockAgent | None = None
    runbooks: Path | None = None


class Faculties:
    """What can be asked in one installation, while it runs."""

    def __init__(self, database: Database, wanted: Wanted) -> None:
        self._aws = Aws(wanted.region or None, PATIENCE)
        self._ledger = UsageLedger(database)
        self._latencies = Latencies()
        budget = Budget(Limits(incident_usd=wanted.incident_usd, day_usd=wanted.day_usd), self._ledger)
        self._reasoner = Reasoner(self._ledger, budget, self._latencies)
        prices = load_prices()
        id, _, version = wanted.guardrail.partition(":")
        guardrail = Guardrail(id, version) if wanted.guardrail else None
        converse = Converse(self._aws, load_models().with_ids(wanted.models or {}), prices, self._latencies, guardrail)
        documents = _Documents(database, wanted.runbooks)
        base = KnowledgeBase(self._reasoner, self._aws, wanted.knowledge_base, documents)
        self.opinions = Opinions(self._reasoner, budget, converse)
        self.embedder: Embedder = Embedding(self._reasoner, prices, self._aws)
        self.retriever: Retriever = base
        self.organisation: Organisation = AskOrganisation(self._reasoner, self._aws, wanted.q_business, base, documents)
        self.memory: Memory = Remembering(self._reasoner, prices, database, self._aws, wanted.agent_core, wanted.agent)
        self.investigator: Investigator = StrandsInvestigator(self._reasoner, budget, converse)
        self.guard: Guard = Guarding(self._reasoner, prices, self._aws, guardrail)

    async def open(self) -> None:
        """Take up what was measured before; the database must be open."""
        self._latencies.add_all(await self._ledger.latest(LOOKED_BACK))

    async def warm(self) -> None:
        """Load what takes seconds to load, beside whatever else is done at the start."""
        await asyncio.to_thread(load_strands)

    def resting(self) -> tuple[str, ...]:
        """What was down when it was last asked."""
        return self._reasoner.resting()

    def close(self) -> None:
        """Let go of the connections."""
        self._aws.close()


class _Documents:
    """What is looked through here: runbooks, read once, and how real incidents ended."""

    def __init__(self, database: Database, folder: Path | None) -> None:
        self._database = database
        self._runbooks = cache(lambda: () if folder is None else runbooks(folder))

    async def __call__(self, asked: Asked) -> Sequence[Passage]:
        written = await asyncio.to_thread(self._runbooks)
        return written if asked.practice else (*written, *await outcomes(self._database))
