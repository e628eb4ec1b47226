"""What the reasoning services know of the shown incident: knowledge, similar incidents, recommended actions."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ..components.badges import empty
from ..components.insights import insight
from .state import LiveState


def insights() -> rx.Component:
    """Each answer with who gave it, and the documents that it rests on."""
    return rx.fragment(
        rx.cond(
            LiveState.insights.trouble != "",
            rx.el.p("Not all could be asked: ", LiveState.insights.trouble, class_name="problem"),
        ),
        rx.cond(
            LiveState.insights.rows,
            rx.el.div(rx.foreach(LiveState.insights.rows, insight)),
            empty("Nothing was asked about the shown incident."),
        ),
    )


def guarded() -> rx.Component:
    """What a guard found in what was put to models about the shown incident, and in what they said."""
    return rx.cond(
        LiveState.insights.guarded,
        rx.el.div(
            rx.el.h3("In the shown incident"),
            rx.el.ul(rx.foreach(LiveState.insights.guarded, rx.el.li), class_name="ai-found"),
        ),
        empty("Nothing was found in what was put to models about the shown incident, or in what they said."),
    )
