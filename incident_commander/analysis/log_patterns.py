"""Log lines to templates, and the templates that are new or burst against a reference.

A template is a line with its variable tokens masked, grouped by masked form (the fixed-depth idea of Drain, He et al.
2017, at depth one). A burst is judged by the log-likelihood ratio of two Poisson rates.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from ..domain.base import ServiceName
from ..domain.telemetry import LogRecord

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_VARIABLE = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"  # uuid
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"  # address
    r"|\b0x[0-9a-fA-F]+\b"
    r"|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,}\b"  # hash
    r"|(?<![A-Za-z])[-+]?\d+(?:[.,:]\d+)*(?=[A-Za-z%]{0,3}\b)"  # number, unit kept
    r"|(?<=[-_/#])\d+"
)
_MAX_LENGTH = 400
_BAD_LEVELS = frozenset(("WARN", "ERROR", "FATAL"))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template of one service, counted before and after a moment.

    Attributes:
        example: The first line of it after the moment, cut to 400 characters. Text from outside.
        bad: Whether its lines are warnings or worse.
        evidence: Log-likelihood ratio in nats that its rate rose, 0 where it did not.
        first_seen: Of the lines after the moment.
    """

    service: ServiceName
    template: str
    example: str
    bad: bool
    before: int
    after: int
    first_seen: datetime
    evidence: float

    @property
    def new(self) -> bool:
        """Whether it was never seen before the moment."""
        return self.before == 0


def template_of(message: str) -> str:
    """The message with its variable parts as `<*>`; equal for lines that differ in variables only."""
    return _VARIABLE.sub("<*>", _QUOTED.sub("<*>", message[:_MAX_LENGTH])).strip()


def rising_patterns(
    records: tuple[LogRecord, ...], start: datetime, split: datetime, end: datetime, minimum_evidence: float = 2.0
) -> tuple[Pattern, ...]:
    """Templates that are new or more frequent in [split, end) than in [start, split), the strongest first.

    Args:
        minimum_evidence: In nats; 2 is what a new template reaches with a line or two.
    """
    return _rising(_Reading(records), start, split, end, minimum_evidence)


class _Reading:
    """One reading of a log, compared by identity, so that whoever asks again about it is answered from memory."""

    def __init__(self, records: tuple[LogRecord, ...]) -> None:
        self.records = records

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reading) and other.records is self.records

    def __hash__(self) -> int:
        return id(self.records)


@lru_cache(maxsize=4)
def _rising(
    reading: _Reading, start: datetime, split: datetime, end: datetime, minimum_evidence: float
) -> tuple[Pattern, ...]:
    before_seconds = max((split - start).total_seconds(), 1.0)
    after_seconds = max((end - split).total_seconds(), 1.0)
    counts: dict[tuple[ServiceName, str], list[int]] = {}
    first: dict[tuple[ServiceName, str], LogRecord] = {}
    for record in reading.records:
        key = (record.service, template_of(record.message))
        count = counts.setdefault(key, [0, 0])
        if record.at < split:
            count[0] += 1
        else:
            count[1] += 1
            if key not in first or record.at < first[key].at:
                first[key] = record
    patterns = [
        Pattern(
            service=key[0],
            template=key[1],
            example=first[key].message[:_MAX_LENGTH],
            bad=first[key].level in _BAD_LEVELS,
            before=count[0],
            after=count[1],
            first_seen=first[key].at,
            evidence=_rise(count[0], before_seconds, count[1], after_seconds),
        )
        for key, count in counts.items()
        if count[1] > 0
    ]
    rising = [pattern for pattern in patterns if pattern.evidence >= minimum_evidence]
    return tuple(sorted(rising, key=lambda p: (-p.evidence, p.first_seen, p.service, p.template)))


def _rise(before: int, before_seconds: float, after: int, after_seconds: float) -> float:
    """Log-likelihood ratio of two rates against one, half an unseen line added to each side; 0 where the rate fell."""
    a, b = before + 0.5, after + 0.5
    expected_share = before_seconds / (before_seconds + after_seconds)
    if b / after_seconds <= a / before_seconds:
        return 0.0
    total = a + b
    return a * math.log(a / (total * expected_share)) + b * math.log(b / (total * (1.0 - expected_share)))
