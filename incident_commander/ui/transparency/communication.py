"""The Communication tab: who was told what and when, and the postmortem."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.explain.communication import MessageRow
from ..components.badges import chip, empty, panel
from .evidence import produced_by
from .state import TransparencyState


def communication() -> rx.Component:
    """Messages in their order, and the postmortem beside them."""
    return rx.el.div(
        rx.el.div(_messages(), class_name="column"),
        rx.el.div(_postmortem(), class_name="column"),
        class_name="halves",
    )


def _messages() -> rx.Component:
    shown = TransparencyState.communication
    return panel(
        "Who was told what",
        rx.cond(
            shown.messages,
            rx.el.ol(rx.foreach(shown.messages, _message), class_name="messages"),
            empty("Nobody was told anything: no alert came."),
        ),
        produced_by(shown.producer),
        name="messages",
        aside=rx.el.span(shown.summary, class_name="muted"),
    )


def _message(row: MessageRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.el.time(row.at, " UTC"),
            rx.el.span(row.after, " after the first alert"),
            rx.el.span("to ", rx.el.strong(row.audience)),
            rx.el.span("by ", row.author),
            class_name="row-meta",
        ),
        rx.el.h3(row.subject),
        rx.el.p(row.body, class_name="message-body"),
        rx.el.p(
            chip(rx.cond(row.sent, "Sent", rx.cond(row.failed, "Not taken", "Timeline only"))),
            rx.el.span(row.channel),
            class_name="row-meta",
            data_bad=row.failed,
        ),
    )


def _postmortem() -> rx.Component:
    return panel(
        "Postmortem",
        rx.cond(
            TransparencyState.postmortem != "",
            rx.el.div(rx.html(TransparencyState.postmortem), class_name="prose"),
            empty("None was written."),
        ),
        name="postmortem",
        aside=rx.el.span("a projection of the ledger's events", class_name="muted"),
    )
