"""The questions that wait for a person, each with all they decide by, and the answers."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec

from ...response.view_operator import ApprovalRow, ArgumentRow
from ..components.badges import chip
from ..components.operator import for_operators, outcome, reason, submit
from .controls_state import ARGUMENT, ControlState
from .state import LiveState, OpsState

CONTROL = "approvals"


def approvals() -> rx.Component:
    """Above everything else, while a question waits or the last answer has something to say."""
    return rx.el.section(
        rx.cond(
            LiveState.approvals,
            rx.el.div(
                rx.el.h2("Waiting for a person", id="approvals-title"),
                rx.el.ul(rx.foreach(LiveState.approvals, _approval), class_name="approvals"),
            ),
        ),
        outcome(CONTROL),
        id=CONTROL,
        aria_label="Approvals",
    )


def _approval(row: ApprovalRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            chip(row.severity, row.severity, "severity"),
            rx.cond(row.simulated, chip("Practice, simulated", "simulated", "clock")),
            rx.cond(row.irreversible, chip("Cannot be undone", "unmet", "status")),
            rx.el.button(row.title, type="button", class_name="quiet-button", on_click=_select(row.incident_id)),
            class_name="row-line",
        ),
        rx.el.h3(row.text, class_name="approval-what"),
        rx.el.p(row.rationale),
        rx.el.dl(
            _fact("Asked because", row.reason),
            _fact("Votes", row.votes),
            _fact("Blast radius", row.blast_radius),
            rx.cond(row.undo != "", _fact("Undo", row.undo)),
            rx.cond(row.approvers != "", _fact("Who may approve", row.approvers)),
            _fact("Waits until", rx.el.span(row.expires, " UTC")),
            _fact("Plan digest", rx.el.code(row.plan)),
            class_name="facts",
        ),
        rx.cond(
            row.checks,
            rx.el.div(rx.el.h4("Checks that must be met afterwards"), rx.el.ul(rx.foreach(row.checks, _line))),
        ),
        rx.cond(
            row.denied_before,
            rx.el.div(
                rx.el.h4("The same was refused before"),
                rx.el.ul(rx.foreach(row.denied_before, _line), class_name="problem"),
            ),
        ),
        for_operators(_answers(row), to="answer"),
        key=row.plan,
        class_name="panel approval",
        data_plan=row.plan,
        data_incident=row.incident_id,
    )


def _answers(row: ApprovalRow) -> rx.Component:
    return rx.el.div(
        rx.el.form(
            _about(row),
            rx.cond(
                row.arguments,
                rx.el.details(
                    rx.el.summary("Change the arguments first"),
                    rx.el.p("A changed plan goes to a new round of votes.", class_name="muted"),
                    rx.foreach(row.arguments, _argument),
                ),
            ),
            reason("Reason to approve (may be left out)", required=False),
            rx.el.label(
                rx.el.input(type="checkbox", name="class"),
                rx.el.span("Also every later plan to ", row.action, " for this incident"),
                class_name="tick wide",
            ),
            submit("Approve", CONTROL),
            on_submit=ControlState.approve,
            reset_on_submit=False,
            class_name="control-form",
            aria_label="Approve",
        ),
        rx.el.form(
            _about(row),
            reason("Reason to deny"),
            submit("Deny", CONTROL, "danger"),
            on_submit=ControlState.deny,
            reset_on_submit=False,
            class_name="control-form",
            aria_label="Deny",
        ),
        class_name="answers",
    )


def _about(row: ApprovalRow) -> rx.Component:
    return rx.fragment(
        rx.el.input(type="hidden", name="incident", value=row.incident_id, read_only=True),
        rx.el.input(type="hidden", name="plan", value=row.plan, read_only=True),
    )


def _argument(row: ArgumentRow) -> rx.Component:
    name = ARGUMENT + row.name
    return rx.el.label(
        rx.el.span(row.label),
        rx.cond(
            row.type == "choice",
            rx.el.select(rx.foreach(row.choices, _option), name=name, default_value=row.value),
            rx.el.input(name=name, default_value=row.value, auto_complete="off"),
        ),
        rx.el.span(row.bounds, class_name="muted"),
        class_name="wide",
    )


def _option(value: str) -> rx.Component:
    return rx.el.option(value, value=value)


def _line(written: str) -> rx.Component:
    return rx.el.li(written)


def _fact(name: str, value: rx.Component | rx.Var[str] | str) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value))


def _select(incident: str) -> EventSpec:
    return OpsState.select(incident)  # type: ignore[misc]  # mypy cannot read the type of a handler with arguments
