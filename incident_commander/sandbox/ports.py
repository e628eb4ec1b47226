"""The domain's ports over a practice world. They see what was scraped and can act; the seed's secrets are out of reach.

Reading never shows the future: a window's end is cut to the clock, and the archive holds the past only.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from ..domain.findings import Impact
from ..domain.incident import Incident
from ..domain.plan import Action, ApprovalAnswer, Plan, Receipt
from ..domain.ports import Environment, Policy
from ..domain.telemetry import Change, LogRecord, MetricSeries, Span, Topology, Window
from .answers import cost_of
from .archive import Archive
from .assumptions import Assumptions, assumed
from .clock import Dial, PracticeClock
from .line import Line
from .logs import lines
from .traces import spans

T = TypeVar("T")

OPERATOR = "practice operator (modelled)"
_SCRAPES_AT_ONCE = 8


def environment_of(dial: Dial, line: Line, archive: Archive, policy: Policy, assumptions: Assumptions) -> Environment:
    """Every port over one world."""
    view = _View(dial, line, archive)
    return Environment(
        clock=PracticeClock(dial, line),
        metrics=PracticeMetrics(view),
        logs=PracticeLogs(view),
        traces=PracticeTraces(view),
        changes=PracticeChanges(view),
        topology=PracticeTopology(archive.topology),
        impact=PracticeImpact(view, assumptions),
        executor=PracticeExecutor(line),
        policy=policy,
        approver=PracticeOperator(assumptions.operator_answer_seconds.value),
        stage_seconds=assumptions.stage_seconds() if dial.pace is None else {},
    )


class _View:
    """The archive up to now."""

    def __init__(self, dial: Dial, line: Line, archive: Archive) -> None:
        self._dial = dial
        self._line = line
        self.archive = archive

    async def until_now(self, window: Window) -> Window:
        """The window without its future; a world with a pace is brought up to date first."""
        now = self._dial.now()
        if self._dial.pace is not None:
            await self._line.advance(now)
        end = min(window.end, now + timedelta(microseconds=1))
        return Window(start=min(window.start, end), end=end)


class PracticeMetrics:
    """See MetricsPort."""

    def __init__(self, view: _View) -> None:
        self._view = view

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        return self._view.archive.series(await self._view.until_now(window))


class PracticeLogs:
    """See LogsPort."""

    def __init__(self, view: _View) -> None:
        self._view = view

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        return await _gathered(lines(self._view.archive, await self._view.until_now(window)))


class PracticeTraces:
    """See TracesPort."""

    def __init__(self, view: _View) -> None:
        self._view = view

    async def traces(self, window: Window) -> tuple[Span, ...]:
        return await _gathered(spans(self._view.archive, await self._view.until_now(window)))


class PracticeChanges:
    """See ChangesPort."""

    def __init__(self, view: _View) -> None:
        self._view = view

    async def changes(self, window: Window) -> tuple[Change, ...]:
        seen = await self._view.until_now(window)
        return tuple(c for c in self._view.archive.changes if seen.start <= c.at < seen.end)


class PracticeTopology:
    """See TopologyPort."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    async def topology(self) -> Topology:
        return self._topology


class PracticeImpact:
    """See ImpactPort. What customers felt is simulated; what it costs is assumed."""

    def __init__(self, view: _View, assumptions: Assumptions) -> None:
        self._view = view
        self._assumptions = assumptions

    async def impact(self, window: Window) -> Impact:
        return impact_of(self._view.archive, await self._view.until_now(window), self._assumptions)


def impact_of(archive: Archive, window: Window, assumptions: Assumptions) -> Impact:
    """What customers felt in a window, and what it costs a minute."""
    low, high = archive.span(window)
    felt = archive.customers[low:high]
    provenance = assumed("customers' requests are simulated; the cost of a failed or slow one is assumed")
    if len(felt) == 0:
        return Impact(failed_share=0, requests_per_second=0, usd_per_minute=None, provenance=provenance)
    asked, failed, slow, late = (float(x) for x in felt.mean(axis=0))
    return Impact(
        failed_share=min(1.0, (failed + slow + late) / max(asked, 1e-9)),
        requests_per_second=asked,
        usd_per_minute=cost_of(failed, slow + late, assumptions),
        provenance=provenance,
    )


class PracticeExecutor:
    """See Executor."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def received(self, idempotency_key: str) -> Receipt | None:
        return await self._line.received(idempotency_key)

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        return await self._line.execute(action, idempotency_key)


class PracticeOperator:
    """See Approver. A modelled person: agrees to what has checks to prove it, after the assumed time."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_after = timedelta(seconds=answer_seconds)

    async def answer(self, incident: Incident, plan: Plan, asked_at: datetime) -> ApprovalAnswer:
        if plan.action is not None and not plan.checks:
            return ApprovalAnswer(
                answer="denied",
                by=OPERATOR,
                reason="the plan has no check that would prove it",
                answered_at=asked_at + self._answer_after,
            )
        return ApprovalAnswer(
            answer="approved",
            by=OPERATOR,
            reason="the plan is certified and has checks that will prove it",
            answered_at=asked_at + self._answer_after,
        )


async def _gathered(chunks: Iterable[list[T]]) -> tuple[T, ...]:
    """All chunks, letting others run in between."""
    found: list[T] = []
    for number, chunk in enumerate(chunks):
        found += chunk
        if number % _SCRAPES_AT_ONCE == 0:
            await asyncio.sleep(0)
    return tuple(found)
