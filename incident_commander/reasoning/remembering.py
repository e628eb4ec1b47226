"""How incidents ended, remembered: always in the store, and in AgentCore Memory or a Bedrock agent's memory besides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from ..aws import Answer, Aws, Camel
from ..domain.base import ServiceName
from ..domain.reasoning import Answered, Asked, Kept, Outcome, Passage
from ..domain.usage import UNPRICED
from ..store import Database
from .agent_trace import TracePart, steps
from .library import best
from .masking import Masks
from .prices import Prices
from .reasoner import Candidate, Reasoner, Reply, Unusable

SECONDS = 20.0
AGENT_SECONDS = 60.0
"""An agent thinks before it answers."""
MOST_RECALLED = 2_000
"""Outcomes that the local memory looks through, the latest."""
STORE = "the store of this installation"
_PRACTICE = "practice-"


@dataclass(frozen=True, slots=True)
class AgentCore:
    """A memory of AgentCore.

    Attributes:
        namespace: Where its strategies put what they extract; `{actorId}` stands for whom it is of.
    """

    id: str
    namespace: str = "/incidents/{actorId}"

    def of(self, actor: str) -> str:
        """Where what was extracted of one actor is."""
        return self.namespace.replace("{actorId}", actor)


@dataclass(frozen=True, slots=True)
class BedrockAgent:
    """An agent of Bedrock whose memory is switched on."""

    id: str
    alias: str


class Remembering:
    """See Memory.

    Args:
        agent_core, agent: None: not configured.
    """

    def __init__(
        self,
        reasoner: Reasoner,
        prices: Prices,
        database: Database,
        aws: Aws | None,
        agent_core: AgentCore | None = None,
        agent: BedrockAgent | None = None,
    ) -> None:
        self._reasoner = reasoner
        self._prices = prices
        self._database = database
        self._aws = aws
        self._agent_core = agent_core
        self._agent = agent

    async def remember(self, asked: Asked, outcome: Outcome) -> Answered[Kept]:
        """See Memory. The store has it already: see MemoryPort."""
        whose = _whose(asked, outcome.services[0] if outcome.services else None)

        async def local() -> Kept:
            return Kept(where=STORE)

        candidates: list[Candidate[Kept]] = []
        if self._aws is not None and self._agent_core is not None:
            candidates.append(self._tell_agent_core(self._aws, self._agent_core, outcome, whose))
        if self._aws is not None and self._agent is not None:
            candidates.append(self._tell_agent(self._aws, self._agent, outcome, whose))
        return await self._reasoner.ask("remember", asked, candidates, local)

    async def recall(
        self, asked: Asked, service: ServiceName, situation: str, limit: int
    ) -> Answered[tuple[Passage, ...]]:
        """See Memory. The local answer goes by shared words, over all services; it knows no practice incident."""
        whose = _whose(asked, service)

        async def local() -> tuple[Passage, ...]:
            return best(situation, [] if asked.practice else await outcomes(self._database), limit)

        candidates: list[Candidate[tuple[Passage, ...]]] = []
        if self._aws is not None and self._agent_core is not None:
            candidates.append(self._search(self._aws, self._agent_core, whose, situation, limit))
        if self._aws is not None and self._agent is not None:
            candidates.append(self._summaries(self._aws, self._agent, whose, situation, limit))
        return await self._reasoner.ask("recall", asked, candidates, local)

    def _tell_agent_core(self, aws: Aws, memory: AgentCore, outcome: Outcome, whose: str) -> Candidate[Kept]:
        request = {
            "memoryId": memory.id,
            "actorId": whose,
            "sessionId": _name(outcome.incident_id),
            "eventTimestamp": outcome.ended_at,
            "payload": [{"conversational": {"role": "OTHER", "content": {"text": Masks().mask(told(outcome))}}}],
            "clientToken": f"incident-commander-outcome-{outcome.content_digest()}",
        }

        async def call() -> Reply[Kept]:
            # Its token makes it safe to send again, as what only reads is.
            answer = await aws.read(_Created, "bedrock-agentcore", "CreateEvent", request)
            where = f"AgentCore memory {memory.id}, session {answer.event.session_id}, event {answer.event.event_id}"
            cost = self._prices.of_units("agent_memory", {"create_event": 1})
            return Reply(read=lambda: Kept(where=where), cost=cost, request_id=answer.request_id)

        most = self._prices.of_units("agent_memory", {"create_event": 1})
        return Candidate("Agent memory", "bedrock-agentcore", aws, call, SECONDS, model=memory.id, most=most)

    def _search(
        self, aws: Aws, memory: AgentCore, whose: str, situation: str, limit: int
    ) -> Candidate[tuple[Passage, ...]]:
        request = {
            "memoryId": memory.id,
            "namespace": memory.of(whose),
            "searchCriteria": {"searchQuery": Masks().mask(situation)[:10_000], "topK": limit},
            "maxResults": limit,
        }
        cost = self._prices.of_units("agent_memory", {"retrieve": 1})

        async def call() -> Reply[tuple[Passage, ...]]:
            answer = await aws.read(_Records, "bedrock-agentcore", "RetrieveMemoryRecords", request)
            found = tuple(
                Passage(
                    title=f"memory {each.memory_record_id}",
                    text=each.content.text,
                    where=each.memory_record_id,
                    score=each.score,
                )
                for each in answer.memory_record_summaries[:limit]
                if each.content.text
            )
            return Reply(read=lambda: found, cost=cost, request_id=answer.request_id)

        return Candidate("Agent memory", "bedrock-agentcore", aws, call, SECONDS, model=memory.id, most=cost)

    def _tell_agent(self, aws: Aws, agent: BedrockAgent, outcome: Outcome, whose: str) -> Candidate[Kept]:
        # One memory for a service: what is learned of one is not told as if it were another's.
        session = {
            "agentId": agent.id,
            "agentAliasId": agent.alias,
            "sessionId": _name(outcome.incident_id),
            "memoryId": whose,
        }
        sent: list[str] = []

        async def invoke(**more: object) -> _Invoked:
            sent.append("InvokeAgent")
            return await aws.read(_Invoked, "bedrock-agent-runtime", "InvokeAgent", {**session, **more})

        async def call() -> Reply[Kept]:
            answer = await invoke(inputText=Masks().mask(told(outcome)), endSession=False, enableTrace=True)
            # A summary is written once the session has ended, some minutes later.
            ended = await invoke(endSession=True)
            where = f"memory {session['memoryId']} of agent {agent.id}, session {session['sessionId']}"
            ids = f"{answer.request_id} {ended.request_id}"
            return Reply(read=lambda: _heard(answer, where), cost=UNPRICED, request_id=ids)

        return Candidate(
            "Agent memory",
            "bedrock-agent-runtime",
            aws,
            call,
            AGENT_SECONDS,
            model=agent.id,
            sent=lambda: len(sent),
        )

    def _summaries(
        self, aws: Aws, agent: BedrockAgent, whose: str, situation: str, limit: int
    ) -> Candidate[tuple[Passage, ...]]:
        request = {
            "agentId": agent.id,
            "agentAliasId": agent.alias,
            "memoryId": whose,
            "memoryType": "SESSION_SUMMARY",
            "maxItems": 100,
        }

        async def call() -> Reply[tuple[Passage, ...]]:
            answer = await aws.read(_Memories, "bedrock-agent-runtime", "GetAgentMemory", request)
            summaries = [each.session_summary for each in answer.memory_contents if each.session_summary is not None]
            passages = [
                Passage(title=f"session {each.session_id}", text=each.summary_text, where=each.session_id)
                for each in summaries
                if each.summary_text
            ]
            # The service gives them all, unranked; which are similar is found here, and the score is ours.
            return Reply(read=lambda: best(situation, passages, limit), request_id=answer.request_id)

        return Candidate("Agent memory", "bedrock-agent-runtime", aws, call, SECONDS, model=agent.id)


def told(outcome: Outcome) -> str:
    """An outcome in words: what a memory keeps."""
    mended = f"resolved by {outcome.resolution}" if outcome.success and outcome.resolution else "not resolved by us"
    tried = f"tried without success: {outcome.resolution}" if outcome.resolution and not outcome.success else ""
    lines = [
        f"Incident {outcome.incident_id} at {', '.join(outcome.services) or 'no known service'}, "
        f"type {outcome.fault or 'unknown'}: {outcome.pattern}",
        f"It was {mended}" + (", which registered checks proved." if outcome.verified else ", unverified."),
        tried,
        f"Time to resolve: {outcome.mttr_seconds:.0f} s." if outcome.mttr_seconds is not None else "",
        f"Learned: {outcome.learnings}" if outcome.learnings else "",
    ]
    return "\n".join(line for line in lines if line)


def as_passage(outcome: Outcome) -> Passage:
    """An outcome as a document to look through."""
    return Passage(
        title=f"incident {outcome.incident_id}",
        text=told(outcome),
        where=outcome.incident_id,
        updated_at=outcome.ended_at,
    )


async def outcomes(database: Database) -> tuple[Passage, ...]:
    """How real incidents ended, the latest first, as documents to look through."""
    async with database.read() as unit:
        return tuple(as_passage(outcome) for outcome in await unit.outcomes.recent(MOST_RECALLED))


def _whose(asked: Asked, service: ServiceName | None) -> str:
    """Whose memory it is: each service has one, and practice has others."""
    name = _name(service or "unknown-service")
    if asked.practice:
        return _name(f"{_PRACTICE}{name}")
    # A real service may be called so: it is not to share with practice.
    return _name(f"real-{name}") if name.startswith(_PRACTICE) else name


def _name(text: str) -> str:
    """A text as every one of these services takes names; they take different ones, and all of them these."""
    kept = re.sub(r"[^a-zA-Z0-9-]", "-", text)[:90]
    return kept if len(kept) > 1 and kept[0].isalnum() else f"x{kept}-"


class _Event(Camel):
    event_id: str = Field(min_length=1)
    session_id: str


class _Created(Answer):
    event: _Event


class _Text(Camel):
    text: str = ""


class _Record(Camel):
    memory_record_id: str
    content: _Text
    score: float | None = Field(default=None, allow_inf_nan=False)


class _Records(Answer):
    memory_record_summaries: tuple[_Record, ...]


class _Chunk(Camel):
    said: bytes = Field(default=b"", alias="bytes")


class _AgentEvent(Camel):
    chunk: _Chunk | None = None
    return_control: dict[str, object] | None = None
    trace: TracePart | None = None


class _Invoked(Answer):
    completion: tuple[_AgentEvent, ...]


class _Summary(Camel):
    session_id: str = ""
    summary_text: str = ""


class _AgentMemory(Camel):
    session_summary: _Summary | None = None


class _Memories(Answer):
    memory_contents: tuple[_AgentMemory, ...] = ()


def _heard(answer: _Invoked, where: str) -> Kept:
    """Where it is kept, if the agent took it as told; one that wants to act instead is not given what it wants."""
    wanted: Sequence[_AgentEvent] = [event for event in answer.completion if event.return_control is not None]
    if wanted:
        raise Unusable("the agent wants to act; take its action groups away, it is there to remember")
    if not any(event.chunk is not None and event.chunk.said for event in answer.completion):
        raise Unusable("the agent answered nothing")
    return Kept(where=where, trace=steps([event.trace for event in answer.completion if event.trace is not None]))
