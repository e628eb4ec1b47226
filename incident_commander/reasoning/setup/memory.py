"""A memory of AgentCore, whose strategy extracts what incidents taught."""

from dataclasses import dataclass

from pydantic import Field

from ...aws import Answer, Aws, Camel
from ...domain.usage import AiService
from .parts import Step, StepState, token
from .wanted import Wanted

_VIA = "bedrock-agentcore-control"


@dataclass(frozen=True, slots=True)
class Memory:
    """See Part. It takes minutes to be ready, which nobody has to wait for."""

    aws: Aws
    wanted: Wanted
    name: str = "memory"
    service: AiService = "Agent memory"

    async def step(self, *, apply: bool) -> Step:
        """See Part."""
        listed = await self.aws.read_all(_Summaries, _VIA, "ListMemories", {})
        # A memory's id is its name and ten characters; the list tells no name.
        own = [each for each in listed.memories if each.id.rpartition("-")[0] == self.wanted.memory.name]
        if own:
            return self._step("there" if own[0].status in ("ACTIVE", "CREATING", "UPDATING") else "failed", own[0])
        if not apply:
            days = self.wanted.memory.days
            detail = f"a memory of AgentCore that keeps events for {days} days"
            return Step(part=self.name, service=self.service, state="missing", detail=detail)
        return self._step("made", await self._make())

    def _step(self, state: StepState, memory: "_Memory") -> Step:
        settings = {"IC_AGENTCORE_MEMORY_ID": memory.id, "IC_AGENTCORE_NAMESPACE": self.wanted.memory.namespace}
        told = f"the memory {memory.id}, {memory.status.lower() or 'of no known state'}"
        if state == "failed":
            return Step(
                part=self.name, service=self.service, state=state, detail=f"{told}: delete it, and run this again"
            )
        return Step(part=self.name, service=self.service, state=state, detail=told, settings=settings)

    async def _make(self) -> "_Memory":
        wanted = self.wanted.memory
        strategy = {"name": f"{wanted.name}_facts", "namespaceTemplates": [wanted.namespace]}
        request: dict[str, object] = {
            "name": wanted.name,
            "description": wanted.description,
            "eventExpiryDuration": wanted.days,
            "memoryStrategies": [{"semanticMemoryStrategy": strategy}],
            "tags": dict(self.wanted.tags),
        }
        request["clientToken"] = token(request)
        return (await self.aws.read(_Made, _VIA, "CreateMemory", request)).memory


class _Memory(Camel):
    id: str = Field(min_length=1)
    status: str = ""


class _Summaries(Answer):
    memories: tuple[_Memory, ...] = ()


class _Made(Answer):
    memory: _Memory
