"""How the shown incident was decided and what came of it: votes, plans, action, checks, predictions, updates."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.view_decision import CheckRow, PlanRow, RejectionRow, UpdateRow, VoteRow
from ...response.view_findings import PredictionRow
from ..components.badges import chip, empty, panel, provenance
from .controls import advice
from .state import LiveState


def ballots() -> rx.Component:
    """The five votes against the quorum line."""
    quorum = LiveState.quorum
    return panel(
        "Ballots",
        rx.cond(
            quorum.state != "none",
            rx.el.div(
                rx.el.div(
                    rx.foreach(quorum.slots, _slot),
                    rx.el.span(class_name="quorum-line", aria_hidden="true"),
                    class_name="quorum",
                    data_state=quorum.state,
                    style={"--n": f"{quorum.n}", "--required": f"{quorum.required}"},
                    aria_hidden="true",
                ),
                rx.el.p(
                    rx.el.strong(quorum.text, id="quorum-text"),
                    rx.cond(quorum.leading_plan != "", rx.el.span(quorum.leading_plan)),
                    class_name="quorum-text",
                ),
                rx.el.ul(rx.foreach(quorum.votes, _vote), class_name="votes"),
                rx.cond(
                    quorum.rejected,
                    rx.el.div(
                        rx.el.h3("Ballots not counted"),
                        rx.el.ul(rx.foreach(quorum.rejected, _rejection), class_name="rows"),
                    ),
                ),
            ),
            empty("No vote yet: five agents vote once plans are proposed, and 4 of 5 must agree on one."),
        ),
        name="ballots",
        aside=rx.cond(quorum.state != "none", rx.el.span("Round ", quorum.round, class_name="muted")),
    )


def _slot(state: str) -> rx.Component:
    return rx.el.span(class_name="slot", data_state=state)


def _vote(row: VoteRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.label),
            chip(rx.cond(row.choice != "", row.choice, row.state_text), row.state, "vote", row.state_text),
            rx.el.span(row.confidence_text, class_name="muted"),
            class_name="row-line",
        ),
        rx.cond(
            (row.state == "other") | (row.state == "rejected"),
            rx.el.p(row.state_text, class_name="row-meta"),
        ),
        rx.cond(row.reason != "", rx.el.p(row.reason, class_name="muted")),
        rx.cond(row.heard != "", rx.el.p(row.heard, class_name="heard muted")),
        data_voter=row.voter,
        data_state=row.state,
    )


def _rejection(row: RejectionRow) -> rx.Component:
    return rx.el.li(rx.el.strong(row.voter), ": ", row.reason, rx.el.p(row.detail, class_name="muted"))


def action() -> rx.Component:
    """What was done, by whose leave, with its certificate and its checks."""
    done = LiveState.action
    return panel(
        "Action",
        rx.cond(
            (done.state != "none") | (done.text != ""),
            rx.el.div(
                rx.el.p(done.text, class_name="action-text"),
                rx.el.p(
                    chip(done.state_text, done.state, "status"),
                    rx.cond(done.at != "", rx.el.time(done.at, " UTC")),
                    rx.cond(done.kind != "", provenance(done.kind, done.source)),
                    class_name="row-meta",
                ),
                rx.cond(done.detail != "", rx.el.p(done.detail)),
                rx.el.dl(
                    rx.cond(done.policy != "", _fact("Policy", done.policy)),
                    rx.cond(done.approval != "", _fact("Approval", done.approval)),
                    rx.cond(done.certificate_text != "", _fact("Certificate", done.certificate_text)),
                    rx.cond(done.certificate != "", _fact("Plan digest", rx.el.code(done.certificate))),
                    rx.cond(done.rollback_state != "", _fact(done.rollback_state, done.rollback)),
                    class_name="facts stacked",
                ),
            ),
            empty("Nothing has been done: an action needs a quorum certificate and policy's leave."),
        ),
        rx.cond(done.told_only, advice(LiveState.head.id)),
        rx.el.h3("Checks, registered before acting"),
        rx.cond(
            LiveState.checks,
            rx.el.ul(rx.foreach(LiveState.checks, _check), class_name="rows checks"),
            empty("None registered."),
        ),
        name="action",
    )


def _fact(name: rx.Var[str] | str, value: rx.Component | rx.Var[str] | str) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value))


def _check(row: CheckRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            chip(row.state_text, row.state, "status"),
            rx.el.span(row.text),
            class_name="row-line",
        ),
        rx.el.p(
            rx.cond(row.observed != "", rx.el.span("last value ", rx.el.strong(row.observed))),
            rx.cond(row.guard, rx.el.span("guard: must not get worse")),
            rx.cond(row.reason != "", rx.el.span(row.reason)),
            class_name="row-meta",
        ),
        data_state=row.state,
    )


def plans() -> rx.Component:
    """The candidate plans."""
    return panel(
        "Candidate plans",
        rx.cond(
            LiveState.plans,
            rx.el.ul(rx.foreach(LiveState.plans, _plan), class_name="rows plans"),
            empty("None proposed yet."),
        ),
        name="plans",
    )


def _plan(row: PlanRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.text),
            rx.cond(row.chosen, chip("certified", "met", "status")),
            rx.el.span(row.votes_text, class_name="muted"),
            class_name="row-line",
        ),
        rx.el.p(row.rationale),
        rx.el.p(
            rx.cond(row.addresses != "", rx.el.span("against ", row.addresses)),
            rx.cond(row.undo != "", rx.el.span(row.undo)),
            class_name="row-meta",
        ),
        data_chosen=row.chosen,
    )


def predictions() -> rx.Component:
    """What was said would break next, and whether it did."""
    return panel(
        "Predictions, if nobody acts",
        rx.cond(
            LiveState.predictions,
            rx.el.ul(rx.foreach(LiveState.predictions, _prediction), class_name="rows"),
            empty("None made."),
        ),
        name="predictions",
    )


def _prediction(row: PredictionRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            chip(row.state_text, row.state, "status"),
            rx.el.span(row.text),
            class_name="row-line",
        ),
        rx.el.p(
            rx.el.span("by ", row.by),
            rx.el.span("probability ", row.probability_text),
            rx.cond(row.cost != "", rx.el.span(row.cost)),
            class_name="row-meta",
        ),
        rx.cond(row.basis != "", rx.el.p(row.basis, class_name="muted")),
        rx.cond(row.reason != "", rx.el.p(row.reason, class_name="muted")),
        data_state=row.state,
    )


def updates() -> rx.Component:
    """What people were told, and the postmortem."""
    return panel(
        "Updates",
        rx.cond(
            LiveState.updates,
            rx.el.ul(rx.foreach(LiveState.updates, _update), class_name="rows"),
            empty("Nobody has been told anything yet."),
        ),
        rx.cond(
            LiveState.head.postmortem != "",
            rx.el.details(
                rx.el.summary("Postmortem"),
                rx.el.div(LiveState.head.postmortem, class_name="document", tab_index=0),
                id="postmortem",
            ),
        ),
        name="updates",
    )


def _update(row: UpdateRow) -> rx.Component:
    return rx.el.li(
        rx.el.details(
            rx.el.summary(rx.el.strong(row.subject), rx.el.span(row.audience, ", ", row.at, class_name="muted")),
            rx.el.div(row.body, class_name="document"),
        ),
        rx.el.p(row.delivered, class_name="row-meta", data_bad=row.failed),
    )
