"""The diagnosis agent: an agent of Bedrock that does nothing but remember, prepared, with its alias."""

from dataclasses import dataclass

from pydantic import Field

from ...aws import Answer, Aws, Camel
from ...domain.usage import AiService
from ..models import Models
from .parts import Pause, Step, ready, token
from .wanted import Wanted

_VIA = "bedrock-agent"
_BAD = frozenset({"FAILED", "DELETING"})
SUMMARIES = "SESSION_SUMMARY"
NO_ROLE = (
    "an agent works by a role, which is not for us to make: give one by --agent-role that bedrock.amazonaws.com may "
    "assume and that may call bedrock:InvokeModel on the agent's model"
)


@dataclass(frozen=True, slots=True)
class DiagnosisAgent:
    """See Part.

    Attributes:
        role: What it works by; empty: it cannot be made.
    """

    aws: Aws
    wanted: Wanted
    models: Models
    role: str
    pause: Pause
    name: str = "agent"
    service: AiService = "Agent memory"

    async def step(self, *, apply: bool) -> Step:
        """See Part."""
        listed = await self.aws.read_all(_Agents, _VIA, "ListAgents", {})
        found = next((each for each in listed.agent_summaries if each.agent_name == self.wanted.agent.name), None)
        if found is not None and not (await self._get(found.agent_id)).remembers:
            detail = f"the agent {found.agent_id} does not remember; switch its memory on in the console, or delete it"
            return Step(part=self.name, service=self.service, state="cannot", detail=detail)
        alias = None if found is None else await self._alias(found.agent_id)
        if found is not None and alias is not None:
            return self._step(found.agent_id, alias, made=False)
        if found is None and not self.role:
            return Step(part=self.name, service=self.service, state="cannot", detail=NO_ROLE)
        if not apply:
            detail = (
                "an agent that remembers summaries of sessions" if found is None else f"an alias of {found.agent_id}"
            )
            return Step(part=self.name, service=self.service, state="missing", detail=detail)
        id = found.agent_id if found is not None else await self._make()
        await self._prepare(id)
        return self._step(id, await self._make_alias(id), made=True)

    def _step(self, id: str, alias: str, *, made: bool) -> Step:
        settings = {"IC_DIAGNOSIS_AGENT_ID": id, "IC_DIAGNOSIS_AGENT_ALIAS": alias}
        return Step(
            part=self.name,
            service=self.service,
            state="made" if made else "there",
            detail=f"the agent {id}, alias {alias}",
            settings=settings,
        )

    async def _get(self, id: str) -> "_Agent":
        return (await self.aws.read(_Got, _VIA, "GetAgent", {"agentId": id})).agent

    async def _status(self, id: str) -> str:
        return (await self._get(id)).agent_status

    async def _alias(self, id: str) -> str | None:
        listed = await self.aws.read_all(_Aliases, _VIA, "ListAgentAliases", {"agentId": id})
        named = (each for each in listed.agent_alias_summaries if each.agent_alias_name == self.wanted.agent.alias)
        return next((each.agent_alias_id for each in named), None)

    async def _make(self) -> str:
        wanted = self.wanted.agent
        region = (await self.aws.place(_VIA)).region
        request: dict[str, object] = {
            "agentName": wanted.name,
            "description": wanted.description,
            "instruction": wanted.instruction,
            "foundationModel": self.models.models[wanted.model].id_in(region),
            "agentResourceRoleArn": self.role,
            "memoryConfiguration": {"enabledMemoryTypes": [SUMMARIES], "storageDays": wanted.days},
            "tags": dict(self.wanted.tags),
        }
        request["clientToken"] = token(request)
        return (await self.aws.read(_Got, _VIA, "CreateAgent", request)).agent.agent_id

    async def _prepare(self, id: str) -> None:
        """Prepare it: what is asked by an alias is a prepared version."""
        steady = frozenset({"NOT_PREPARED", "PREPARED"})
        await ready(f"the agent {id}", lambda: self._status(id), steady, _BAD, self.pause)
        if await self._status(id) != "PREPARED":
            await self.aws.read(Answer, _VIA, "PrepareAgent", {"agentId": id})
        await ready(f"the agent {id}", lambda: self._status(id), frozenset({"PREPARED"}), _BAD, self.pause)

    async def _make_alias(self, id: str) -> str:
        request: dict[str, object] = {
            "agentId": id,
            "agentAliasName": self.wanted.agent.alias,
            "tags": dict(self.wanted.tags),
        }
        request["clientToken"] = token(request)
        return (await self.aws.read(_MadeAlias, _VIA, "CreateAgentAlias", request)).agent_alias.agent_alias_id


class _Memory(Camel):
    enabled_memory_types: tuple[str, ...] = ()


class _Agent(Camel):
    agent_id: str = Field(min_length=1)
    agent_status: str
    memory_configuration: _Memory = _Memory()

    @property
    def remembers(self) -> bool:
        """Whether summaries of its sessions are kept."""
        return SUMMARIES in self.memory_configuration.enabled_memory_types


class _Got(Answer):
    agent: _Agent


class _Summary(Camel):
    agent_id: str
    agent_name: str


class _Agents(Answer):
    agent_summaries: tuple[_Summary, ...] = ()


class _Alias(Camel):
    agent_alias_id: str = Field(min_length=1)
    agent_alias_name: str = ""


class _Aliases(Answer):
    agent_alias_summaries: tuple[_Alias, ...] = ()


class _MadeAlias(Answer):
    agent_alias: _Alias
