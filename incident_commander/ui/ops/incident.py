"""The shown incident: where it stands, its alerts, what is thought to be the cause, and what could not be seen."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.view_alerts import AlertRow
from ...response.view_findings import EvidenceRow, GapRow, HypothesisRow
from ...response.view_incident import StageRow
from ..components.badges import chip, empty, panel, provenance
from ..components.timeline import event
from .state import LiveState


def head() -> rx.Component:
    """Title, status, verdict, clock, cause and the ten stages."""
    shown = LiveState.head
    return rx.el.section(
        rx.el.div(
            chip(shown.severity, shown.severity, "severity"),
            chip(shown.status_text, shown.status, "status"),
            chip(shown.clock_text, shown.clock, "clock"),
            rx.el.code(shown.id, class_name="identifier"),
            class_name="head-marks",
        ),
        rx.el.h1(shown.title, id="incident-title"),
        rx.el.dl(
            _fact("Verdict", rx.el.span(shown.verdict_text, class_name="verdict", data_state=shown.verdict)),
            rx.cond(shown.cause != "", _fact("Cause", shown.cause)),
            rx.cond(shown.first_failing != "", _fact("First failing", shown.first_failing)),
            rx.cond(shown.blast_radius != "", _fact("Harmed", shown.blast_radius)),
            _fact("Began", rx.el.span(shown.began, " UTC")),
            rx.cond(shown.ended != "", _fact("Ended", rx.el.span(shown.ended, " UTC"))),
            _fact(rx.cond(shown.ended != "", "Lasted", "Lasting"), shown.lasted),
            rx.cond(shown.practice_run != "", _fact("Practice run", rx.el.code(shown.practice_run))),
            rx.cond(shown.cost != "", _fact("Cost", shown.cost)),
            class_name="facts",
        ),
        rx.cond(
            shown.next_question != "",
            rx.el.p(rx.el.strong("To know more: "), shown.next_question, class_name="next-question"),
        ),
        rx.el.ol(rx.foreach(LiveState.stages, _stage), class_name="stages", aria_label="Stages of the response"),
        id="incident",
        class_name="panel head",
        aria_labelledby="incident-title",
    )


def _fact(name: rx.Var[str] | str, value: rx.Component | rx.Var[str] | str) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value))


def _stage(row: StageRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.label, class_name="stage-label"),
        rx.el.span(row.state_text, class_name="stage-state"),
        data_state=row.state,
    )


def alerts() -> rx.Component:
    """The alerts grouped into this incident, with their doors and why they were grouped."""
    return panel(
        "Alerts",
        rx.cond(
            LiveState.alerts,
            rx.el.ul(rx.foreach(LiveState.alerts, _alert), class_name="rows"),
            empty("No alert is known for this incident."),
        ),
        name="alerts",
    )


def _alert(row: AlertRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            chip(row.status, row.status, "status"),
            rx.el.strong(row.name),
            rx.el.span(row.service),
            class_name="row-line",
        ),
        rx.cond(row.summary != "", rx.el.p(row.summary)),
        rx.el.p(
            rx.el.span(row.severity),
            rx.el.span("via ", row.sources),
            rx.el.time("since ", row.began),
            class_name="row-meta",
        ),
        rx.cond(row.reason != "", rx.el.p("Grouped: ", row.reason, class_name="muted")),
    )


def hypotheses() -> rx.Component:
    """The ranked root causes; the evidence opens on demand."""
    return panel(
        "Root cause",
        rx.cond(
            LiveState.hypotheses,
            rx.el.ol(rx.foreach(LiveState.hypotheses, _hypothesis), class_name="hypotheses"),
            empty("No hypothesis yet: diagnosis has not finished, or found nothing to rank."),
        ),
        name="hypotheses",
        aside=rx.el.span(LiveState.head.verdict_text, class_name="verdict", data_state=LiveState.head.verdict),
    )


def _hypothesis(row: HypothesisRow) -> rx.Component:
    return rx.el.li(
        rx.el.details(
            rx.el.summary(
                rx.el.span(row.rank, class_name="rank"),
                rx.el.span(rx.el.strong(row.service), " ", rx.el.span(row.fault), class_name="hypothesis-what"),
                rx.el.span(row.probability_text, class_name="number"),
                rx.el.meter(value=row.probability, min=0, max=1, aria_label="Probability"),
                rx.el.span(row.counts, class_name="muted"),
            ),
            rx.cond(row.change != "", rx.el.p("Change: ", rx.el.code(row.change))),
            rx.cond(
                row.evidence,
                rx.el.div(rx.el.h3("For"), rx.el.ul(rx.foreach(row.evidence, _evidence)), class_name="evidence"),
            ),
            rx.cond(
                row.against,
                rx.el.div(rx.el.h3("Against"), rx.el.ul(rx.foreach(row.against, _evidence)), class_name="evidence"),
            ),
        ),
        data_leading=row.leading,
    )


def _evidence(row: EvidenceRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(row.what),
        rx.el.p(
            rx.el.span(row.signal),
            rx.el.time(row.at),
            rx.el.span(row.weight, class_name="number"),
            provenance(row.kind, row.source),
            class_name="row-meta",
        ),
    )


def gaps() -> rx.Component:
    """What the investigation could not see."""
    return panel(
        "Not seen",
        rx.cond(
            LiveState.gaps,
            rx.el.ul(rx.foreach(LiveState.gaps, _gap), class_name="rows"),
            empty("No gap: every configured source answered."),
        ),
        name="gaps",
    )


def _gap(row: GapRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(chip(row.signal, "degraded", "status"), rx.el.strong(row.reason), class_name="row-line"),
        rx.cond(row.remedy != "", rx.el.p(row.remedy)),
    )


def timeline() -> rx.Component:
    """The ledger's events of this incident, newest first."""
    return panel(
        "Timeline",
        rx.cond(
            LiveState.timeline,
            rx.el.ol(
                rx.foreach(LiveState.timeline, event),
                class_name="timeline",
                tab_index=0,
                aria_labelledby="timeline-title",
            ),
            empty("Nothing has happened yet."),
        ),
        rx.cond(
            LiveState.head.hidden_events > 0,
            rx.el.p(
                LiveState.head.hidden_events,
                " earlier events: ",
                rx.el.a("whole timeline", href=f"/api/incidents/{LiveState.head.id}/timeline"),
                class_name="muted",
            ),
        ),
        name="timeline",
        aside=rx.el.span(LiveState.head.events, " events, UTC", class_name="muted"),
    )
