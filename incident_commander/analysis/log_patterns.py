"""Log templates that are new, rare or burst against a reference, and those that tell what happened.

Lines become templates by `log_templates`, all services together. A burst is judged by the log-likelihood ratio of two
Poisson rates.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from ..domain.base import ServiceName
from ..domain.telemetry import LogRecord
from .call_graph import mentioned
from .log_templates import Template, mine_templates

PatternKind = Literal["new", "rare", "bursting", "steady"]
_MAX_LENGTH = 400
_BAD_LEVELS = frozenset(("WARN", "ERROR", "FATAL"))
_SEVERITY = {"DEBUG": -1.0, "INFO": 0.0, "WARN": 1.0, "ERROR": 2.0, "FATAL": 3.0}
"""Nats by which a level makes a template more likely to tell of trouble."""
_LEAST_EVIDENCE = 2.0
_RARE_LINES = 3
_MOST_EVIDENCE = 8.0
"""Nats beyond which more lines say nothing more: the loudest template is seldom the first cause."""
_NAMED = 0.5
_MOST_NAMED = 4
_NAMES_ANOTHER = -1.0
_FIRST = 1.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template of one service, counted before and after a moment.

    Attributes:
        template: With its variable parts as `<*>`. Text from outside.
        example: The first line of it after the moment, cut to 400 characters. Text from outside.
        level: The worst of its lines after the moment.
        first_seen: Of the lines after the moment.
        evidence: Log-likelihood ratio in nats that its rate rose, 0 where it did not.
        factor: Its rate after the moment over that before, half an unseen line added to each.
    """

    service: ServiceName
    template: str
    example: str
    level: Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    before: int
    after: int
    first_seen: datetime
    evidence: float
    factor: float

    @property
    def bad(self) -> bool:
        """Whether some of its lines are warnings or worse."""
        return self.level in _BAD_LEVELS

    @property
    def new(self) -> bool:
        """Whether it was never seen before the moment."""
        return self.before == 0

    @property
    def kind(self) -> PatternKind:
        """How it compares with the reference: never seen in it, seldom at all, more often now, or as before."""
        if self.new:
            return "new"
        if self.before + self.after <= _RARE_LINES:
            return "rare"
        return "bursting" if self.evidence >= _LEAST_EVIDENCE else "steady"

    def __str__(self) -> str:
        """`'pool exhausted after <*>' (57 times, 0 before)`."""
        return f"{self.template!r} ({self.after} times, {self.before} before)"


@dataclass(frozen=True, slots=True)
class Telling:
    """A template that tells of an incident, how strongly, in nats, and why. `names`: the services that it mentions."""

    pattern: Pattern
    weight: float
    why: str
    names: tuple[ServiceName, ...]


def compared_patterns(
    records: tuple[LogRecord, ...], start: datetime, split: datetime, end: datetime
) -> tuple[Pattern, ...]:
    """Every template seen in [split, end), held against [start, split); the strongest rise first."""
    return _compared(_Reading(records), start, split, end)


def rising_patterns(
    records: tuple[LogRecord, ...],
    start: datetime,
    split: datetime,
    end: datetime,
    minimum_evidence: float = _LEAST_EVIDENCE,
) -> tuple[Pattern, ...]:
    """Templates that are new or more frequent in [split, end) than in [start, split), as `story` ranks them.

    Args:
        minimum_evidence: In nats; 2 is what a new template reaches with a line or two.
    """
    rising = [p for p in compared_patterns(records, start, split, end) if p.evidence >= minimum_evidence]
    return tuple(telling.pattern for telling in story(rising))


def story(patterns: Iterable[Pattern], names: frozenset[ServiceName] = frozenset()) -> tuple[Telling, ...]:
    """Rising templates by how much of an incident they tell, the most first.

    What weighs: that the rate rose, the level, how many other services complain of its service, and being the first
    trouble to be logged. A template that names another service says that the story is there.

    Args:
        names: Services to look for in the lines, beside those that the patterns are of.
    """
    rising = tuple(p for p in patterns if p.evidence > 0.0)
    known = names | {p.service for p in rising}
    named = [tuple(name for name in mentioned(p.example, known) if name != p.service) for p in rising]
    mentions: dict[ServiceName, set[ServiceName]] = {}
    for pattern, others in zip(rising, named, strict=True):
        if pattern.bad:
            for name in others:
                mentions.setdefault(name, set()).add(pattern.service)
    first = min((p.first_seen for p in rising if p.bad), default=None)
    told = [
        _telling(pattern, others, tuple(sorted(mentions.get(pattern.service, ()))), pattern.first_seen == first)
        for pattern, others in zip(rising, named, strict=True)
    ]
    return tuple(sorted(told, key=lambda t: (-t.weight, t.pattern.first_seen, t.pattern.service, t.pattern.template)))


def _telling(
    pattern: Pattern, names: tuple[ServiceName, ...], by: tuple[ServiceName, ...], first_trouble: bool
) -> Telling:
    first = first_trouble and pattern.bad
    weight = (
        min(pattern.evidence, _MOST_EVIDENCE)
        + _SEVERITY[pattern.level]
        + _NAMED * min(len(by), _MOST_NAMED)
        + (_NAMES_ANOTHER if names else 0.0)
        + (_FIRST if first else 0.0)
    )
    times = "once" if pattern.after == 1 else f"{pattern.after} times"
    rose = f"new since {pattern.first_seen:%H:%M:%S}, {times}"
    if not pattern.new:
        rose = f"{pattern.factor:.3g} times as frequent as before, {times} since {pattern.first_seen:%H:%M:%S}"
    reasons = [
        rose,
        pattern.level,
        f"mentions {', '.join(names)}" if names else "",
        f"{', '.join(by)} mention{'s' if len(by) == 1 else ''} {pattern.service}" if by else "",
        "the first trouble logged" if first else "",
    ]
    return Telling(pattern, weight, "; ".join(reason for reason in reasons if reason), names)


class _Reading:
    """One reading of a log, compared by identity, so that whoever asks again about it is answered from memory."""

    def __init__(self, records: tuple[LogRecord, ...]) -> None:
        self.records = records

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reading) and other.records is self.records

    def __hash__(self) -> int:
        return id(self.records)


@lru_cache(maxsize=2)
def _mined(reading: _Reading) -> tuple[Template, ...]:
    services = frozenset[str](record.service for record in reading.records)
    return mine_templates((record.message for record in reading.records), constants=services).of_lines


@lru_cache(maxsize=4)
def _compared(reading: _Reading, start: datetime, split: datetime, end: datetime) -> tuple[Pattern, ...]:
    before_seconds = max((split - start).total_seconds(), 1.0)
    after_seconds = max((end - split).total_seconds(), 1.0)
    before: dict[tuple[ServiceName, Template], int] = {}
    after: dict[tuple[ServiceName, Template], list[LogRecord]] = {}
    for record, template in zip(reading.records, _mined(reading), strict=True):
        if record.at < split:
            before[record.service, template] = before.get((record.service, template), 0) + 1
        else:
            after.setdefault((record.service, template), []).append(record)
    patterns: list[Pattern] = []
    for (service, template), records in after.items():
        first = min(records, key=lambda record: record.at)
        seen = before.get((service, template), 0)
        patterns.append(
            Pattern(
                service=service,
                template=template.text[:_MAX_LENGTH],
                example=first.message[:_MAX_LENGTH],
                level=max((record.level for record in records), key=_SEVERITY.__getitem__),
                before=seen,
                after=len(records),
                first_seen=first.at,
                evidence=_rise(seen, before_seconds, len(records), after_seconds),
                factor=(len(records) + 0.5) / after_seconds / ((seen + 0.5) / before_seconds),
            )
        )
    return tuple(sorted(patterns, key=lambda p: (-p.evidence, p.first_seen, p.service, p.template)))


def _rise(before: int, before_seconds: float, after: int, after_seconds: float) -> float:
    """Log-likelihood ratio of two rates against one, half an unseen line added to each side; 0 where the rate fell."""
    a, b = before + 0.5, after + 0.5
    expected_share = before_seconds / (before_seconds + after_seconds)
    if b / after_seconds <= a / before_seconds:
        return 0.0
    total = a + b
    return a * math.log(a / (total * expected_share)) + b * math.log(b / (total * (1.0 - expected_share)))
