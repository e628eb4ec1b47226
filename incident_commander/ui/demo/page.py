"""/demo as a whole: choose and run on one side, what it would have meant on the other."""
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
            choosing.chooser(),
            rx.el.div(
                choosing.progress(),
                rx.cond(
                    DemoState.view.origin != "none",
                    rx.fragment(
                        outcome.headline(),
                        outcome.comparison(),
                        playing.player(),
                        playing.both_sides(),
                        outcome.ending(),
                        outcome.predictions(),
                    ),
                    outcome.nothing(),
                ),
                assumed.assumptions(),
                class_name="demo-shown",
                aria_busy=DemoState.running,
            ),
            class_name="demo",
        ),
        current="/demo",
    )
