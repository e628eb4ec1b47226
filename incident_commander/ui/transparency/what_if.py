"""The What if tab: the recorded vote held again with something otherwise, and what would have flipped its decision."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec

from ...domain.ballot import VOTERS
from ...response.explain.what_if import FactRow, TriedRow
from ...response.replay import SIGNALS
from ..components.badges import chip, empty, panel, provenance
from .agents import AgentRow
from .rounds import rounds
from .supposing import CHOICES, SIGNAL_WORDS, MetricRow
from .what_if_state import WhatIfState


def what_if() -> rx.Component:
    """The form, what came of it, and the search."""
    return rx.cond(
        WhatIfState.recorded.missing != "",
        rx.el.div(rx.el.p(WhatIfState.recorded.missing), class_name="panel"),
        rx.el.div(
            rx.el.div(_form(), _search(), class_name="column"),
            rx.el.div(_outcome(), _recorded(), class_name="column"),
            class_name="halves",
        ),
    )


def _form() -> rx.Component:
    busy = WhatIfState.busy != ""
    return panel(
        "Suppose",
        rx.el.p(
            "The vote of this recording is held again, computed anew from the world that was recorded: the same "
            "scenario, seed and moments. Diagnosis, plans and ballots are made again with what you change; what "
            "would have come after the vote is not simulated.",
            class_name="muted",
        ),
        rx.el.form(
            rx.el.fieldset(
                rx.el.legend("Agents"),
                rx.el.ul(rx.foreach(WhatIfState.agents, _agent), class_name="trial-agents"),
                disabled=busy,
            ),
            rx.el.fieldset(
                rx.el.legend("Evidence that no agent sees"),
                rx.el.div(*(_signal(signal, SIGNAL_WORDS[signal]) for signal in SIGNALS), class_name="ticks"),
                rx.el.label("One series alone", html_for="what-if-metric"),
                rx.el.select(
                    rx.el.option("none", value=""),
                    rx.foreach(WhatIfState.metrics, _metric),
                    id="what-if-metric",
                    name="metric",
                ),
                disabled=busy,
                key=f"evidence-{WhatIfState.written_anew}",
            ),
            rx.el.fieldset(
                rx.el.label("Votes needed for one plan", html_for="what-if-required"),
                rx.el.select(
                    *(
                        rx.el.option(f"{number} of {len(VOTERS)}", value=str(number))
                        for number in range(1, len(VOTERS) + 1)
                    ),
                    id="what-if-required",
                    name="required",
                    default_value=WhatIfState.required,
                ),
                disabled=busy,
                key=f"required-{WhatIfState.written_anew}",
            ),
            rx.el.div(
                rx.el.button("Hold the vote again", type="submit", class_name="primary", disabled=busy, id="suppose"),
                rx.el.button(
                    "As recorded",
                    type="button",
                    class_name="quiet-button",
                    on_click=WhatIfState.suppose_nothing,
                    disabled=busy,
                ),
                class_name="trial-buttons",
            ),
            on_submit=WhatIfState.suppose,
            reset_on_submit=False,
            class_name="trial-form",
            id="what-if-form",
        ),
        rx.el.div(
            rx.cond(
                busy,
                rx.el.p(
                    WhatIfState.busy,
                    rx.el.button("Stop", type="button", class_name="quiet-button", on_click=WhatIfState.cancel),
                    class_name="row-line",
                ),
            ),
            rx.cond(WhatIfState.problem != "", rx.el.p(WhatIfState.problem, class_name="problem")),
            role="status",
            id="what-if-told",
        ),
        name="suppose-form",
        aside=provenance("simulated", "computed anew"),
    )


def _agent(row: AgentRow) -> rx.Component:
    field = f"what-if-{row.voter}"
    return rx.el.li(
        rx.el.label(row.label, html_for=field),
        rx.el.select(
            *(rx.el.option(words, value=choice) for choice, words in CHOICES),
            id=field,
            name=f"agent-{row.voter}",
            default_value=row.fault,
            on_change=_choose(row),
            key=f"{row.voter}-{WhatIfState.written_anew}",
            aria_describedby=f"{field}-does",
        ),
        rx.el.p(row.does, id=f"{field}-does", class_name="trial-does"),
        data_voter=row.voter,
        data_fault=row.fault,
    )


def _choose(row: AgentRow) -> EventSpec:
    return lambda choice: WhatIfState.choose(row.voter, choice)  # type: ignore[misc, return-value]


def _signal(signal: str, words: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name=f"without-{signal}"), rx.el.span(f"no {words}"), class_name="tick"
    )


def _metric(row: MetricRow) -> rx.Component:
    return rx.el.option(row.label, value=row.name)


def _outcome() -> rx.Component:
    view = WhatIfState.view
    return rx.cond(
        view.there,
        panel(
            "What if",
            rx.el.p(
                rx.el.strong(view.verdict), rx.el.span(": ", view.title), class_name="flips", data_flips=view.flips
            ),
            rx.el.p(rx.el.strong(view.decision), chip(view.ending_text, view.ending, "ending"), class_name="row-line"),
            rx.el.p(view.why, class_name="muted"),
            rx.cond(view.threshold != "", rx.el.p(view.threshold, class_name="meaning")),
            rx.cond(
                view.differs != "",
                rx.el.p(
                    rx.el.strong("Not as recorded, with nothing supposed. "),
                    view.differs,
                    class_name="problem",
                    id="differs",
                ),
                rx.el.p("With nothing supposed, the vote computed anew comes out as recorded.", class_name="muted"),
            ),
            rx.el.div(
                rx.el.table(
                    rx.el.thead(
                        rx.el.tr(
                            rx.el.td(),
                            rx.el.th("Nothing otherwise", scope="col"),
                            rx.el.th("Supposed", scope="col"),
                        )
                    ),
                    rx.el.tbody(rx.foreach(view.facts, _fact)),
                ),
                class_name="beside",
            ),
            rx.el.h3("The vote, as supposed"),
            rounds(view.rounds),
            name="what-if",
            aside=provenance("simulated", "computed anew"),
        ),
    )


def _fact(row: FactRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.name, scope="row"),
        rx.el.td(row.before),
        rx.el.td(
            rx.cond(row.other, rx.fragment(rx.el.strong(row.supposed), chip("other", "other", "vote")), "the same")
        ),
        data_other=row.other,
    )


def _recorded() -> rx.Component:
    return panel(
        "The vote as recorded",
        rx.el.p(rx.el.strong(WhatIfState.recorded.decision)),
        rx.el.details(
            rx.el.summary("Its ballots"),
            rounds(WhatIfState.recorded.rounds),
            class_name="more",
            open=~WhatIfState.view.there,
        ),
        name="recorded-vote",
        aside=provenance("recorded", "ledger"),
    )


def _search() -> rx.Component:
    return panel(
        "What flips the decision",
        rx.el.p(
            "Each agent left out, each way to fail in each agent, every other threshold, and each kind of evidence and "
            "the most telling series kept back: one at a time, every time the vote is held again.",
            class_name="muted",
        ),
        rx.el.div(
            rx.el.button(
                "Search",
                type="button",
                class_name="secondary",
                on_click=WhatIfState.search,
                disabled=WhatIfState.busy != "",
                id="search",
            ),
            rx.el.span(WhatIfState.searched, role="status", id="searched"),
            class_name="trial-buttons",
        ),
        rx.cond(
            (WhatIfState.busy != "") & (WhatIfState.searched != ""),
            rx.el.div(
                rx.el.progress(value=WhatIfState.share, max=100, aria_label="How much of the search is done"),
                class_name="trial-progress",
            ),
        ),
        rx.cond(
            WhatIfState.flipping,
            rx.el.ul(rx.foreach(WhatIfState.flipping, _tried), class_name="tried", id="flipping"),
            rx.cond(
                (WhatIfState.busy == "") & (WhatIfState.searched != ""), empty("Nothing that was tried alone flips it.")
            ),
        ),
        rx.cond(
            WhatIfState.holding,
            rx.el.details(
                rx.el.summary("What does not"),
                rx.el.ul(rx.foreach(WhatIfState.holding, _tried), class_name="tried"),
                class_name="more",
                id="holding",
            ),
        ),
        name="flips",
        aside=provenance("simulated", "computed anew"),
    )


def _tried(row: TriedRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.el.strong(row.title),
            chip(rx.cond(row.flips, "flips it", "holds"), rx.cond(row.flips, "other", "for"), "vote"),
            class_name="row-line",
        ),
        rx.el.p(row.decision, rx.el.span(". ", row.ending_text, class_name="muted")),
        data_flips=row.flips,
    )
