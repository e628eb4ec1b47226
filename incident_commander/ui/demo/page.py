"""/demo as a whole: choose and run, what it would have meant beside it, and below how that came about."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ..components.chrome import page
from . import assumed, choosing, outcome, playing
from .state import DemoState


def demo() -> rx.Component:
    """The executive's page."""
    return page(
        rx.el.div(
            rx.el.header(
                rx.el.h1("What would the next outage cost?"),
                rx.el.p(
                    "The same incident strikes a simulated company three times: answered by Incident Commander, by an "
                    "engineer on call, and by nobody. The difference is what you see.",
                    class_name="lead",
                ),
                class_name="demo-intro",
            ),
            rx.el.div(choosing.chooser(), choosing.progress(), class_name="demo-side"),
            rx.el.div(
                rx.cond(
                    DemoState.view.origin != "none",
                    rx.el.div(outcome.headline(), outcome.comparison(), class_name="demo-shown"),
                    outcome.nothing(),
                ),
                class_name="demo-outcome",
                id="outcome",
            ),
            rx.cond(
                DemoState.view.origin != "none",
                rx.el.div(
                    playing.player(),
                    playing.both_sides(),
                    rx.el.div(outcome.ending(), outcome.predictions(), class_name="demo-pair"),
                    class_name="demo-told",
                ),
            ),
            assumed.assumptions(),
            class_name="demo",
            data_running=DemoState.running,
        ),
        current="/demo",
    )
