"""How the process is: 200 as long as it serves, with the state of what it depends on."""

import asyncio
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from ..response.views import HealthRow
from ..store import DatabaseClosed, LedgerReport
from .problems import Problem
from .services import ApiServices

PATIENCE_SECONDS = 5.0
"""How long the dependencies have to say how they are; probes commonly give up after ten seconds."""


class Health(BaseModel):
    """`degraded` where something does not do what it is configured for; what is switched off is not degraded."""

    status: Literal["ok", "degraded"]
    dependencies: tuple[HealthRow, ...]


def health_router(services: ApiServices) -> APIRouter:
    """`GET /health` and `GET /api/ledger/verify`."""
    router = APIRouter(tags=["operations"])

    @router.get("/health", summary="200 while the process serves")
    async def health() -> Health:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                dependencies = await services.operations.health()
        except (SQLAlchemyError, DatabaseClosed, OSError, TimeoutError) as error:
            detail = f"the dependencies could not be asked: {type(error).__name__}; see the server's log"
            dependencies = (HealthRow(name="database", state="down", detail=detail),)
        well = all(row.state in ("ok", "off") for row in dependencies)
        return Health(status="ok" if well else "degraded", dependencies=dependencies)

    @router.get("/api/ledger/verify", responses={503: {"model": Problem}}, summary="Check the whole ledger")
    async def verify() -> LedgerReport:
        async with services.database.read() as unit:
            return await unit.ledger.verify()

    return router
