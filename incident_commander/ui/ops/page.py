"""/ops as a whole."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ..components.chrome import page
from ..components.commands import first_alert
from ..components.operator import in_bar, operator
from . import board, controls, decision, incident
from .ai import ai
from .approvals import approvals
from .connection import connection
from .memory import memory
from .state import LiveState, OpsState


def ops() -> rx.Component:
    """The live console: the board on the sides, the shown incident in the middle."""
    return page(
        controls.banner(),
        approvals(),
        board.figures(),
        rx.el.div(
            rx.el.div(
                board.incidents(),
                operator(),
                controls.kill_switch(),
                controls.faults(),
                controls.quarantined(),
                board.practice(),
                board.health(),
                class_name="side",
            ),
            rx.cond(
                LiveState.head.id != "",
                rx.el.div(
                    incident.head(),
                    rx.el.div(
                        incident.hypotheses(),
                        decision.ballots(),
                        decision.action(),
                        decision.plans(),
                        incident.alerts(),
                        decision.predictions(),
                        decision.updates(),
                        incident.gaps(),
                        class_name="details",
                    ),
                    class_name="shown",
                ),
                rx.el.div(_nothing_shown(), class_name="shown"),
            ),
            rx.el.div(
                board.agents(),
                rx.cond(LiveState.head.id != "", incident.timeline()),
                controls.trust(),
                memory(),
                ai(),
                class_name="side far",
            ),
            class_name="console",
        ),
        current="/ops",
        status=rx.fragment(connection(), in_bar()),
    )


def _nothing_shown() -> rx.Component:
    return rx.el.section(
        rx.cond(
            LiveState.loaded,
            rx.fragment(
                rx.el.h1("All quiet"),
                rx.el.p("No incident is known here. Bring one about:"),
                rx.el.ul(
                    rx.el.li("start a scenario of the ", rx.el.a("practice company", href="#practice"), ", or"),
                    rx.el.li(
                        "point Prometheus or Alertmanager here, as the ", rx.el.a("overview", href="/"), " shows, or"
                    ),
                    rx.el.li("send an alert by hand:"),
                ),
                first_alert(OpsState.origin),
            ),
            rx.cond(
                OpsState.waiting != "",
                rx.fragment(
                    rx.el.h1("The response is not running"),
                    rx.el.p(OpsState.waiting, class_name="problem", role="alert"),
                    rx.el.p(
                        "Alerts are refused meanwhile, and their senders asked to send them again. This page goes on "
                        "by itself once it runs. The ",
                        rx.el.a("demo", href="/demo"),
                        " and the ",
                        rx.el.a("recordings", href="/transparency"),
                        " need none of it.",
                    ),
                ),
                rx.fragment(rx.el.h1("Operations"), rx.el.p("Connecting to the server and loading the incidents.")),
            ),
        ),
        id="nothing-shown",
        class_name="panel nothing",
    )
