"""What the reasoning services know of the shown incident: knowledge, similar incidents, recommended actions."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.view_insights import AnsweredBy, InsightRow, SourceRow
from ..components.badges import empty, provenance
from .state import LiveState


def insights() -> rx.Component:
    """Each answer with who gave it, and the documents that it rests on."""
    return rx.fragment(
        rx.cond(
            LiveState.insights.trouble != "",
            rx.el.p("Nobody could be asked: ", LiveState.insights.trouble, class_name="problem"),
        ),
        rx.cond(
            LiveState.insights.rows,
            rx.el.div(rx.foreach(LiveState.insights.rows, _insight)),
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


def _insight(row: InsightRow) -> rx.Component:
    return rx.el.div(
        rx.el.h3(row.label),
        rx.el.ul(rx.foreach(row.answered, _answered), class_name="ai-answered"),
        rx.cond(row.text != "", rx.el.p(row.text)),
        rx.cond(
            row.sources,
            rx.el.ul(rx.foreach(row.sources, _source), class_name="rows"),
            rx.cond(row.text == "", empty("Nothing was found.")),
        ),
        class_name="ai-world",
        data_insight=row.name,
        key=row.name,
    )


def _answered(row: AnsweredBy) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.by),
        " ",
        provenance(row.kind, row.source),
        rx.cond(row.fell_back != "", rx.el.p("In place of ", row.fell_back, class_name="muted")),
        data_by=row.by,
    )


def _source(row: SourceRow) -> rx.Component:
    return rx.el.li(
        rx.cond(
            row.link != "",
            rx.el.p(rx.el.a(row.title, href=row.link, target="_blank", rel="noopener noreferrer nofollow")),
            rx.el.p(rx.el.strong(row.title), " ", rx.el.span(row.where, class_name="muted")),
        ),
        rx.cond(row.text != "", rx.el.p(row.text)),
        rx.cond(row.note != "", rx.el.p(row.note, class_name="row-meta")),
    )
