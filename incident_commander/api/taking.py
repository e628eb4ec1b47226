"""What the doors for alerts have in common: taking in what was read, and answering what became of it."""

from fastapi.responses import JSONResponse
from pydantic import BaseModel, JsonValue

from ..ingest import Intake, Outcome, Parsed
from .problems import Fault, Problem, fault_of


class AlertsAnswer(BaseModel):
    """What became of a post's alerts.

    The good alerts of a post are taken even when others in it are bad: senders do not send again what was refused.

    Attributes:
        accepted: How many were taken; they are durable.
        changes: How many changes were reported and are new here; they are durable too.
        notes: What was understood and is neither an alert nor a change.
        outcomes: What became of each of those.
        rejected: What is wrong with each of the others.
    """

    accepted: int
    outcomes: tuple[Outcome, ...]
    changes: int = 0
    notes: tuple[str, ...] = ()
    rejected: tuple[Fault, ...] = ()


class AlertsRefused(Problem):
    """The answer to a post without one good alert; `error` is the first of `rejected`, or is of the body as a whole."""

    rejected: tuple[Fault, ...] = ()


REFUSALS: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    413: {"model": Problem, "description": "The body is too large."},
    415: {"model": Problem, "description": "The body is compressed."},
    422: {"model": AlertsRefused, "description": "No alert in the post could be taken."},
    503: {"model": Problem, "description": "Send it again after `Retry-After` seconds."},
}
"""The OpenAPI entries of what such a door answers with instead."""


def any_body(what: str, schema: JsonValue, *also: str) -> dict[str, object]:
    """The OpenAPI entry of a JSON body that a parser of ours reads.

    Args:
        also: Content types beside `application/json` that senders give it.
    """
    content = {kind: {"schema": schema} for kind in ("application/json", *also)}
    return {"requestBody": {"required": True, "description": what, "content": content}}


async def take(intake: Intake, parsed: Parsed) -> JSONResponse:
    """Take in what a door has read, and answer once it is durable."""
    rejected = tuple(fault_of(bad) for bad in parsed.bad)
    if rejected and not parsed.alerts and not parsed.changes:
        refusal = AlertsRefused(error=rejected[0], rejected=rejected)
        return JSONResponse(refusal.model_dump(mode="json"), status_code=422)
    acceptance = await intake.accept(parsed.alerts)
    taken = AlertsAnswer(
        accepted=len(parsed.alerts),
        outcomes=acceptance.outcomes,
        changes=sum(await intake.record_changes(parsed.changes)) if parsed.changes else 0,
        notes=parsed.notes,
        rejected=rejected,
    )
    return JSONResponse(taken.model_dump(mode="json"))
