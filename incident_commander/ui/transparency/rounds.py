"""A vote as it stands: each round against its line, each voter's choice and reason, and what was not counted."""
# mypy: disable-error-code="no-any-return"

from collections.abc import Sequence

import reflex as rx

from ...response.view_rounds import CastRow, RefusedRow, RoundView
from ..components.badges import chip


def rounds(views: Sequence[RoundView]) -> rx.Component:
    """The rounds in their order."""
    return rx.el.ol(rx.foreach(views, _round), class_name="rounds")


def _round(view: RoundView) -> rx.Component:
    return rx.el.li(
        rx.el.h3("Round ", view.round, rx.cond(view.why != "", rx.el.span(": ", view.why, class_name="muted"))),
        rx.el.div(
            rx.foreach(view.slots, lambda state: rx.el.span(class_name="slot", data_state=state)),
            rx.el.span(class_name="quorum-line", aria_hidden="true"),
            class_name="quorum",
            style={"--n": f"{view.n}", "--required": f"{view.required}"},
            aria_hidden="true",
        ),
        rx.el.p(rx.el.strong(view.text), class_name="quorum-text"),
        rx.cond(view.plan != "", rx.el.p("Leading: ", rx.el.strong(view.plan), class_name="leading-plan")),
        rx.cond(view.meaning != "", rx.el.p(view.meaning, class_name="meaning", data_state=view.state)),
        rx.el.ul(rx.foreach(view.votes, _cast), class_name="cast"),
        rx.cond(
            view.refused,
            rx.el.div(
                rx.el.h4("Ballots not counted"),
                rx.el.ul(rx.foreach(view.refused, _refused), class_name="refused"),
            ),
        ),
        rx.cond(
            view.quarantined,
            rx.el.ul(rx.foreach(view.quarantined, lambda words: rx.el.li(words)), class_name="quarantined"),
        ),
        data_round=view.round,
        data_state=view.state,
    )


def _cast(row: CastRow) -> rx.Component:
    vote = row.vote
    return rx.el.li(
        rx.el.p(
            rx.el.strong(vote.label),
            rx.cond(row.fault != "", chip(row.fault, "fault", "chip", row.does)),
            chip(vote.state_text, vote.state, "vote"),
            class_name="row-line",
        ),
        rx.cond(
            vote.choice != "",
            rx.el.p(vote.choice, rx.el.span(vote.confidence_text, class_name="muted"), class_name="cast-choice"),
        ),
        rx.cond(row.does != "", rx.el.p(vote.label, " ", row.does, class_name="cast-does")),
        rx.cond(
            vote.reason != "",
            rx.el.p(rx.cond(row.does != "", "The reason it signed: ", ""), vote.reason, class_name="cast-reason"),
        ),
        rx.cond(vote.heard != "", rx.el.p(vote.heard, class_name="cast-reason heard")),
        data_voter=vote.voter,
        data_state=vote.state,
        data_fault=row.fault != "",
    )


def _refused(row: RefusedRow) -> rx.Component:
    return rx.el.li(
        rx.el.details(
            rx.el.summary(rx.el.strong(row.label), ": ", row.reason, ", ", row.ballots),
            rx.el.ul(rx.foreach(row.details, lambda detail: rx.el.li(detail)), class_name="why"),
        ),
        data_voter=row.voter,
    )
