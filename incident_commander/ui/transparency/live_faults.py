"""Faults in the live agents: which stand, by whose word and why, and the operator's way to change them."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink  # type: ignore[import-untyped]

from ...domain.ballot import VOTERS
from ...response.view_text import sentence
from ..components.badges import chip, empty, panel, provenance
from ..components.operator import for_operators, operator, outcome, reason, submit
from .agents import CHOICES, HONEST, AgentRow
from .live_faults_state import CONTROL, ChangeRow, LiveFaultsState
from .rounds import rounds


def live_faults() -> rx.Component:
    """What stands, and the form that changes it."""
    return rx.fragment(
        rx.el.header(
            rx.el.h1("Agents that fail, in the live installation"),
            rx.el.p(
                "What stands here holds for every real incident from its next vote on, until it is taken back. It is "
                "for trying the quorum out, and it can keep real incidents from being decided.",
                class_name="muted",
            ),
            class_name="trial-head",
        ),
        rx.cond(
            LiveFaultsState.off != "",
            rx.el.div(
                rx.el.p(rx.el.strong("The live agents cannot be reached now. "), LiveFaultsState.off),
                rx.el.p("Recordings, counterfactuals and runs of your own go on without them.", class_name="muted"),
                class_name="panel problem-panel",
                role="alert",
                id="live-off",
            ),
            rx.el.div(
                rx.el.div(_standing(), operator(), _change(), _changes(), class_name="column"),
                rx.el.div(_vote(), class_name="column"),
                class_name="halves",
            ),
        ),
    )


def _standing() -> rx.Component:
    return panel(
        "The live agents now",
        rx.cond(
            LiveFaultsState.faulty > 0,
            rx.el.p(LiveFaultsState.bears, class_name="bears", data_beyond=LiveFaultsState.beyond, id="live-bears"),
        ),
        rx.el.ul(rx.foreach(LiveFaultsState.agents, _agent), class_name="trial-agents standing"),
        rx.cond(
            LiveFaultsState.vote.quarantined,
            rx.fragment(
                rx.el.ul(rx.foreach(LiveFaultsState.vote.quarantined, _words), class_name="quarantined"),
                rx.el.p(
                    "An operator releases it on ", ReactRouterLink.create("/ops", to="/ops"), ".", class_name="muted"
                ),
            ),
        ),
        name="live-agents",
        aside=provenance("live", "ledger"),
    )


def _agent(row: AgentRow) -> rx.Component:
    return rx.el.li(
        rx.el.strong(row.label),
        rx.cond(row.fault == HONEST, chip("honest", "met", "status"), chip(row.fault, "fault")),
        rx.el.span(row.does, class_name="trial-does"),
        data_voter=row.voter,
        data_fault=row.fault,
    )


def _words(words: rx.Var[str]) -> rx.Component:
    return rx.el.li(words)


def _vote() -> rx.Component:
    vote = LiveFaultsState.vote
    return panel(
        "The newest real vote",
        rx.cond(
            vote.incident != "",
            rx.fragment(
                rx.el.p(
                    ReactRouterLink.create(vote.title, to=f"/ops?incident={vote.incident}"),
                    chip(vote.status_text, vote.status, "status"),
                    rx.el.span(vote.began, class_name="muted"),
                    class_name="row-line",
                    id="live-incident",
                    data_incident=vote.incident,
                    data_status=vote.status,
                ),
                rounds(vote.rounds),
            ),
            empty("No real incident came to a vote yet. The next one is shown as it votes: send an alert to see it."),
        ),
        name="live-vote",
        aside=provenance("live", "ledger"),
    )


def _changes() -> rx.Component:
    return panel(
        "What was changed",
        rx.cond(
            LiveFaultsState.changes,
            rx.el.ol(rx.foreach(LiveFaultsState.changes, _row), class_name="rows"),
            empty("Nothing yet: no agent was ever made to fail here."),
        ),
        name="live-changes",
        aside=rx.el.span("newest first, from the ledger", class_name="muted"),
    )


def _row(row: ChangeRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(rx.el.strong(row.what)),
        rx.el.p(
            rx.el.time(row.at), rx.el.span("by ", row.by), rx.el.span("because: ", row.reason), class_name="row-meta"
        ),
    )


def _change() -> rx.Component:
    return panel(
        "Change an agent",
        for_operators(
            rx.el.form(
                rx.el.label(
                    rx.el.span("Agent"),
                    rx.el.select(*(rx.el.option(sentence(voter), value=voter) for voter in VOTERS), name="voter"),
                ),
                rx.el.label(
                    rx.el.span("From its next vote on"),
                    rx.el.select(*(rx.el.option(sentence(choice), value=choice) for choice in CHOICES), name="fault"),
                ),
                reason("Reason, which the ledger keeps"),
                submit("Change it", CONTROL, "danger"),
                on_submit=LiveFaultsState.inject,
                reset_on_submit=False,
                class_name="control-form",
                id="live-form",
            ),
            to="change it",
        ),
        outcome(CONTROL),
        name="live-change",
    )
