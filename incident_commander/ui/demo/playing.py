"""The player of /demo with the chart it moves over, and what has happened so far on both sides."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_base.event import EventSpec

from ..components.badges import provenance
from ..components.charts import chart
from .player import SPEEDS, PlayerState
from .state import DemoState
from .telling import Sentence


def player() -> rx.Component:
    """The curves, and the controls of the time that has passed."""
    return rx.el.section(
        chart(DemoState.view.chart, PlayerState.at),
        rx.el.div(
            rx.cond(
                PlayerState.playing,
                _control("Pause", PlayerState.pause, "primary"),
                _control("Play", PlayerState.play, "primary"),
            ),
            _control("Next event", PlayerState.step),
            _control("Replay", [_seek(0), PlayerState.play]),
            _control("To the end", PlayerState.to_the_end),
            rx.el.div(
                *(_speed(speed) for speed in SPEEDS),
                role="group",
                aria_label="Speed, in simulated minutes a second",
                class_name="demo-speeds",
            ),
            class_name="demo-controls",
        ),
        rx.el.div(
            rx.el.input(
                type="range",
                id="position",
                min=0,
                max=DemoState.view.seconds,
                step=15,
                value=PlayerState.position,
                on_change=PlayerState.seek,
                aria_label="Position in simulated time",
                custom_attrs={"aria-valuetext": PlayerState.frame.clock},
            ),
            rx.el.output(
                rx.el.strong(PlayerState.frame.clock, id="clock"),
                " of ",
                DemoState.view.lasts,
                html_for="position",
            ),
            class_name="demo-position",
        ),
        rx.el.p(
            rx.el.span(
                rx.cond(
                    PlayerState.playing,
                    "Playing.",
                    rx.cond(
                        PlayerState.frame.ended,
                        f"The end: {PlayerState.frame.saved} saved.",
                        f"Paused at {PlayerState.frame.clock}.",
                    ),
                ),
                role="status",
                id="player-status",
            ),
            rx.el.span("Time is simulated: at 1x a simulated minute passes in a second."),
            provenance("simulated", "practice company"),
            provenance("assumed", "prices and the engineer's times"),
            class_name="demo-note demo-sources",
        ),
        class_name="panel demo-player",
        id="player",
        aria_label="Minute by minute",
    )


def _control(label: str, act: object, kind: str = "secondary") -> rx.Component:
    return rx.el.button(label, type="button", class_name=kind, on_click=act)


def _seek(seconds: float) -> EventSpec:
    return PlayerState.seek(seconds)  # type: ignore[misc]  # mypy cannot read the type of a handler with arguments


def _speed(speed: int) -> rx.Component:
    return rx.el.button(
        f"{speed}x",
        type="button",
        aria_pressed=rx.cond(PlayerState.speed == speed, "true", "false"),
        title=f"{speed} simulated minutes a second",
        on_click=PlayerState.choose_speed(speed),  # type: ignore[misc]
    )


def both_sides() -> rx.Component:
    """What has happened by now, with the commander and with the engineer."""
    return rx.el.div(
        _side("With Incident Commander", "ours", DemoState.view.ours, provenance("simulated", "from its ledger")),
        _side("With an engineer on call", "human", DemoState.view.human, provenance("assumed", "a modelled person")),
        class_name="demo-pair",
    )


def _side(title: str, course: str, sentences: tuple[Sentence, ...], source: rx.Component) -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(rx.el.span(class_name="chart-key", data_tone=course, aria_hidden="true"), title),
            source,
            class_name="panel-head",
        ),
        rx.el.ol(rx.foreach(sentences, _sentence), class_name="demo-story"),
        class_name="panel",
        id=f"side-{course}",
        aria_label=title,
    )


def _sentence(sentence: Sentence) -> rx.Component:
    return rx.cond(
        sentence.at <= PlayerState.position,
        rx.el.li(
            rx.el.span(sentence.time, class_name="demo-time"),
            rx.el.div(
                rx.el.p(sentence.text),
                rx.cond(sentence.detail != "", rx.el.p(sentence.detail, class_name="muted")),
            ),
            data_tone=sentence.tone,
        ),
    )
