"""The doors for alerts: Alertmanager's webhook, and what Prometheus itself posts to an Alertmanager."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from ..ingest import parse_alertmanager, parse_prometheus
from .body import read_json
from .services import ApiServices
from .taking import REFUSALS, AlertsAnswer, any_body, take

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
        responses=REFUSALS,
        summary="Alertmanager's webhook, version 4",
        openapi_extra=any_body("Alertmanager's webhook body, version 4; unknown keys are accepted.", _WEBHOOK),
    )
    async def alertmanager(request: Request) -> JSONResponse:
        return await take(services.intake, parse_alertmanager(await read_json(request), datetime.now(UTC)))

    @router.post(
        "/api/v2/alerts",
        response_model=AlertsAnswer,
        responses=REFUSALS,
        summary="Alerts as Prometheus posts them to an Alertmanager",
        openapi_extra=any_body("An array of alerts, as Alertmanager's API version 2 takes it.", _ALERTS),
    )
    async def prometheus(request: Request) -> JSONResponse:
        return await take(services.intake, parse_prometheus(await read_json(request), datetime.now(UTC)))

    return router
