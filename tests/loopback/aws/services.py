"""The reasoning services that are no language models, as the server plays them, and how each is asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from incident_commander.aws import Aws
from incident_commander.domain.base import IncidentId
from incident_commander.domain.reasoning import Answered, Asked, Outcome, Passage
from incident_commander.domain.usage import AiService, ReasoningTask
from incident_commander.reasoning.converse import Guardrail
from incident_commander.reasoning.embedding import Embedding
from incident_commander.reasoning.guarding import Guarding
from incident_commander.reasoning.knowledge import AskOrganisation, KnowledgeBase
from incident_commander.reasoning.library import runbooks
from incident_commander.reasoning.prices import load_prices
from incident_commander.reasoning.remembering import AgentCore, BedrockAgent, Remembering

from .front import Front
from .protocol import Answer, Refusal
from .thinking import ASKED, DATABASE, PAYMENT, Thinking

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
APPLICATION = "a1b2c3d4-0000-4000-8000-000000000001"
MEMORY = "incidents-AbCdEf0123"
RECORD = "mem-0123456789012345678901234567890123456789"
QUERY = "the connection pool of orders-db is exhausted"
OUTCOME = Outcome(
    incident_id=IncidentId("inc-1"),
    services=(DATABASE, PAYMENT),
    fault="connection_pool_exhaustion",
    pattern="connections of orders-db at their limit, payment times out",
    resolution="raise_pool of orders-db",
    mttr_seconds=480,
    success=True,
    verified=True,
    learnings="a leak in payment 2.4.1",
    ended_at=NOON,
)
RUNBOOK = (
    "# Connections\n\nWhen the connection pool of a database is exhausted, find who holds it.\n\n# Disks\n\nGrow it.\n"
)


@dataclass(slots=True)
class Services:
    """The services behind the front, each with one good answer at first.

    Attributes:
        asked: Every request that a service took, by its operation.
        answers: What each operation answers; a Refusal refuses.
    """

    front: Front
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    answers: dict[str, list[Answer | Refusal]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for service, operations in GOOD.items():
            self.front.serve(service, {name: self._operation(name, good) for name, good in operations.items()})

    def say(self, operation: str, *answers: Answer | Refusal) -> None:
        """What an operation answers next."""
        self.answers.setdefault(operation, []).extend(answers)

    def requests(self, operation: str) -> list[dict[str, object]]:
        """What an operation was asked."""
        return [request for name, request in self.asked if name == operation]

    def _operation(self, name: str, good: Answer) -> Callable[[dict[str, object]], Answer]:
        def operation(request: dict[str, object]) -> Answer:
            self.asked.append((name, request))
            answer = self.answers[name].pop(0) if self.answers.get(name) else good
            if isinstance(answer, Refusal):
                raise answer
            return answer

        return operation


def guarded(action: str = "NONE", text: str = "", **assessment: object) -> Answer:
    """An answer of ApplyGuardrail."""
    units = {
        "topicPolicyUnits": 0,
        "contentPolicyUnits": 1,
        "wordPolicyUnits": 0,
        "sensitiveInformationPolicyUnits": 1,
        "sensitiveInformationPolicyFreeUnits": 0,
        "contextualGroundingPolicyUnits": 0,
    }
    return {
        "usage": units,
        "action": action,
        "outputs": [{"text": text}] if text else [],
        "assessments": [assessment] if assessment else [],
    }


def chunk(text: str) -> Answer:
    """A piece of what an agent says."""
    return {"chunk": {"bytes": text.encode()}}


def invoked(*events: Answer) -> Answer:
    """An agent's answer."""
    return {"contentType": "application/json", "sessionId": "inc-1", "completion": list(events)}


_TITAN = b'{"embedding": [%s], "inputTextTokenCount": 12}' % b", ".join([b"0.0625"] * 256)
_FOUND = {
    "content": {"text": "Raise the pool, then find the leak."},
    "location": {"type": "S3", "s3Location": {"uri": "s3://runbooks/pools.md"}},
    "score": 0.83,
}
_SOURCE = {
    "title": "Postmortem of inc-77",
    "snippet": "the pool was exhausted by a leak",
    "url": "https://wiki.example.com/inc-77",
    "citationNumber": 1,
    "updatedAt": NOON,
}
_RECORD = {
    "memoryRecordId": RECORD,
    "content": {"text": "orders-db: the pool was raised, 480 s"},
    "memoryStrategyId": "summary-1",
    "namespaces": ["/"],
    "createdAt": NOON,
    "score": 0.7,
}
_EVENT = {
    "memoryId": MEMORY,
    "actorId": "orders-db",
    "sessionId": "inc-1",
    "eventId": "0000001#a",
    "eventTimestamp": NOON,
    "payload": [],
}
_SUMMARIES = [
    {"sessionSummary": {"memoryId": "orders-db", "sessionId": "s-1", "summaryText": "a disk was full"}},
    {
        "sessionSummary": {
            "memoryId": "orders-db",
            "sessionId": "s-2",
            "summaryText": "the connection pool was exhausted",
        }
    },
]
GOOD: dict[str, dict[str, Answer]] = {
    "bedrock-runtime": {
        "InvokeModel": {"body": _TITAN, "contentType": "application/json"},
        "ApplyGuardrail": guarded(),
    },
    "bedrock-agent-runtime": {
        "Retrieve": {"retrievalResults": [_FOUND]},
        "InvokeAgent": invoked(chunk("noted")),
        "GetAgentMemory": {"memoryContents": _SUMMARIES},
    },
    "qbusiness": {
        "ChatSync": {
            "conversationId": APPLICATION,
            "systemMessage": "It was a leak of connections.",
            "sourceAttributions": [_SOURCE],
        }
    },
    "bedrock-agentcore": {
        "CreateEvent": {"event": _EVENT},
        "RetrieveMemoryRecords": {"memoryRecordSummaries": [_RECORD]},
    },
}


@dataclass(slots=True)
class Asking:
    """Asks each service on its own."""

    at: Thinking
    aws: Aws
    folder: Path
    prices = load_prices()

    async def documents(self, asked: Asked) -> tuple[Passage, ...]:
        """What there is here."""
        (self.folder / "pools.md").write_text(RUNBOOK)
        return runbooks(self.folder)

    def embedding(self) -> Embedding:
        """Titan."""
        return Embedding(self.at.reasoner, self.prices, self.aws, dimensions=256)

    def base(self, id: str = "KB12345678") -> KnowledgeBase:
        """A knowledge base."""
        return KnowledgeBase(self.at.reasoner, self.aws, id, self.documents)

    def organisation(self, base: str = "") -> AskOrganisation:
        """Q Business, with a successor."""
        return AskOrganisation(self.at.reasoner, self.aws, APPLICATION, self.base(base), self.documents)

    def agent_core(self) -> Remembering:
        """AgentCore Memory."""
        return Remembering(self.at.reasoner, self.prices, self.at.database, self.aws, agent_core=AgentCore(MEMORY))

    def agent(self) -> Remembering:
        """A Bedrock agent's memory."""
        agent = BedrockAgent("AGENT12345", "ALIAS12345")
        return Remembering(self.at.reasoner, self.prices, self.at.database, self.aws, agent=agent)

    def guarding(self) -> Guarding:
        """Guardrails."""
        return Guarding(self.at.reasoner, self.prices, self.aws, Guardrail("gr-1", "3"))


@dataclass(frozen=True, slots=True)
class Case:
    """One service and how it is asked.

    Attributes:
        call: Its call.
    """

    name: str
    call: str
    service: AiService
    task: ReasoningTask
    ask: Callable[[Asking], Awaitable[Answered[object]]]


CASES = (
    Case(
        "embed",
        "bedrock-runtime:InvokeModel",
        "Titan embeddings",
        "embed",
        lambda asking: asking.embedding().embed(ASKED, [QUERY]),
    ),
    Case(
        "retrieve",
        "bedrock-agent-runtime:Retrieve",
        "Knowledge Bases",
        "retrieve",
        lambda asking: asking.base().retrieve(ASKED, QUERY, 5),
    ),
    Case("ask", "qbusiness:ChatSync", "Q Business", "ask", lambda asking: asking.organisation().ask(ASKED, QUERY)),
    Case(
        "remember",
        "bedrock-agentcore:CreateEvent",
        "Agent memory",
        "remember",
        lambda asking: asking.agent_core().remember(ASKED, OUTCOME),
    ),
    Case(
        "recall",
        "bedrock-agentcore:RetrieveMemoryRecords",
        "Agent memory",
        "recall",
        lambda asking: asking.agent_core().recall(ASKED, DATABASE, QUERY, 5),
    ),
    Case(
        "tell an agent",
        "bedrock-agent-runtime:InvokeAgent",
        "Agent memory",
        "remember",
        lambda asking: asking.agent().remember(ASKED, OUTCOME),
    ),
    Case(
        "an agent's memory",
        "bedrock-agent-runtime:GetAgentMemory",
        "Agent memory",
        "recall",
        lambda asking: asking.agent().recall(ASKED, DATABASE, QUERY, 5),
    ),
    Case(
        "guard",
        "bedrock-runtime:ApplyGuardrail",
        "Guardrails",
        "guard",
        lambda asking: asking.guarding().check(ASKED, QUERY, "input"),
    ),
)
