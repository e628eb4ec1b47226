"""One line of a log as it was written: JSON, or a text whose level is a word at its beginning."""

import json
import re
from datetime import datetime

from pydantic import JsonValue

from ..domain.base import ServiceName
from ..domain.telemetry import LogRecord
from .case_folder.fields import SERVICES, TIMES, name_of, others, text, value_of
from .case_folder.logs import LEVELS, MESSAGES, Level, level_of

_BEGINNING = 160
_WORD = re.compile(r"\b(FATAL|CRITICAL|PANIC|ERROR|ERR|SEVERE|WARN|WARNING|INFO|NOTICE|DEBUG|TRACE)\b", re.IGNORECASE)
_FAILED = re.compile(r"exception|traceback|panic:|task timed out|errortype|segfault|out of memory", re.IGNORECASE)


def read_line(line: str, at: datetime, service: ServiceName, source: str = "") -> LogRecord:
    """The record of a line that a service wrote."""
    fields = _object(line)
    if fields is None:
        return LogRecord(at, service, _level(line), text(line.strip()), source=source)
    message, level = name_of(fields, MESSAGES), name_of(fields, LEVELS)
    said = text(value_of(fields, message)) or text(line)
    return LogRecord(
        at=at,
        service=service,
        level=level_of(value_of(fields, level)) if level else _level(said),
        message=said,
        attributes=others(fields, (level, message, name_of(fields, SERVICES), name_of(fields, TIMES))),
        source=source,
    )


def _object(line: str) -> dict[str, JsonValue] | None:
    if not line.lstrip().startswith("{"):
        return None
    try:
        read: JsonValue = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _level(line: str) -> Level:
    found = _WORD.search(line[:_BEGINNING])
    if found is not None:
        return level_of(found[1])
    return "ERROR" if _FAILED.search(line) else "INFO"
