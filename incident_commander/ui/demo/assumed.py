"""Every assumption of a run with its source, in a field of its own."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec

from ..components.badges import chip, panel, provenance
from .assumptions import AssumptionRow
from .state import DemoState


def assumptions() -> rx.Component:
    """The fields; prices act at once, the others with the next run."""
    return panel(
        "What this rests on",
        rx.el.p(
            "Change any of it. Prices count at once; the rest changes what happens, and so needs another run.",
            class_name="muted",
        ),
        rx.el.h3("Prices"),
        _fields("price"),
        rx.el.h3("The engineer on call"),
        _fields("human"),
        rx.el.details(
            rx.el.summary("All other assumptions: alarms, actions, stages"),
            _fields("other"),
            class_name="demo-others",
        ),
        rx.el.div(
            rx.cond(
                DemoState.untried > 0,
                rx.el.button(
                    "Run again with these",
                    type="button",
                    class_name="primary",
                    on_click=DemoState.run_again,
                    disabled=DemoState.running,
                ),
            ),
            rx.el.button(
                "Put all back",
                type="button",
                class_name="secondary",
                on_click=DemoState.assume_as_shipped,
                disabled=DemoState.edited == 0,
            ),
            rx.el.p(
                rx.cond(
                    DemoState.running,
                    rx.el.span("Running: ", DemoState.step),
                ),
                rx.cond(
                    (DemoState.untried > 0) & ~DemoState.running,
                    rx.el.span(
                        "The run that is shown was made without ",
                        rx.cond(DemoState.untried == 1, "one", DemoState.untried),
                        " of these.",
                    ),
                ),
                role="status",
                class_name="muted",
                id="untried",
            ),
            class_name="demo-controls",
        ),
        name="assumptions",
        aside=provenance("assumed", "sandbox/assumptions.toml"),
    )


def _fields(group: str) -> rx.Component:
    return rx.el.ul(
        rx.foreach(DemoState.assumptions, lambda row: rx.cond(row.group == group, _field(row))),
        class_name="demo-fields",
    )


def _field(row: AssumptionRow) -> rx.Component:
    field, note = f"assume-{row.name}", f"assume-{row.name}-note"
    return rx.el.li(
        rx.el.label(row.label, html_for=field),
        rx.el.div(
            rx.el.input(
                id=field,
                input_mode="decimal",
                auto_complete="off",
                max_length=40,
                default_value=row.value,
                on_change=_assume(row.name),
                aria_invalid=row.problem != "",
                aria_describedby=note,
                key=f"{row.name}-{DemoState.written_anew}",
            ),
            rx.el.span(row.unit),
            rx.cond(
                row.yours,
                rx.fragment(
                    chip("your assumption", "yours", "chip"),
                    rx.el.span("shipped: ", row.shipped, class_name="muted"),
                ),
            ),
            class_name="demo-field",
        ),
        rx.el.p(
            rx.cond(
                row.problem != "",
                rx.el.span(row.problem, " ", row.value, " stays in force.", class_name="problem"),
                row.source,
            ),
            id=note,
            class_name="demo-note",
        ),
        data_name=row.name,
    )


def _assume(name: str) -> EventSpec:
    return lambda written: DemoState.assume(name, written)  # type: ignore[misc, return-value]
