"""The logs of a case: logs.ndjson, and patterns.json where the source counted its templates itself."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from ...domain.telemetry import LogRecord, LogSummary
from .documents import Skipped, read_entries, read_lines
from .fields import SERVICES, TIMES, moment, name_of, number, others, pick, service, shown, text, value_of

Level = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]

LEVELS = ("severity_text", "severityText", "severity", "level", "log.level", "loglevel", "lvl")
MESSAGES = ("msg", "message", "body", "log", "text", "event")
_TEMPLATES = ("signature", "template", "pattern", "message")
_WORDS: tuple[tuple[Level, tuple[str, ...]], ...] = (
    ("FATAL", ("FATAL", "CRIT", "EMERG", "ALERT", "PANIC")),
    ("ERROR", ("ERR", "SEVERE", "FAIL")),
    ("WARN", ("WARN",)),
    ("DEBUG", ("DEBUG", "TRACE", "FINE", "VERBOSE")),
    ("INFO", ("INFO", "NOTICE")),
)
_NEGATIVE = frozenset(("negative", "bad", "error", "warn", "warning", "critical"))
_DELTA = re.compile(r"^\s*([+-]?)\s*([0-9][0-9,_]*\.?[0-9]*)\s*(%|x)?\s*$")


def read_logs(path: Path) -> tuple[tuple[LogRecord, ...], Skipped]:
    """The log lines of a file in order of time, and what was skipped."""
    skipped = Skipped(path.name, "logs", "lines")
    records: list[LogRecord] = []
    for entry in read_lines(path, skipped):
        fields = entry.fields
        clock, owner, message = name_of(fields, TIMES), name_of(fields, SERVICES), name_of(fields, MESSAGES)
        # Of several names for the level only the first is used, since `level` may mean something else.
        level = name_of(fields, LEVELS)
        at, named = moment(value_of(fields, clock)), service(value_of(fields, owner))
        if at is None:
            skipped.skip(entry.place, f"the time {shown(value_of(fields, clock))} cannot be read")
        elif named is None:
            skipped.skip(entry.place, "the line names no service")
        else:
            records.append(
                LogRecord(
                    at=at,
                    service=named,
                    level=level_of(value_of(fields, level)),
                    message=text(value_of(fields, message)),
                    attributes=others(fields, (level, message, owner, clock)),
                )
            )
    return tuple(sorted(records, key=lambda record: record.at)), skipped


def read_patterns(path: Path) -> tuple[tuple[LogSummary, ...], Skipped]:
    """The templates that a log source counted itself, and what was skipped."""
    skipped = Skipped(path.name, "logs", "entries")
    summaries: list[LogSummary] = []
    for entry in read_entries(path, skipped):
        named, count = service(pick(entry.fields, SERVICES)), number(entry.fields.get("count"))
        template = text(pick(entry.fields, _TEMPLATES))
        if named is None or not template:
            skipped.skip(entry.place, "it names no service, or no template")
        elif count is None or count < 0:
            skipped.skip(entry.place, f"its count is {shown(entry.fields.get('count'))}")
        else:
            mood = text(pick(entry.fields, ("sentiment", "severity", "level"))).lower()
            usual = _usual(count, entry.fields.get("delta_vs_baseline"), number(entry.fields.get("baseline")))
            summaries.append(LogSummary(named, template, round(count), round(usual), mood in _NEGATIVE))
    return tuple(summaries), skipped


def _usual(count: float, delta: JsonValue, baseline: float | None) -> float:
    """The usual count: the baseline where it is told, else what a delta such as `+610`, `-40%` or `new` leaves."""
    if baseline is not None:
        return max(0.0, baseline)
    if isinstance(delta, (int, float)) and not isinstance(delta, bool):
        return max(0.0, count - (number(delta) or 0.0))
    written = text(delta)
    found = _DELTA.match(written)
    if found is None:
        return 0.0 if "new" in written.lower() else count
    sign, size, kind = found.groups()
    amount = (number(size.replace(",", "").replace("_", "")) or 0.0) * (-1.0 if sign == "-" else 1.0)
    if kind == "%":
        return count / (1.0 + amount / 100.0) if amount > -100.0 else count
    if kind == "x":
        return count / amount if amount > 0 else count
    return max(0.0, count - amount)


def level_of(given: JsonValue) -> Level:
    """The level that a field names in any spelling; INFO where it names none."""
    return _level_named(given) if isinstance(given, str) else "INFO"


@lru_cache(maxsize=256)
def _level_named(word: str) -> Level:
    upper = word.strip().upper()
    return next((level for level, starts in _WORDS if upper.startswith(starts)), "INFO")
