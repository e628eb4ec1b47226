"""The PetShop data set's own layout, read: scenarios with a call graph, normal metrics and issues.

`<traffic>/{graph.csv, noissue/metrics.csv, train|test/issue_N/{metrics.csv, target.json}}` (Hardt et al. 2024, "The
PetShop Dataset", CLeaR), under the folder given or under its folder `dataset`.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, TypeAdapter

from ..domain.telemetry import FloatArray
from .reading import BadData, read_json, read_text

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = ("train", "test")
_HEAD_ROWS = 4


@dataclass(frozen=True, slots=True, eq=False)
class MetricTable:
    """One metrics.csv.

    Attributes:
        timestamps: Seconds since the epoch, as given, float64[n_rows].
        columns: For each (node, metric, statistic) its place in `values`.
        values: float64[n_rows, n_columns]; NaN where the file has none.
    """

    timestamps: FloatArray
    columns: dict[tuple[str, str, str], int]
    values: FloatArray

    def rows(self, first: int, last: int | None = None) -> "MetricTable":
        """The rows from `first` up to and without `last`."""
        return MetricTable(self.timestamps[first:last], self.columns, self.values[first:last])


class Target(BaseModel):
    """What is alerted on."""

    node: str
    metric: str
    agg: str


class RootCause(BaseModel):
    """The label: only the scoring reads it."""

    node: str
    metric: str | None = None


class _TargetFile(BaseModel):
    target: Target
    root_cause: RootCause


@dataclass(frozen=True, slots=True, eq=False)
class Issue:
    """One injected issue: the window's metrics, what alerted, and the label."""

    name: str
    split: Split
    metrics: MetricTable
    target: Target
    label: RootCause


@dataclass(frozen=True, slots=True, eq=False)
class PetShopScenario:
    """One kind of traffic. `calls`: the services that each service calls."""

    name: str
    calls: dict[str, frozenset[str]]
    normal: MetricTable
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PetShopData:
    """All scenarios, and why others were left out, a sentence each."""

    scenarios: tuple[PetShopScenario, ...]
    left_out: tuple[str, ...]


def read_petshop(folder: Path) -> PetShopData:
    """Every scenario of a folder, in order of names; one without metrics of normal times is left out, and that is said.

    Raises:
        BadData: There is none, or a file is missing or malformed.
    """
    root = folder / "dataset" if (folder / "dataset").is_dir() else folder
    if not root.is_dir():
        raise BadData(f"{folder}: no such folder; give the one that holds dataset/<traffic>/graph.csv")
    scenarios: list[PetShopScenario] = []
    left_out: list[str] = []
    for path in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        issues = tuple(_issues(path))
        if not (path / "graph.csv").is_file() and not issues:
            continue
        if not (path / "noissue" / "metrics.csv").is_file():
            left_out.append(f"{path.name}: {path / 'noissue' / 'metrics.csv'} is missing, so nothing to compare with")
            continue
        scenarios.append(
            PetShopScenario(
                path.name, read_graph(path / "graph.csv"), read_metrics(path / "noissue" / "metrics.csv"), issues
            )
        )
    if not scenarios:
        why = "; ".join(left_out) or "no folder in it has graph.csv, noissue/ and train/ or test/"
        raise BadData(f"{folder}: no scenario to run: {why}")
    return PetShopData(tuple(scenarios), tuple(left_out))


def read_metrics(path: Path) -> MetricTable:
    """A metrics.csv: three head lines (microservice, metric, statistic), one with the index's name, then the rows.

    Raises:
        BadData: It is missing or malformed, or has no row.
    """
    lines = list(_lines(path))
    if len(lines) < _HEAD_ROWS + 1:
        raise BadData(
            f"{path}, line {len(lines)}: {len(lines)} lines; expected the head (microservice, metric, statistic, index "
            "name) and at least one row"
        )
    head = [cells for _, cells in lines[:3]]
    width = len(head[0])
    for number, cells in lines[1:]:
        if len(cells) != width and number != lines[3][0]:
            raise BadData(
                f"{path}, line {number}: {len(cells)} cells, the first line has {width}; is the file cut off?"
            )
    columns: dict[tuple[str, str, str], int] = {}
    for i, (node, metric, statistic) in enumerate(zip(*(cells[1:] for cells in head), strict=True)):
        if (node, metric, statistic) in columns:
            raise BadData(f"{path}, line 1: column {i + 2} is a second {node!r} {metric!r} {statistic!r}; remove one")
        columns[node, metric, statistic] = i
    table = np.array([_numbers(path, number, cells) for number, cells in lines[_HEAD_ROWS:]])
    return MetricTable(table[:, 0], columns, table[:, 1:])


def read_graph(path: Path) -> dict[str, frozenset[str]]:
    """A graph.csv: an adjacency matrix, callers by row, callees by column, in the names' order of either.

    Raises:
        BadData: It is missing or malformed.
    """
    lines = list(_lines(path))
    if not lines:
        raise BadData(f"{path} is empty; expected an adjacency matrix with the names in the first line and column")
    names = lines[0][1][1:]
    calls: dict[str, frozenset[str]] = {}
    for number, cells in lines[1:]:
        if len(cells) != len(names) + 1:
            raise BadData(f"{path}, line {number}: {len(cells)} cells, the first line has {len(names) + 1}")
        marks = [_number(path, number, cell) for cell in cells[1:]]
        calls[cells[0]] = frozenset(name for name, mark in zip(names, marks, strict=True) if mark > 0)
    return calls


def _issues(scenario: Path) -> Iterator[Issue]:
    for split in SPLITS:
        folder = scenario / split
        if not folder.is_dir():
            continue
        for path in sorted((p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")), key=_natural):
            label = read_json(path / "target.json", TypeAdapter(_TargetFile))
            yield Issue(path.name, split, read_metrics(path / "metrics.csv"), label.target, label.root_cause)


def _natural(path: Path) -> tuple[str, int]:
    stem = path.name.rstrip("0123456789")
    return stem, int(path.name[len(stem) :] or -1)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(read_text(path).splitlines())
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise BadData(f"{path}, line {reader.line_num}: no CSV: {error}") from error


def _numbers(path: Path, line: int, cells: list[str]) -> list[float]:
    try:
        return [float(cell) if cell else math.nan for cell in cells]
    except ValueError:
        return [_number(path, line, cell) if cell else math.nan for cell in cells]


def _number(path: Path, line: int, cell: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise BadData(f"{path}, line {line}: {cell!r} is no number") from error
