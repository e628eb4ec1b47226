"""The metrics of a case: metrics.csv (`timestamp,service,metric,value`), of any size and in any order.

The file is read in blocks of lines. A large block is parsed as columns where that goes without a single objection, else
row by row, which says which line was wrong and why; both give the same rows.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from ...domain.telemetry import MetricSeries
from .documents import Skipped, Unusable, check_regular
from .fields import TIMES, shown
from .metric_rows import Block, Layout, Rows, read_row_by_row
from .metric_series import SeriesBuilder

COLUMNS = (TIMES, ("service", "service_name", "component"), ("metric", "metric_name", "name"), ("value", "val"))
"""The columns that are needed, in other spellings too; others are ignored."""
DAYS_BEFORE, DAYS_AFTER = 366, 1
"""How far from the alert a sample may lie; a clock that is further off would distort every window."""
SMALL_BYTES = 2**20
"""Below this rows are read faster one by one than the reader of columns is imported."""
_BLOCK_BYTES = 32 * 2**20
_LONGEST_LINE = 2**20
_DAY = 86400.0


def read_metrics(path: Path, fired_at: float) -> tuple[tuple[MetricSeries, ...], Skipped]:
    """The series of a file by service and metric, and what was skipped; of duplicate samples the last counts.

    Args:
        fired_at: When the alert fired, seconds since the epoch.
    """
    skipped = Skipped(path.name, "metrics", "rows")
    builder = SeriesBuilder()
    try:
        for rows in _read(path, skipped):
            builder.add(rows)
    except Unusable as error:
        skipped.break_off(error)
    series, n_outside = builder.build(fired_at - DAYS_BEFORE * _DAY, fired_at + DAYS_AFTER * _DAY)
    if n_outside:
        reason = f"the time is more than {DAYS_BEFORE} days before the alert, or more than {DAYS_AFTER} day after it"
        skipped.skip("some line", reason, n_outside)
    if not series and not skipped.gaps and not skipped.count:
        skipped.break_off(Unusable("there is no sample in it"))
    return series, skipped


def _read(path: Path, skipped: Skipped) -> Iterator[Rows]:
    layout: Layout | None = None
    for block in _blocks(path):
        lines = block
        if layout is None:
            header, _, content = block.content.partition(b"\n")
            layout = _layout(header)
            lines = Block(content, block.line + 1, block.lines - 1)
        if lines.content and not lines.content.isspace():
            yield _rows(lines, layout, skipped)


def _rows(block: Block, layout: Layout, skipped: Skipped) -> Rows:
    if len(block.content) >= SMALL_BYTES:
        from .metric_columns import read_columns

        if (rows := read_columns(block, layout)) is not None:
            return rows
    return read_row_by_row(block, layout, skipped)


def _blocks(path: Path) -> Iterator[Block]:
    """The file in blocks of whole lines, the first with the header.

    Raises:
        Unusable: it cannot be read, is empty, or is no text.
    """
    check_regular(path)
    line, rest = 1, b""
    try:
        with path.open("rb") as file:
            rest = file.read(3).removeprefix(b"\xef\xbb\xbf")
            while (more := file.read(_BLOCK_BYTES)) or b"\0" in rest:
                content = rest + more
                if b"\0" in content:
                    at = line + content.count(b"\n", 0, content.index(b"\0"))
                    raise Unusable(f"line {at} holds a NUL byte: the file is binary, or was cut off by a crash")
                end = content.rfind(b"\n") + 1
                rest = content[end:]
                if len(rest) > _LONGEST_LINE:
                    at = line + content.count(b"\n")
                    raise Unusable(f"line {at} is longer than {_LONGEST_LINE:,} bytes, so this is no csv")
                if end:
                    lines = content.count(b"\n", 0, end)
                    yield Block(content[:end], line, lines)
                    line += lines
    except OSError as error:
        raise Unusable(f"the file cannot be read: {error.strerror or error}") from error
    if rest.strip():
        yield Block(rest + b"\n", line, 1)
    elif line == 1:
        raise Unusable("the file is empty")


def _layout(header: bytes) -> Layout:
    try:
        cells = next(csv.reader([header.decode("utf-8-sig").strip("\r\n")]), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unusable(f"line 1 is no header of a csv ({error})") from error
    names = [cell.strip().lower() for cell in cells]
    places = []
    for spellings in COLUMNS:
        place = next((names.index(name) for name in spellings if name in names), None)
        if place is None:
            found = ", ".join(shown(name) for name in names[:8])
            raise Unusable(f"line 1 has no column {spellings[0]!r} among {found}; begin with a header line")
        places.append(place)
    clock, of_service, of_metric, value = places
    return Layout(clock, of_service, of_metric, value, len(names))
