"""The assumed figures of a run, as a person reads and changes them."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from ...domain.base import Value
from ...response import view_text as text
from ...response.recording import AssumedFigure
from ...sandbox.assumptions import load_assumptions

Group = Literal["price", "human", "other"]

LABELS = {
    "usd_per_failed_request": "A failed request costs",
    "usd_per_slow_request": "A slow request costs",
    "usd_per_exposed_record": "An exposed record costs",
    "usd_per_stolen_instance_second": "A stolen second of an instance costs",
    "human_notice_seconds": "The engineer's phone rings after",
    "human_acknowledge_seconds": "The engineer takes it up after another",
    "human_diagnose_seconds": "The engineer finds the cause in",
    "human_repair_seconds": "The engineer begins the repair after another",
    "operator_answer_seconds": "A person asked for approval answers in",
}
MOST_USD = 1_000_000.0
MOST_SECONDS = 86_400.0
_LONGEST = 32


class AssumptionRow(Value):
    """One figure.

    Attributes:
        value: As it stands in its field.
        yours: Whether the viewer chose it; `shipped` says what the cited file has.
        problem: Why what was written last is not taken; the figure in force is then still the one before.
    """

    name: str
    label: str
    group: Group
    unit: str
    value: str
    shipped: str
    source: str
    yours: bool = False
    problem: str = ""


class NotTaken(ValueError):
    """What was written in a field is no figure it can hold; the message says why and what is."""


def shipped_figures() -> tuple[AssumedFigure, ...]:
    """The figures of the cited file, in its order."""
    return tuple(
        AssumedFigure(name=name, value=figure.value, source=figure.source) for name, figure in load_assumptions()
    )


def as_shipped(figures: Sequence[AssumedFigure]) -> tuple[AssumedFigure, ...]:
    """The figures of a run as its file had them, whatever was chosen for it."""
    return tuple(
        figure if figure.shipped is None else figure.model_copy(update={"value": figure.shipped, "shipped": None})
        for figure in figures
    )


def is_price(name: str) -> bool:
    """Whether a figure only costs what happened, and changes nothing of it."""
    return name.startswith("usd_")


def rows(
    figures: Sequence[AssumedFigure], chosen: Mapping[str, float], problems: Mapping[str, str]
) -> tuple[AssumptionRow, ...]:
    """The figures, each as shipped or as the viewer chose it.

    Args:
        problems: What is wrong with what was written last, by the figure's name.
    """
    return tuple(_row(figure, chosen.get(figure.name), problems.get(figure.name, "")) for figure in figures)


def in_force(figures: Sequence[AssumedFigure], chosen: Mapping[str, float]) -> dict[str, float]:
    """The value of every figure, as shipped or as the viewer chose it."""
    return {figure.name: chosen.get(figure.name, figure.value) for figure in figures}


def parse_figure(name: str, written: str) -> float:
    """The figure that a person wrote for an assumption.

    Raises:
        NotTaken: it is no number, negative or too large.
    """
    most, unit = (MOST_USD, "USD") if is_price(name) else (MOST_SECONDS, "seconds")
    possible = f"give a number from 0 to {most:,.0f} ({unit})"
    digits = written.strip()
    if not digits:
        raise NotTaken(f"This is empty; {possible}.")
    shown = digits if len(digits) <= _LONGEST else f"{digits[:_LONGEST]}..."
    try:
        value = float(digits) if digits.isascii() and "_" not in digits and len(digits) <= _LONGEST else math.nan
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise NotTaken(f"{shown!r} is not a number; {possible}.")
    if value < 0:
        raise NotTaken(f"{shown} is negative; {possible}.")
    if value > most:
        raise NotTaken(f"{shown} is too large; {possible}.")
    return value + 0.0


def _row(figure: AssumedFigure, chosen: float | None, problem: str) -> AssumptionRow:
    value = figure.value if chosen is None else chosen
    return AssumptionRow(
        name=figure.name,
        label=LABELS.get(figure.name, text.sentence(figure.name.removesuffix("_seconds"))),
        group="price" if is_price(figure.name) else "human" if figure.name.startswith("human_") else "other",
        unit="USD" if is_price(figure.name) else "seconds",
        value=written(value),
        shipped=written(figure.value),
        source=figure.source,
        yours=chosen is not None,
        problem=problem,
    )


def written(value: float) -> str:
    """A figure as one writes it: `240`, `0.00005`."""
    return format(Decimal(f"{value:.10g}"), "f")
