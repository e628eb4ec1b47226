"""The reasoning services are asked apart from each other: what one cannot say, the others still do."""

from collections.abc import Sequence
from pathlib import Path

from incident_commander.agents import detection
from incident_commander.domain.reasoning import Answered, Asked, Knowledge, Passage
from incident_commander.reasoning.budget import Budget, Limits
from incident_commander.reasoning.embedding import Embedding
from incident_commander.reasoning.faculties import Faculties, Wanted
from incident_commander.reasoning.guarding import Guarding
from incident_commander.reasoning.investigation import StrandsInvestigator
from incident_commander.reasoning.knowledge import KnowledgeBase
from incident_commander.reasoning.opinions import Opinions
from incident_commander.reasoning.prices import load_prices
from incident_commander.reasoning.reasoner import Reasoner
from incident_commander.reasoning.remembering import Remembering
from incident_commander.reasoning.router import Latencies
from incident_commander.reasoning.usage_ledger import UsageLedger
from incident_commander.response.counsel import Counsellor
from incident_commander.store import Database

from ..agents.shop import LEAKING
from ..store.databases import opened


class Broken:
    """An organisation that cannot even be asked."""

    async def ask(self, asked: Asked, question: str) -> Answered[Knowledge]:
        raise LookupError("the ledger of usage is full")


async def nothing(asked: Asked) -> Sequence[Passage]:
    return ()


def answered_here(database: Database) -> Faculties:
    """Every service answered by what is here, and an organisation that is broken."""
    ledger, prices = UsageLedger(database), load_prices()
    budget = Budget(Limits(), ledger)
    reasoner = Reasoner(ledger, budget, Latencies())
    found = Faculties(database, Wanted())
    found.opinions = Opinions(reasoner, budget, None)
    found.investigator = StrandsInvestigator(reasoner, budget, None)
    found.guard = Guarding(reasoner, prices, None, None)
    found.retriever = KnowledgeBase(reasoner, None, "", nothing)
    found.memory = Remembering(reasoner, prices, database, None)
    found.embedder = Embedding(reasoner, prices, None)
    found.organisation = Broken()
    return found


async def test_where_one_fails_what_the_others_say_stands_and_why_is_told(tmp_path: Path) -> None:
    case = LEAKING.case()
    async with opened(tmp_path) as database:
        faculties = answered_here(database)
        said = await Counsellor(faculties).on_causes(case, None, detection.examine(case).evidence)
        faculties.close()
        async with database.read() as unit:
            recorded = await unit.usage.of(case.incident.id)
    assert said.trouble == "LookupError: the ledger of usage is full"
    assert said.knowledge is None
    assert said.analysis is not None
    assert said.investigation is not None
    assert {usage.task for usage in said.usage} == {"guard", "analyse", "investigate", "retrieve", "recall"}
    assert len(said.usage) == len(recorded)
