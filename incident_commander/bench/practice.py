"""Practice runs in this process, on a temporary database: the same services as served, watched from beside."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..composition import Commander, build, running
from ..domain.alert import Alert
from ..domain.base import RunId
from ..domain.event import Event, EventKind
from ..domain.memory import MemoryMode
from ..domain.practice import Answer
from ..domain.settings import Settings
from ..domain.telemetry import Signal, Topology
from ..ingest import Sns
from ..response.report import RunReport

STANDSTILL_SECONDS = 120.0
"""Without any news for longer than this, a run counts as hung (wall clock)."""
LAG_PERIOD_SECONDS = 0.005


class RunHung(Exception):
    """A practice run did not end; the message names it."""


@dataclass(frozen=True, slots=True)
class WatchedRun:
    """An ended practice run with what a judge may look at.

    Attributes:
        alerts: Of its incident; empty where none came.
        events: Of its incident, oldest first.
        seconds: From the start to the report, wall clock.
        lags_ms: How late the event loop woke each time it was asked to in `LAG_PERIOD_SECONDS`.
    """

    report: RunReport
    answer: Answer
    topology: Topology
    alerts: tuple[Alert, ...]
    events: tuple[Event, ...]
    seconds: float
    lags_ms: tuple[float, ...]

    @property
    def alert_to_plan_seconds(self) -> float | None:
        """Wall time from the first alert written down to the quorum's certificate; None where there was no quorum."""
        alerted, certified = self._first("alert.grouped"), self._first("quorum.reached")
        if alerted is None or certified is None:
            return None
        return (certified.recorded_at - alerted.recorded_at).total_seconds()

    def _first(self, kind: EventKind) -> Event | None:
        return next((event for event in self.events if event.kind == kind), None)


@contextlib.asynccontextmanager
async def practising(
    sns: Sns | None = None, without: Collection[Signal] = (), memory: MemoryMode = "off"
) -> AsyncIterator[Commander]:
    """The services on a temporary database, with every setting at its default.

    Args:
        sns: Stands in for SNS itself.
        without: Signals that the practice company's ports refuse to give.
        memory: What is remembered; nothing, so that no run depends on those before it.
    """
    with tempfile.TemporaryDirectory(prefix="incident-commander-bench-") as folder:
        defaults = Settings.model_validate({"data_dir": Path(folder)})
        async with running(build(defaults, sns=sns, without=frozenset(without), memory=memory)) as commander:
            await commander.analysts.warm()
            yield commander


async def watch(commander: Commander, scenarios: Sequence[str], seeds: Iterable[int]) -> AsyncIterator[WatchedRun]:
    """Run each scenario with each seed, one after another.

    Raises:
        RunHung: nothing happened in a run for two minutes, and it had not ended.
    """
    for seed in seeds:
        for scenario in scenarios:
            yield await _run(commander, scenario, seed)


async def _run(commander: Commander, scenario: str, seed: int) -> WatchedRun:
    lags: list[float] = []
    sampler = asyncio.create_task(_sample_lag(lags))
    begun = time.perf_counter()
    try:
        run = await commander.operations.start_scenario(scenario, seed)
        report = await _report(commander, run.id)
    except TimeoutError as error:
        raise RunHung(f"{scenario} with seed {seed} stood still for {STANDSTILL_SECONDS:g} s") from error
    finally:
        sampler.cancel()
    seconds = time.perf_counter() - begun
    async with commander.database.read() as unit:
        alerts = await unit.alerts.of_incident(report.incident_id) if report.incident_id else ()
        events = await unit.ledger.of_incident(report.incident_id) if report.incident_id else ()
    environment = await commander.company.environment(run.id)
    return WatchedRun(
        report=report,
        answer=await commander.company.answer(run.id),
        topology=await environment.topology.topology(),
        alerts=alerts,
        events=events,
        seconds=seconds,
        lags_ms=tuple(lags),
    )


async def _report(commander: Commander, run: RunId) -> RunReport:
    changed = asyncio.Event()
    unsubscribe = commander.operations.subscribe(lambda _: changed.set())
    try:
        async with asyncio.timeout(STANDSTILL_SECONDS) as standstill:
            while (report := await commander.operations.run_report(run)) is None:
                # The end of a run without an incident touches none, so look now and then too.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), timeout=0.2)
                    standstill.reschedule(asyncio.get_running_loop().time() + STANDSTILL_SECONDS)
                changed.clear()
            return report
    finally:
        unsubscribe()


async def _sample_lag(lags: list[float]) -> None:
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(LAG_PERIOD_SECONDS)
        lags.append((time.perf_counter() - asked - LAG_PERIOD_SECONDS) * 1000)
