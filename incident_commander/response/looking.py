"""What an investigating model may look at of an incident: its case, in lines, as it was read when the stage began."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median

from ..agents.case import Case
from ..analysis.anomaly import deviations_in
from ..analysis.trace_signs import error_origins
from ..analysis.words import amount, sentence
from ..domain.base import ServiceName
from ..domain.reasoning import Passage
from ..domain.telemetry import LogRecord, Span

_WORST_FIRST = ("FATAL", "ERROR", "WARN", "INFO", "DEBUG")
_NUMBER = re.compile(r"\d+")
_MOST_OF_A_LINE = 300
_MOST_LINES = 200


class CaseTelemetry:
    """See reasoning's Telemetry.

    Args:
        similar: What is remembered or written of similar incidents, the most similar first.
    """

    def __init__(self, case: Case, similar: Sequence[Passage] = ()) -> None:
        self._case = case
        self._similar = tuple(similar)

    async def metrics(self, service: ServiceName) -> Sequence[str]:
        """What left its course first, in a sentence each; then what did not, with its value now."""
        return await asyncio.to_thread(lambda: [*_metrics(self._case, service)])

    async def logs(self, service: ServiceName, containing: str) -> Sequence[str]:
        """Lines that differ in numbers alone are one, with how many there were; the worst first, then the newest."""
        return await asyncio.to_thread(lambda: [*_logs(self._case.observations.logs, service, containing)])

    async def traces(self, service: ServiceName) -> Sequence[str]:
        """Requests through it and through what it calls, before the incident began and since."""
        return await asyncio.to_thread(lambda: [*_traces(self._case, service)])

    async def changes(self) -> Sequence[str]:
        """The newest first."""
        newest = sorted(self._case.observations.changes, key=lambda each: each.at, reverse=True)
        return [
            _cut(f"{c.at:%H:%M:%S} {c.kind} {c.reference[:12]} of {c.service or 'no one service'}: {c.summary}")
            for c in newest
        ]

    async def similar_incidents(self) -> Sequence[str]:
        """What memory says of causes, then the passages."""
        said = [each.evidence.what for each in self._case.recalled.testimony]
        return [*said, *(f"{each.title}: {each.text}" for each in self._similar)]


def _metrics(case: Case, service: ServiceName) -> Iterator[str]:
    seen = case.observations
    own = tuple(each for each in seen.metrics if each.service == service and each.values.size)
    found = sorted(deviations_in(own, seen.window.end.timestamp()), key=lambda each: -each.score)
    yield from (sentence(each) for each in found)
    moved = {id(each.series) for each in found}
    for series in own:
        if id(series) not in moved:
            yield f"{series.metric.replace('_', ' ')} keeps its course: {amount(float(series.values[-1]), series.unit)}"


def _logs(lines: Sequence[LogRecord], service: ServiceName, containing: str) -> Iterator[str]:
    wanted = containing.casefold()
    alike: dict[tuple[str, str], list[LogRecord]] = {}
    for line in lines:
        if line.service == service and wanted in line.message.casefold():
            alike.setdefault((line.level, _NUMBER.sub("#", line.message)), []).append(line)
    groups = sorted(alike.values(), key=lambda group: (_WORST_FIRST.index(group[0].level), -group[-1].at.timestamp()))
    for group in groups[:_MOST_LINES]:
        first, last = group[0], group[-1]
        when = (
            f"{last.at:%H:%M:%S}"
            if len(group) == 1
            else f"{first.at:%H:%M:%S} to {last.at:%H:%M:%S}, {len(group)} times"
        )
        yield _cut(f"{last.level} {when}: {last.message}")
    if len(groups) > _MOST_LINES:
        yield f"and {len(groups) - _MOST_LINES} more kinds of lines"


def _traces(case: Case, service: ServiceName) -> Iterator[str]:
    seen, since = case.observations, case.incident.began_at
    called = [callee for caller, callee in seen.topology.calls if caller == service]
    for each in (service, *called):
        spans = [span for span in seen.traces if span.service == each]
        if spans:
            now, earlier = _share(spans, since, before=False), _share(spans, since, before=True)
            yield f"{each} since {since:%H:%M:%S}: {now}; before: {earlier}"
    origins = error_origins(seen.traces, since.timestamp())
    if origins:
        yield "requests that fail do so first in " + ", ".join(
            f"{name} ({share:.0%})" for name, share in origins.items()
        )


def _share(spans: Sequence[Span], since: datetime, *, before: bool) -> str:
    part = [span for span in spans if (span.start < since) is before]
    if not part:
        return "no request"
    failed = sum(span.error for span in part)
    return f"{failed} of {len(part)} fail, {median(span.duration_ms for span in part):.0f} ms in the median"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_OF_A_LINE else f"{text[:_MOST_OF_A_LINE]}..."
