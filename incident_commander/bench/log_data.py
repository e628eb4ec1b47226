"""Labelled logs in the layout of Loghub (Zhu et al., ISSRE 2023), read.

A folder holds one folder a system, with `<System>_2k.log` and `<System>_2k.log_structured.csv` in it. As the authors'
own benchmark does, messages and labels are taken from the columns Content and EventId of the second.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

_ENDING = "_2k.log_structured.csv"
_COLUMNS = ("Content", "EventId")
_LARGEST_BYTES = 1 << 30


class BadLogs(Exception):
    """The data cannot be read; the message names the file and line, and says what to do."""


@dataclass(frozen=True, slots=True)
class LabelledLog:
    """Messages of one system, each with the label of its template, both of one length and never empty."""

    system: str
    messages: tuple[str, ...]
    events: tuple[str, ...]


def read_labelled_logs(folder: Path) -> tuple[LabelledLog, ...]:
    """Every system of a folder, by name.

    Raises:
        BadLogs: The folder holds no system, or one cannot be read whole.
    """
    if not folder.is_dir():
        raise BadLogs(f"{folder} is not a folder; give the one that holds a folder for each system")
    try:
        systems = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
        if not systems:
            raise BadLogs(f"{folder} holds no systems; each is a folder <System> with <System>{_ENDING} in it")
        return tuple(_read(each) for each in systems)
    except OSError as error:
        raise BadLogs(f"{error.filename or folder}: {error.strerror or error}; make it readable") from error


def _read(system: Path) -> LabelledLog:
    file = system / f"{system.name}{_ENDING}"
    if not file.is_file():
        raise BadLogs(f"{file} is missing; it has the messages and labels of {system.name}")
    size = file.stat().st_size
    if size > _LARGEST_BYTES:
        raise BadLogs(f"{file} has {size:,} bytes; at most {_LARGEST_BYTES:,} are read")
    raw = file.read_bytes()
    if b"\0" in raw:
        raise BadLogs(f"{file}, line {_line_of(raw, raw.index(0))}: a NUL byte; it is not a text file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_of(raw, error.start)
        raise BadLogs(f"{file}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8; convert the file") from error
    return _parse(system.name, file, text)


def _line_of(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1


def _parse(system: str, file: Path, text: str) -> LabelledLog:
    reader = csv.reader(io.StringIO(text, newline=""))
    messages: list[str] = []
    events: list[str] = []
    try:
        head = next(reader, [])
        for name in _COLUMNS:
            if head.count(name) != 1:
                raise BadLogs(
                    f"{file}, line 1: {head.count(name)} columns {name!r}; there must be one, in the head row"
                )
        content, event = (head.index(name) for name in _COLUMNS)
        for row in reader:
            if len(row) != len(head):
                raise BadLogs(f"{file}, line {reader.line_num}: {len(row)} fields; the head has {len(head)}")
            if not row[event].strip():
                raise BadLogs(f"{file}, line {reader.line_num}: no EventId; every message needs its label")
            messages.append(row[content])
            events.append(row[event])
    except csv.Error as error:
        raise BadLogs(f"{file}, line {reader.line_num}: {error}; mend the CSV") from error
    if not messages:
        raise BadLogs(f"{file}, line 1: no rows after the head; there is nothing to score")
    return LabelledLog(system, tuple(messages), tuple(events))
