"""The Reasoning tab: the stages in their order, each claim with its evidence."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.explain.reasoning import StepRow
from ..components.badges import empty
from .evidence import claim, produced_by
from .state import TransparencyState


def reasoning() -> rx.Component:
    """All steps, from the first alert to what was learnt."""
    steps = TransparencyState.reasoning.steps
    return rx.cond(
        steps,
        rx.el.ol(rx.foreach(steps, _step), class_name="chain", aria_label="Steps of the response"),
        empty("No alert came in this run, so there was nothing to reason about."),
    )


def _step(row: StepRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.h2(row.label),
            rx.cond(
                row.ran,
                rx.el.p(
                    rx.cond(row.at != "", rx.el.time(row.at, " UTC")),
                    rx.cond(row.took != "", rx.el.span(row.took, " simulated")),
                    rx.cond(row.computed != "", rx.el.span(row.computed, " computing")),
                ),
                rx.el.p("not needed"),
            ),
            class_name="chain-when",
        ),
        rx.cond(
            row.ran,
            rx.el.div(
                rx.el.p(
                    rx.el.strong(row.conclusion),
                    rx.cond(
                        row.confidence != "", rx.el.span("confidence ", row.confidence, class_name="chain-confidence")
                    ),
                    class_name="conclusion",
                ),
                rx.cond(row.error != "", rx.el.p(row.error, class_name="problem")),
                rx.cond(row.claims_name != "", rx.el.h3(row.claims_name)),
                rx.cond(row.claims, rx.el.ul(rx.foreach(row.claims, claim), class_name="claims")),
                rx.cond(
                    row.more,
                    rx.el.details(
                        rx.el.summary(row.more_text),
                        rx.el.ul(rx.foreach(row.more, claim), class_name="claims"),
                        class_name="more",
                    ),
                ),
                produced_by(row.producer),
                rx.cond(row.read != "", rx.el.p("It read ", row.read, ".", class_name="read")),
                class_name="panel",
            ),
        ),
        id="step-" + row.name,
        data_ran=row.ran,
    )
