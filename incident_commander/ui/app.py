"""The Reflex app of all pages, and what runs beside it."""

import contextlib
from collections.abc import AsyncIterator

import reflex as rx
from reflex.app import default_error_boundary
from starlette.applications import Starlette

from .components.chrome import THEME_SCRIPT
from .landing.page import landing
from .landing.state import LandingState
from .live import ReflexSockets, broadcasting
from .operations import Operations
from .ops.page import ops
from .ops.state import PATH, LiveState, OpsState
from .services import Services, provide


def app_of(api: Starlette) -> rx.App:
    """The app: every page, and `api` on the same port."""
    app = rx.App(
        api_transformer=api,
        stylesheets=["/console.css"],
        html_lang="en",
        head_components=[rx.el.script(THEME_SCRIPT), rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml")],
        app_wraps={(55, "ErrorBoundary"): lambda stateful: default_error_boundary()},
        toaster=None,
    )
    if app.sio is not None:
        app.sio.eio.cors_allowed_origins = (
            None  # only pages of this server's own origin, by whatever name it is reached
        )
    app.add_page(
        landing,
        route="/",
        title="Incident Commander",
        description="From alert to verified fix: diagnosed with evidence, decided by signed quorum, verified.",
        on_load=LandingState.enter,
    )
    app.add_page(
        ops, route=PATH, title="Operations · Incident Commander", description="Incidents, live.", on_load=OpsState.enter
    )
    return app


@contextlib.asynccontextmanager
async def serving(app: rx.App, operations: Operations) -> AsyncIterator[None]:
    """Give the pages their services and push to them until the block ends."""
    async with broadcasting(ReflexSockets(app, LiveState), operations) as live:
        provide(Services(operations, live))
        try:
            yield
        finally:
            provide(None)
