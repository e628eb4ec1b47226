"""Approvals: what waits for a person, and their answer."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..access import Operator, reason_of
from ..domain.base import Digest, IncidentId
from ..domain.plan import Argument
from ..response.view_approval import PendingApproval
from .body import body_of, read_as
from .incidents import IncidentKey
from .operators import GUARDED, proof_of
from .problems import Problem
from .services import ApiServices

MOST_ARGUMENTS = 20
"""More than any action of the catalogue has."""


class Pending(BaseModel):
    """Every question that waits for a person, the oldest first."""

    approvals: tuple[PendingApproval, ...]


class Answer(BaseModel):
    """A person's answer to one question.

    Attributes:
        plan: The digest of the plan that was asked about, so that nobody agrees to another than they saw.
        reason: Why. Needed to deny; it is remembered, and shown when the same is asked again.
        scope: `class`: this incident's later plans of the same action need no further approval.
        arguments: Those of the action's arguments that shall be others. The changed plan goes to a new round of votes.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    plan: Digest = Field(pattern="^[0-9a-f]{64}$")
    answer: Literal["approved", "denied"]
    reason: str = ""
    scope: Literal["plan", "class"] = "plan"
    arguments: dict[str, Argument] = Field(default={}, max_length=MOST_ARGUMENTS)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        denied = self.answer == "denied"
        self.reason = reason_of(self.reason, required=denied)
        if denied and (self.arguments or self.scope != "plan"):
            raise ValueError("a denial is of the plan as it was asked about: send no arguments and no scope with it")
        return self


class Answered(BaseModel):
    """An answer that is durable; the incident goes on by it."""

    incident_id: str
    plan: str
    answer: Literal["approved", "denied"]
    by: str
    timeline_url: str


def approvals_router(services: ApiServices) -> APIRouter:
    """`GET /api/approvals` and `POST /api/incidents/{incident_id}/approval`."""
    router = APIRouter(tags=["approvals"])
    proven = proof_of(services.access)

    @router.get("/api/approvals", responses={503: {"model": Problem}}, summary="What waits for a person")
    async def approvals() -> Pending:
        return Pending(approvals=await services.operations.approvals())

    @router.post(
        "/api/incidents/{incident_id}/approval",
        status_code=202,
        response_model=Answered,
        responses={
            **GUARDED,
            403: {"model": Problem, "description": "Policy names others who may answer."},
            404: {"model": Problem, "description": "There is no such incident."},
            409: {"model": Problem, "description": "Nothing waits for this answer."},
        },
        summary="Answer an approval",
        openapi_extra=body_of(Answer),
    )
    async def answer(
        incident_id: IncidentKey, request: Request, operator: Annotated[Operator, Depends(proven)]
    ) -> JSONResponse:
        given = await read_as(Answer, request)
        await services.operations.answer_approval(
            IncidentId(incident_id),
            given.plan,
            given.answer,
            operator.name,
            given.reason,
            given.scope,
            given.arguments or None,
        )
        answered = Answered(
            incident_id=incident_id,
            plan=given.plan,
            answer=given.answer,
            by=operator.name,
            timeline_url=f"/api/incidents/{incident_id}/timeline",
        )
        return JSONResponse(answered.model_dump(), status_code=202)

    return router
