"""What was learned from ended incidents, and the way to correct it or have it forgotten."""
# mypy: disable-error-code="no-any-return"

from typing import get_args

import reflex as rx

from ...domain.findings import FaultKind
from ...response.view_memory import CalibrationRow, MemoryRow, MemoryView, PatternRow, ReliabilityRow
from ...response.view_text import sentence
from ..components.badges import empty, panel, provenance
from ..components.operator import for_operators, outcome, reason, submit
from .ai import memory_of_aws
from .memory_state import NOTHING, MemoryState
from .state import LiveState


def memory() -> rx.Component:
    """Real incidents and practice runs apart: patterns, votes that held, calibration over time, the newest."""
    return panel(
        "Memory",
        rx.el.p(
            "Similar incidents weigh as one witness in the diagnosis, and speak against actions that did not hold. "
            "Memory alone confirms nothing and does nothing.",
            class_name="muted",
        ),
        rx.cond(
            LiveState.memory,
            rx.fragment(rx.foreach(LiveState.memory, _world)),
            empty("Loading."),
        ),
        memory_of_aws(),
        outcome("memory"),
        name="memory",
    )


def _world(view: MemoryView) -> rx.Component:
    return rx.el.div(
        rx.el.h3(view.label),
        rx.cond(view.world == "practice", provenance("simulated", "practice company")),
        rx.el.p(view.summary, class_name="memory-summary"),
        _part("Patterns", view.patterns, rx.el.ul(rx.foreach(view.patterns, _pattern), class_name="rows")),
        _part(
            "Votes that held",
            view.agents,
            _table(("Agent", "Held", "95 % interval", "Brier"), rx.foreach(view.agents, _agent)),
        ),
        _part(
            "Calibration over time",
            view.calibration,
            _table(("Judged", "Stated", "Right", "Brier", "Same for all"), rx.foreach(view.calibration, _calibration)),
        ),
        _part("Newest", view.latest, rx.el.ul(rx.foreach(view.latest, _incident), class_name="rows")),
        class_name="memory-world",
        data_world=view.world,
        key=view.world,
    )


def _part(title: str, shown: rx.Var[list[object]] | object, content: rx.Component) -> rx.Component:
    return rx.cond(shown, rx.el.details(rx.el.summary(title), content))


def _table(head: tuple[str, ...], rows: rx.Component) -> rx.Component:
    return rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(name, scope="col") for name in head))),
        rx.el.tbody(rows),
        class_name="memory-table",
    )


def _pattern(row: PatternRow) -> rx.Component:
    return rx.el.li(
        rx.el.strong(row.count, " x ", row.cause), rx.el.p(row.answer, ": ", row.success, class_name="muted")
    )


def _agent(row: ReliabilityRow) -> rx.Component:
    return rx.el.tr(rx.el.td(row.agent), rx.el.td(row.held), rx.el.td(row.interval), rx.el.td(row.brier))


def _calibration(row: CalibrationRow) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row.window), rx.el.td(row.stated), rx.el.td(row.right), rx.el.td(row.brier), rx.el.td(row.base)
    )


def _incident(row: MemoryRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(rx.el.code(row.incident)),
        rx.el.p(row.cause, ". ", row.answer),
        rx.cond(row.correction != "", rx.el.p("Corrected: ", row.correction, class_name="memory-correction")),
        for_operators(
            rx.el.details(
                rx.el.summary("Correct or forget"),
                rx.el.form(
                    _its(row),
                    rx.el.label(
                        rx.el.span("What it was"),
                        rx.el.select(
                            rx.el.option("nothing was wrong", value=NOTHING),
                            *(rx.el.option(sentence(kind), value=kind) for kind in get_args(FaultKind)),
                            name="fault",
                        ),
                    ),
                    rx.el.label(
                        rx.el.span("Of which service"), rx.el.input(name="service", max_length=128, auto_complete="off")
                    ),
                    reason(),
                    submit("Correct", "memory", "secondary"),
                    on_submit=MemoryState.correct,
                    reset_on_submit=True,
                    class_name="control-form",
                ),
                rx.el.form(
                    _its(row),
                    reason("Reason to forget it"),
                    submit("Forget", "memory", "danger"),
                    on_submit=MemoryState.forget,
                    reset_on_submit=True,
                    class_name="control-form",
                ),
            ),
            to="correct it or have it forgotten",
        ),
        key=row.incident,
        data_incident=row.incident,
    )


def _its(row: MemoryRow) -> rx.Component:
    return rx.el.input(type="hidden", name="incident", value=row.incident, read_only=True)
