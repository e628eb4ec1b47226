"""What a run would have meant: the one figure, the comparison, what was predicted, what was really wrong."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ..components.badges import chip, empty, panel, provenance
from .frames import Cell
from .player import PlayerState
from .state import DemoState
from .telling import PredictionLine


def headline() -> rx.Component:
    """What was saved, so far or at the end."""
    view, frame = DemoState.view, PlayerState.frame
    return rx.el.section(
        rx.el.p(
            rx.el.span(rx.el.strong(view.title), ", seed ", view.seed),
            rx.el.span(
                provenance(rx.cond(view.origin == "recorded", "recorded", "simulated"), view.when),
                class_name="demo-when",
            ),
            class_name="demo-eyebrow",
        ),
        rx.el.h2(
            rx.el.span(frame.saved, class_name="demo-figure", id="saved", data_gain=frame.gain),
            rx.el.span(
                rx.match(
                    frame.gain,
                    ("saved", rx.cond(frame.ended, "saved", "saved so far")),
                    ("lost", rx.cond(frame.ended, "saved: less than nothing", "saved so far: less than nothing")),
                    rx.cond(frame.ended, "saved: no difference", "saved so far"),
                ),
                " against an engineer on call, as modelled",
                class_name="demo-figure-note",
            ),
        ),
        rx.el.p(
            provenance("simulated", "practice company"),
            provenance("assumed", "prices and the engineer's times"),
            class_name="demo-sources",
        ),
        rx.el.p(
            rx.cond(
                frame.ended,
                view.result,
                rx.fragment("The clock stands at ", rx.el.strong(frame.clock), ", minutes and seconds since it began."),
            ),
            class_name="demo-result",
            id="result",
        ),
        rx.cond(
            frame.ended & (frame.gain == "lost"),
            rx.el.p("Here the engineer on call would have cost customers less.", class_name="demo-result"),
        ),
        class_name="demo-headline",
        aria_label="What was saved",
    )


def comparison() -> rx.Component:
    """The figures side by side; nobody is shown, and never what savings are counted against."""
    frame = PlayerState.frame
    ours, human, nobody = frame.ours, frame.human, frame.nobody
    simulated, modelled = ("simulated",), ("simulated", "assumed")
    return rx.el.section(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.td(),
                    _head("Incident Commander", "ours"),
                    _head("Engineer on call", "human", "modelled: always right in the end"),
                    _head("Nobody", "nobody"),
                )
            ),
            rx.el.tbody(
                _row(
                    "Cost to customers", "", "usd", (ours.usd, modelled), (human.usd, modelled), (nobody.usd, modelled)
                ),
                _row(
                    "Failed requests",
                    "",
                    "failed",
                    (ours.failed, simulated),
                    (human.failed, modelled),
                    (nobody.failed, simulated),
                ),
                _row(
                    "Time to detect",
                    "MTTD: until the alarm, which is the same for all",
                    "mttd",
                    (ours.mttd, simulated),
                    (human.mttd, simulated),
                    (nobody.mttd, simulated),
                ),
                _row(
                    "Time to take it up",
                    "MTTA: until somebody is on it",
                    "mtta",
                    (ours.mtta, simulated),
                    (human.mtta, modelled),
                    (nobody.mtta, simulated),
                ),
                _row(
                    "Time to repair",
                    "MTTR: ours until proven, the others' until customers are well",
                    "mttr",
                    (ours.mttr, modelled),
                    (human.mttr, modelled),
                    (nobody.mttr, simulated),
                ),
            ),
        ),
        class_name="demo-comparison",
        id="comparison",
        aria_label="The same incident, to the second, answered three ways",
    )


def _head(name: str, course: str, note: str = "") -> rx.Component:
    return rx.el.th(
        rx.el.span(class_name="chart-key", data_tone=course, aria_hidden="true"),
        name,
        rx.el.span(note, class_name="muted") if note else rx.fragment(),
        scope="col",
    )


def _row(name: str, note: str, figure: str, *cells: tuple[Cell, tuple[str, ...]]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(name, rx.el.span(note, class_name="muted") if note else rx.fragment(), scope="row"),
        *(
            _cell(cell, kinds, f"{figure}-{course}", column)
            for (cell, kinds), course, column in zip(
                cells,
                ("ours", "human", "nobody"),
                ("Commander", "Engineer", "Nobody"),
                strict=True,
            )
        ),
    )


def _cell(cell: Cell, kinds: tuple[str, ...], name: str, column: str) -> rx.Component:
    return rx.el.td(
        rx.el.span(column, class_name="demo-column", aria_hidden="true"),
        rx.el.span(cell.text, class_name="demo-value", data_state=cell.state, id=name),
        rx.el.span(*(provenance(kind, "") for kind in kinds), class_name="demo-kinds"),
    )


def ending() -> rx.Component:
    """What was really wrong, and so whether it was right; not told before the end."""
    end = DemoState.view.ending
    return panel(
        "What was really wrong",
        rx.cond(
            PlayerState.frame.ended,
            rx.el.div(
                rx.el.p(end.title, class_name="demo-verdict", data_tone=end.tone),
                rx.el.p(end.really),
                rx.el.p(end.named),
                rx.el.p(end.did),
                class_name="demo-ending",
            ),
            empty("Told at the end. Neither the commander nor any of its agents could see it either."),
        ),
        name="ending",
        aside=provenance("simulated", "the practice company's own answer"),
    )


def predictions() -> rx.Component:
    """What was predicted, how likely, by when, and how it came out."""
    return panel(
        "What it predicted, if nobody acts",
        rx.cond(
            DemoState.view.predictions,
            rx.el.ul(rx.foreach(DemoState.view.predictions, _prediction), class_name="rows"),
            empty("It predicted nothing in this run."),
        ),
        name="demo-predictions",
        aside=provenance("simulated", "scored in the same company with nobody acting"),
    )


def _prediction(line: PredictionLine) -> rx.Component:
    return rx.cond(
        line.made_seconds <= PlayerState.position,
        rx.el.li(
            rx.el.div(
                rx.cond(
                    line.by_seconds <= PlayerState.position,
                    chip(
                        rx.match(line.state, ("hit", "came true"), ("miss", "did not"), "not scored"),
                        line.state,
                        "status",
                    ),
                    chip("not due yet", "pending", "status"),
                ),
                rx.el.strong(line.text),
                rx.el.span(line.probability, " likely, by ", line.by),
                class_name="row-line",
            ),
            rx.el.p(line.basis, class_name="muted"),
            rx.cond(
                (line.by_seconds <= PlayerState.position) & (line.outcome != ""),
                rx.el.p("It ", line.outcome, ".", class_name="muted"),
            ),
            data_state=line.state,
        ),
    )


def nothing() -> rx.Component:
    """While there is no run to show."""
    return rx.cond(
        DemoState.running,
        rx.fragment(),
        rx.el.section(
            rx.el.h2("No run yet"),
            empty("Press Run: the figures, the chart and the story of both sides appear here, some 10 seconds later."),
            class_name="panel nothing",
            id="demo-nothing",
        ),
    )
