"""The door for Amazon SNS: an HTTPS subscription to a topic that CloudWatch alarms, or an Alertmanager, publish to."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from ..ingest import Parsed, read_envelope, read_notification
from .body import read_json
from .problems import Problem
from .services import ApiServices
from .taking import REFUSALS, AlertsAnswer, any_body, take

_ENVELOPE: JsonValue = {
    "type": "object",
    "required": [
        "Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL"
    ],
    "properties": {
        "Type": {"type": "string", "enum": ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]},
        "MessageId": {"type": "string"},
        "TopicArn": {"type": "string"},
        "Subject": {"type": ["string", "null"]},
        "Message": {"type": "string", "description": "A CloudWatch alarm's JSON, or an EventBridge event's, as a text"},
        "Timestamp": {"type": "string", "format": "date-time"},
        "SignatureVersion": {"type": "string", "enum": ["1", "2"]},
        "Signature": {"type": "string", "description": "Base64"},
        "SigningCertURL": {"type": "string", "format": "uri"},
        "Token": {"type": "string"},
        "SubscribeURL": {"type": "string", "format": "uri"},
    },
}  # fmt: skip
_ABOUT = "SNS posts `text/plain`; the content type is not looked at. Raw message delivery must be off."


def sns_router(services: ApiServices) -> APIRouter:
    """`POST /api/alerts/sns`."""
    router = APIRouter(tags=["alerts"])

    @router.post(
        "/api/alerts/sns",
        response_model=AlertsAnswer,
        responses={**REFUSALS, 403: {"model": Problem, "description": "The envelope is not to be believed."}},
        summary="An envelope of SNS, its signature verified",
        openapi_extra=any_body(_ABOUT, _ENVELOPE, "text/plain"),
    )
    async def sns(request: Request) -> JSONResponse:
        envelope = read_envelope(await read_json(request))
        now = datetime.now(UTC)
        await services.sns.verify(envelope, now)
        if envelope.type == "Notification":
            return await take(services.intake, read_notification(envelope, now))
        if envelope.type == "UnsubscribeConfirmation":
            # Visiting its SubscribeURL would subscribe again what somebody has just ended.
            return await take(services.intake, Parsed((), notes=(f"{envelope.topic_arn} sends nothing here any more",)))
        await services.sns.confirm(envelope)
        return await take(
            services.intake, Parsed((), notes=(f"the subscription to {envelope.topic_arn} is confirmed",))
        )

    return router
