"""The Reflex app of all pages."""

import reflex as rx
from reflex.app import default_error_boundary
from starlette.applications import Starlette

from .components.chrome import THEME_SCRIPT
from .demo import state as demo_state
from .demo.page import demo
from .landing.page import landing
from .landing.state import LandingState
from .live import ReflexSockets
from .ops.page import ops
from .ops.state import PATH, LiveState, OpsState
from .transparency import address as transparency_address
from .transparency import state as transparency_state
from .transparency.live_faults_state import LiveFaultsState
from .transparency.own_run_state import OwnRunState
from .transparency.page import transparency
from .transparency.what_if_state import WhatIfState


def app_of(api: Starlette) -> rx.App:
    """The app: every page, and `api` on the same port."""
    app = rx.App(
        api_transformer=api,
        stylesheets=[
            "/console.css",
            "/controls.css",
            "/memory.css",
            "/ai.css",
            "/charts.css",
            "/demo.css",
            "/transparency.css",
        ],
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
        demo,
        route=demo_state.PATH,
        title="Demo · Incident Commander",
        description="What an incident would have cost, and what is saved: simulated runs, compared with an engineer's.",
        on_load=demo_state.DemoState.enter,
    )
    app.add_page(
        ops, route=PATH, title="Operations · Incident Commander", description="Incidents, live.", on_load=OpsState.enter
    )
    app.add_page(
        transparency,
        route=transparency_address.PATH,
        title="Transparency · Incident Commander",
        description="Recorded responses: every claim with its evidence, every vote with its reason, all verifiable.",
        on_load=[
            transparency_state.TransparencyState.enter,
            OwnRunState.enter,
            LiveFaultsState.look,
            WhatIfState.enter,
        ],
    )
    return app


def sockets_of(app: rx.App) -> ReflexSockets:
    """The sockets of the app's viewers, to push the live page to."""
    return ReflexSockets(app, LiveState)
