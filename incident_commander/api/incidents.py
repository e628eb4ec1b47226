"""Incidents to read, one by one and in pages, each with its timeline from the ledger."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from ..consensus.certificate_file import CertificateFile
from ..domain.alert import Alert
from ..domain.base import IncidentId, RunId
from ..domain.event import Event
from ..domain.incident import Incident, IncidentStatus
from ..response.record import grouping_reasons
from ..store import Door
from .problems import Problem, Refused
from .services import ApiServices

PAGE = 50
MAX_PAGE = 200
"""A page larger than this takes longer to write than anyone looks at it."""
MAX_OFFSET = 2**31 - 1
MAX_ROUND = 1000
ID_PATTERN = r"^[A-Za-z0-9_.:-]{1,128}$"
"""What an id may look like; anything else cannot name anything here."""

IncidentKey = Annotated[str, Path(pattern=ID_PATTERN, description="An incident's id")]


class IncidentPage(BaseModel):
    """A page of incidents, the newest first; `total` counts all that pass the filters."""

    incidents: tuple[Incident, ...]
    total: int
    limit: int
    offset: int


class AlertOfIncident(BaseModel):
    """An alert of an incident, why it belongs to it, and what each door it came in by last said."""

    alert: Alert
    grouping: str
    doors: tuple[Door, ...]


class IncidentDetail(BaseModel):
    """One incident with its alerts and certificates."""

    incident: Incident
    alerts: tuple[AlertOfIncident, ...]
    certificates: tuple[CertificateFile, ...]
    timeline_url: str


class Timeline(BaseModel):
    """An incident's events as the ledger holds them, oldest first, each with its hash and the one before."""

    incident_id: str
    events: tuple[Event, ...]


def incidents_router(services: ApiServices) -> APIRouter:
    """`GET /api/incidents`, `/api/incidents/{incident_id}`, and its `/timeline` and `/certificate`."""
    router = APIRouter(tags=["incidents"], responses={422: {"model": Problem}, 503: {"model": Problem}})
    missing: dict[int | str, dict[str, object]] = {404: {"model": Problem, "description": "There is no such incident."}}

    @router.get("/api/incidents", summary="Incidents, the newest first")
    async def incidents(
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = PAGE,
        offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
        status: Annotated[list[IncidentStatus], Query(description="Only these; repeat for several")] = [],  # noqa: B006
        practice: Annotated[bool | None, Query(description="true: practice runs' only; false: real ones only")] = None,
        practice_run: Annotated[str | None, Query(pattern=ID_PATTERN, description="Only those of this run")] = None,
    ) -> IncidentPage:
        run = RunId(practice_run) if practice_run else None
        async with services.database.read() as unit:
            page = await unit.incidents.page(
                limit=limit, offset=offset, statuses=status, practice=practice, practice_run=run
            )
            total = await unit.incidents.count(statuses=status, practice=practice, practice_run=run)
        return IncidentPage(incidents=page, total=total, limit=limit, offset=offset)

    @router.get("/api/incidents/{incident_id}", responses=missing, summary="One incident")
    async def incident(incident_id: IncidentKey) -> IncidentDetail:
        key = IncidentId(incident_id)
        async with services.database.read() as unit:
            found = await unit.incidents.get(key)
            alerts = await unit.alerts.stored_of_incident(key)
            certificates = await unit.certificates.of_incident(key)
            reasons = grouping_reasons(await unit.ledger.of_incident(key))
        return IncidentDetail(
            incident=found,
            alerts=tuple(
                AlertOfIncident(
                    alert=stored.alert, grouping=reasons.get(stored.alert.fingerprint, ""), doors=stored.doors
                )
                for stored in alerts
            ),
            certificates=tuple(CertificateFile(certificate=one, plan=plan) for one, plan in certificates),
            timeline_url=f"/api/incidents/{key}/timeline",
        )

    @router.get("/api/incidents/{incident_id}/timeline", responses=missing, summary="What happened, from the ledger")
    async def timeline(incident_id: IncidentKey) -> Timeline:
        key = IncidentId(incident_id)
        async with services.database.read() as unit:
            await unit.incidents.get(key)
            events = await unit.ledger.of_incident(key)
        return Timeline(incident_id=key, events=events)

    @router.get(
        "/api/incidents/{incident_id}/certificate",
        responses=missing,
        summary="The certificate of its plan, to be checked offline by `certificate verify`",
    )
    async def certificate(
        incident_id: IncidentKey,
        round: Annotated[int | None, Query(ge=1, le=MAX_ROUND, description="None: the last that certified one")] = None,
    ) -> CertificateFile:
        key = IncidentId(incident_id)
        async with services.database.read() as unit:
            await unit.incidents.get(key)
            held = [each for each in await unit.certificates.of_incident(key) if round in (None, each[0].round)]
        if not held:
            raise Refused(404, "round", round, "no plan of this incident was certified", "see its timeline for why")
        return CertificateFile(certificate=held[-1][0], plan=held[-1][1])

    return router
