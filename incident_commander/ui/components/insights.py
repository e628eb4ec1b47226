"""What a reasoning service answered, with who it was and the documents that it rests on."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.view_insights import AnsweredBy, InsightRow, SourceRow
from .badges import empty, provenance


def insight(row: InsightRow) -> rx.Component:
    """One answer."""
    return rx.el.div(
        rx.el.h3(row.label),
        rx.el.ul(rx.foreach(row.answered, _answered), class_name="ai-answered"),
        rx.cond(row.text != "", rx.el.p(row.text)),
        rx.cond(
            row.sources,
            rx.el.ul(rx.foreach(row.sources, _source), class_name="rows"),
            rx.cond(row.text == "", empty("Nothing was found.")),
        ),
        rx.cond(
            row.steps,
            rx.el.details(rx.el.summary("Its trace"), rx.el.ol(rx.foreach(row.steps, rx.el.li), class_name="ai-found")),
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
