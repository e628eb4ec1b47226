"""The doors for alerts: Alertmanager's webhook, and what Prometheus itself posts to an Alertmanager."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, JsonValue

from ..ingest import Intake, Outcome, Parsed, parse_alertmanager, parse_prometheus
from .body import read_json
from .problems import Fault, Problem, fault_of
from .services import ApiServices


class AlertsAnswer(BaseModel):
    """What became of a post's alerts.

    The good alerts of a post are taken even when others in it are bad: senders do not send again what was refused.

    Attributes:
        accepted: How many were taken; they are durable.
        outcomes: What became of each of those.
        rejected: What is wrong with each of the others.
    """

    accepted: int
    outcomes: tuple[Outcome, ...]
    rejected: tuple[Fault, ...] = ()


class AlertsRefused(Problem):
    """The answer to a post without one good alert; `error` is the first of `rejected`."""

    rejected: tuple[Fault, ...]


_ERRORS: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": AlertsRefused, "description": "No alert in the post could be taken."},
    503: {"model": Problem, "description": "Send it again after `Retry-After` seconds."},
}


def _any_body(what: str, schema: JsonValue) -> dict[str, object]:
    return {"requestBody": {"required": True, "description": what, "content": {"application/json": {"schema": schema}}}}


_ALERT: JsonValue = {
    "type": "object",
    "required": ["labels"],
    "properties": {
        "status": {"type": "string", "enum": ["firing", "resolved"]},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
        "startsAt": {"type": "string", "format": "date-time"},
        "endsAt": {"type": "string", "format": "date-time"},
        "generatorURL": {"type": "string"},
    },
    "example": {
        "status": "firing",
        "labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"},
        "annotations": {"summary": "5 % of checkouts fail"},
        "startsAt": "2026-01-31T12:00:00Z",
    },
}
_ALERTS: JsonValue = {"type": "array", "items": _ALERT}
_WEBHOOK: JsonValue = {"type": "object", "required": ["alerts"], "properties": {"alerts": _ALERTS}}


def alerts_router(services: ApiServices) -> APIRouter:
    """`POST /api/alerts/alertmanager` and `POST /api/v2/alerts`."""
    router = APIRouter(tags=["alerts"])

    @router.post(
        "/api/alerts/alertmanager",
        response_model=AlertsAnswer,
        responses=_ERRORS,
        summary="Alertmanager's webhook, version 4",
        openapi_extra=_any_body("Alertmanager's webhook body, version 4; unknown keys are accepted.", _WEBHOOK),
    )
    async def alertmanager(request: Request) -> JSONResponse:
        return await _take(services.intake, parse_alertmanager, await read_json(request))

    @router.post(
        "/api/v2/alerts",
        response_model=AlertsAnswer,
        responses=_ERRORS,
        summary="Alerts as Prometheus posts them to an Alertmanager",
        openapi_extra=_any_body("An array of alerts, as Alertmanager's API version 2 takes it.", _ALERTS),
    )
    async def prometheus(request: Request) -> JSONResponse:
        return await _take(services.intake, parse_prometheus, await read_json(request))

    return router


async def _take(intake: Intake, parse: Callable[[JsonValue, datetime], Parsed], body: JsonValue) -> JSONResponse:
    parsed = parse(body, datetime.now(UTC))
    rejected = tuple(fault_of(bad) for bad in parsed.bad)
    if rejected and not parsed.alerts:
        refusal = AlertsRefused(error=rejected[0], rejected=rejected)
        return JSONResponse(refusal.model_dump(mode="json"), status_code=422)
    acceptance = await intake.accept(parsed.alerts)
    taken = AlertsAnswer(accepted=len(parsed.alerts), outcomes=acceptance.outcomes, rejected=rejected)
    return JSONResponse(taken.model_dump(mode="json"))
