"""The Analytics tab: where the time went, what the evidence came from, who agreed, and what it saved."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.explain.analytics import AgreementCell, AgreementRow, CurveView, DurationRow, FigureRow, SignalRow
from ..components.badges import empty, panel, provenance
from ..components.charts import chart
from .state import TransparencyState


def analytics() -> rx.Component:
    """The run in figures."""
    return rx.fragment(
        rx.el.dl(rx.foreach(TransparencyState.analytics.figures, _figure), class_name="figures run-figures"),
        rx.el.div(
            rx.el.div(_impact(), _signals(), class_name="column"),
            rx.el.div(_durations(), _agreement(), _predictions(), class_name="column"),
            class_name="halves",
        ),
    )


def _figure(row: FigureRow) -> rx.Component:
    return rx.el.div(
        rx.el.dt(row.name),
        rx.el.dd(row.text, class_name="figure-value"),
        rx.el.dd(provenance(row.kind, row.source)),
        rx.el.dd(row.note, class_name="figure-note"),
    )


def _impact() -> rx.Component:
    shown = TransparencyState.analytics.impact
    return panel(
        "Impact",
        rx.cond(
            shown.curves,
            rx.el.div(
                chart(TransparencyState.impact),
                rx.el.dl(rx.foreach(shown.curves, _curve), class_name="facts"),
                rx.el.p("Saved against the modelled human: ", rx.el.strong(shown.saved), class_name="saved"),
                rx.el.p(
                    provenance("simulated", "practice company"),
                    provenance("assumed", "sandbox/assumptions.toml"),
                    class_name="row-meta",
                ),
                rx.el.ul(rx.foreach(shown.prices, rx.el.li), class_name="why"),
            ),
            empty("The recording does not say what harm costs, so no cost can be drawn."),
        ),
        name="impact",
    )


def _curve(row: CurveView) -> rx.Component:
    return rx.el.div(rx.el.dt(row.name), rx.el.dd(rx.el.strong(row.total), ", ", row.well))


def _durations() -> rx.Component:
    shown = TransparencyState.analytics
    return panel(
        "Where the time went",
        rx.cond(
            shown.durations,
            rx.el.div(
                rx.el.table(
                    rx.el.thead(
                        rx.el.tr(
                            rx.el.th("Stage", scope="col"),
                            rx.el.th("Simulated clock", scope="col"),
                            rx.el.th("Computing, wall clock", scope="col"),
                        )
                    ),
                    rx.el.tbody(rx.foreach(shown.durations, _duration)),
                    rx.el.tfoot(
                        rx.el.tr(
                            rx.el.th("Together", scope="row"),
                            rx.el.td(shown.simulated_total),
                            rx.el.td(shown.measured_total),
                        )
                    ),
                ),
                class_name="bars",
            ),
            empty("No stage ran."),
        ),
        rx.el.p(
            provenance("assumed", "sandbox/assumptions.toml"),
            rx.el.span("What a stage is charged on the simulated clock; execute and verify wait for the world itself."),
            class_name="row-meta",
        ),
        rx.el.p(
            provenance("recorded", "local"),
            rx.el.span("Computing was measured on the machine that made the recording."),
            class_name="row-meta",
        ),
        name="durations",
    )


def _duration(row: DurationRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.label, scope="row"),
        rx.el.td(_bar(row.simulated_share, "simulated"), row.simulated),
        rx.el.td(_bar(row.measured_share, "measured"), row.measured),
    )


def _bar(share: float, tone: str) -> rx.Component:
    return rx.el.span(class_name="bar-part", data_tone=tone, style={"--share": f"{share}%"}, aria_hidden="true")


def _signals() -> rx.Component:
    shown = TransparencyState.analytics
    return panel(
        "Evidence by signal",
        rx.cond(
            shown.signals,
            rx.el.div(
                rx.el.p("For and against ", rx.el.strong(shown.leading), ", in nats"),
                rx.el.ul(rx.foreach(shown.signals, _signal), class_name="signals"),
                rx.el.p(provenance("recorded", "local"), class_name="row-meta"),
            ),
            empty("No evidence was weighed."),
        ),
        name="signals",
    )


def _signal(row: SignalRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.signal, class_name="signal-name"),
        rx.el.span(
            rx.el.span(class_name="signal-bar", data_side="against", style={"--share": f"{row.contra_share}%"}),
            class_name="signal-half against",
            aria_hidden="true",
        ),
        rx.el.span(
            rx.el.span(class_name="signal-bar", data_side="for", style={"--share": f"{row.pro_share}%"}),
            class_name="signal-half",
            aria_hidden="true",
        ),
        rx.el.span(
            rx.cond(row.pro > 0, rx.el.span(row.pro_text, " (", row.pro, ")")),
            rx.cond(row.contra > 0, rx.el.span(row.contra_text, " (", row.contra, ")")),
            class_name="signal-figures",
        ),
    )


def _agreement() -> rx.Component:
    shown = TransparencyState.analytics
    return panel(
        "Agreement between voters",
        rx.cond(
            shown.agreement,
            rx.el.div(
                rx.el.p(rx.el.strong(shown.agreed), ". In each cell: 1 less the mean distance of their scores."),
                rx.el.div(
                    rx.el.table(
                        rx.el.thead(
                            rx.el.tr(
                                rx.el.td(),
                                rx.foreach(shown.voters, lambda voter: rx.el.th(rx.el.span(voter), scope="col")),
                            )
                        ),
                        rx.el.tbody(rx.foreach(shown.agreement, _voter)),
                    ),
                    class_name="matrix",
                    tab_index=0,
                    role="region",
                    aria_labelledby="agreement-title",
                ),
                rx.el.p(
                    rx.el.span("Underlined: they chose the same plan. Agreeing is not being right: see Confidence."),
                    provenance("recorded", "local"),
                    class_name="row-meta",
                ),
            ),
            empty("No vote was held."),
        ),
        name="agreement",
    )


def _voter(row: AgreementRow) -> rx.Component:
    return rx.el.tr(rx.el.th(row.voter, scope="row", title=row.choice), rx.foreach(row.cells, _cell))


def _cell(cell: AgreementCell) -> rx.Component:
    return rx.el.td(
        cell.text,
        rx.cond(cell.same, rx.el.span(", same plan", class_name="sr-only")),
        data_own=cell.own,
        data_same=cell.same,
        style={"--share": f"{cell.agreement}"},
    )


def _predictions() -> rx.Component:
    shown = TransparencyState.analytics
    return panel(
        "Predictions",
        rx.el.dl(
            _count("Hit", shown.hits),
            _count("Miss", shown.misses),
            _count("Unscored", shown.unscored),
            class_name="facts",
        ),
        rx.el.p(
            provenance("simulated", "practice company"),
            rx.el.span("A hit came to pass in the same world with nobody acting."),
            class_name="row-meta",
        ),
        name="predictions",
    )


def _count(name: str, value: int) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(rx.el.strong(value)))
