"""What operators hold in their hands: kill switch, trust in classes of actions, faults and quarantine of voters."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..access import Operator, reason_of
from ..access.reason import LONGEST_REASON
from ..domain.ballot import Quarantined, Voter
from ..domain.base import IncidentId
from ..domain.fault import VoterFault
from ..domain.operator import KillSwitch, TrustChange, TrustRow, World
from ..domain.plan import ActionName, TrustLevel
from .body import body_of, read_as
from .incidents import IncidentKey
from .operators import GUARDED, proof_of
from .problems import Problem
from .services import ApiServices

Reason = Annotated[
    str,
    AfterValidator(reason_of),
    Field(min_length=1, max_length=LONGEST_REASON, description="Why, in plain words; the ledger keeps it."),
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason


class KillSwitchAsked(_Asked):
    """Which way to throw the kill switch."""

    on: bool


class TrustAsked(_Asked):
    """How far to trust a class of actions from now on."""

    level: TrustLevel
    world: World = "live"


class FaultAsked(_Asked):
    """What a live voter shall do with its vote; null: vote as it should."""

    fault: VoterFault | None


class AdviceAsked(_Asked):
    """Whether a plan that was only observed or advised was right, or would have been."""

    right: bool


class ReleaseAsked(_Asked):
    """Let a quarantined voter count again."""


class QuarantinedVoters(BaseModel):
    """The voters whose ballots do not count in real incidents, with what they did, oldest first."""

    quarantined: tuple[Quarantined, ...]


class Trust(BaseModel):
    """How far each class of actions is trusted, and how that came about."""

    trust: tuple[TrustRow, ...]


class Faults(BaseModel):
    """The live voters that were made to fail; the others vote as they should."""

    faults: dict[Voter, VoterFault]


class AdviceHeard(BaseModel):
    """What was counted; null where it counts for nothing, or was said before."""

    change: TrustChange | None


def controls_router(services: ApiServices) -> APIRouter:
    """The routes under `/api/kill-switch`, `/api/trust`, `/api/faults`, `/api/agents`, and the one for advice."""
    router = APIRouter(tags=["controls"])
    operations, proven = services.operations, proof_of(services.access)
    Acting = Annotated[Operator, Depends(proven)]
    unavailable: dict[int | str, dict[str, object]] = {503: {"model": Problem}}

    @router.get("/api/kill-switch", responses=unavailable, summary="Whether anything may be done automatically")
    async def kill_switch() -> KillSwitch:
        return await operations.kill_switch()

    @router.put(
        "/api/kill-switch",
        responses=GUARDED,
        summary="Throw the kill switch, effective at once in every worker",
        openapi_extra=body_of(KillSwitchAsked),
    )
    async def throw_kill_switch(request: Request, operator: Acting) -> KillSwitch:
        asked = await read_as(KillSwitchAsked, request)
        return await operations.throw_kill_switch(asked.on, operator.name, asked.reason)

    @router.get("/api/trust", responses=unavailable, summary="How far each class of actions is trusted")
    async def trust() -> Trust:
        return Trust(trust=await operations.trust())

    @router.put(
        "/api/trust/{action}",
        responses=GUARDED,
        summary="Set by hand how far a class of actions is trusted",
        openapi_extra=body_of(TrustAsked),
    )
    async def set_trust(action: ActionName, request: Request, operator: Acting) -> TrustChange:
        asked = await read_as(TrustAsked, request)
        return await operations.set_trust(action, asked.level, operator.name, asked.reason, asked.world)

    @router.post(
        "/api/incidents/{incident_id}/advice",
        responses={
            **GUARDED,
            404: {"model": Problem, "description": "There is no such incident."},
            409: {"model": Problem, "description": "No plan of it was only observed or advised."},
        },
        summary="Say whether what was only observed or advised was right",
        openapi_extra=body_of(AdviceAsked),
    )
    async def advice(incident_id: IncidentKey, request: Request, operator: Acting) -> AdviceHeard:
        asked = await read_as(AdviceAsked, request)
        change = await operations.report_advice(IncidentId(incident_id), asked.right, operator.name, asked.reason)
        return AdviceHeard(change=change)

    @router.get("/api/faults", responses=unavailable, summary="The live voters that were made to fail")
    async def faults() -> Faults:
        return Faults(faults=dict(await operations.faults()))

    @router.put(
        "/api/faults/{voter}",
        responses=GUARDED,
        summary="Make a live voter fail from its next vote on, or vote as it should again",
        openapi_extra=body_of(FaultAsked),
    )
    async def inject_fault(voter: Voter, request: Request, operator: Acting) -> Faults:
        asked = await read_as(FaultAsked, request)
        await operations.inject_fault(voter, asked.fault, operator.name, asked.reason)
        return Faults(faults=dict(await operations.faults()))

    @router.get("/api/agents/quarantined", responses=unavailable, summary="The voters whose ballots do not count")
    async def quarantined() -> QuarantinedVoters:
        return QuarantinedVoters(quarantined=await operations.quarantined())

    @router.post(
        "/api/agents/{voter}/release",
        responses={**GUARDED, 409: {"model": Problem, "description": "It counts already."}},
        summary="Let a quarantined voter count again",
        openapi_extra=body_of(ReleaseAsked),
    )
    async def release(voter: Voter, request: Request, operator: Acting) -> QuarantinedVoters:
        asked = await read_as(ReleaseAsked, request)
        await operations.release_agent(voter, operator.name, asked.reason)
        return QuarantinedVoters(quarantined=await operations.quarantined())

    return router
