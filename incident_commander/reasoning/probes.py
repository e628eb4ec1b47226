"""The smallest question to each service of AWS that is switched on: what it takes, what it costs, what is missing."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import Field

from ..aws import Answer, Aws, Camel
from ..domain.usage import UNPRICED, Cost
from .models import Models
from .prices import Prices
from .remembering import AgentCore
from .services import Call, Service

QUESTION = "Say OK."
MOST_TOKENS = 5
NOBODY = "incident-commander-doctor"
"""A memory that nothing was ever told to."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One smallest question.

    Attributes:
        subject: What is asked: a model, a knowledge base.
        also: Calls of the service that are not tried, since they would leave something behind.
        ask: Asks it and says what that cost; raises AwsError.
    """

    service: Service
    call: Call
    subject: str
    ask: Callable[[], Awaitable[Cost]]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probes:
    """Makes the questions for what is switched on.

    Attributes:
        settings: By their names; see Service.
        models: With the ids of the installation.
    """

    aws: Aws
    settings: Mapping[str, object]
    models: Models
    prices: Prices
    region: str
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def of(self, service: Service) -> tuple[Probe, ...]:
        """The questions to a service; none where it is off, or where it asks another one's models."""
        calls = service.calls_with(self.settings)
        if service.asks is not None or not calls:
            return ()
        if service.model:
            return (Probe(service, calls[0], service.model, lambda: self._embed(service.model)),)
        if calls[0].operation == "Converse":
            ids = (each.id_in(self.region) for each in self.models.models.values() if each.service == service.name)
            return tuple(Probe(service, calls[0], id, self._saying(id)) for id in ids)
        asked = {
            "Retrieve": ("knowledge_base_id", self._retrieve),
            "ApplyGuardrail": ("ai_guardrail", self._guard),
            "ChatSync": ("q_business_app_id", self._chat),
            "RetrieveMemoryRecords": ("agentcore_memory_id", self._recall),
            "GetAgentMemory": ("diagnosis_agent_id", self._summaries),
        }
        return tuple(
            Probe(service, call, self._set(setting), ask, self._untried(calls, call, asked))
            for call in calls
            if call.operation in asked
            for setting, ask in (asked[call.operation],)
        )

    @staticmethod
    def _untried(calls: tuple[Call, ...], tried: Call, asked: Mapping[str, object]) -> tuple[str, ...]:
        return tuple(each.operation for each in calls if each.via == tried.via and each.operation not in asked)

    def _set(self, name: str) -> str:
        return str(self.settings[name])

    def _saying(self, id: str) -> Callable[[], Awaitable[Cost]]:
        async def say() -> Cost:
            request = {
                "modelId": id,
                "messages": [{"role": "user", "content": [{"text": QUESTION}]}],
                "inferenceConfig": {"maxTokens": MOST_TOKENS, "temperature": 0.0},
            }
            tokens = (await self.aws.read(_Said, "bedrock-runtime", "Converse", request)).usage
            return self.prices.of_tokens(id, tokens.input_tokens, tokens.output_tokens, self.now())

        return say

    async def _embed(self, model: str) -> Cost:
        body = json.dumps({"inputText": QUESTION, "dimensions": 256, "normalize": True})
        request = {"modelId": model, "body": body, "contentType": "application/json", "accept": "application/json"}
        answer = await self.aws.read(_Embedded, "bedrock-runtime", "InvokeModel", request)
        return self.prices.of_tokens(model, _Counted.model_validate_json(answer.body).tokens, 0, self.now())

    async def _retrieve(self) -> Cost:
        request = {
            "knowledgeBaseId": self._set("knowledge_base_id"),
            "retrievalQuery": {"text": QUESTION},
            "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": 1}},
        }
        await self.aws.read(Answer, "bedrock-agent-runtime", "Retrieve", request)
        return UNPRICED

    async def _guard(self) -> Cost:
        id, _, version = self._set("ai_guardrail").partition(":")
        content = [{"text": {"text": QUESTION, "qualifiers": ["guard_content"]}}]
        request = {"guardrailIdentifier": id, "guardrailVersion": version, "source": "INPUT", "content": content}
        counted = (await self.aws.read(_Guarded, "bedrock-runtime", "ApplyGuardrail", request)).usage
        return self.prices.of_units("guardrails", {name: units for name, units in counted.items() if units})

    async def _chat(self) -> Cost:
        request = {"applicationId": self._set("q_business_app_id"), "userMessage": QUESTION}
        await self.aws.read(Answer, "qbusiness", "ChatSync", {**request, "chatMode": "RETRIEVAL_MODE"})
        return UNPRICED

    async def _recall(self) -> Cost:
        request = {
            "memoryId": self._set("agentcore_memory_id"),
            "namespace": AgentCore(self._set("agentcore_memory_id"), self._set("agentcore_namespace")).of(NOBODY),
            "searchCriteria": {"searchQuery": QUESTION, "topK": 1},
            "maxResults": 1,
        }
        await self.aws.read(Answer, "bedrock-agentcore", "RetrieveMemoryRecords", request)
        return self.prices.of_units("agent_memory", {"retrieve": 1})

    async def _summaries(self) -> Cost:
        request = {
            "agentId": self._set("diagnosis_agent_id"),
            "agentAliasId": self._set("diagnosis_agent_alias"),
            "memoryId": NOBODY,
            "memoryType": "SESSION_SUMMARY",
            "maxItems": 1,
        }
        await self.aws.read(Answer, "bedrock-agent-runtime", "GetAgentMemory", request)
        return UNPRICED


class _Tokens(Camel):
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)


class _Said(Answer):
    usage: _Tokens


class _Embedded(Answer):
    body: bytes


class _Counted(Camel):
    tokens: int = Field(alias="inputTextTokenCount", ge=0)


class _Guarded(Answer):
    usage: dict[str, int]
