"""The Confidence tab: how sure, by what, how right it was, and what would have changed the mind."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.explain.confidence import ForecastRow, LikelihoodRow, SurenessRow
from ...response.explain.held import HeldRow
from ...response.view_findings import GapRow
from ..components.badges import chip, empty, panel, provenance
from ..components.charts import chart
from .state import TransparencyState


def confidence() -> rx.Component:
    """Probabilities, agents, forecasts, the answer, doubts and gaps."""
    return rx.el.div(
        rx.el.div(_causes(), _doubts(), _gaps(), _truth(), _held(), class_name="column"),
        rx.el.div(_agents(), _forecasts(), class_name="column"),
        class_name="halves",
    )


def _causes() -> rx.Component:
    shown = TransparencyState.confidence
    return panel(
        "Probability of each cause",
        rx.cond(
            shown.hypotheses,
            rx.el.ul(rx.foreach(shown.hypotheses, _likelihood), class_name="likelihoods"),
            empty("No cause was ranked."),
        ),
        rx.el.dl(
            _fact("Left over", rx.fragment(shown.rest, ": nothing is wrong, or a cause that is not in this list")),
            rx.cond(shown.margin != "", _fact("First before second", shown.margin)),
            _fact("Rule", shown.rule),
            class_name="facts stacked",
        ),
        rx.el.p(
            provenance("recorded", "local"),
            rx.el.span(
                "Posterior of a ranking by log-likelihood ratios: no interval is computed for it, so none is shown."
            ),
            class_name="row-meta",
        ),
        name="causes",
        aside=rx.el.span(shown.verdict_text, class_name="verdict", data_state=shown.verdict),
    )


def _likelihood(row: LikelihoodRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            row.text,
            rx.cond(row.leading, chip("named")),
            rx.cond(row.true, chip("it was this", "met", "status")),
            class_name="likelihood-text",
        ),
        rx.el.span(class_name="share-bar", style={"--share": f"{row.probability}"}, aria_hidden="true"),
        rx.el.span(row.probability_text, class_name="number"),
        data_leading=row.leading,
    )


def _fact(name: str, value: rx.Component | rx.Var[str] | str) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value))


def _agents() -> rx.Component:
    return panel(
        "How sure each agent was, and why",
        rx.el.ul(rx.foreach(TransparencyState.confidence.agents, _sureness), class_name="sureness"),
        name="sureness",
    )


def _sureness(row: SurenessRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(rx.el.strong(row.agent), rx.el.span(row.what), class_name="sureness-who"),
        rx.el.span(class_name="share-bar", style={"--share": f"{row.confidence}"}, aria_hidden="true"),
        rx.el.span(row.confidence_text, class_name="number"),
        rx.el.span(row.why, class_name="sureness-why"),
    )


def _forecasts() -> rx.Component:
    shown = TransparencyState.confidence
    scored = shown.calibration
    return panel(
        "Predictions, with what came to pass",
        rx.cond(
            shown.forecasts,
            rx.el.ul(rx.foreach(shown.forecasts, _forecast), class_name="rows"),
            empty("None was made."),
        ),
        rx.cond(
            scored.scored > 0,
            rx.el.dl(
                _fact("Came true", rx.fragment(scored.hits, " of ", scored.scored, " (", scored.share, ")")),
                _fact("Stated on average", scored.stated),
                _fact("95% interval of that share", rx.fragment(scored.interval, " (Wilson)")),
                _fact("Brier score", rx.fragment(scored.brier, "; 0 is perfect, a coin gets 0.25")),
                class_name="facts calibration",
            ),
        ),
        rx.el.p(
            provenance("simulated", "practice company"),
            rx.el.span("Scored in the same world with nobody acting."),
            class_name="row-meta",
        ),
        name="forecasts",
    )


def _forecast(forecast: ForecastRow) -> rx.Component:
    row = forecast.row
    return rx.el.li(
        rx.el.div(chip(row.state_text, row.state, "status"), rx.el.span(row.text), class_name="row-line"),
        rx.el.p(
            rx.el.span("by ", row.by, " UTC"),
            rx.el.span("probability ", rx.el.strong(row.probability_text)),
            rx.el.span(rx.cond(forecast.interval != "", forecast.interval, "no interval: no trend was extended")),
            rx.cond(row.cost != "", rx.el.span(row.cost)),
            class_name="row-meta",
        ),
        rx.el.p(row.basis, class_name="muted"),
    )


def _held() -> rx.Component:
    held = TransparencyState.held
    return panel(
        "How far stated probabilities hold",
        rx.cond(
            held.missing == "",
            rx.fragment(
                chart(TransparencyState.reliability),
                rx.el.div(
                    rx.el.table(
                        rx.el.thead(
                            rx.el.tr(
                                *(
                                    rx.el.th(head, scope="col")
                                    for head in ("Stated of", "Came true", "Brier score", "Same for all", "Error")
                                )
                            )
                        ),
                        rx.el.tbody(rx.foreach(held.rows, _held_row)),
                    ),
                    class_name="table",
                    tab_index=0,
                    role="region",
                    aria_labelledby="held-title",
                ),
                rx.el.p(
                    provenance("recorded", "local"),
                    rx.el.span("over many runs, not this recording; on ", held.measured, " with "),
                    rx.el.code(held.command),
                    rx.el.span(
                        "Brier score: mean squared distance of probability and outcome; beside it what stating one "
                        "share for all would earn. Error: mean distance of stated and true share over ten bands. A "
                        "band of few statements says little; the table has the counts."
                    ),
                    class_name="row-meta",
                ),
            ),
            empty(held.missing),
        ),
        name="held",
    )


def _held_row(row: HeldRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.name, rx.el.span(row.reported_on, class_name="muted"), scope="row"),
        rx.el.td(row.counted, class_name="number"),
        rx.el.td(row.brier, class_name="number"),
        rx.el.td(row.same_for_all, class_name="number"),
        rx.el.td(row.error, class_name="number"),
    )


def _truth() -> rx.Component:
    truth = TransparencyState.confidence.truth
    return panel(
        "What it really was",
        rx.el.p(rx.el.strong(truth.cause), class_name="action-text"),
        rx.el.p(truth.explanation),
        rx.el.dl(
            _fact("Compared with the answer", rx.el.span(truth.right_text, class_name="truth", data_right=truth.right)),
            rx.cond(truth.given != "", _fact("Probability given to that service", truth.given)),
            rx.cond(truth.onset != "", _fact("Began", truth.onset)),
            rx.cond(truth.seen != "", _fact("Seen", truth.seen)),
            _fact("Would have mended it", truth.remedies),
            _fact("Would have made it worse", truth.harmful),
            class_name="facts stacked",
        ),
        name="truth",
        aside=rx.el.span("opened after the end; no agent saw it", class_name="muted"),
    )


def _doubts() -> rx.Component:
    shown = TransparencyState.confidence
    return panel(
        "What would have changed its mind",
        rx.cond(shown.next_question != "", rx.el.p(rx.el.strong("Its own next question: "), shown.next_question)),
        rx.el.ul(rx.foreach(shown.doubts, rx.el.li), class_name="why"),
        name="doubts",
    )


def _gaps() -> rx.Component:
    return panel(
        "What could not be seen",
        rx.cond(
            TransparencyState.confidence.gaps,
            rx.el.ul(rx.foreach(TransparencyState.confidence.gaps, _gap), class_name="rows"),
            empty("No gap: metrics, logs, traces, changes and topology all answered."),
        ),
        name="gaps",
    )


def _gap(row: GapRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(chip(row.signal, "degraded", "status"), rx.el.strong(row.reason), class_name="row-line"),
        rx.cond(row.remedy != "", rx.el.p("Remedy: ", row.remedy)),
    )
