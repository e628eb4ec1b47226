"""The operator's session in the bar and in a panel, and what a control says before and after."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ..operator import OperatorState
from .badges import panel

SIGNED_IN = OperatorState.operator != ""


def in_bar() -> rx.Component:
    """Who is signed in, or the way to the panel where one does."""
    return rx.el.a(
        rx.cond(SIGNED_IN, OperatorState.operator, "Sign in"), href="#operator", class_name="who", title="Operator"
    )


def operator() -> rx.Component:
    """Sign in with the operator token, once for this browser tab; sign out."""
    return panel(
        "Operator",
        rx.cond(
            SIGNED_IN,
            rx.el.div(
                rx.el.p("Signed in as ", rx.el.strong(OperatorState.operator, id="signed-in"), "."),
                rx.el.button("Sign out", type="button", class_name="quiet-button", on_click=OperatorState.sign_out),
                class_name="signed-in",
            ),
            rx.el.form(
                rx.el.label(
                    rx.el.span("Name"),
                    rx.el.input(
                        name="name",
                        required=True,
                        max_length=64,
                        auto_complete="username",
                        default_value=OperatorState.tried,
                        key=OperatorState.tried,
                    ),
                ),
                rx.el.label(
                    rx.el.span("Operator token"),
                    rx.el.input(
                        name="token", type="password", required=True, max_length=256, auto_complete="current-password"
                    ),
                ),
                rx.el.button("Sign in", type="submit", class_name="secondary"),
                rx.el.p(
                    "Asked for to decide or to stop something; reading needs none. The first start shows it once.",
                    class_name="muted",
                ),
                on_submit=OperatorState.sign_in,
                reset_on_submit=True,
                class_name="control-form",
            ),
        ),
        rx.el.p(OperatorState.refusal, class_name="problem", role="status", id="sign-in-refusal"),
        name="operator",
    )


def for_operators(*controls: rx.Component, to: str) -> rx.Component:
    """Controls, shown to whoever is signed in; the others are told how to have them. The server asks all the same.

    Args:
        to: What they are for, after "Sign in to".
    """
    return rx.cond(
        SIGNED_IN,
        rx.fragment(*controls),
        rx.el.p(rx.el.a("Sign in", href="#operator"), f" to {to}.", class_name="muted"),
    )


def outcome(control: str) -> rx.Component:
    """What came of the last use of a control, beside it."""
    mine = OperatorState.told_by == control
    return rx.el.p(
        rx.cond(
            mine,
            rx.cond(
                OperatorState.problem != "",
                rx.el.span(OperatorState.problem, class_name="problem"),
                rx.el.span(OperatorState.notice),
            ),
        ),
        role="status",
        class_name="control-outcome",
        data_control=control,
    )


def submit(label: str, control: str, kind: str = "primary") -> rx.Component:
    """The button that sends a control's form, busy while it works."""
    return rx.el.button(
        rx.cond(OperatorState.busy == control, "One moment", label),
        type="submit",
        class_name=kind,
        disabled=OperatorState.busy != "",
    )


def reason(label: str = "Reason", *, required: bool = True) -> rx.Component:
    """The field for why."""
    return rx.el.label(
        rx.el.span(label),
        rx.el.input(name="reason", required=required, max_length=500, auto_complete="off"),
        class_name="wide",
    )
