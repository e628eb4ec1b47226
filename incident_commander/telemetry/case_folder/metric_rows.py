"""The rows of a block of metrics.csv, each looked at by itself, so that what is wrong can be named with its line."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...domain.base import ServiceName
from ...domain.telemetry import FloatArray
from .documents import Skipped
from .fields import number, seconds, service, shown

PlaceArray = npt.NDArray[np.int32]

MISSING = frozenset(("", "nan", "null", "none", "na", "n/a"))
"""How a csv says that there is no sample."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column of the file holds what; width: how many there are."""

    time: int
    service: int
    metric: int
    value: int
    width: int


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of the file, without its header; `line` is the number of the first, `lines` how many they are."""

    content: bytes
    line: int
    lines: int


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of one block that can be used.

    Attributes:
        times: Distinct times, seconds since the epoch, float64[n_times].
        services, metrics: Distinct names.
        at, of_service, of_metric: Places in `times`, `services` and `metrics`, int32[n_rows].
        values: float64[n_rows], finite.
    """

    times: FloatArray
    services: Sequence[ServiceName]
    metrics: Sequence[str]
    at: PlaceArray
    of_service: PlaceArray
    of_metric: PlaceArray
    values: FloatArray


def read_row_by_row(block: Block, layout: Layout, skipped: Skipped) -> Rows:
    """The rows of a block; what cannot be used is counted with its line."""
    times: dict[float, int] = {}
    services: dict[ServiceName, int] = {}
    metrics: dict[str, int] = {}
    clocks: dict[str, float | None] = {}
    found: list[tuple[int, int, int]] = []
    values: list[float] = []
    for line, written in enumerate(block.content.split(b"\n"), block.line):
        if not written.strip():
            continue
        place = f"line {line}"
        try:
            cells = next(csv.reader([written.decode().rstrip("\r")]))
        except UnicodeDecodeError as error:
            skipped.skip(place, f"this is not UTF-8 text (byte {written[error.start]:#04x})")
            continue
        except (csv.Error, StopIteration) as error:
            skipped.skip(place, f"this is no row of a csv ({error})")
            continue
        if len(cells) != layout.width:
            skipped.skip(place, f"there are {len(cells)} columns instead of {layout.width}")
            continue
        clock, value = cells[layout.time], cells[layout.value].strip()
        if clock not in clocks:
            clocks[clock] = seconds(clock)
        at, read = clocks[clock], number(value)
        of_service, of_metric = service(cells[layout.service]), metric_name(cells[layout.metric])
        if at is None:
            skipped.skip(place, f"the time {shown(clock)} cannot be read")
        elif of_service is None or of_metric is None:
            skipped.skip(place, "the service or the metric is empty")
        elif value.lower() in MISSING:
            continue
        elif read is None:
            skipped.skip(place, f"value {shown(value)} is not a finite number")
        else:
            places = (times.setdefault(at, len(times)), services.setdefault(of_service, len(services)))
            found.append((*places, metrics.setdefault(of_metric, len(metrics))))
            values.append(read)
    columns = np.array(found, dtype=np.int32).reshape(-1, 3)
    return Rows(
        times=np.array(list(times), dtype=np.float64),
        services=tuple(services),
        metrics=tuple(metrics),
        at=columns[:, 0],
        of_service=columns[:, 1],
        of_metric=columns[:, 2],
        values=np.array(values, dtype=np.float64),
    )


def metric_name(cell: str) -> str | None:
    """The metric that a cell names; None where it is empty."""
    return cell.strip()[:256] or None
