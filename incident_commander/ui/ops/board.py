"""The parts of /ops that are alike for everyone: figures, incidents, agents, health; and the practice control."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec

from ...response.view_board import AgentRow, FigureRow, IncidentRow
from ...response.views import HealthRow
from ..components.badges import chip, empty, panel, provenance
from ..components.operator import for_operators, outcome
from .controls_state import ControlState
from .state import LiveState, OpsState


def figures() -> rx.Component:
    """The business figures, each with its provenance."""
    return rx.el.section(
        rx.cond(
            LiveState.figures,
            rx.el.dl(rx.foreach(LiveState.figures, _figure), class_name="figures"),
            rx.cond(
                LiveState.loaded, empty("No figures yet: they are computed from the ledger's incidents."), _waiting(5)
            ),
        ),
        id="figures",
        aria_label="Business figures",
    )


def _figure(row: FigureRow) -> rx.Component:
    return rx.el.div(
        rx.el.dt(row.name),
        rx.el.dd(row.text, class_name="figure-value", data_known=row.known),
        rx.el.dd(provenance(row.kind, row.source)),
        rx.el.dd(row.note, class_name="figure-note"),
    )


def incidents() -> rx.Component:
    """The recent incidents, newest first; choosing one shows it."""
    return panel(
        "Incidents",
        rx.cond(
            LiveState.incidents,
            rx.el.ul(rx.foreach(LiveState.incidents, _incident), class_name="incidents"),
            rx.cond(
                LiveState.loaded,
                empty("No incident yet."),
                _waiting(3),
            ),
        ),
        name="incidents",
        aside=rx.cond(
            LiveState.followed != "",
            rx.el.button("Follow the newest", type="button", class_name="quiet-button", on_click=_select("")),
            rx.el.span("Following the newest", class_name="muted"),
        ),
    )


def _select(incident: str) -> EventSpec:
    return OpsState.select(incident)  # type: ignore[misc]  # mypy cannot read the type of a handler with arguments


def _incident(row: IncidentRow) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(
                chip(row.severity, row.severity, "severity"),
                rx.el.span(row.title, class_name="incident-title"),
                class_name="incident-line",
            ),
            rx.el.span(
                chip(row.status_text, row.status, "status"),
                rx.el.span(row.alerts),
                rx.el.span(row.sources),
                class_name="incident-meta",
            ),
            rx.el.span(
                rx.el.time(row.opened, " UTC"),
                rx.cond(row.clock == "simulated", chip(row.clock_text, "simulated", "clock")),
                class_name="incident-meta",
            ),
            type="button",
            aria_pressed=rx.cond(row.id == LiveState.head.id, "true", "false"),
            on_click=_select(row.id),
        )
    )


def agents() -> rx.Component:
    """The six agents and how their recent runs went."""
    return panel(
        "Agents",
        rx.cond(
            LiveState.agents,
            rx.el.div(
                rx.el.table(
                    rx.el.thead(
                        rx.el.tr(
                            rx.el.th("Agent", scope="col"),
                            rx.el.th("Conf.", scope="col", title="Confidence of its last result", class_name="number"),
                            rx.el.th("Runs", scope="col", class_name="number"),
                            rx.el.th(
                                "p50", scope="col", title="Half of its runs took at most this", class_name="number"
                            ),
                            rx.el.th(
                                "p95", scope="col", title="95% of its runs took at most this", class_name="number"
                            ),
                            rx.el.th("Failed", scope="col", class_name="number"),
                        )
                    ),
                    rx.el.tbody(rx.foreach(LiveState.agents, _agent)),
                ),
                class_name="table",
                tab_index=0,
                role="region",
                aria_labelledby="agents-title",
            ),
            _waiting(6),
        ),
        name="agents",
    )


def _agent(row: AgentRow) -> rx.Component:
    return rx.fragment(
        rx.el.tr(
            rx.el.th(
                rx.el.span(row.label, title=row.work),
                rx.el.span(rx.el.span(class_name="dot", aria_hidden="true"), row.state_text, class_name="agent-state"),
                scope="row",
            ),
            rx.el.td(row.confidence_text, class_name="number"),
            rx.el.td(row.runs, class_name="number"),
            rx.el.td(row.p50_text, class_name="number"),
            rx.el.td(row.p95_text, class_name="number"),
            rx.el.td(row.failures, class_name="number", data_bad=row.failures > 0),
            data_agent=row.name,
            data_state=row.state,
        ),
        rx.cond(row.error != "", rx.el.tr(rx.el.td(row.error, col_span=6), class_name="agent-error")),
    )


def health() -> rx.Component:
    """What this installation depends on."""
    return panel(
        "Health",
        rx.cond(
            LiveState.health,
            rx.el.ul(rx.foreach(LiveState.health, _health), class_name="health"),
            rx.cond(LiveState.loaded, empty("Nothing reported."), _waiting(3)),
        ),
        name="health",
    )


def _health(row: HealthRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(class_name="dot", aria_hidden="true"),
        rx.el.span(row.name, class_name="health-name"),
        rx.el.span(row.state, class_name="health-state"),
        rx.el.span(row.detail, class_name="health-detail"),
        data_state=row.state,
    )


def practice() -> rx.Component:
    """Start a scenario of the practice company, or end all of them."""
    return panel(
        "Practice company",
        rx.el.form(
            rx.el.label(
                rx.el.span("Scenario"),
                rx.el.select(
                    rx.el.option("Any", value=""),
                    rx.foreach(OpsState.scenarios, _scenario),
                    name="scenario",
                    id="scenario",
                ),
            ),
            rx.el.label(
                rx.el.span("Seed"),
                rx.el.input(
                    name="seed", id="seed", input_mode="numeric", placeholder="any", auto_complete="off", max_length=10
                ),
            ),
            rx.el.label(
                rx.el.input(type="checkbox", name="approver", value="person"),
                rx.el.span("Answer its approvals myself"),
                class_name="tick",
            ),
            rx.el.button(
                rx.cond(OpsState.busy != "", OpsState.busy, "Start scenario"),
                type="submit",
                class_name="primary",
                disabled=OpsState.busy != "",
            ),
            on_submit=OpsState.start_scenario,
            reset_on_submit=False,
            class_name="practice-form",
        ),
        rx.el.p(
            rx.cond(
                OpsState.problem != "",
                rx.el.span(OpsState.problem, class_name="problem"),
                rx.el.span(OpsState.notice, " ", rx.cond(OpsState.started != "", rx.el.code(OpsState.started))),
            ),
            role="status",
            class_name="practice-notice",
        ),
        rx.el.details(
            rx.el.summary("Reset the practice data"),
            rx.el.p("Ends all practice runs. Incidents and the ledger stay as they are."),
            for_operators(
                rx.el.button(
                    "End all practice runs",
                    type="button",
                    class_name="danger",
                    disabled=ControlState.busy != "",
                    on_click=ControlState.reset_practice,
                ),
                to="end them",
            ),
            outcome("practice"),
        ),
        name="practice",
        aside=chip("simulated", "simulated", "clock"),
    )


def _scenario(name: str) -> rx.Component:
    return rx.el.option(name, value=name)


def _waiting(lines: int) -> rx.Component:
    return rx.el.div(
        *(rx.el.div(class_name="bone") for _ in range(lines)), class_name="waiting", role="img", aria_label="Loading"
    )
