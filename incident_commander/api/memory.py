"""What was learned from ended incidents, and a person's word on it."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ..access import Operator
from ..domain.base import IncidentId, ServiceName
from ..domain.findings import FaultKind
from ..domain.memory import Cause, Memory
from ..response.remembering import Learned
from .body import body_of, read_as
from .controls import Reason
from .incidents import IncidentKey
from .operators import GUARDED, proof_of
from .problems import Problem
from .services import ApiServices


def _printable(written: str) -> str:
    if not written.isprintable():
        raise ValueError("the name holds characters that cannot be printed; write it as alerts name the service")
    return written


class ForgettingAsked(BaseModel):
    """Call an incident to mind no more."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason


class CorrectionAsked(ForgettingAsked):
    """What the cause was: a service and the kind of its fault, or null for both where nothing was wrong."""

    service: Annotated[str, AfterValidator(_printable), Field(min_length=1, max_length=128)] | None
    fault: FaultKind | None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.service is None) != (self.fault is None):
            raise ValueError("name the service and the kind of its fault, or null for both where nothing was wrong")
        return self

    @property
    def cause(self) -> Cause | None:
        """What was asked for."""
        if self.service is None or self.fault is None:
            return None
        return Cause(service=ServiceName(self.service), fault=self.fault)


class Memories(BaseModel):
    """What real incidents taught, and what practice runs did."""

    learned: tuple[Learned, ...]


def memory_router(services: ApiServices) -> APIRouter:
    """The routes under `/api/memory`."""
    router = APIRouter(tags=["memory"])
    operations, proven = services.operations, proof_of(services.access)
    Acting = Annotated[Operator, Depends(proven)]
    missing: dict[int | str, dict[str, object]] = {
        **GUARDED,
        409: {"model": Problem, "description": "It is not remembered."},
    }

    @router.get(
        "/api/memory",
        responses={503: {"model": Problem}},
        summary="What ended incidents taught: patterns with their success, votes that held, calibration over time",
    )
    async def memory() -> Memories:
        return Memories(learned=await operations.learned())

    @router.post(
        "/api/memory/{incident_id}/correct",
        responses=missing,
        summary="Say what an incident's cause was, above what was concluded",
        openapi_extra=body_of(CorrectionAsked),
    )
    async def correct(incident_id: IncidentKey, request: Request, operator: Acting) -> Memory:
        asked = await read_as(CorrectionAsked, request)
        return await operations.correct_memory(IncidentId(incident_id), asked.cause, operator.name, asked.reason)

    @router.post(
        "/api/memory/{incident_id}/forget",
        responses=missing,
        summary="Call an incident to mind no more; the ledger keeps that, by whom and why",
        openapi_extra=body_of(ForgettingAsked),
    )
    async def forget(incident_id: IncidentKey, request: Request, operator: Acting) -> Memories:
        asked = await read_as(ForgettingAsked, request)
        await operations.forget(IncidentId(incident_id), operator.name, asked.reason)
        return Memories(learned=await operations.learned())

    return router
