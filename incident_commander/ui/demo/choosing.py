"""The left side of /demo: scenario, seed, run; and how far a run is."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec

from ..components.badges import provenance
from .state import DemoState, ScenarioCard


def chooser() -> rx.Component:
    """The form that starts a run."""
    return rx.el.form(
        rx.el.fieldset(
            rx.el.legend("Choose an incident"),
            rx.foreach(DemoState.scenarios, _card),
            class_name="demo-cards",
            disabled=DemoState.running,
        ),
        rx.el.div(
            rx.el.label("Seed", html_for="demo-seed"),
            rx.el.div(
                rx.el.input(
                    id="demo-seed",
                    name="seed",
                    input_mode="numeric",
                    auto_complete="off",
                    max_length=40,
                    value=DemoState.seed,
                    on_change=DemoState.write_seed,
                    disabled=DemoState.running,
                    aria_invalid=DemoState.seed_problem != "",
                    aria_describedby="demo-seed-note",
                ),
                rx.el.button(
                    "Another seed",
                    type="button",
                    class_name="secondary",
                    on_click=DemoState.another_seed,
                    disabled=DemoState.running,
                ),
                class_name="demo-seed",
            ),
            rx.el.p(
                rx.cond(
                    DemoState.seed_problem != "",
                    rx.el.span(DemoState.seed_problem, class_name="problem"),
                    "Decides where, when and how hard it strikes. The same seed gives the same figures twice.",
                ),
                id="demo-seed-note",
                class_name="demo-note",
                role="status",
            ),
        ),
        rx.cond(
            DemoState.running,
            rx.el.button("Stop this run", type="button", class_name="secondary", on_click=DemoState.cancel),
            rx.el.button("Run", type="submit", class_name="primary"),
        ),
        rx.el.p(
            rx.el.span("No real system is touched and no real customer is counted. A run takes some 10 seconds."),
            provenance("simulated", "practice company"),
            class_name="demo-note demo-sources",
        ),
        on_submit=DemoState.run,
        reset_on_submit=False,
        id="demo-form",
        class_name="demo-form",
    )


def _card(card: ScenarioCard) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="scenario",
            value=card.name,
            checked=DemoState.scenario == card.name,
            on_change=_choose(card.name),
        ),
        rx.el.span(rx.el.strong(card.label), rx.el.span(card.title, class_name="muted")),
        class_name="demo-card",
        data_scenario=card.name,
    )


def _choose(scenario: str) -> EventSpec:
    return DemoState.choose(scenario)  # type: ignore[misc]  # mypy cannot read the type of a handler with arguments


def progress() -> rx.Component:
    """What a run that is under way has said last; or why it did not come to be."""
    return rx.el.div(
        rx.cond(
            DemoState.running,
            rx.el.section(
                rx.el.h2("Running ", DemoState.scenario_label, ", seed ", DemoState.seed),
                rx.el.progress(value=DemoState.share, max=100, aria_label="How much of the run is computed"),
                rx.el.p(DemoState.step, role="status", class_name="demo-step"),
                rx.el.ul(rx.foreach(DemoState.lines, lambda line: rx.el.li(line)), class_name="demo-lines"),
                class_name="panel demo-progress",
                id="demo-progress",
            ),
        ),
        rx.cond(
            DemoState.problem != "",
            rx.el.section(
                rx.el.p(rx.el.strong("No new run. "), DemoState.problem),
                rx.el.p("Press Run to try it again; what is shown stays.", class_name="muted"),
                class_name="panel demo-problem",
                role="alert",
                id="demo-problem",
            ),
        ),
        class_name="demo-news",
    )
