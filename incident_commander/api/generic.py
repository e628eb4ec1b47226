"""The door for any sender: a small JSON form of ours, or the same as the data of a CloudEvent."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from ..domain.alert import SEVERITIES
from ..domain.base import JsonObject
from ..ingest import Parsed, parse_binary_cloud_event, parse_cloud_event, parse_cloud_events, parse_generic
from ..ingest.cloud_events import BATCH, HEADER, STRUCTURED
from .body import read_json
from .problems import Refused
from .services import ApiServices
from .taking import REFUSALS, AlertsAnswer, take

_TEXT: JsonObject = {"type": ["string", "null"]}
_TIME: JsonObject = {"type": ["string", "null"], "format": "date-time"}
_TEXTS: JsonValue = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
_ALERT: JsonValue = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {**_TEXT, "description": "Your own id of the condition; without it, its labels are its identity."},
        "source": {**_TEXT, "description": "What keeps your ids apart from those of others."},
        "name": {**_TEXT, "description": "The rule or check; needed unless a resolved alert has an id."},
        "service": _TEXT,
        "severity": {**_TEXT, "description": f"One of {', '.join(SEVERITIES)}, or what monitoring tools call these."},
        "status": {"enum": ["firing", "resolved", None], "description": "Nothing: firing."},
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "summary": _TEXT,
        "starts_at": {**_TIME, "description": "Nothing: now."},
        "ends_at": {**_TIME, "description": "When it was resolved, or expires unless it is sent again."},
        "url": {**_TEXT, "description": "Where to look closer."},
    },
    "example": {
        "id": "disk-7",
        "name": "DiskAlmostFull",
        "service": "checkout",
        "severity": "high",
        "summary": "97 % of /var is used",
    },
}
_ALERTS: JsonValue = {
    "anyOf": [
        _ALERT,
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["alerts"],
            "properties": {"alerts": {"type": "array", "items": _ALERT}},
        },
    ]
}
_CLOUD_EVENT: JsonValue = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"type": "string", "enum": ["1.0"]},
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "minLength": 1},
        "type": {"type": "string", "minLength": 1},
        "time": _TIME,
        "data": _ALERTS,
    },
}
_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "description": f"With `{HEADER}specversion` among the headers, the data of a CloudEvent in binary mode.",
        "content": {
            "application/json": {"schema": _ALERTS},
            STRUCTURED: {"schema": _CLOUD_EVENT},
            BATCH: {"schema": {"type": "array", "items": _CLOUD_EVENT}},
        },
    }
}


def generic_router(services: ApiServices) -> APIRouter:
    """`POST /api/alerts/generic`."""
    router = APIRouter(tags=["alerts"])

    @router.post(
        "/api/alerts/generic",
        response_model=AlertsAnswer,
        responses=REFUSALS,
        summary="Alerts of any sender, CloudEvents 1.0 included",
        openapi_extra=_BODY,
    )
    async def generic(request: Request) -> JSONResponse:
        return await take(services.intake, _parse(request, await read_json(request)))

    return router


def _parse(request: Request, body: JsonValue) -> Parsed:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    now = datetime.now(UTC)
    if kind == STRUCTURED:
        return parse_cloud_event(body, now)
    if kind == BATCH:
        return parse_cloud_events(body, now)
    if kind.startswith("application/cloudevents"):
        remedy = f"send {STRUCTURED}, {BATCH}, or binary mode with JSON data"
        raise Refused(415, "Content-Type", kind, "CloudEvents are not read in this format", remedy)
    if f"{HEADER}specversion" in request.headers:
        return parse_binary_cloud_event(dict(request.headers), body, now)
    return parse_generic(body, now)
