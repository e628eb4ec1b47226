"""The reasoning services against a stand-in that others wrote: it takes our requests, and its answers are checked."""

import os
from collections.abc import AsyncIterator, Iterator

import boto3  # type: ignore[import-untyped]
import pytest

from incident_commander.domain.reasoning import Kept
from incident_commander.reasoning.faculties import Faculties, Wanted
from incident_commander.reasoning.remembering import AgentCore, BedrockAgent
from incident_commander.store import Database

from ..ministack import ministack
from .client import REGION
from .services import OUTCOME, QUERY
from .thinking import ASKED, SITUATION

pytestmark = [pytest.mark.loopback, pytest.mark.timeout(240)]
WORD = "forbidden"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it answers, with the environment that leads the official client there."""
    with (
        ministack(tmp_path_factory.mktemp("ministack") / "server") as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield url


@pytest.fixture(scope="module")
def wanted(url: str) -> Wanted:
    """What was made there: a guardrail, a memory, and an agent with memory, prepared, with its alias."""
    words = {"wordsConfig": [{"text": WORD}]}
    guardrail = boto3.client("bedrock").create_guardrail(
        name="incidents", blockedInputMessaging="no", blockedOutputsMessaging="no", wordPolicyConfig=words
    )
    memory = boto3.client("bedrock-agentcore-control").create_memory(name="incidents", eventExpiryDuration=30)
    agents = boto3.client("bedrock-agent")
    agent = agents.create_agent(
        agentName="diagnosis",
        foundationModel="amazon.nova-lite-v1:0",
        instruction="Remember how incidents ended, and tell it when you are asked.",
        agentResourceRoleArn="arn:aws:iam::000000000000:role/diagnosis",
        memoryConfiguration={"enabledMemoryTypes": ["SESSION_SUMMARY"], "storageDays": 30},
    )["agent"]["agentId"]
    agents.prepare_agent(agentId=agent)
    alias = agents.create_agent_alias(agentId=agent, agentAliasName="live")["agentAlias"]["agentAliasId"]
    return Wanted(
        region=REGION,
        guardrail=f"{guardrail['guardrailId']}:DRAFT",
        knowledge_base="KB12345678",
        agent_core=AgentCore(memory["memory"]["id"]),
        agent=BedrockAgent(agent, alias),
    )


@pytest.fixture
async def faculties(wanted: Wanted, database: Database) -> AsyncIterator[Faculties]:
    faculties = Faculties(database, wanted)
    yield faculties
    faculties.close()


async def test_a_model_that_says_anything_is_heard_and_what_is_no_answer_is_paid_for(faculties: Faculties) -> None:
    answer = await faculties.opinions.classify(ASKED, SITUATION)
    assert answer.value.severity == SITUATION.severity
    *asked, local = answer.used
    assert [usage.model for usage in asked] == ["eu.amazon.nova-micro-v1:0", "eu.amazon.nova-lite-v1:0"]
    assert all(usage.input_tokens and usage.output_tokens and usage.cost.usd for usage in asked)
    assert all("it was to call 'answer' once and called nothing" in usage.error for usage in asked)
    assert local.service is None


async def test_a_guardrail_that_really_evaluates_blocks_its_words_and_nothing_else(faculties: Faculties) -> None:
    blocked = await faculties.guard.check(ASKED, f"a {WORD} text", "input")
    assert blocked.value.blocked
    assert blocked.used[0].provenance.source == "loopback"
    let_through = await faculties.guard.check(ASKED, "a text", "input")
    assert not let_through.value.blocked
    assert let_through.value.findings == ()


async def test_an_outcome_is_told_to_agent_core(faculties: Faculties, wanted: Wanted) -> None:
    assert wanted.agent_core is not None
    answer = await faculties.memory.remember(ASKED, OUTCOME)
    assert answer.value.where.startswith(f"AgentCore memory {wanted.agent_core.id}, session inc-1, event ")
    assert (await faculties.memory.recall(ASKED, OUTCOME.services[0], QUERY, 3)).used[0].error == ""


async def test_an_outcome_is_told_to_an_agent_that_was_made_and_prepared(database: Database, wanted: Wanted) -> None:
    assert wanted.agent is not None
    faculties = Faculties(database, Wanted(region=REGION, agent=wanted.agent))
    answer = await faculties.memory.remember(ASKED, OUTCOME)
    faculties.close()
    assert answer.value == Kept(where=f"memory orders-db of agent {wanted.agent.id}, session inc-1")
    assert answer.used[0].requests == 2


async def test_a_knowledge_base_that_is_not_there_is_a_refusal_and_the_answer_local(faculties: Faculties) -> None:
    answer = await faculties.retriever.retrieve(ASKED, QUERY, 3)
    assert "ResourceNotFoundException" in answer.fell_back
    assert answer.provenance.source == "local"


async def test_a_vector_that_is_none_is_an_error_and_never_zeros(faculties: Faculties) -> None:
    answer = await faculties.embedder.embed(ASKED, ["one", "another"])
    assert "embedding: Field required" in answer.fell_back
    assert answer.value.rows.any(axis=1).all()
