"""The landing page as a whole."""

# mypy: disable-error-code="no-any-return"
import reflex as rx

from ..components.chrome import page
from ..components.commands import alertmanager, first_alert, prometheus
from .state import LandingState

STEPS = (
    ("Diagnose", "Alerts are grouped into incidents; root causes are ranked with the evidence for and against each."),
    ("Decide", "Five agents vote, each from its own evidence. Without 4 of 5 signed ballots nothing is done."),
    ("Fix", "One action from a bounded catalogue, within policy, with its checks registered before it runs."),
    ("Prove", "The checks decide whether it worked. Unmet, the action is rolled back and a person is told."),
)


def landing() -> rx.Component:
    """What this is, the way to /ops, and how to send alerts here."""
    return page(
        rx.el.section(
            rx.el.h1("From alert to verified fix"),
            rx.el.p(
                "Incident Commander takes alerts in, finds the root cause with evidence, agrees on a fix by a signed "
                "vote, applies it within policy, proves that it worked and writes it all down. Where it cannot know, "
                "it says so and calls a person.",
                class_name="lead",
            ),
            rx.el.p(
                rx.el.a("Open operations", href="/ops", class_name="primary"),
                rx.el.a("API reference", href="/docs", class_name="secondary"),
                class_name="ways",
            ),
            rx.el.p(
                rx.el.span(class_name="dot", aria_hidden="true"),
                rx.el.span(
                    rx.el.strong("This installation: "),
                    rx.cond(LandingState.health != "", LandingState.health, "asking the server"),
                ),
                id="installation",
                class_name="installation",
                role="status",
                data_state=LandingState.health_state,
            ),
            class_name="hero",
        ),
        rx.el.ol(*(rx.el.li(rx.el.h2(name), rx.el.p(what)) for name, what in STEPS), class_name="steps"),
        rx.el.section(
            rx.el.h2("Try it"),
            rx.el.div(
                rx.el.article(
                    rx.el.h3("Practice"),
                    rx.el.p(
                        "The practice company is simulated: its latencies and errors follow from its load and from the "
                        "faults injected into it, and actions change it. Start one of its scenarios on ",
                        rx.el.a("operations", href="/ops"),
                        " and watch the response. Every figure that comes from it is marked simulated.",
                    ),
                ),
                rx.el.article(
                    rx.el.h3("Send an alert"),
                    rx.el.p("It is answered once it is stored, and opens an incident at once."),
                    first_alert(LandingState.origin),
                ),
                rx.el.article(
                    rx.el.h3("From Alertmanager"),
                    rx.el.p("Add a receiver to alertmanager.yml and route to it."),
                    alertmanager(LandingState.origin),
                ),
                rx.el.article(
                    rx.el.h3("From Prometheus itself"),
                    rx.el.p("Without an Alertmanager: name this server as one in prometheus.yml."),
                    prometheus(LandingState.address),
                ),
                class_name="first-steps",
            ),
        ),
        current="/",
    )
