"""A folder in the Numenta Anomaly Benchmark's layout: series, labelled windows, application profiles.

`data/<folder>/<name>.csv` with the columns `timestamp` and `value`, `labels/combined_windows.json` with the first and
last time of each window of each series, `config/profiles.json` with the weights of each profile. Times without an
offset are read as UTC.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..domain.telemetry import FloatArray
from .reading import BadData, read_json, read_text

_COLUMNS = ("timestamp", "value")


class CostMatrix(BaseModel):
    """What a profile pays for a detected and for a missed window, and for a false detection."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    true_positive: float = Field(alias="tpWeight", ge=0)
    false_negative: float = Field(alias="fnWeight", ge=0)
    false_positive: float = Field(alias="fpWeight", ge=0)


class _Profile(BaseModel):
    costs: CostMatrix = Field(alias="CostMatrix")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSeries:
    """One series with its labels.

    Attributes:
        name: `<folder>/<name>.csv`.
        timestamps: Seconds since the epoch as in the file, float64[n_rows].
        values: float64[n_rows]; NaN where the file has no value.
        windows: The first and the last row of each labelled window, ascending.
    """

    name: str
    timestamps: FloatArray
    values: FloatArray
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """All series of a folder in the order of their names, and the profiles they are scored under."""

    series: tuple[LabelledSeries, ...]
    profiles: Mapping[str, CostMatrix]


def read_corpus(folder: Path) -> Corpus:
    """Read a folder in NAB's layout.

    Raises:
        BadData: a file is absent, unreadable, malformed, or contradicts another.
    """
    paths = sorted(folder.glob("data/*/*.csv"))
    if not paths:
        raise BadData(f"{folder} holds no data/*/*.csv; give --data the folder that holds data, labels and config")
    profiles = read_json(folder / "config" / "profiles.json", TypeAdapter(dict[str, _Profile]))
    if not profiles:
        raise BadData(f"{folder / 'config' / 'profiles.json'} names no profile; restore the published file")
    labels_path = folder / "labels" / "combined_windows.json"
    labels = read_json(labels_path, TypeAdapter(dict[str, list[tuple[str, str]]]))
    series = []
    for path in paths:
        name = f"{path.parent.name}/{path.name}"
        if name not in labels:
            raise BadData(f"{labels_path} says nothing of {name!r}; add it, with [] where it has no anomaly")
        timestamps, values = read_series(path)
        windows = _windows(labels[name], timestamps, f"{labels_path}: {name!r}")
        series.append(LabelledSeries(name, timestamps, values, windows))
    return Corpus(tuple(series), {name: profile.costs for name, profile in profiles.items()})


def read_series(path: Path) -> tuple[FloatArray, FloatArray]:
    """The times (seconds since the epoch) and values of one file, row by row as they stand in it, float64[n_rows].

    Raises:
        BadData: the file cannot be read, has no rows, lacks a column, or a cell is no time or no number.
    """
    lines = read_text(path).splitlines()
    if not lines:
        raise BadData(f"{path} is empty; it needs the header {','.join(_COLUMNS)!r} and one row at least")
    header = [cell.strip() for cell in lines[0].split(",")]
    missing = [column for column in _COLUMNS if column not in header]
    if missing:
        raise BadData(f"{path}, line 1: no column {missing[0]!r} in {lines[0][:80]!r}; the first line names columns")
    time_column, value_column = (header.index(column) for column in _COLUMNS)
    timestamps, values = [], []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split(",")
        if not line.strip():
            continue
        if len(cells) != len(header):
            raise BadData(
                f"{path}, line {number}: {len(cells)} cells in {line[:80]!r} where the header has {len(header)}"
            )
        try:
            timestamps.append(_epoch(cells[time_column].strip()))
            values.append(float(cells[value_column].strip() or math.nan))
        except ValueError as error:
            raise BadData(f"{path}, line {number}: {error}; correct it, or leave the value empty") from error
    if not timestamps:
        raise BadData(f"{path} has a header and no rows; it needs one at least")
    return np.array(timestamps), np.array(values)


def _windows(limits: list[tuple[str, str]], timestamps: FloatArray, where: str) -> tuple[tuple[int, int], ...]:
    """Each window's first and last row: as in NAB the rows that carry exactly its two times."""
    windows: list[tuple[int, int]] = []
    for limit in limits:
        rows = []
        for text in limit:
            try:
                found = np.flatnonzero(timestamps == _epoch(text))
            except ValueError as error:
                raise BadData(f"{where}: {error}") from error
            if not found.size:
                raise BadData(f"{where}: a window ends at {text!r}, a time that no row of the series has")
            rows.append(int(found[0]))
        if rows[0] > rows[1] or (windows and rows[0] <= windows[-1][1]):
            raise BadData(f"{where}: the window {limit[0]!r} to {limit[1]!r} is not after the one before it")
        windows.append((rows[0], rows[1]))
    return tuple(windows)


def _epoch(text: str) -> float:
    """Seconds since the epoch of a time in ISO 8601, read as UTC where it has no offset."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time such as 2015-02-26 21:42:53") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
