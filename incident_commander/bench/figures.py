"""How a measurement is written down: figures with their limits, as a table for people and as one JSON object."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from ..domain.base import Value

Aggregate = Literal["value", "median", "p50", "p95", "p99"]


class Figure(Value):
    """One measured figure.

    Attributes:
        aggregate: How `measured` was made from the samples.
        measured: In `unit`; None where it could not be measured, `detail` then says why.
        limit: The most it should be; None where there is no goal.
    """

    name: str
    aggregate: Aggregate
    measured: float | None
    unit: str
    limit: float | None = None
    samples: int = Field(ge=0)
    detail: str = ""

    @property
    def within(self) -> bool | None:
        """Whether the limit is kept; None where there is none, or nothing was measured."""
        return None if self.measured is None or self.limit is None else self.measured <= self.limit


def figure(
    name: str,
    aggregate: Aggregate,
    samples: Sequence[float],
    unit: str,
    limit: float | None = None,
    detail: str = "",
) -> Figure:
    """Summarise samples (in `unit`) into one figure; no samples give a figure without a value."""
    measured: float | None = None
    if samples:
        quantile = {"value": 0.5, "median": 0.5, "p50": 0.5, "p95": 0.95, "p99": 0.99}[aggregate]
        measured = float(np.quantile(samples, quantile))
    return Figure(
        name=name, aggregate=aggregate, measured=measured, unit=unit, limit=limit, samples=len(samples), detail=detail
    )


def figures_table(figures: Sequence[Figure]) -> str:
    """Figures as an aligned table, one a line."""
    verdicts = {True: "kept", False: "MISSED", None: ""}
    return table(
        ("figure", "", "measured", "limit", "", "samples", "detail"),
        [
            (
                item.name,
                item.aggregate,
                "not measured" if item.measured is None else f"{item.measured:,.3g} {item.unit}",
                "" if item.limit is None else f"{item.limit:,g} {item.unit}",
                verdicts[item.within],
                str(item.samples),
                item.detail,
            )
            for item in figures
        ],
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns of text, the head underlined."""
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in (head, *rows)]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)
