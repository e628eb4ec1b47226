"""A guardrail: attempts to instruct a model, personal data, and whether a claim rests on its facts."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from ...aws import Answer, Aws, Camel
from ...domain.usage import AiService
from .parts import Pause, Step, ready, token
from .wanted import Wanted

_DRAFT = "DRAFT"
_BAD = frozenset({"FAILED", "DELETING"})
_Done = Literal["there", "made"]


@dataclass(frozen=True, slots=True)
class Guardrail:
    """See Part. A numbered version is what is asked: a draft may change under us."""

    aws: Aws
    wanted: Wanted
    pause: Pause
    name: str = "guardrail"
    service: AiService = "Guardrails"

    async def step(self, *, apply: bool) -> Step:
        """See Part."""
        found = await self._find()
        version = None if found is None else await self._version(found.id)
        if found is not None and version is not None:
            return self._step("there", f"{self.wanted.guardrail.name} is {found.id}", found.id, version)
        if not apply:
            what = "a numbered version of it" if found else "a guardrail: prompt attacks, personal data, grounding"
            return Step(part=self.name, service=self.service, state="missing", detail=what)
        id = found.id if found is not None else await self._make()
        await ready(f"the guardrail {id}", lambda: self._status(id), frozenset({"READY"}), _BAD, self.pause)
        asked = {"guardrailIdentifier": id}
        request = {**asked, "clientRequestToken": token(asked)}
        made = await self.aws.read(_Version, "bedrock", "CreateGuardrailVersion", request)
        return self._step("made", f"the guardrail {id}", id, made.version)

    def _step(self, state: _Done, detail: str, id: str, version: str) -> Step:
        settings = {"IC_AI_GUARDRAIL": f"{id}:{version}"}
        told = f"{detail}, version {version}"
        return Step(part=self.name, service=self.service, state=state, detail=told, settings=settings)

    async def _find(self) -> "_Summary | None":
        listed = await self.aws.read_all(_Summaries, "bedrock", "ListGuardrails", {})
        return next((each for each in listed.guardrails if each.name == self.wanted.guardrail.name), None)

    async def _version(self, id: str) -> str | None:
        """The newest numbered one."""
        listed = await self.aws.read_all(_Summaries, "bedrock", "ListGuardrails", {"guardrailIdentifier": id})
        numbers = [int(each.version) for each in listed.guardrails if each.version != _DRAFT]
        return str(max(numbers)) if numbers else None

    async def _status(self, id: str) -> str:
        asked = {"guardrailIdentifier": id}
        return (await self.aws.read(_Status, "bedrock", "GetGuardrail", asked)).status

    async def _make(self) -> str:
        wanted = self.wanted.guardrail
        attack = {"type": "PROMPT_ATTACK", "inputStrength": wanted.prompt_attack, "outputStrength": "NONE"}
        request: dict[str, object] = {
            "name": wanted.name,
            "description": wanted.description,
            "contentPolicyConfig": {"filtersConfig": [attack]},
            "sensitiveInformationPolicyConfig": {
                "piiEntitiesConfig": [{"type": each, "action": "ANONYMIZE"} for each in wanted.personal]
            },
            "contextualGroundingPolicyConfig": {
                "filtersConfig": [{"type": "GROUNDING", "threshold": wanted.grounding}]
            },
            "blockedInputMessaging": wanted.blocked_input,
            "blockedOutputsMessaging": wanted.blocked_output,
            "tags": [{"key": key, "value": value} for key, value in self.wanted.tags.items()],
        }
        request["clientRequestToken"] = token(request)
        return (await self.aws.read(_Made, "bedrock", "CreateGuardrail", request)).guardrail_id


class _Summary(Camel):
    id: str
    name: str
    version: str = _DRAFT


class _Summaries(Answer):
    guardrails: tuple[_Summary, ...] = ()


class _Status(Answer):
    status: str


class _Made(Answer):
    guardrail_id: str = Field(min_length=1)


class _Version(Answer):
    version: str = Field(min_length=1)
