"""A practice run of one's own, in which one makes agents fail and watches them vote."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec
from reflex_components_core.react_router.dom import ReactRouterLink  # type: ignore[import-untyped]

from ...response.view_text import sentence
from ..components.badges import chip, empty, panel, provenance
from ..demo.state import ScenarioCard
from .address import PATH, TABS, YOURS, tab_label
from .agents import CHOICES, AgentRow
from .own_run_state import OwnRunState
from .rounds import rounds


def own_run() -> rx.Component:
    """The form, and the vote beside it."""
    return rx.fragment(
        rx.el.header(
            rx.el.h1("Agents that fail, in a run of your own"),
            rx.el.p(
                "A practice company of its own has an incident, and the agents you choose fail in it. Nothing else is "
                "touched, nobody else sees it, and it needs no operator token.",
                class_name="muted",
            ),
            class_name="trial-head",
        ),
        rx.el.div(
            rx.el.div(_form(), class_name="column"),
            rx.el.div(_vote(), class_name="column"),
            class_name="halves",
        ),
    )


def _form() -> rx.Component:
    return panel(
        "Who fails, and how",
        rx.el.form(
            rx.el.div(
                rx.el.div(
                    rx.el.label("Incident", html_for="own-scenario"),
                    rx.el.select(
                        rx.foreach(OwnRunState.scenarios, _scenario),
                        id="own-scenario",
                        name="scenario",
                        default_value=OwnRunState.scenario,
                        key=f"scenario-{OwnRunState.written_anew}",
                        on_change=OwnRunState.choose,
                        disabled=OwnRunState.running,
                    ),
                ),
                rx.el.div(
                    rx.el.label("Seed", html_for="own-seed"),
                    rx.el.div(
                        rx.el.input(
                            id="own-seed",
                            name="seed",
                            input_mode="numeric",
                            auto_complete="off",
                            max_length=40,
                            value=OwnRunState.seed,
                            on_change=OwnRunState.write_seed,
                            disabled=OwnRunState.running,
                            aria_invalid=OwnRunState.seed_problem != "",
                            aria_describedby="own-seed-note",
                        ),
                        rx.el.button(
                            "Another seed",
                            type="button",
                            class_name="secondary",
                            on_click=OwnRunState.another_seed,
                            disabled=OwnRunState.running,
                        ),
                        class_name="trial-seed",
                    ),
                    rx.el.p(OwnRunState.seed_problem, id="own-seed-note", class_name="problem", role="status"),
                ),
                class_name="trial-fields",
            ),
            rx.el.fieldset(
                rx.el.legend("Agents"),
                rx.el.ul(rx.foreach(OwnRunState.agents, _agent), class_name="trial-agents"),
                disabled=OwnRunState.running,
            ),
            rx.el.p(
                OwnRunState.bears, id="own-bears", class_name="bears", data_beyond=OwnRunState.beyond, role="status"
            ),
            rx.el.div(
                rx.cond(
                    OwnRunState.running,
                    rx.el.button("Stop this run", type="button", class_name="secondary", on_click=OwnRunState.cancel),
                    rx.el.button("Run", type="submit", class_name="primary", id="own-run"),
                ),
                rx.el.button(
                    "All honest",
                    type="button",
                    class_name="quiet-button",
                    on_click=OwnRunState.all_honest,
                    disabled=OwnRunState.running,
                ),
                class_name="trial-buttons",
            ),
            on_submit=OwnRunState.run,
            reset_on_submit=False,
            id="own-form",
            class_name="trial-form",
        ),
        rx.cond(
            OwnRunState.problem != "",
            rx.el.p(rx.el.strong("No new run. "), OwnRunState.problem, class_name="problem", role="alert"),
        ),
        rx.cond(
            OwnRunState.running,
            rx.el.div(
                rx.el.progress(value=OwnRunState.share, max=100, aria_label="How much of the run is computed"),
                rx.el.p(OwnRunState.step, role="status", class_name="trial-step"),
                rx.el.ul(rx.foreach(OwnRunState.lines, lambda line: rx.el.li(line)), class_name="trial-lines"),
                class_name="trial-progress",
            ),
        ),
        name="own",
        aside=provenance("simulated", "practice company"),
    )


def _scenario(card: ScenarioCard) -> rx.Component:
    return rx.el.option(card.label, value=card.name)


def _agent(row: AgentRow) -> rx.Component:
    field = f"own-fault-{row.voter}"
    return rx.el.li(
        rx.el.label(row.label, html_for=field),
        rx.el.select(
            *(rx.el.option(sentence(choice), value=choice) for choice in CHOICES),
            id=field,
            name=f"fault-{row.voter}",
            default_value=row.fault,
            on_change=_make_fail(row),
            key=f"{row.voter}-{OwnRunState.written_anew}",
            aria_describedby=f"{field}-does",
        ),
        rx.el.p(row.does, id=f"{field}-does", class_name="trial-does"),
        data_voter=row.voter,
        data_fault=row.fault,
    )


def _make_fail(row: AgentRow) -> EventSpec:
    return lambda fault: OwnRunState.make_fail(row.voter, fault)  # type: ignore[misc, return-value]


def _vote() -> rx.Component:
    return panel(
        "The vote",
        rx.cond(OwnRunState.ending.there & ~OwnRunState.running, _ending()),
        rx.cond(
            OwnRunState.rounds,
            rounds(OwnRunState.rounds),
            rx.cond(
                OwnRunState.running,
                empty("No ballot yet: the incident has to come first, and its cause to be looked for."),
                rx.cond(
                    ~OwnRunState.ending.there,
                    empty(
                        "Choose whom to make fail, and run it. With one that fails the four others can still decide. "
                        "With two that do not vote as the others do, nothing is certified."
                    ),
                ),
            ),
        ),
        name="own-vote",
        aside=provenance("simulated", "practice company"),
    )


def _ending() -> rx.Component:
    ending = OwnRunState.ending
    return rx.el.div(
        rx.el.p(
            rx.el.strong(ending.scenario, ", seed ", ending.seed),
            chip(ending.status_text, ending.status, "status"),
            class_name="row-line",
        ),
        rx.cond(
            ending.faults,
            rx.el.ul(rx.foreach(ending.faults, lambda fault: rx.el.li(fault)), class_name="why"),
            rx.el.p("All five agents were honest."),
        ),
        rx.el.p(rx.el.strong(ending.decided), rx.cond(ending.done != "", rx.fragment(". ", ending.done))),
        rx.el.p(rx.el.span(ending.judged, data_right=ending.right), "."),
        rx.el.p(
            "Look at it like at any recording: ",
            *(ReactRouterLink.create(tab_label(tab), to=f"{PATH}?recording={YOURS}&tab={tab}") for tab in TABS),
            class_name="trial-links",
        ),
        class_name="trial-ending",
        id="own-ending",
        data_status=ending.status,
    )
