"""PagerDuty's doors: whoever can send to its Events API, version 2, can send here by another address."""

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, JsonValue

from ..ingest import BadAlert, parse_pagerduty, parse_pagerduty_change
from ..ingest.pagerduty import (
    MAX_DEDUP_KEY_CHARACTERS,
    MAX_LINKS,
    MAX_SUMMARY_CHARACTERS,
    ROUTING_KEY_CHARACTERS,
    SEVERITY_WORDS,
)
from .body import read_json
from .problems import Fault, Problem, Refused, fault_of
from .services import ApiServices
from .taking import any_body


class EventTaken(BaseModel):
    """PagerDuty's answer to an event. What was sent is durable."""

    status: Literal["success"] = "success"
    message: Literal["Event processed"] = "Event processed"
    dedup_key: str


class ChangeTaken(BaseModel):
    """PagerDuty's answer to a change event. What was sent is durable."""

    status: Literal["success"] = "success"
    message: Literal["Change event processed"] = "Change event processed"


class EventRefused(Problem):
    """PagerDuty's answer to an event that cannot be taken, and ours beside it."""

    status: Literal["invalid event"] = "invalid event"
    message: Literal["Event object is invalid"] = "Event object is invalid"
    errors: tuple[str, ...]


_ERRORS: dict[int | str, dict[str, object]] = {
    400: {"model": EventRefused, "description": "The event cannot be taken; it is of no use to send it again."},
    413: {"model": EventRefused, "description": "The body is too large."},
    415: {"model": EventRefused, "description": "The body is compressed."},
    503: {"model": Problem, "description": "Send it again after `Retry-After` seconds."},
}
_TEXT: JsonValue = {"type": ["string", "null"]}
_TIME: JsonValue = {"type": ["string", "null"], "format": "date-time"}
_KEY: JsonValue = {"type": "string", "minLength": ROUTING_KEY_CHARACTERS, "maxLength": ROUTING_KEY_CHARACTERS}
_DETAILS: JsonValue = {"type": ["object", "string", "null"]}


def _listed(address: str) -> JsonValue:
    return {
        "type": ["array", "null"],
        "maxItems": MAX_LINKS,
        "items": {"type": "object", "required": [address], "properties": {address: {"type": "string"}, "text": _TEXT}},
    }


_EXAMPLE_KEY = "0123456789abcdef0123456789abcdef"
_EVENT: JsonValue = {
    "type": "object",
    "required": ["routing_key", "event_action"],
    "properties": {
        "routing_key": _KEY,
        "event_action": {"type": "string", "enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": {"type": ["string", "null"], "maxLength": MAX_DEDUP_KEY_CHARACTERS},
        "payload": {
            "type": ["object", "null"],
            "description": "`summary`, `source` and `severity` are required of a trigger.",
            "properties": {
                "summary": {"type": ["string", "null"], "maxLength": MAX_SUMMARY_CHARACTERS},
                "source": _TEXT,
                "severity": {"enum": [*SEVERITY_WORDS, None]},
                "timestamp": _TIME,
                "component": _TEXT,
                "group": _TEXT,
                "class": _TEXT,
                "custom_details": _DETAILS,
            },
        },
        "client": _TEXT,
        "client_url": _TEXT,
        "links": _listed("href"),
        "images": _listed("src"),
    },
    "example": {
        "routing_key": _EXAMPLE_KEY,
        "event_action": "trigger",
        "dedup_key": "checkout/errors",
        "payload": {
            "summary": "one checkout in ten fails",
            "source": "shop-7.example.com",
            "severity": "critical",
            "component": "checkout",
        },
    },
}
_CHANGE: JsonValue = {
    "type": "object",
    "required": ["routing_key", "payload"],
    "properties": {
        "routing_key": _KEY,
        "payload": {
            "type": "object",
            "required": ["summary"],
            "properties": {
                "summary": {"type": "string", "minLength": 1, "maxLength": MAX_SUMMARY_CHARACTERS},
                "source": _TEXT,
                "timestamp": _TIME,
                "custom_details": _DETAILS,
            },
        },
        "links": _listed("href"),
    },
    "example": {
        "routing_key": _EXAMPLE_KEY,
        "payload": {
            "summary": "checkout 4.2 is live",
            "source": "pipeline-3",
            "custom_details": {"service": "checkout", "kind": "deploy", "version": "4.2"},
        },
    },
}


def pagerduty_router(services: ApiServices) -> APIRouter:
    """`POST /v2/enqueue` and `POST /v2/change/enqueue`."""
    router = APIRouter(tags=["alerts"])

    @router.post(
        "/v2/enqueue",
        status_code=202,
        response_model=EventTaken,
        responses=_ERRORS,
        summary="An alert event as PagerDuty's Events API, version 2, takes it",
        openapi_extra=any_body("An alert event; unknown keys are accepted.", _EVENT),
    )
    async def enqueue(request: Request) -> JSONResponse:
        try:
            event = parse_pagerduty(await read_json(request), datetime.now(UTC), services.pagerduty_integrations)
        except (BadAlert, Refused) as error:
            return _refusal(error)
        if event.alert is None:
            await services.intake.acknowledge(event.fingerprint, "pagerduty")
        else:
            await services.intake.accept((event.alert,))
        return JSONResponse(EventTaken(dedup_key=event.dedup_key).model_dump(), status_code=202)

    @router.post(
        "/v2/change/enqueue",
        status_code=202,
        response_model=ChangeTaken,
        responses=_ERRORS,
        summary="A change event as PagerDuty's Events API, version 2, takes it: evidence for diagnosis",
        openapi_extra=any_body("A change event; unknown keys are accepted.", _CHANGE),
    )
    async def enqueue_change(request: Request) -> JSONResponse:
        try:
            change = parse_pagerduty_change(
                await read_json(request), datetime.now(UTC), services.pagerduty_integrations
            )
        except (BadAlert, Refused) as error:
            return _refusal(error)
        await services.intake.record_changes((change,))
        return JSONResponse(ChangeTaken().model_dump(), status_code=202)

    return router


def _refusal(error: BadAlert | Refused) -> JSONResponse:
    """PagerDuty answers 400 where our other doors answer 422."""
    status, fault = (error.status, error.fault) if isinstance(error, Refused) else (400, fault_of(error))
    return JSONResponse(EventRefused(error=fault, errors=(_sentence(fault),)).model_dump(), status_code=status)


def _sentence(fault: Fault) -> str:
    return f"{fault.field}: {fault.problem} (it is {fault.value}); {fault.remedy}"
