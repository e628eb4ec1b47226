"""What reasoning services were asked: how often, how fast, at what cost, and what budgets leave."""

from fastapi import APIRouter

from ..domain.base import IncidentId
from ..response.usage_report import IncidentUsage, UsageReport
from .incidents import IncidentKey
from .problems import Problem
from .services import ApiServices


def usage_router(services: ApiServices) -> APIRouter:
    """`GET /api/usage` and `/api/incidents/{incident_id}/usage`."""
    router = APIRouter(tags=["usage"], responses={503: {"model": Problem}})
    operations = services.operations

    @router.get(
        "/api/usage",
        summary="Calls by service, model and task: how many, latency as measured, tokens, cost, and the day's budget",
    )
    async def usage() -> UsageReport:
        return await operations.usage()

    @router.get(
        "/api/incidents/{incident_id}/usage",
        responses={404: {"model": Problem, "description": "There is no such incident."}, 422: {"model": Problem}},
        summary="Every call for one incident, and what is left of its budget",
    )
    async def usage_of(incident_id: IncidentKey) -> IncidentUsage:
        return await operations.usage_of(IncidentId(incident_id))

    return router
