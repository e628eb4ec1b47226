"""The API as one FastAPI application, to be served beside the pages or alone."""

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from .alerts import alerts_router
from .approvals import approvals_router
from .controls import controls_router
from .eventbridge import eventbridge_router
from .generic import generic_router
from .health import health_router
from .incidents import incidents_router
from .memory import memory_router
from .pagerduty import pagerduty_router
from .practice import practice_router
from .problems import map_errors
from .services import ApiServices
from .slack import slack_router
from .sns import sns_router
from .usage import usage_router

_ABOUT = """Alerts go in, incidents come out: diagnosed with evidence, decided by quorum, fixed, verified, written down.

What decides or stops something asks for the operator token, as `Authorization: Bearer TOKEN`, and for a name.

Every error has the form `{"error": {"field", "value", "problem", "remedy"}}`."""


def build_api(services: ApiServices) -> FastAPI:
    """All routes. The documentation at `/docs` needs no other host."""
    app = FastAPIOffline(
        title="Incident Commander",
        description=_ABOUT,
        version="1",
        redoc_url=None,
    )
    map_errors(app)
    for router in (
        alerts_router(services),
        generic_router(services),
        pagerduty_router(services),
        sns_router(services),
        eventbridge_router(services),
        practice_router(services),
        incidents_router(services),
        approvals_router(services),
        slack_router(services),
        controls_router(services),
        memory_router(services),
        usage_router(services),
        health_router(services),
    ):
        app.include_router(router)
    return app
