"""The door for Amazon EventBridge: a rule's API destination posts one event at a time."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from ..ingest import parse_eventbridge
from .body import read_json
from .services import ApiServices
from .taking import REFUSALS, AlertsAnswer, any_body, take

_EVENT: JsonValue = {
    "type": "object",
    "required": ["id", "detail-type", "source", "account", "region", "time", "detail"],
    "properties": {
        "id": {"type": "string"},
        "detail-type": {"type": "string"},
        "source": {"type": "string"},
        "account": {"type": "string"},
        "region": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "resources": {"type": "array", "items": {"type": "string"}},
        "detail": {"type": "object"},
    },
    "example": {
        "version": "0",
        "id": "3e2a5f1c-0d7b-4f1e-9a55-6f0a2f6c9b10",
        "detail-type": "CodeDeploy Deployment State-change Notification",
        "source": "aws.codedeploy",
        "account": "111122223333",
        "region": "eu-west-1",
        "time": "2026-01-31T12:00:00Z",
        "resources": [],
        "detail": {
            "application": "checkout", "deploymentGroup": "production", "deploymentId": "d-8XK2LQ", "state": "START"
        },
    },
}  # fmt: skip
_ABOUT = "A CloudWatch alarm's change of state is an alert; deployments, scaling and ECS changes are change evidence."


def eventbridge_router(services: ApiServices) -> APIRouter:
    """`POST /api/alerts/eventbridge`."""
    router = APIRouter(tags=["alerts"])

    @router.post(
        "/api/alerts/eventbridge",
        response_model=AlertsAnswer,
        responses=REFUSALS,
        summary="An event of EventBridge",
        openapi_extra=any_body(_ABOUT, _EVENT),
    )
    async def eventbridge(request: Request) -> JSONResponse:
        return await take(services.intake, parse_eventbridge(await read_json(request), datetime.now(UTC)))

    return router
