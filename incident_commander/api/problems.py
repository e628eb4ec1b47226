"""Every error the API answers with, mapped once: `{"error": {field, value, problem, remedy}}`."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from ..access import TokenUnusable, TooManyAttempts, Unauthenticated
from ..actions.catalogue import OutOfBounds
from ..actions.trust import BeyondTrust
from ..domain.ports import UnknownPracticeRun
from ..ingest import MAX_BODY_BYTES, BadAlert, Overloaded, SnsUnavailable, Unverified, shown
from ..response.approvals import NotAwaiting, NotPermitted
from ..response.quarantine import NotQuarantined
from ..response.remembering import NotRemembered
from ..response.trusting import NotAdvised
from ..store import DatabaseClosed, LedgerBroken, UnknownIncident

RETRY_AFTER_SECONDS = 5
"""After a 503: a moment in which a locked database frees itself, and well inside every sender's patience."""

_log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """What is wrong with a request, and how to mend it.

    Attributes:
        field: Path of the field, such as `alerts[3].startsAt`; `body` for all of it.
        value: What stood there, shortened, ASCII only.
        problem: What is wrong.
        remedy: What to send instead.
    """

    field: str
    value: str
    problem: str
    remedy: str


class Problem(BaseModel):
    """Every answer but a good one."""

    error: Fault


class Refused(Exception):
    """A request cannot be taken; answered with `status`."""

    def __init__(self, status: int, field: str, value: object, problem: str, remedy: str) -> None:
        self.status = status
        self.fault = Fault(field=field, value=shown(value), problem=problem, remedy=remedy)
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """How a refusal by the response is answered; its own message says what the problem is."""

    status: int
    field: str
    remedy: str

    async def told(self, _: Request, error: Exception) -> JSONResponse:
        """The response to a request that was refused so."""
        return answer(self.status, Fault(field=self.field, value="", problem=str(error), remedy=self.remedy))


_REFUSALS: dict[type[Exception], _Refusal] = {
    NotAwaiting: _Refusal(409, "plan", "GET /api/approvals lists what waits for a person"),
    NotPermitted: _Refusal(403, "operator", "have one of those whom the policy names answer it"),
    OutOfBounds: _Refusal(422, "arguments", "GET /api/approvals names each argument with its bounds"),
    BeyondTrust: _Refusal(422, "level", "GET /api/trust names the highest level of each class"),
    NotQuarantined: _Refusal(409, "voter", "GET /api/agents/quarantined lists those that do not count"),
    NotRemembered: _Refusal(409, "incident_id", "GET /api/memory lists the newest that are remembered"),
    NotAdvised: _Refusal(409, "incident_id", "tell of incidents whose authorisation says `observe` or `advise`"),
}


def fault_of(bad: BadAlert) -> Fault:
    """A bad alert, as the API writes it."""
    return Fault(field=bad.field, value=bad.value, problem=bad.problem, remedy=bad.remedy)


def answer(status: int, fault: Fault, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response to a request with something wrong."""
    return JSONResponse(Problem(error=fault).model_dump(), status_code=status, headers=headers)


def map_errors(app: FastAPI) -> None:
    """Register the one mapping from exceptions to answers."""

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return answer(error.status, error.fault)

    @app.exception_handler(BadAlert)
    async def bad_alert(_: Request, error: BadAlert) -> JSONResponse:
        return answer(422, fault_of(error))

    @app.exception_handler(Unverified)
    async def unverified(_: Request, error: Unverified) -> JSONResponse:
        return answer(403, fault_of(error))

    @app.exception_handler(Unauthenticated)
    async def unauthenticated(_: Request, error: Unauthenticated) -> JSONResponse:
        fault = Fault(field=error.field, value="", problem=str(error), remedy=error.remedy)
        return answer(401, fault, {"WWW-Authenticate": "Bearer"})

    @app.exception_handler(TooManyAttempts)
    async def too_many(_: Request, error: TooManyAttempts) -> JSONResponse:
        remedy = f"wait {error.retry_after_seconds} seconds; make sure that the token is the one in force"
        fault = Fault(field="token", value="", problem=str(error), remedy=remedy)
        return answer(429, fault, {"Retry-After": str(error.retry_after_seconds)})

    @app.exception_handler(TokenUnusable)
    async def token_unusable(_: Request, error: TokenUnusable) -> JSONResponse:
        _log.error("the operator token cannot be used: %s", error)
        return _later("token", str(error), RETRY_AFTER_SECONDS)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        field = _field(first["loc"])
        remedy = "see /docs for what this takes"
        return answer(
            422, Fault(field=field, value=shown(first.get("input")), problem=str(first["msg"]), remedy=remedy)
        )

    @app.exception_handler(UnknownIncident)
    async def unknown_incident(request: Request, error: UnknownIncident) -> JSONResponse:
        value = shown(request.path_params.get("incident_id"))
        remedy = "GET /api/incidents lists the incidents there are"
        return answer(404, Fault(field="incident_id", value=value, problem=str(error), remedy=remedy))

    for kind, refusal in _REFUSALS.items():
        app.add_exception_handler(kind, refusal.told)

    @app.exception_handler(UnknownPracticeRun)
    async def unknown_run(request: Request, error: UnknownPracticeRun) -> JSONResponse:
        value = shown(request.path_params.get("run_id"))
        remedy = "POST /api/incidents/demo starts a practice run and answers with its id"
        return answer(404, Fault(field="run_id", value=value, problem="there is no such practice run", remedy=remedy))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        value = shown(f"{request.method} {request.url.path}")
        headers = dict(error.headers) if error.headers else None
        if error.status_code == 405:
            headers = {"Allow": _allowed(app, request.url.path)}
        fault = Fault(field="request", value=value, problem=str(error.detail), remedy="see /docs for what there is")
        return answer(error.status_code, fault, headers)

    @app.exception_handler(Overloaded)
    @app.exception_handler(SnsUnavailable)
    async def not_now(_: Request, error: Overloaded | SnsUnavailable) -> JSONResponse:
        return _later("request", str(error), error.retry_after_seconds)

    @app.exception_handler(SQLAlchemyError)
    @app.exception_handler(DatabaseClosed)
    @app.exception_handler(LedgerBroken)
    async def store_down(request: Request, error: Exception) -> JSONResponse:
        _log.error("path=<%s> | the store could not answer: %r", shown(request.url.path), error)
        what = (
            str(error) if isinstance(error, LedgerBroken) else f"the database could not answer: {type(error).__name__}"
        )
        return _later("database", what, RETRY_AFTER_SECONDS)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        _log.error("path=<%s> | an error nobody foresaw: %r", shown(request.url.path), error)
        fault = Fault(
            field="request",
            value=shown(request.url.path),
            problem=f"an error of ours: {type(error).__name__}",
            remedy="nothing is wrong with the request; the server's log has the details",
        )
        return answer(500, fault)


def _allowed(app: FastAPI, path: str) -> str:
    """The methods of whatever is at a path: a route for each method knows of its own only."""
    found = [
        (len(convertors), operations.keys() & {"get", "put", "post", "delete", "patch"})
        for template, operations in app.openapi()["paths"].items()
        for pattern, _, convertors in [compile_path(template)]
        if pattern.match(path)
    ]
    _, methods = min(found, key=lambda each: each[0], default=(0, set[str]()))
    return ", ".join(sorted(method.upper() for method in methods))


def too_large() -> Refused:
    """The refusal of a body that is too large."""
    return Refused(
        413,
        "body",
        f"more than {MAX_BODY_BYTES} bytes",
        "the body is too large",
        f"send at most {MAX_BODY_BYTES} bytes in one request; Alertmanager's setting is `max_alerts`",
    )


def _later(field: str, problem: str, seconds: int) -> JSONResponse:
    fault = Fault(field=field, value="", problem=problem[:500], remedy=f"send the request again in {seconds} seconds")
    return answer(503, fault, {"Retry-After": str(seconds)})


def _field(location: Sequence[int | str]) -> str:
    """`("query", "limit")` is `limit`; indexes are written as such."""
    parts = location[1:] if len(location) > 1 else location
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    return ascii(path)[1:-1][:120]
