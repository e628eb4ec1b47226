"""The kill switch with its banner, the trust ladder, and the live voters that were made to fail."""
# mypy: disable-error-code="no-any-return"

from typing import get_args

import reflex as rx

from ...domain.plan import TRUST_LEVELS, ActionName
from ...response.view_operator import FaultRow, QuarantineRow, TrustCell, TrustChangeRow, TrustClassRow
from ...response.view_text import sentence
from ..components.badges import chip, empty, panel
from ..components.operator import for_operators, outcome, reason, submit
from .controls_state import ControlState
from .state import LiveState


def banner() -> rx.Component:
    """Across the page for as long as the kill switch is on."""
    switch = LiveState.kill_switch
    return rx.el.div(
        rx.cond(
            switch.on,
            rx.el.p(
                rx.el.strong("The kill switch is on: nothing is done or taken back automatically. "),
                rx.el.span(
                    "Thrown by ", switch.by, rx.cond(switch.at != "", rx.el.span(" at ", switch.at, " UTC")), ": "
                ),
                rx.el.span(switch.reason),
                " ",
                rx.el.a("Release it", href="#kill-switch"),
                class_name="kill-banner",
                id="kill-banner",
            ),
        ),
        role="status",
        class_name="kill-banner-place",
    )


def kill_switch() -> rx.Component:
    """How the kill switch stands, who threw it and why, and the way to throw it."""
    switch = LiveState.kill_switch
    return panel(
        "Kill switch",
        rx.el.p(
            rx.cond(
                switch.on,
                "Nothing is done or taken back automatically; incidents are escalated to a person.",
                "Certified actions run as policy and trust allow.",
            )
        ),
        rx.cond(
            switch.at != "",
            rx.el.p(
                rx.cond(switch.on, "Thrown by ", "Released by "),
                switch.by,
                " at ",
                switch.at,
                " UTC: ",
                switch.reason,
                class_name="muted",
            ),
        ),
        for_operators(
            rx.cond(
                switch.on,
                _throw("off", "Release the kill switch", "primary"),
                _throw("on", "Stop every action", "danger"),
            ),
            to="throw it",
        ),
        outcome("kill-switch"),
        name="kill-switch",
        aside=rx.cond(switch.on, chip("On", "unmet", "status"), chip("Off", "met", "status")),
    )


def _throw(turn: str, label: str, kind: str) -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="turn", value=turn, read_only=True),
        reason(),
        submit(label, "kill-switch", kind),
        on_submit=ControlState.throw_kill_switch,
        reset_on_submit=True,
        class_name="control-form",
        key=turn,
    )


def trust() -> rx.Component:
    """How far each class of actions is trusted, with its history, and the way to set it by hand."""
    return panel(
        "Trust in actions",
        rx.el.p(
            "The stricter of policy and trust decides. Verified agreements lift a class a step; one action that did "
            "harm, or was taken back, drops it at once.",
            class_name="muted",
        ),
        rx.cond(
            LiveState.trust,
            rx.el.ul(rx.foreach(LiveState.trust, _class), class_name="trust"),
            empty("Loading."),
        ),
        for_operators(
            rx.el.details(
                rx.el.summary("Set by hand"),
                rx.el.form(
                    _choice("Class", "action", [(name, sentence(name)) for name in get_args(ActionName)]),
                    _choice("Level", "level", [(level, level) for level in TRUST_LEVELS]),
                    _choice("Where", "world", [("live", "real incidents"), ("practice", "practice runs")]),
                    reason(),
                    submit("Set the level", "trust", "secondary"),
                    on_submit=ControlState.set_trust,
                    reset_on_submit=False,
                    class_name="control-form",
                ),
            ),
            to="set a level by hand",
        ),
        outcome("trust"),
        name="trust",
    )


def _class(row: TrustClassRow) -> rx.Component:
    return rx.el.li(
        rx.el.details(
            rx.el.summary(
                rx.el.span(row.label, class_name="trust-class"),
                _level(row.live),
                rx.el.span(row.live.agreements, class_name="muted"),
            ),
            rx.el.p(rx.el.strong("Real incidents: "), row.live.level, " (", row.live.reason, ")"),
            rx.el.p(
                rx.el.strong("Practice: "),
                row.practice.level,
                " (",
                row.practice.reason,
                "), ",
                row.practice.agreements,
            ),
            rx.el.p("At most ", rx.el.strong(row.live.highest), ".", class_name="muted"),
            rx.cond(
                row.history,
                rx.el.ol(rx.foreach(row.history, _change), class_name="rows"),
                rx.el.p("Nothing has changed it yet.", class_name="muted"),
            ),
        ),
        data_action=row.action,
        key=row.action,
    )


def _level(cell: TrustCell) -> rx.Component:
    return chip(cell.level, cell.level, "trust-level")


def _change(row: TrustChangeRow) -> rx.Component:
    return rx.el.li(
        rx.el.time(row.at, " UTC", class_name="muted"), rx.el.p(row.text), rx.el.p(row.reason, class_name="muted")
    )


def _choice(label: str, name: str, options: list[tuple[str, str]]) -> rx.Component:
    return rx.el.label(
        rx.el.span(label),
        rx.el.select(*(rx.el.option(shown, value=value) for value, shown in options), name=name),
    )


def advice(incident: rx.Var[str] | str) -> rx.Component:
    """For a plan that was only recorded or told to a person: whether it was right, which the ladder counts."""
    return rx.el.div(
        rx.el.h3("This was only recorded, or told to a person. Was it right?"),
        for_operators(
            rx.el.form(
                rx.el.input(type="hidden", name="incident", value=incident, read_only=True),
                _choice("It was, or would have been", "right", [("yes", "right"), ("no", "wrong")]),
                reason(),
                submit("Tell", "advice", "secondary"),
                on_submit=ControlState.report_advice,
                reset_on_submit=True,
                class_name="control-form",
            ),
            to="say so",
        ),
        outcome("advice"),
    )


def quarantined() -> rx.Component:
    """The voters whose ballots do not count until a person releases them; nothing where there are none."""
    return rx.cond(
        LiveState.quarantined,
        panel(
            "Quarantined agents",
            rx.el.p("Their ballots do not count in real incidents, and they stay one of the five.", class_name="muted"),
            rx.el.ul(rx.foreach(LiveState.quarantined, _quarantined), class_name="rows"),
            outcome("quarantined"),
            name="quarantined",
            aside=chip("Not counted", "unmet", "status"),
        ),
    )


def _quarantined(row: QuarantineRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(rx.el.strong(row.label), " in ", rx.el.code(row.incident)),
        rx.el.p(row.reason),
        for_operators(
            rx.el.form(
                rx.el.input(type="hidden", name="voter", value=row.voter, read_only=True),
                reason(),
                submit("Release", "quarantined", "secondary"),
                on_submit=ControlState.release_agent,
                reset_on_submit=True,
                class_name="control-form",
            ),
            to="release it",
        ),
        key=row.voter,
        data_voter=row.voter,
    )


def faults() -> rx.Component:
    """A warning, for as long as a live voter is made to fail."""
    return rx.cond(
        LiveState.faults,
        panel(
            "Voters made to fail",
            rx.el.ul(rx.foreach(LiveState.faults, _fault), class_name="rows"),
            outcome("faults"),
            name="faults",
        ),
    )


def _fault(row: FaultRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(rx.el.strong(row.label), " ", chip(row.fault, "unmet", "status"), " on purpose, in real incidents too"),
        for_operators(
            rx.el.form(
                rx.el.input(type="hidden", name="voter", value=row.voter, read_only=True),
                reason(),
                submit("Let it vote honestly", "faults", "secondary"),
                on_submit=ControlState.end_fault,
                reset_on_submit=True,
                class_name="control-form",
            ),
            to="end it",
        ),
        key=row.voter,
        data_voter=row.voter,
    )
