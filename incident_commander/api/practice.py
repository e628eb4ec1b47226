"""Practice runs: starting one, its report after the end, and the metrics its company exports."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from ..access import Operator
from ..domain.ballot import Voter
from ..domain.base import RunId
from ..domain.fault import VoterFault
from ..domain.practice import ApproverKind
from ..response.report import RunReport
from .body import body_of, read_as
from .incidents import ID_PATTERN
from .operators import GUARDED, proof_of
from .problems import Problem, Refused
from .services import ApiServices

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class DemoRequest(BaseModel):
    """Which practice scenario to start; every field may be left to the practice company.

    Attributes:
        pace: Simulated seconds in a second of real time; null: the world stands still while the response computes.
        external_alerting: True when outside servers scrape `/sandbox/metrics` and alert; needs a pace.
        approver: Who answers approvals: the modelled operator, or a person (on /ops, by REST or in Slack).
        faults: Voters that are made to fail in this run, and how.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    scenario: str | None = None
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    pace: float | None = Field(default=None, ge=1, le=600, allow_inf_nan=False)
    external_alerting: bool = False
    approver: ApproverKind = "modelled"
    faults: dict[Voter, VoterFault] = {}


class DemoUrls(BaseModel):
    """Where to follow a run; those of the incident are null while no alert has come."""

    run: str
    ops: str
    incident: str | None
    timeline: str | None


class DemoStarted(BaseModel):
    """A practice run that has begun."""

    run_id: str
    scenario: str
    seed: int
    incident_id: str | None
    urls: DemoUrls


class UnderWay(BaseModel):
    """A practice run whose end is not reached; ask again."""

    run_id: str
    status: Literal["running"] = "running"


def practice_router(services: ApiServices) -> APIRouter:
    """`POST /api/incidents/demo`, what is under `/api/practice`, and `GET /sandbox/metrics`."""
    router = APIRouter(tags=["practice"])
    proven = proof_of(services.access)

    @router.post(
        "/api/incidents/demo",
        status_code=202,
        response_model=DemoStarted,
        responses={code: {"model": Problem} for code in (400, 413, 422, 503)},
        summary="Start a practice run",
        openapi_extra=body_of(DemoRequest, required=False),
    )
    async def demo(request: Request) -> JSONResponse:
        wanted = await read_as(DemoRequest, request, empty={})
        names = tuple(services.operations.scenario_names())
        if wanted.scenario is not None and wanted.scenario not in names:
            raise Refused(
                422, "scenario", wanted.scenario, "there is no such scenario", f"choose one of {', '.join(names)}"
            )
        try:
            run = await services.operations.start_scenario(
                wanted.scenario,
                wanted.seed,
                pace=wanted.pace,
                external_alerting=wanted.external_alerting,
                approver=wanted.approver,
                faults=wanted.faults,
            )
        except ValueError as error:
            raise Refused(422, "body", wanted.scenario, str(error), f"scenarios are {', '.join(names)}") from error
        incident = await services.operations.incident_of(run.id)
        at = f"/api/incidents/{incident.id}" if incident else None
        started = DemoStarted(
            run_id=run.id,
            scenario=run.scenario,
            seed=run.seed,
            incident_id=incident.id if incident else None,
            urls=DemoUrls(
                run=f"/api/practice/{run.id}", ops="/ops", incident=at, timeline=f"{at}/timeline" if at else None
            ),
        )
        return JSONResponse(started.model_dump(mode="json"), status_code=202)

    @router.get(
        "/api/practice/{run_id}",
        response_model=RunReport,
        responses={
            202: {"model": UnderWay, "description": "The run has not ended."},
            404: {"model": Problem, "description": "There is no such run."},
        },
        summary="A practice run's report, once it has ended",
    )
    async def report(run_id: Annotated[str, Path(pattern=ID_PATTERN)]) -> Response:
        judged = await services.operations.run_report(RunId(run_id))
        if judged is None:
            return JSONResponse(UnderWay(run_id=run_id).model_dump(), status_code=202)
        return JSONResponse(judged.model_dump(mode="json"))

    @router.post(
        "/api/practice/reset",
        status_code=204,
        responses=GUARDED,
        summary="End all practice runs; the ledger keeps what happened",
    )
    async def reset(_: Annotated[Operator, Depends(proven)]) -> None:
        await services.operations.reset_practice()

    @router.get("/sandbox/metrics", response_class=PlainTextResponse, summary="The practice company's metrics")
    async def metrics() -> Response:
        return Response(services.company.exposition(), media_type=EXPOSITION)

    return router
