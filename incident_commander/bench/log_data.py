"""Labelled logs in the layout of Loghub (Zhu et al., ISSRE 2023), read.

A folder holds one folder a system, with `<System>_2k.log` and `<System>_2k.log_structured.csv` in it. As the authors'
own benchmark does, messages and labels are taken from the columns Content and EventId of the second.
"""

import csv
import glob
import io
from dataclasses import dataclass
from pathlib import Path

from .reading import BadData, read_text

_ENDING = "_2k.log_structured.csv"
_COLUMNS = ("Content", "EventId")
_LARGEST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class LabelledLog:
    """Messages of one system, each with the label of its template, both of one length and never empty."""

    system: str
    messages: tuple[str, ...]
    events: tuple[str, ...]


def read_labelled_logs(folder: Path) -> tuple[LabelledLog, ...]:
    """Every system of a folder, by name.

    Raises:
        BadData: The folder holds no system, or one cannot be read whole.
    """
    if not folder.is_dir():
        raise BadData(f"{folder} is not a folder; give the one that holds a folder for each system")
    try:
        systems = sorted(each for each in folder.iterdir() if any(each.glob(f"{glob.escape(each.name)}_2k.*")))
        if not systems:
            raise BadData(f"{folder} holds no systems; each is a folder <System> with <System>{_ENDING} in it")
        return tuple(_read(each) for each in systems)
    except OSError as error:
        raise BadData(f"{error.filename or folder}: {error.strerror or error}; make it readable") from error


def _read(system: Path) -> LabelledLog:
    file = system / f"{system.name}{_ENDING}"
    if not file.is_file():
        raise BadData(f"{file} is missing; it has the messages and labels of {system.name}")
    size = file.stat().st_size
    if size > _LARGEST_BYTES:
        raise BadData(f"{file} has {size:,} bytes; at most {_LARGEST_BYTES:,} are read")
    return _parse(system.name, file, read_text(file))


def _parse(system: str, file: Path, text: str) -> LabelledLog:
    reader = csv.reader(io.StringIO(text, newline=""))
    messages: list[str] = []
    events: list[str] = []
    try:
        head = next(reader, [])
        for name in _COLUMNS:
            if head.count(name) != 1:
                raise BadData(
                    f"{file}, line 1: {head.count(name)} columns {name!r}; there must be one, in the head row"
                )
        content, event = (head.index(name) for name in _COLUMNS)
        for row in filter(None, reader):
            if len(row) != len(head):
                raise BadData(f"{file}, line {reader.line_num}: {len(row)} fields; the head has {len(head)}")
            if not row[event].strip():
                raise BadData(f"{file}, line {reader.line_num}: no EventId; every message needs its label")
            messages.append(row[content])
            events.append(row[event])
    except csv.Error as error:
        raise BadData(f"{file}, line {reader.line_num}: {error}; mend the CSV") from error
    if not messages:
        raise BadData(f"{file}, line 1: no rows after the head; there is nothing to score")
    return LabelledLog(system, tuple(messages), tuple(events))
