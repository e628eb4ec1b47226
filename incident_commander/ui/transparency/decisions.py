"""The Decisions tab: every plan with every voter's score, the ballots, the certificate, and what came of it."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec

from ...response.explain.decisions import AlternativeRow, BallotRow, ScoreCell
from ...response.explain.proof import ProofStep
from ...response.explain.tampering import Tampering
from ...response.view_decision import CheckRow, RejectionRow
from ..components.badges import chip, empty, panel, provenance
from ..components.timeline import event
from .evidence import ask_for, produced_by, what_is_there
from .state import TransparencyState

_TAMPERINGS: tuple[tuple[Tampering, str], ...] = (
    ("ballot", "one letter of a ballot"),
    ("plan", "one letter of the plan"),
    ("event", "one letter of an event"),
)


def decisions() -> rx.Component:
    """The decision and what came of it."""
    return rx.el.div(
        rx.el.div(_alternatives(), _ballots(), class_name="column"),
        rx.el.div(_certificate(), _carried_out(), _course(), class_name="column"),
        class_name="halves",
    )


def _alternatives() -> rx.Component:
    shown = TransparencyState.decisions
    return panel(
        "Candidate plans",
        rx.cond(
            shown.alternatives,
            rx.el.ol(rx.foreach(shown.alternatives, _alternative), class_name="alternatives"),
            empty("No plan was proposed."),
        ),
        name="alternatives",
        aside=rx.el.span("score by each voter, 0 to 1; the filled one is its vote", class_name="muted"),
    )


def _alternative(row: AlternativeRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.h3(row.text),
            rx.cond(row.chosen, chip("Certified", "met", "status"), chip("Not chosen")),
            rx.el.span(row.votes_text, class_name="muted"),
            class_name="row-line",
        ),
        rx.el.ul(rx.foreach(row.scores, _score), class_name="scores"),
        rx.el.h4(rx.cond(row.chosen, "Why this one", "Why not")),
        rx.el.ul(rx.foreach(row.why, rx.el.li), class_name="why"),
        rx.el.details(
            rx.el.summary("Rationale, undo and checks"),
            rx.el.p(row.rationale),
            rx.cond(row.undo != "", rx.el.p(row.undo)),
            rx.cond(row.checks, rx.el.ul(rx.foreach(row.checks, rx.el.li), class_name="why")),
            rx.el.p("Digest ", rx.el.code(row.digest)),
            class_name="more",
        ),
        data_chosen=row.chosen,
    )


def _score(cell: ScoreCell) -> rx.Component:
    return rx.el.li(
        rx.el.span(cell.voter, class_name="score-voter"),
        rx.el.span(class_name="score-bar", style={"--share": f"{cell.score}"}, aria_hidden="true"),
        rx.el.span(cell.text, class_name="score-figure"),
        rx.cond(cell.choice, rx.el.span("its vote", class_name="score-vote")),
        data_choice=cell.choice,
    )


def _ballots() -> rx.Component:
    quorum = TransparencyState.decisions.quorum
    return panel(
        "Ballots",
        rx.cond(
            quorum.state != "none",
            rx.el.div(
                rx.el.div(
                    rx.foreach(quorum.slots, lambda state: rx.el.span(class_name="slot", data_state=state)),
                    rx.el.span(class_name="quorum-line", aria_hidden="true"),
                    class_name="quorum",
                    style={"--n": f"{quorum.n}", "--required": f"{quorum.required}"},
                    aria_hidden="true",
                ),
                rx.el.p(rx.el.strong(quorum.text), class_name="quorum-text"),
                rx.el.ul(rx.foreach(TransparencyState.decisions.ballots, _ballot), class_name="claims"),
                rx.cond(
                    TransparencyState.decisions.rejected,
                    rx.el.div(
                        rx.el.h3("Ballots not counted"),
                        rx.el.ul(rx.foreach(TransparencyState.decisions.rejected, _rejection), class_name="rows"),
                    ),
                    rx.el.p("No ballot was rejected: no bad signature, no equivocation.", class_name="note"),
                ),
                produced_by(TransparencyState.decisions.producer),
            ),
            empty("No vote was held."),
        ),
        name="ballots",
        aside=rx.cond(quorum.state != "none", rx.el.span("Round ", quorum.round, class_name="muted")),
    )


def _ballot(row: BallotRow) -> rx.Component:
    vote = row.vote
    return rx.el.li(
        rx.el.details(
            rx.el.summary(
                rx.el.span(
                    rx.el.strong(vote.label),
                    chip(rx.cond(vote.choice != "", vote.choice, vote.state_text), vote.state, "vote", vote.state_text),
                    rx.el.span(vote.reason, class_name="claim-detail"),
                    rx.cond(vote.heard != "", rx.el.span(vote.heard, class_name="claim-detail heard")),
                    class_name="claim-words",
                ),
                rx.el.span(rx.el.span(vote.confidence_text), class_name="claim-figure"),
                rx.el.span(row.evidence, class_name="claim-opens"),
                on_click=ask_for(row.claim),
            ),
            rx.cond(row.claim != "", what_is_there(row.claim)),
        ),
        class_name="claim ballot",
        data_voter=vote.voter,
    )


def _rejection(row: RejectionRow) -> rx.Component:
    return rx.el.li(rx.el.strong(row.voter), ": ", row.reason, rx.el.p(row.detail, class_name="muted"))


def _certificate() -> rx.Component:
    shown, proof = TransparencyState.decisions.certificate, TransparencyState.proof
    return panel(
        "Certificate",
        rx.cond(
            shown.there,
            rx.el.dl(
                _fact("For the plan", shown.plan),
                _fact("Its digest", rx.el.code(shown.plan_digest)),
                _fact("Rule", shown.rule),
                _fact("Ballots", rx.fragment(shown.ballots, ", issued ", shown.issued)),
                class_name="facts stacked",
            ),
            empty("There is none: ", shown.reason),
        ),
        rx.el.div(
            rx.el.button("Verify", type="button", class_name="primary", id="verify", on_click=TransparencyState.verify),
            rx.el.span(
                "computes every signature, digest, count and hash again, on the server, from this recording alone"
            ),
            class_name="verify",
        ),
        rx.el.div(
            rx.cond(
                proof.done,
                rx.el.div(
                    rx.el.p(
                        rx.el.strong(proof.text),
                        class_name="proof-result",
                        data_holds=proof.holds,
                        id="proof-result",
                    ),
                    rx.cond(
                        proof.tampered != "",
                        rx.el.div(
                            rx.el.p(
                                rx.el.strong("A demonstration. "),
                                proof.tampered,
                                " was changed in memory first; the file is untouched.",
                            ),
                            rx.el.pre(proof.before, "\n", proof.after, tab_index=0),
                            class_name="tampered",
                        ),
                    ),
                    rx.el.ul(rx.foreach(proof.steps, _proof_step), class_name="proof"),
                    rx.cond(
                        proof.limits,
                        rx.el.details(
                            rx.el.summary("What this does not prove"),
                            rx.el.ul(rx.foreach(proof.limits, rx.el.li), class_name="why"),
                            class_name="more",
                        ),
                    ),
                ),
            ),
            role="status",
            id="proof",
        ),
        rx.el.p(
            "See it fail: change ",
            *(
                rx.el.button(
                    words,
                    type="button",
                    class_name="quiet-button",
                    disabled=~shown.there if what != "event" else False,
                    on_click=_tamper(what),
                )
                for what, words in _TAMPERINGS
            ),
            " in memory, and verify.",
            class_name="tamper",
        ),
        name="certificate",
    )


def _tamper(what: Tampering) -> EventSpec:
    return TransparencyState.tamper(what)  # type: ignore[misc]  # mypy cannot read a handler with arguments


def _fact(name: str, value: rx.Component | rx.Var[str] | str) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value))


def _proof_step(row: ProofStep) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.state_text, class_name="proof-state"),
        rx.el.span(rx.el.strong(row.name), rx.el.span(row.detail), class_name="proof-words"),
        data_state=row.state,
        data_group=row.group,
    )


def _carried_out() -> rx.Component:
    done = TransparencyState.decisions.action
    return panel(
        "Policy, approval, action",
        rx.el.p(rx.cond(done.text != "", done.text, "Nothing was certified"), class_name="action-text"),
        rx.el.p(
            rx.cond(done.state_text != "", chip(done.state_text, done.state, "status")),
            rx.cond(done.at != "", rx.el.time(done.at, " UTC")),
            rx.cond(done.kind != "", provenance(done.kind, done.source)),
            class_name="row-meta",
        ),
        rx.el.dl(
            _fact(
                "Policy", rx.cond(done.policy != "", done.policy, "was not asked: only a certified plan is put to it")
            ),
            _fact("Approval", rx.cond(done.approval != "", done.approval, "none was asked for")),
            rx.cond(done.detail != "", _fact("Receipt", done.detail)),
            _fact("Rollback", rx.cond(done.rollback_state != "", f"{done.rollback_state}. {done.rollback}", "none")),
            class_name="facts stacked",
        ),
        rx.el.h3("Checks, registered before acting"),
        rx.cond(
            TransparencyState.decisions.checks,
            rx.el.ul(rx.foreach(TransparencyState.decisions.checks, _check), class_name="rows"),
            empty("None: nothing was done that would have to be proved."),
        ),
        name="carried-out",
    )


def _check(row: CheckRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(chip(row.state_text, row.state, "status"), rx.el.span(row.text), class_name="row-line"),
        rx.el.p(
            rx.cond(row.observed != "", rx.el.span("last value ", rx.el.strong(row.observed))),
            rx.el.span(rx.cond(row.guard, "guard: must not get worse", "proof: must get better")),
            rx.cond(row.reason != "", rx.el.span(row.reason)),
            class_name="row-meta",
        ),
    )


def _course() -> rx.Component:
    return panel(
        "In order",
        rx.el.ol(rx.foreach(TransparencyState.decisions.course, event), class_name="timeline whole"),
        name="course",
        aside=rx.el.span("simulated clock, UTC", class_name="muted"),
    )
