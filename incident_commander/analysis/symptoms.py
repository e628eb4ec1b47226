"""What the trouble looks like: kinds of symptoms read from metrics, log lines and failed spans, by service and time.

The words by which they are told are data, in `symptoms.toml`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field, RootModel

from ..domain.base import ServiceName, Value
from ..domain.telemetry import LogSummary, Observations, Signal, Span
from .anomaly import Deviation
from .log_patterns import Pattern
from .words import sentence

SymptomKind = str
_SURE_LINES = 8
_LEAST_GROWTH = 3.0


class _Kind(Value):
    telling: float = Field(gt=0, le=1)
    metrics: tuple[str, ...]
    says: tuple[str, ...]
    lacks: tuple[str, ...] = Field(default=(), alias="not")
    falls: bool = False


class _Kinds(RootModel[dict[SymptomKind, _Kind]]):
    pass


@dataclass(frozen=True, slots=True)
class Symptom:
    """One kind of trouble at one service, as one signal shows it.

    Attributes:
        strength: How plain it is, in [0, 1].
        onset: When it began, seconds since the epoch.
        text: The observation in words.
        deviation: The metric that shows it; None where lines or spans do.
    """

    kind: SymptomKind
    service: ServiceName
    signal: Signal
    strength: float
    onset: float
    text: str
    deviation: Deviation | None = None


@lru_cache(maxsize=1)
def kinds() -> dict[SymptomKind, _Kind]:
    """The kinds of symptoms there are, in the order in which a metric's name is held against them."""
    path = Path(__file__).with_name("symptoms.toml")
    return _Kinds.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).root


def telling(kind: SymptomKind) -> float:
    """How much a kind of symptom says of the cause, in [0, 1]."""
    return kinds()[kind].telling


def symptoms_in(
    observations: Observations, deviations: tuple[Deviation, ...], patterns: tuple[Pattern, ...]
) -> tuple[Symptom, ...]:
    """Every symptom, the earliest first.

    Args:
        deviations: The metrics that left their course and have not come back.
        patterns: Rising warnings and errors.
    """
    first = min((d.onset for d in deviations if d.harmful), default=observations.onset_hint.timestamp())
    found = [
        *(symptom for deviation in deviations if (symptom := _of_metric(deviation)) is not None),
        *(symptom for pattern in patterns for symptom in _of_pattern(pattern)),
        *(symptom for summary in observations.log_summaries for symptom in _of_summary(summary, first)),
        *_of_spans(observations.traces, first),
    ]
    return tuple(sorted(found, key=lambda s: (s.onset, s.service, s.kind, s.text)))


def kind_of_metric(metric: str) -> SymptomKind | None:
    """The kind of symptom that a metric of this name shows when it is off."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", metric)
    words = frozenset(word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word)
    for name, kind in kinds().items():
        if words & frozenset(kind.lacks):
            continue
        if any(frozenset(entry.split()) <= words for entry in kind.metrics):
            return name
    return None


def kinds_said(text: str) -> tuple[SymptomKind, ...]:
    """The kinds of symptoms that a line speaks of."""
    lowered = text.lower()
    return tuple(name for name, pattern in _said().items() if pattern.search(lowered))


@lru_cache(maxsize=1)
def _said() -> dict[SymptomKind, re.Pattern[str]]:
    def bounded(phrase: str) -> str:
        head = r"(?<![a-z0-9])" if phrase[0].isalnum() else ""
        return head + re.escape(phrase) + (r"(?![a-z0-9])" if phrase[-1].isdigit() or len(phrase) <= 3 else "")

    return {name: re.compile("|".join(map(bounded, kind.says))) for name, kind in kinds().items() if kind.says}


def _of_metric(deviation: Deviation) -> Symptom | None:
    name = kind_of_metric(deviation.series.metric)
    if name is None:
        return None
    falls = deviation.excursion.direction == "down"
    if falls != kinds()[name].falls and not (deviation.harmful or name == "traffic"):
        return None
    return Symptom(
        name,
        deviation.series.service,
        "metrics",
        min(1.0, deviation.score),
        deviation.onset,
        sentence(deviation),
        deviation,
    )


def _of_pattern(pattern: Pattern) -> Iterator[Symptom]:
    strength = min(1.0, 0.3 + 0.7 * pattern.after / _SURE_LINES)
    text = f"{pattern.service} logs {pattern}"
    for kind in kinds_said(pattern.example):
        yield Symptom(kind, pattern.service, "logs", strength, pattern.first_seen.timestamp(), text)


def _of_summary(summary: LogSummary, onset: float) -> Iterator[Symptom]:
    if not summary.bad or summary.count < _LEAST_GROWTH * max(1, summary.usual):
        return
    strength = min(1.0, 0.3 + 0.7 * summary.count / (4 * _SURE_LINES))
    text = f"{summary.service} logs {summary.template!r} ({summary.count} times, {summary.usual} usually)"
    for kind in kinds_said(summary.template):
        yield Symptom(kind, summary.service, "logs", strength, onset, text)


def _of_spans(spans: Iterable[Span], since: float) -> Iterator[Symptom]:
    for span in spans:
        if not span.error or span.start.timestamp() < since:
            continue
        said = " ".join(
            text for name, text in span.attributes if "error" in name or "exception" in name or "message" in name
        )
        for kind in kinds_said(said):
            yield Symptom(
                kind, span.service, "traces", 0.6, span.start.timestamp(), f"{span.service} fails with {said[:100]!r}"
            )
