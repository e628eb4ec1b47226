"""The AI services tab: what each said, with who it really was, and every call with what it took."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.explain.services import CallRow
from ..components.badges import empty, panel, provenance
from ..components.insights import insight
from .state import TransparencyState


def services() -> rx.Component:
    """The answers beside the calls."""
    shown = TransparencyState.services
    return rx.cond(
        shown.calls,
        rx.el.div(
            rx.el.div(_answers(), _guarded(), class_name="column"),
            rx.el.div(_calls(), class_name="column"),
            class_name="halves",
        ),
        panel(
            "What they said",
            empty(
                "No AI service was asked in this run: every statement is local analysis. Record one that asks them by ",
                rx.el.code("incident-commander record-scenarios --with aws"),
                ".",
            ),
            name="answers",
        ),
    )


def _answers() -> rx.Component:
    shown = TransparencyState.services
    return panel(
        "What they said",
        rx.el.p(
            "Of all of it only the causes that models suspect weigh in the diagnosis, as one capped witness.",
            class_name="muted",
        ),
        rx.cond(shown.trouble != "", rx.el.p("Not all could be asked: ", shown.trouble, class_name="problem")),
        rx.el.div(rx.foreach(shown.answers, insight)),
        name="answers",
    )


def _guarded() -> rx.Component:
    shown = TransparencyState.services
    return panel(
        "What a guard said",
        rx.cond(
            shown.guarded,
            rx.el.ul(rx.foreach(shown.guarded, rx.el.li), class_name="ai-found"),
            empty("Nothing, in what was put to models or in what they said."),
        ),
        name="guarded",
    )


def _calls() -> rx.Component:
    shown = TransparencyState.services
    return panel(
        "Every call",
        rx.el.ol(rx.foreach(shown.calls, _call), class_name="ai-calls"),
        name="calls",
        aside=rx.el.span(shown.totals, class_name="muted"),
    )


def _call(row: CallRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.el.strong(row.task),
            rx.el.span("for ", row.agent),
            rx.el.span(row.by),
            rx.cond(row.source != "", provenance("recorded", row.source)),
            rx.cond(row.again, rx.el.span("told again from what was kept")),
            class_name="row-meta",
        ),
        rx.el.p(
            rx.cond(row.model != "", rx.el.code(row.model)),
            rx.el.span(row.latency, class_name="number"),
            rx.cond(row.tokens != "", rx.el.span(row.tokens, " tokens")),
            rx.cond(row.cost != "", rx.el.span(row.cost)),
            rx.cond(row.request != "", rx.el.span("request ", rx.el.code(row.request))),
            class_name="row-meta",
        ),
        rx.cond(row.failed != "", rx.el.p("No answer: ", row.failed, class_name="muted")),
        rx.cond(row.fell_back != "", rx.el.p("In place of ", row.fell_back, class_name="muted")),
        data_by=row.by,
    )
