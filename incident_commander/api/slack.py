"""Slack's buttons: what was pressed there, believed by its signature alone."""

from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from starlette.background import BackgroundTask

from ..access import BadReason, reason_of
from ..access.slack_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, NotFromSlack
from ..actions.catalogue import OutOfBounds
from ..domain.base import JsonObject
from ..notify import SlackRefused
from ..response.approvals import NotAwaiting, NotPermitted
from ..response.slack_message import NotOurs, Press, press_of, told
from ..store import UnknownIncident
from .body import read_bytes
from .problems import Problem, Refused
from .services import ApiServices, SlackApp

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)
_FORM: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["payload"],
                    "properties": {"payload": {"type": "string", "description": "The interaction, as JSON"}},
                }
            }
        },
    }
}

log = structlog.get_logger(__name__)


class Heard(BaseModel):
    """What became of a pressed button; whoever pressed it is told the same in Slack."""

    answered: bool
    outcome: str


def slack_router(services: ApiServices) -> APIRouter:
    """`POST /api/slack/actions`."""
    router = APIRouter(tags=["approvals"])

    @router.post(
        "/api/slack/actions",
        response_model=Heard,
        responses={
            401: {"model": Problem, "description": "The request is not Slack's, is old, or came before."},
            403: {"model": Problem, "description": "No signing secret is set."},
            413: {"model": Problem, "description": "The body is too large."},
            422: {"model": Problem, "description": "The payload is not of a button of ours."},
            503: {"model": Problem, "description": "Press again in a moment."},
        },
        summary="The interactivity request URL of the Slack app",
        openapi_extra=_FORM,
    )
    async def pressed(request: Request) -> JSONResponse:
        app = services.slack
        if app is None:
            remedy = "set IC_SLACK_SIGNING_SECRET to the app's signing secret and start again"
            raise Refused(403, "request", "", "answers from Slack are not set up here", remedy)
        body = await read_bytes(request)
        try:
            app.signatures.verify(
                body, request.headers.get(TIMESTAMP_HEADER, ""), request.headers.get(SIGNATURE_HEADER, "")
            )
        except NotFromSlack as error:
            raise Refused(401, error.field, "", str(error), error.remedy) from error
        try:
            press = press_of(_payload(body))
        except NotOurs as error:
            raise Refused(422, "payload", "", str(error), "press a button of a message that this posted") from error
        heard = await _answer(services, app, press)
        reply = BackgroundTask(_reply, app, press, heard)
        return JSONResponse(heard.model_dump(), background=reply)

    return router


def _payload(body: bytes) -> JsonValue:
    try:
        (payload,) = parse_qs(body.decode("utf-8"), strict_parsing=True, max_num_fields=10)["payload"]
        return _JSON.validate_json(payload)
    except (ValueError, KeyError, ValidationError) as error:
        raise NotOurs("this holds no payload: one field of that name with JSON") from error


async def _answer(services: ApiServices, app: SlackApp, press: Press) -> Heard:
    if app.approvers and press.user_id not in app.approvers:
        return Heard(answered=False, outcome="You may not answer here: IC_SLACK_APPROVERS names who may.")
    denied = press.pressed == "deny"
    try:
        await services.operations.answer_approval(
            press.incident_id,
            press.plan,
            "denied" if denied else "approved",
            press.by,
            reason_of(press.reason, required=denied),
            "class" if press.pressed == "approve_class" else "plan",
        )
    except UnknownIncident:
        return Heard(answered=False, outcome="This installation knows no such incident; another one posted this.")
    except BadReason as refusal:
        return Heard(answered=False, outcome=f"Not answered: {refusal}. Write it into the field, then press again.")
    except (NotAwaiting, NotPermitted, OutOfBounds) as refusal:
        return Heard(answered=False, outcome=f"Not answered: {refusal}.")
    return Heard(answered=True, outcome=f"{'Denied' if denied else 'Approved'} by {press.by}.")


async def _reply(app: SlackApp, press: Press, heard: Heard) -> None:
    if app.slack is None:
        return
    message: JsonObject = told(heard.outcome, replace=heard.answered)
    try:
        await app.slack.reply(press.reply_to, message)
    except SlackRefused as refusal:
        log.warning("incident=<%s>, reason=<%s> | who pressed was not told", press.incident_id, refusal)
