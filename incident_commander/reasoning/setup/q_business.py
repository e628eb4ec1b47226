"""An application of Q Business that nobody signs in to, with an index and what looks through it."""

from dataclasses import dataclass

from pydantic import Field

from ...aws import Answer, Aws, Camel
from ...domain.usage import AiService
from .parts import Pause, Step, ready, token
from .wanted import Wanted

_VIA = "qbusiness"
_BAD = frozenset({"FAILED", "DELETING"})
_ACTIVE = frozenset({"ACTIVE"})
BILLED = "its index is billed by the hour, used or not"


@dataclass(frozen=True, slots=True)
class Application:
    """See Part.

    Attributes:
        asked_for: Whether it was named: what is billed by the hour is not made along with everything else.
    """

    aws: Aws
    wanted: Wanted
    pause: Pause
    asked_for: bool
    name: str = "q-business"
    service: AiService = "Q Business"

    async def step(self, *, apply: bool) -> Step:
        """See Part."""
        listed = await self.aws.read_all(_Applications, _VIA, "ListApplications", {})
        found = next((each for each in listed.applications if each.display_name == self.wanted.q_business.name), None)
        if found is not None and found.identity_type != "ANONYMOUS":
            detail = f"{found.application_id} asks people to sign in ({found.identity_type}); name another one's id"
            return Step(part=self.name, service=self.service, state="cannot", detail=detail)
        index = None if found is None else await self._index(found.application_id)
        retriever = None if found is None or index is None else await self._retriever(found.application_id)
        if found is not None and retriever is not None:
            return self._step(found.application_id, made=False)
        if not apply or not self.asked_for:
            left = "an index and a retriever in it" if found else "an application without sign-in, with an index"
            detail = f"{left}; {BILLED}, so it is made only where --only {self.name} asks for it"
            return Step(part=self.name, service=self.service, state="missing", detail=detail)
        id = found.application_id if found is not None else await self._make()
        await ready(f"the application {id}", lambda: self._status(id), _ACTIVE, _BAD, self.pause)
        index = index or await self._make_index(id)
        await ready(f"the index {index}", lambda: self._index_status(id, index), _ACTIVE, _BAD, self.pause)
        await self._make_retriever(id, index)
        return self._step(id, made=True)

    def _step(self, id: str, *, made: bool) -> Step:
        settings = {"IC_Q_BUSINESS_APP_ID": id}
        detail = f"the application {id}; {BILLED}"
        state = "made" if made else "there"
        return Step.model_validate(
            {"part": self.name, "service": self.service, "state": state, "detail": detail, "settings": settings}
        )

    async def _index(self, id: str) -> str | None:
        listed = await self.aws.read_all(_Indices, _VIA, "ListIndices", {"applicationId": id})
        return next((each.index_id for each in listed.indices if each.status not in _BAD), None)

    async def _retriever(self, id: str) -> str | None:
        listed = await self.aws.read_all(_Retrievers, _VIA, "ListRetrievers", {"applicationId": id})
        return next((each.retriever_id for each in listed.retrievers if each.status not in _BAD), None)

    async def _status(self, id: str) -> str:
        return (await self.aws.read(_Status, _VIA, "GetApplication", {"applicationId": id})).status

    async def _index_status(self, id: str, index: str) -> str:
        return (await self.aws.read(_Status, _VIA, "GetIndex", {"applicationId": id, "indexId": index})).status

    async def _make(self) -> str:
        request = self._named() | {
            "description": self.wanted.q_business.description,
            "identityType": "ANONYMOUS",
        }
        made = await self.aws.read(_Made, _VIA, "CreateApplication", request | {"clientToken": token(request)})
        return made.application_id

    async def _make_index(self, id: str) -> str:
        request = self._named() | {"applicationId": id, "type": "STARTER"}
        made = await self.aws.read(_MadeIndex, _VIA, "CreateIndex", request | {"clientToken": token(request)})
        return made.index_id

    async def _make_retriever(self, id: str, index: str) -> None:
        native = {"nativeIndexConfiguration": {"indexId": index}}
        request = self._named() | {"applicationId": id, "type": "NATIVE_INDEX", "configuration": native}
        await self.aws.read(Answer, _VIA, "CreateRetriever", request | {"clientToken": token(request)})

    def _named(self) -> dict[str, object]:
        tags = [{"key": key, "value": value} for key, value in self.wanted.tags.items()]
        return {"displayName": self.wanted.q_business.name, "tags": tags}


class _Application(Camel):
    application_id: str
    display_name: str = ""
    identity_type: str = ""


class _Applications(Answer):
    applications: tuple[_Application, ...] = ()


class _Index(Camel):
    index_id: str
    status: str = ""


class _Indices(Answer):
    indices: tuple[_Index, ...] = ()


class _Retriever(Camel):
    retriever_id: str
    status: str = ""


class _Retrievers(Answer):
    retrievers: tuple[_Retriever, ...] = ()


class _Status(Answer):
    status: str


class _Made(Answer):
    application_id: str = Field(min_length=1)


class _MadeIndex(Answer):
    index_id: str = Field(min_length=1)
