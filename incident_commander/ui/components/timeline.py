"""A line of an incident's timeline."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.view_timeline import TimelineRow


def event(row: TimelineRow) -> rx.Component:
    """One event: when, what, and who did it."""
    return rx.el.li(
        rx.el.time(row.at, date_time=row.moment),
        rx.el.div(
            rx.el.p(row.title, class_name="event-title"),
            rx.cond(row.detail != "", rx.el.p(row.detail, class_name="event-detail")),
            rx.el.p(row.actor, class_name="event-actor"),
        ),
        data_tone=row.tone,
        data_kind=row.kind,
        key=row.sequence,
    )
