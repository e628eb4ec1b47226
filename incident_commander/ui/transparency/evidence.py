"""Claims, and what opens below each: the evidence, the metric, and what produced it."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec

from ...response.explain.claims import ClaimRow
from ...response.explain.evidence import FactRow, ObservationRow
from ...response.explain.producers import ProducerRow
from ..components.badges import chip, provenance
from ..components.charts import chart
from .state import OpenedClaim, TransparencyState


def claim(row: ClaimRow) -> rx.Component:
    """A claim that opens."""
    return rx.el.li(
        rx.el.details(
            rx.el.summary(
                rx.el.span(
                    rx.el.span(row.text, class_name="claim-text"),
                    rx.cond(row.state_text != "", chip(row.state_text, row.state, "status")),
                    rx.cond(row.detail != "", rx.el.span(row.detail, class_name="claim-detail")),
                    class_name="claim-words",
                ),
                rx.el.span(
                    rx.cond(row.figure != "", rx.el.strong(row.figure)),
                    rx.cond(row.figure_name != "", rx.el.span(row.figure_name)),
                    class_name="claim-figure",
                ),
                rx.cond(
                    row.share >= 0,
                    rx.el.meter(value=row.share, min=0, max=1, aria_label=row.figure_name),
                    rx.el.span(class_name="claim-blank"),
                ),
                rx.el.span(row.opens, class_name="claim-opens"),
                on_click=ask_for(row.id),
            ),
            what_is_there(row.id),
        ),
        class_name="claim",
        data_state=row.state,
        data_claim=row.id,
    )


def ask_for(claim_id: rx.Var[str] | str) -> EventSpec:
    """Ask for what speaks for a claim."""
    return TransparencyState.open_claim(claim_id)  # type: ignore[misc]  # mypy cannot read a handler with arguments


def what_is_there(claim_id: rx.Var[str] | str) -> rx.Component:
    """What speaks for a claim, once it has been sent."""
    return rx.el.div(
        rx.cond(
            TransparencyState.opened.contains(claim_id),  # type: ignore[attr-defined]  # a Var, on the class
            _opened(TransparencyState.opened[claim_id]),  # type: ignore[index]
            rx.el.div(
                rx.el.div(class_name="bone"),
                rx.el.div(class_name="bone"),
                class_name="waiting",
                role="img",
                aria_label="Loading",
            ),
        ),
        class_name="opened",
    )


def _opened(opened: OpenedClaim) -> rx.Component:
    evidence = opened.evidence
    return rx.fragment(
        rx.cond(evidence.facts, rx.el.dl(rx.foreach(evidence.facts, fact), class_name="fact-list")),
        rx.cond(opened.drawn, rx.el.div(chart(opened.chart), class_name="metric")),
        rx.cond(
            evidence.balance != "",
            rx.el.div(
                rx.el.p("Weighed: ", rx.el.strong(evidence.balance), class_name="balance"),
                rx.el.ul(
                    rx.foreach(evidence.pro, _observation),
                    rx.foreach(evidence.contra, _observation),
                    class_name="observations",
                ),
            ),
        ),
        rx.cond(evidence.note != "", rx.el.p(evidence.note, class_name="note")),
        produced_by(evidence.producer),
    )


def fact(row: FactRow) -> rx.Component:
    """A named value."""
    return rx.el.div(rx.el.dt(row.name), rx.el.dd(row.text))


def _observation(row: ObservationRow) -> rx.Component:
    against = row.weight < 0
    return rx.el.li(
        rx.el.span(
            rx.el.span(class_name="weight-bar", style={"--share": f"{row.share}%"}, aria_hidden="true"),
            rx.el.span(row.weight_text, class_name="weight-figure"),
            rx.el.span(" nats", class_name="sr-only"),
            class_name="weight",
        ),
        rx.el.div(
            rx.el.p(row.what),
            rx.el.p(
                rx.el.strong(rx.cond(against, "against", "for")),
                rx.el.span(row.signal),
                rx.cond(row.service != "", rx.el.span(row.service)),
                rx.el.time(row.at, " UTC"),
                provenance(row.kind, row.source),
                rx.el.code(row.reference, title="Beginning of the digest by which ballots name it"),
                class_name="row-meta",
            ),
        ),
        data_side=rx.cond(against, "against", "for"),
    )


def produced_by(row: ProducerRow) -> rx.Component:
    """What produced a statement, and whether a language model had a part in it."""
    return rx.el.p(
        rx.el.span("Produced by ", rx.el.strong(row.label), ": ", row.what),
        rx.cond(row.models != "", rx.el.span(row.models)),
        rx.cond(row.kind != "", provenance(row.kind, row.source)),
        class_name="producer",
    )
